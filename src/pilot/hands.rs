//! The hands: one action of the agent, carried out on the display or in the journal.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::clock::{clocks, one_time_code};
use super::eyes::Eyes;
use crate::agent::{ActResult, Action, Chord, Outcome, Shown, Typed};
use crate::config::{Credentials, TotpKey};
use crate::control::{Attempts, OneTimeCode, seconds};
use crate::gateway::WallClock;
use crate::journal::{Clocks, EVIDENCE, Evidence, Governor, GovernorError, Verdict};
use crate::screen::{Frame, Rect, WindowId};
use crate::vision::text::Folded;
use crate::vnc::Gate;
use crate::x11::{Desktop, FieldText, FillOptions, FillOutcome, X11Error};

/// Another window manager holds a click back with a grab before the window gets it. A pointer that has left by then
/// disarms a Java button, and nothing tells that the click came to nothing.
const FOREIGN_GRAB: Duration = Duration::from_millis(150);
/// How long a field that was asked may take to answer; an empty one never does.
const FIELD_ANSWER: Duration = Duration::from_secs(3);
/// Pause before a book that could not be written is tried again.
const BOOK_RETRY: Duration = Duration::from_secs(60);

/// What carries out the agent's actions.
#[derive(Debug)]
pub struct Hands {
    /// What to log in with.
    pub credentials: Option<Arc<Credentials>>,
    /// What a FIX login gets its market data with.
    pub data_credentials: Option<Arc<Credentials>>,
    /// The key of one-time codes.
    pub totp_key: Option<Arc<TotpKey>>,
    /// The step (RFC 6238 §4.2) of the last code that was typed.
    pub used_step: Option<u64>,
    /// A code that a human gave, until it was typed.
    pub given_code: Option<OneTimeCode>,
    /// The governor's book for these credentials.
    pub governor: Option<Governor>,
    /// The gateway's clock, where its time zone is known.
    pub clock: Option<WallClock>,
    /// Where evidence goes.
    pub evidence: Evidence,
    /// Keeps viewers from the display while the agent acts.
    pub gate: Gate,
    /// Fields that a secret was typed into.
    pub typed: Vec<(WindowId, Rect)>,
    /// The folder of the last evidence, until it is told.
    pub kept: Option<PathBuf>,
}

/// What a governor allows now.
pub fn attempts(governor: &Governor) -> Attempts {
    let (why, until) = match governor.may_submit(&clocks()) {
        Verdict::Permitted => (None, None),
        Verdict::Wait { why, remaining } => (Some(why), Some(seconds(SystemTime::now() + remaining))),
        Verdict::Locked { why } => (Some(why), None),
    };
    Attempts {
        left: governor.attempts_left(),
        why,
        until,
    }
}

impl Hands {
    /// Hands that know no credentials; evidence goes below `folder`.
    pub fn new(folder: &Path) -> Self {
        Self {
            credentials: None,
            data_credentials: None,
            totp_key: None,
            used_step: None,
            given_code: None,
            governor: None,
            clock: None,
            evidence: Evidence::new(folder.join(EVIDENCE)),
            gate: Gate::default(),
            typed: Vec::new(),
            kept: None,
        }
    }

    /// The folder of evidence kept since the last call.
    pub(super) const fn take_evidence(&mut self) -> Option<PathBuf> {
        self.kept.take()
    }

    /// Carries out one action.
    ///
    /// # Errors
    /// Only when the display is gone; all else is a result.
    pub(super) fn perform(
        &mut self,
        action: &Action,
        desktop: &mut Desktop,
        eyes: &Eyes,
    ) -> Result<ActResult, X11Error> {
        match action {
            Action::Click {
                window,
                bounds,
                seen,
                unchanged,
                ..
            } => surviving(click(desktop, *window, *bounds, seen, unchanged)),
            Action::CloseWindow { window } => {
                surviving(desktop.close_window(*window).map(|()| ActResult::Done))
            }
            Action::Compare { what, shown } => Ok(self.compare(*what, shown)),
            Action::Fill {
                window,
                field,
                what,
                read_back,
            } => {
                if !self.typed.contains(&(*window, *field)) {
                    self.typed.push((*window, *field));
                }
                surviving(self.fill(desktop, *window, *field, *what, *read_back))
            }
            Action::Press { window, keys } => surviving(desktop.press_in(*window, keysyms(*keys)).map(
                |pressed| match pressed {
                    true => ActResult::Done,
                    false => failed("the window does not take the focus"),
                },
            )),
            Action::ReadClock => Ok(match &self.clock {
                Some(clock) => ActResult::Clock {
                    seconds: clock.seconds(SystemTime::now()),
                },
                None => failed(
                    "the gateway's time zone is not known; set TIME_ZONE, for instance America/New_York",
                ),
            }),
            Action::ReadField { window, field } => surviving(read_field(desktop, *window, *field)),
            Action::TurnWheel {
                window,
                area,
                down,
                notches,
            } => surviving(
                desktop
                    .turn_wheel(*window, area.center(), *down, *notches)
                    .and_then(|()| desktop.park_pointer())
                    .map(|()| ActResult::Done),
            ),
            Action::Write { window, field, text } => surviving(
                desktop
                    .fill(*window, field.center(), text, FillOptions::default())
                    .map(|outcome| match outcome {
                        FillOutcome::Exact => ActResult::Filled,
                        other => unverified(other),
                    }),
            ),
            Action::KeepEvidence { window, reason } => Ok(self.keep_evidence(desktop, eyes, *window, reason)),
            Action::MaySubmit => Ok(self.govern(|governor, now| Ok(governor.may_submit(now)))),
            Action::BeginSubmission => Ok(self.govern(Governor::begin)),
            Action::Record(outcome) => Ok(self.govern(|governor, now| {
                match outcome {
                    Outcome::Accepted => governor.accepted(),
                    Outcome::LoggedIn => governor.logged_in(),
                    Outcome::Pushed => governor.pushed(now),
                    Outcome::Rebuffed => governor.rebuffed(),
                    Outcome::Refused => governor.refused(),
                    Outcome::Throttled(wait) => governor.throttled(now, *wait),
                    Outcome::Withdrawn => governor.withdraw(),
                }
                .map(|()| Verdict::Permitted)
            })),
        }
    }

    /// What the governor allows now; none without credentials.
    pub(super) fn attempts(&self) -> Option<Attempts> {
        self.governor.as_ref().map(attempts)
    }

    /// Has the governor forget what it knows of a user name, or of all. `true` when it knew something.
    pub(super) fn unlock(&mut self, user_name: Option<&str>) -> Result<bool, GovernorError> {
        self.governor
            .as_mut()
            .map_or(Ok(false), |governor| governor.forget(user_name))
    }

    fn govern(
        &mut self,
        ask: impl FnOnce(&mut Governor, &Clocks) -> Result<Verdict, GovernorError>,
    ) -> ActResult {
        let Some(governor) = &mut self.governor else {
            return ActResult::Denied {
                why: "no credentials are set".into(),
                retry_after: None,
            };
        };
        match ask(governor, &clocks()) {
            Ok(Verdict::Permitted) => ActResult::Permitted,
            Ok(Verdict::Wait { why, remaining }) => ActResult::Denied {
                why,
                retry_after: Some(remaining),
            },
            Ok(Verdict::Locked { why }) => ActResult::Denied {
                why,
                retry_after: None,
            },
            // A disk that is full, or gone, may come back.
            Err(error) => ActResult::Denied {
                why: error.to_string(),
                retry_after: Some(BOOK_RETRY),
            },
        }
    }

    fn fill(
        &mut self,
        desktop: &mut Desktop,
        window: WindowId,
        field: Rect,
        what: Typed,
        read_back: bool,
    ) -> Result<ActResult, X11Error> {
        let code;
        let mut made_at = None;
        let text = match (what, self.credentials_for(what), &self.totp_key) {
            (Typed::GivenCode, ..) => match &self.given_code {
                Some(given) => given.expose(),
                None => return Ok(failed("the code that was given was typed already")),
            },
            (Typed::UserName | Typed::DataUserName, Some(credentials), _) => credentials.user.as_str(),
            (Typed::Password | Typed::DataPassword, Some(credentials), _) => credentials.password.expose(),
            (Typed::Code, _, Some(key)) => {
                match one_time_code(key.expose(), SystemTime::now(), self.used_step) {
                    Ok((fresh, step)) => {
                        code = fresh;
                        made_at = Some(step);
                        code.as_str()
                    }
                    Err(retry_after) => return Ok(ActResult::NotYet { retry_after }),
                }
            }
            _ => return Ok(failed("there is nothing to type")),
        };
        let options = FillOptions {
            read_back,
            secret: matches!(what, Typed::Password | Typed::DataPassword),
            ..FillOptions::default()
        };
        let outcome = desktop.fill(window, field.center(), text, options)?;
        let result = match (outcome, what) {
            (FillOutcome::Exact, Typed::Password | Typed::DataPassword) => ActResult::FilledInPlain,
            (FillOutcome::Exact, _)
            | (
                FillOutcome::Masked { .. },
                Typed::Password | Typed::DataPassword | Typed::Code | Typed::GivenCode,
            ) => ActResult::Filled,
            (other, _) => unverified(other),
        };
        if result == ActResult::Filled {
            match (what, made_at) {
                (Typed::Code, Some(step)) => {
                    self.used_step = made_at;
                    // Written before the code is sent.
                    if let Some(Err(error)) = self.governor.as_mut().map(|governor| governor.code_typed(step))
                    {
                        return Ok(failed(&error.to_string()));
                    }
                }
                (Typed::GivenCode, _) => self.given_code = None,
                _ => {}
            }
        }
        Ok(result)
    }

    fn credentials_for(&self, what: Typed) -> Option<&Credentials> {
        match what {
            Typed::DataUserName | Typed::DataPassword => self.data_credentials.as_deref(),
            _ => self.credentials.as_deref(),
        }
    }

    /// Whether a field shows what was typed: every echo character of the password, and the user name letter by letter,
    /// give or take those that look alike.
    fn compare(&self, what: Typed, shown: &Shown) -> ActResult {
        let same = match (what, self.credentials_for(what), shown) {
            (Typed::Password | Typed::DataPassword, Some(credentials), Shown::Dots(count)) => {
                credentials.password.expose().chars().count() == *count
            }
            (Typed::UserName | Typed::DataUserName, Some(credentials), Shown::Text(text)) => {
                Folded::of(text) == Folded::of(&credentials.user)
            }
            _ => false,
        };
        if same {
            return ActResult::Filled;
        }
        ActResult::NotVerified {
            why: "the field does not say what it holds, and shows something else than was typed".to_owned(),
            masked: what == Typed::UserName && matches!(shown, Shown::Dots(_)),
        }
    }

    fn keep_evidence(&mut self, desktop: &Desktop, eyes: &Eyes, window: WindowId, reason: &str) -> ActResult {
        let windows = desktop.windows();
        let (Some(view), Some(window)) = (eyes.view(window), windows.iter().find(|other| other.id == window))
        else {
            return ActResult::Failed {
                why: "the window is gone".into(),
            };
        };
        match self.evidence.keep(
            SystemTime::now(),
            reason,
            window,
            &view.frame,
            &view.reading,
            windows,
        ) {
            Ok(folder) => {
                self.kept = Some(folder);
                ActResult::Done
            }
            Err(error) => {
                tracing::error!(%error, "evidence could not be kept");
                ActResult::Failed {
                    why: error.to_string(),
                }
            }
        }
    }
}

fn failed(why: &str) -> ActResult {
    ActResult::Failed { why: why.to_owned() }
}

/// What became of a field that does not hold what it should.
fn unverified(outcome: FillOutcome) -> ActResult {
    let not_verified = |why: &str, masked| ActResult::NotVerified {
        why: why.to_owned(),
        masked,
    };
    match outcome {
        FillOutcome::Exact => ActResult::Filled,
        FillOutcome::Masked { .. } => not_verified("the field shows echo characters", true),
        FillOutcome::Mismatch { length } => not_verified(
            &format!("the field holds {length} characters that are not what was typed"),
            false,
        ),
        FillOutcome::Elsewhere => not_verified(
            "keys went to another field, which had the focus for longer",
            false,
        ),
        FillOutcome::NoAnswer => ActResult::NoAnswer,
        FillOutcome::Unread => ActResult::Unread,
        FillOutcome::Interrupted { by } => ActResult::Interrupted { by },
    }
}

fn read_field(desktop: &mut Desktop, window: WindowId, field: Rect) -> Result<ActResult, X11Error> {
    let options = FillOptions {
        answer: FIELD_ANSWER,
        ..FillOptions::default()
    };
    Ok(match desktop.read_field(window, field.center(), options)? {
        FieldText::Text(text) => ActResult::Holds(text.to_string()),
        FieldText::Interrupted { by } => ActResult::Interrupted { by },
        FieldText::NoAnswer => unverified(FillOutcome::NoAnswer),
    })
}

/// X11 protocol, appendix A.
const fn keysyms(keys: Chord) -> &'static [u32] {
    match keys {
        Chord::ControlAltF => &[0xffe3, 0xffe9, 0x66],
        Chord::ControlAltR => &[0xffe3, 0xffe9, 0x72],
        Chord::End => &[0xff57],
        Chord::Escape => &[0xff1b],
        Chord::Right => &[0xff53],
    }
}

/// Presses the left button in the middle of `bounds`, if the window still shows what the decision was made on.
fn click(
    desktop: &mut Desktop,
    window: WindowId,
    bounds: Rect,
    seen: &Frame,
    unchanged: &[Rect],
) -> Result<ActResult, X11Error> {
    let now = desktop.capture(window)?;
    let same = |&part: &Rect| now.crop(part) == seen.crop(part);
    if now.size() != seen.size() || !same(&bounds) || !unchanged.iter().all(same) {
        return Ok(ActResult::Changed);
    }
    match desktop.click(window, bounds.center()) {
        // It was moved meanwhile: think again about what shows then.
        Err(X11Error::OffScreen { .. }) => Ok(ActResult::Changed),
        Err(error) => Err(error),
        Ok(()) => {
            if !desktop.manages_windows() {
                std::thread::sleep(FOREIGN_GRAB);
            }
            desktop.park_pointer()?;
            Ok(ActResult::Done)
        }
    }
}

/// A window that closed or is covered is news for the agent; a display that is gone ends the pilot.
fn surviving(result: Result<ActResult, X11Error>) -> Result<ActResult, X11Error> {
    match result {
        Err(error @ X11Error::Gone { .. }) => Err(error),
        Err(error) => Ok(ActResult::Failed {
            why: error.to_string(),
        }),
        Ok(result) => Ok(result),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    #[test]
    fn what_a_field_shows_is_compared_as_strictly_as_a_picture_allows() {
        let folder = tempfile::tempdir().expect("a folder");
        let hands = Hands {
            credentials: Some(Arc::new(Credentials {
                user: "Il1O0user".to_owned(),
                password: Secret::new("demouser".to_owned()),
            })),
            ..Hands::new(folder.path())
        };
        let text = |text: &str| Shown::Text(text.to_owned().into());
        let table = [
            (Typed::UserName, text("IllO0user"), true),
            (Typed::UserName, text("IllO0use"), false),
            (Typed::UserName, text("demouser"), false),
            (Typed::UserName, Shown::Dots(9), false),
            (Typed::Password, Shown::Dots(8), true),
            (Typed::Password, Shown::Dots(7), false),
            (Typed::Password, text("demouser"), false),
            (Typed::Code, text("123456"), false),
        ];
        for (what, shown, same) in table {
            let result = hands.compare(what, &shown);
            assert_eq!(result == ActResult::Filled, same, "{what:?} {shown:?}");
        }
    }
}
