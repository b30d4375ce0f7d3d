//! Waiting for what a command has begun, and showing how it goes to whoever sits at a terminal.

use std::io::{IsTerminal as _, stderr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use super::Failure;
use super::gateways::Gateway;
use crate::agent::State;
use crate::control::{self, Follower, News, Request, Status};

/// A code that has not logged in within this time was not taken.
const CODE: Duration = Duration::from_secs(60);

#[derive(Args, Debug)]
pub(super) struct Waiting {
    /// Wait until it has come to its end, as at a terminal, where its course is shown; Ctrl-C ends only the waiting
    #[arg(long)]
    wait: bool,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// Gatehand has ended.
    Ended,
    /// The API can be used again.
    Back,
    /// The gateway is logged in.
    LoggedIn,
}

impl Waiting {
    /// To be called before the command is given, so that nothing of what it begins is missed. `None`: nobody waits.
    pub(super) fn begin(&self, gateways: &[Gateway], until: Until) -> Option<Wait> {
        let shows = stderr().is_terminal();
        if !self.wait && !shows {
            return None;
        }
        // Where nobody answers, the command says so.
        let follow = |gateway: &Gateway| {
            Some(Followed {
                gateway: gateway.name,
                folder: gateway.folder.clone(),
                follower: Follower::connect(&gateway.folder).ok()?,
            })
        };
        let followed = gateways.iter().filter_map(follow).collect();
        Some(Wait {
            until,
            shows,
            followed,
        })
    }
}

/// The waiting.
#[derive(Debug)]
pub(super) struct Wait {
    until: Until,
    shows: bool,
    followed: Vec<Followed>,
}

/// One that is waited for.
#[derive(Debug)]
struct Followed {
    gateway: &'static str,
    folder: PathBuf,
    follower: Follower,
}

impl Wait {
    /// Waits.
    ///
    /// # Errors
    /// When it comes to another end.
    pub(super) fn end(self) -> Result<(), Failure> {
        let Self {
            until,
            shows,
            followed,
        } = self;
        followed
            .into_iter()
            .try_for_each(|followed| followed.end(Course::new(until), shows))
    }
}

impl Followed {
    fn end(mut self, mut course: Course, shows: bool) -> Result<(), Failure> {
        let gateway = self.gateway;
        let deadline = (course.until == Until::LoggedIn).then(|| Instant::now() + CODE);
        let mut shown = None;
        loop {
            if let Some(Status { state, evidence, .. }) = self.status() {
                let line = format!("{gateway}: {state}: {evidence}");
                if shows && shown != Some(state) {
                    eprintln!("  {line}");
                    shown = Some(state);
                }
                match course.judge(state) {
                    None => {}
                    Some(true) => return Ok(()),
                    Some(false) => return Err(Failure::unavailable(line)),
                }
            }
            let limit = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            match self.follower.wait(limit) {
                News::Came => {}
                News::Ended if course.until == Until::Ended => return Ok(()),
                News::Ended => return Err(Failure::unavailable(format!("{gateway}: gatehand has ended"))),
                News::None => {
                    let why = format!(
                        "{gateway}: no login within {} s of the code; `gatehand status` tells what the window asks for",
                        CODE.as_secs()
                    );
                    return Err(Failure::unavailable(why));
                }
            }
        }
    }

    /// One that is about to end has none to tell.
    fn status(&self) -> Option<Status> {
        let reply = control::ask(&self.folder, Request::Status).ok()?;
        serde_json::from_str(&reply.text).ok()
    }
}

/// How far it has come.
#[derive(Debug)]
struct Course {
    until: Until,
    has_left: bool,
}

impl Course {
    const fn new(until: Until) -> Self {
        Self {
            until,
            has_left: false,
        }
    }

    /// Whether this is the end that is waited for, or another; `None`: it goes on.
    fn judge(&mut self, state: State) -> Option<bool> {
        let is_lost = matches!(state, State::LockedOut | State::Failed);
        match self.until {
            Until::Ended => None,
            _ if is_lost => Some(false),
            Until::Back => {
                self.has_left |= state != State::Ready;
                (self.has_left && state == State::Ready).then_some(true)
            }
            Until::LoggedIn => {
                matches!(state, State::LoggedIn | State::Configuring | State::Ready).then_some(true)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_has_its_end() {
        let cases: [(Until, &[State], Option<bool>); 6] = [
            (Until::Back, &[State::Ready], None),
            (
                Until::Back,
                &[State::Ready, State::Restarting, State::SecondFactor],
                None,
            ),
            (
                Until::Back,
                &[State::Ready, State::Restarting, State::Ready],
                Some(true),
            ),
            (Until::Back, &[State::Restarting, State::LockedOut], Some(false)),
            (
                Until::LoggedIn,
                &[State::SecondFactor, State::Configuring],
                Some(true),
            ),
            (Until::Ended, &[State::Ready, State::Failed], None),
        ];
        for (until, states, end) in cases {
            let mut course = Course::new(until);
            let judged = states.iter().map(|state| course.judge(*state)).last();
            assert_eq!(judged, Some(end), "{until:?} {states:?}");
        }
    }
}
