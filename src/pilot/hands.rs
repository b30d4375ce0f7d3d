//! The hands: one action of the agent, carried out on the display or in the journal.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use totp_rs::Builder;
use zeroize::Zeroizing;

use super::eyes::Eyes;
use crate::agent::{ActResult, Action, Outcome, Typed};
use crate::config::{Credentials, TotpKey};
use crate::journal::{Evidence, Governor, GovernorError, Verdict};
use crate::screen::{Frame, Point, Rect, WindowId};
use crate::x11::{Desktop, FillOptions, FillOutcome, X11Error};

/// Another window manager holds a click back with a grab before the window gets it. A pointer that has left by then
/// disarms a Java button, and nothing tells that the click came to nothing.
const FOREIGN_GRAB: Duration = Duration::from_millis(150);
/// Validity of a one-time code, in seconds (RFC 6238 §5.2).
const CODE_PERIOD: u64 = 30;
/// A code that changes sooner than this is not typed: it has to travel.
const CODE_EDGE: u64 = 8;

/// What carries out the agent's actions.
#[derive(Debug)]
pub struct Hands {
    /// What to log in with.
    pub credentials: Option<Credentials>,
    /// The key of one-time codes.
    pub totp_key: Option<TotpKey>,
    /// The governor's book for these credentials.
    pub governor: Option<Governor>,
    /// Where evidence goes.
    pub evidence: Evidence,
    /// The folder of the last evidence, until it is told.
    pub kept: Option<PathBuf>,
}

impl Hands {
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
            Action::Fill { window, field, what } => surviving(self.fill(desktop, *window, *field, *what)),
            Action::KeepEvidence { window, reason } => Ok(self.keep_evidence(desktop, eyes, *window, reason)),
            Action::MaySubmit => Ok(self.govern(|governor, now| Ok(governor.may_submit(now)))),
            Action::BeginSubmission => Ok(self.govern(Governor::begin)),
            Action::Record(outcome) => Ok(self.govern(|governor, now| {
                match outcome {
                    Outcome::LoggedIn => governor.logged_in(),
                    Outcome::Refused => governor.refused(now),
                    Outcome::Throttled(wait) => governor.throttled(now, *wait),
                    Outcome::Withdrawn => governor.withdraw(),
                }
                .map(|()| Verdict::Permitted)
            })),
        }
    }

    fn govern(
        &mut self,
        ask: impl FnOnce(&mut Governor, SystemTime) -> Result<Verdict, GovernorError>,
    ) -> ActResult {
        let Some(governor) = &mut self.governor else {
            return ActResult::Denied {
                why: "no credentials are set".into(),
                retry_after: None,
            };
        };
        match ask(governor, SystemTime::now()) {
            Ok(Verdict::Permitted) => ActResult::Permitted,
            Ok(Verdict::Wait { why, remaining }) => ActResult::Denied {
                why,
                retry_after: Some(remaining),
            },
            Ok(Verdict::Locked { why }) => ActResult::Denied {
                why,
                retry_after: None,
            },
            Err(error) => ActResult::Denied {
                why: error.to_string(),
                retry_after: None,
            },
        }
    }

    fn fill(
        &self,
        desktop: &mut Desktop,
        window: WindowId,
        field: Rect,
        what: Typed,
    ) -> Result<ActResult, X11Error> {
        let failed = |why: &str| Ok(ActResult::Failed { why: why.to_owned() });
        let code;
        let text = match (what, &self.credentials, &self.totp_key) {
            (Typed::UserName, Some(credentials), _) => credentials.user.as_str(),
            (Typed::Password, Some(credentials), _) => credentials.password.expose(),
            (Typed::Code, _, Some(key)) => match one_time_code(key.expose(), SystemTime::now()) {
                Ok(fresh) => {
                    code = fresh;
                    code.as_str()
                }
                Err(retry_after) => return Ok(ActResult::NotYet { retry_after }),
            },
            _ => return failed("there is nothing to type"),
        };
        let outcome = desktop.fill(window, field.center(), text, FillOptions::default())?;
        let not_verified = |why: &str, masked| ActResult::NotVerified {
            why: why.to_owned(),
            masked,
        };
        Ok(match (outcome, what) {
            (FillOutcome::Exact, Typed::Password) => ActResult::FilledInPlain,
            (FillOutcome::Exact, _) => ActResult::Filled,
            (FillOutcome::Masked { .. }, Typed::Password) => ActResult::Filled,
            (FillOutcome::Masked { .. }, _) => not_verified("the field shows echo characters", true),
            (FillOutcome::Mismatch { length }, _) => not_verified(
                &format!("the field holds {length} characters that are not what was typed"),
                false,
            ),
            (FillOutcome::NoAnswer, _) => not_verified("the field did not say what it holds", false),
            (FillOutcome::Interrupted { by }, _) => ActResult::Interrupted { by },
        })
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
        // Partly off the screen: bring it in, and think again about what shows then.
        Err(X11Error::OffScreen { .. }) => {
            desktop.move_window(window, Point::new(0, 0))?;
            Ok(ActResult::Changed)
        }
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

/// The code of this moment; an error is the time to wait for the next one (RFC 6238 with SHA-1, six digits).
fn one_time_code(key: &[u8], now: SystemTime) -> Result<Zeroizing<String>, Duration> {
    let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let left = CODE_PERIOD - seconds % CODE_PERIOD;
    if left < CODE_EDGE {
        return Err(Duration::from_secs(left));
    }
    let totp = Builder::new()
        .with_secret(key.to_vec())
        .with_step_duration(CODE_PERIOD)
        .build_noncompliant();
    Ok(Zeroizing::new(totp.generate(seconds).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// RFC 6238 appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_rfc_and_never_about_to_change() {
        let key = b"12345678901234567890";
        assert_eq!(
            one_time_code(key, at(1_111_111_111)).expect("fresh").as_str(),
            "050471"
        );
        assert_eq!(
            one_time_code(key, at(59)).expect_err("1 s left"),
            Duration::from_secs(1)
        );
        assert_eq!(one_time_code(key, at(30)).expect("fresh").as_str(), "287082");
    }
}
