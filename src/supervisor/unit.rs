//! The life of one process as a pure machine: events and `now` go in, actions come out.

use std::time::{Duration, Instant};

use super::process::Exit;

/// How long a process gets at each step of an ordered stop.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StopPolicy {
    /// After it was asked in its own way, for instance by closing its window. `None` when there is no such way.
    pub asked: Option<Duration>,
    /// After SIGTERM.
    pub terminated: Duration,
}

/// Where a process is in its life.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// It runs, and has not yet shown that it works.
    Starting,
    /// It works.
    Running,
    /// It was told to stop; at the deadline a stronger means follows.
    Stopping {
        /// When the next step is due; `None` after SIGKILL, which needs none.
        deadline: Option<Instant>,
    },
    /// It ended as it was told to.
    Stopped(Exit),
    /// It ended by itself.
    Failed(Exit),
}

/// What is to be done to the process.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// Ask it in its own way.
    Ask,
    /// Send SIGTERM to its group.
    Terminate,
    /// Send SIGKILL to its group.
    Kill,
}

/// One process from its start to its end.
#[derive(Debug)]
pub struct Unit {
    policy: StopPolicy,
    state: State,
    last: Option<Action>,
    due: Option<Action>,
}

impl Unit {
    /// A process that was just started.
    #[must_use]
    pub const fn new(policy: StopPolicy) -> Self {
        Self {
            policy,
            state: State::Starting,
            last: None,
            due: None,
        }
    }

    /// Where it is.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// It has shown that it works.
    pub const fn handle_ready(&mut self) {
        if matches!(self.state, State::Starting) {
            self.state = State::Running;
        }
    }

    /// It is to stop. Asking again changes nothing.
    pub fn stop(&mut self, now: Instant) {
        if matches!(self.state, State::Starting | State::Running) {
            self.step(now);
        }
    }

    /// It has ended.
    pub const fn handle_exit(&mut self, exit: Exit) {
        self.state = match self.state {
            State::Stopping { .. } => State::Stopped(exit),
            State::Starting | State::Running => State::Failed(exit),
            ended => ended,
        };
        self.due = None;
    }

    /// The time of [`poll_timeout`](Self::poll_timeout) has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_some_and(|deadline| deadline <= now) {
            self.step(now);
        }
    }

    /// What is to be done now, once.
    pub const fn poll_action(&mut self) -> Option<Action> {
        self.due.take()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Stopping { deadline } => deadline,
            _ => None,
        }
    }

    /// Goes on to the next stronger means.
    fn step(&mut self, now: Instant) {
        let (action, time) = match (self.last, self.policy.asked) {
            (None, Some(asked)) => (Action::Ask, Some(asked)),
            (None | Some(Action::Ask), _) => (Action::Terminate, Some(self.policy.terminated)),
            (Some(Action::Terminate | Action::Kill), _) => (Action::Kill, None),
        };
        self.last = Some(action);
        self.due = Some(action);
        self.state = State::Stopping {
            deadline: time.map(|time| now + time),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: StopPolicy = StopPolicy {
        asked: Some(Duration::from_secs(30)),
        terminated: Duration::from_secs(5),
    };

    fn seconds(now: Instant, seconds: u64) -> Instant {
        now + Duration::from_secs(seconds)
    }

    #[test]
    fn every_step_of_a_stop() {
        let now = Instant::now();
        let mut unit = Unit::new(POLICY);
        unit.handle_ready();
        assert_eq!(
            (unit.state(), unit.poll_timeout(), unit.poll_action()),
            (State::Running, None, None)
        );
        unit.stop(now);
        assert_eq!(
            (unit.poll_action(), unit.poll_timeout()),
            (Some(Action::Ask), Some(seconds(now, 30)))
        );
        unit.stop(seconds(now, 1));
        unit.handle_timeout(seconds(now, 29));
        assert_eq!(unit.poll_action(), None);
        unit.handle_timeout(seconds(now, 30));
        assert_eq!(
            (unit.poll_action(), unit.poll_timeout()),
            (Some(Action::Terminate), Some(seconds(now, 35)))
        );
        unit.handle_timeout(seconds(now, 36));
        assert_eq!(
            (unit.poll_action(), unit.poll_timeout()),
            (Some(Action::Kill), None)
        );
        unit.handle_exit(Exit::Signal(9));
        assert_eq!(unit.state(), State::Stopped(Exit::Signal(9)));
    }

    #[test]
    fn without_a_way_to_ask_it_begins_with_sigterm() {
        let mut unit = Unit::new(StopPolicy {
            asked: None,
            ..POLICY
        });
        unit.stop(Instant::now());
        assert_eq!(unit.poll_action(), Some(Action::Terminate));
    }

    #[test]
    fn an_end_by_itself_is_a_failure() {
        let mut unit = Unit::new(POLICY);
        unit.handle_exit(Exit::Code(0));
        assert_eq!(unit.state(), State::Failed(Exit::Code(0)));
        unit.handle_ready();
        unit.stop(Instant::now());
        assert_eq!(
            (unit.state(), unit.poll_action()),
            (State::Failed(Exit::Code(0)), None)
        );
    }

    #[test]
    fn an_end_takes_back_what_was_due() {
        let mut unit = Unit::new(POLICY);
        unit.stop(Instant::now());
        unit.handle_exit(Exit::Code(0));
        assert_eq!((unit.poll_action(), unit.poll_timeout()), (None, None));
    }
}
