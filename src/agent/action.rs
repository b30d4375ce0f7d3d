//! What the agent asks for, and how it is told what became of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::dialogs::Press;
use crate::screen::{Frame, Line, Rect, RegionKind, Window, WindowId};

/// Something that is typed without the agent ever holding it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed {
    /// The one-time code of this moment (RFC 6238), made from the key.
    Code,
    /// The one-time code that a human gave. Never one made from a key: the window may ask for another kind.
    GivenCode,
    /// The password for market data of a FIX login.
    DataPassword,
    /// The user name for market data of a FIX login.
    DataUserName,
    /// The password.
    Password,
    /// The user name.
    UserName,
}

/// What the picture of a field shows.
#[derive(Clone, PartialEq, Eq)]
pub enum Shown {
    /// This many echo characters.
    Dots(usize),
    /// A text. It may be a secret that went into the wrong field.
    Text(Zeroizing<String>),
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dots(count) => write!(f, "Dots({count})"),
            Self::Text(_) => f.write_str("Text(..)"),
        }
    }
}

/// Keys that are pressed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chord {
    /// Ctrl+Alt+F: the gateway connects to the market data anew.
    ControlAltF,
    /// Ctrl+Alt+R: the gateway connects to the account server anew.
    ControlAltR,
    /// End: a text that has the focus shows its end.
    End,
    /// Escape: a menu closes.
    Escape,
    /// Right: the selected row of a tree unfolds.
    Right,
}

/// One act on the display or on the journal. They are carried out one at a time.
#[derive(Clone, Debug)]
pub enum Action {
    /// Write the attempt down, durably, before it is made.
    BeginSubmission,
    /// Click in the middle of `bounds`, if that part of the window and those of `unchanged` still look as in `seen`.
    Click {
        /// The window.
        window: WindowId,
        /// The control, in window coordinates.
        bounds: Rect,
        /// What it says, and the right to press it.
        label: Press,
        /// The picture that the decision was made on.
        seen: Arc<Frame>,
        /// What else the click relies on, in window coordinates.
        unchanged: Vec<Rect>,
    },
    /// Ask the window to close (`WM_DELETE_WINDOW`).
    CloseWindow {
        /// The window.
        window: WindowId,
    },
    /// Compare what a field shows with what was typed into it.
    Compare {
        /// What was typed.
        what: Typed,
        /// What the field's picture shows.
        shown: Shown,
    },
    /// Click the field, replace what it holds, read it back.
    Fill {
        /// The window.
        window: WindowId,
        /// The field, in window coordinates.
        field: Rect,
        /// What to type.
        what: Typed,
        /// Whether to ask the field what it holds. One that does not answer is looked at.
        read_back: bool,
    },
    /// Keep the window's picture and text in the state folder.
    KeepEvidence {
        /// The window.
        window: WindowId,
        /// Why, for the file's name and the event.
        reason: String,
    },
    /// Ask whether a login may be attempted at all, before anything is typed.
    MaySubmit,
    /// Press keys in a window that has the focus, or takes it.
    Press {
        /// The window.
        window: WindowId,
        /// The keys.
        keys: Chord,
    },
    /// Ask for the time of day in the gateway's time zone.
    ReadClock,
    /// Click the field and ask what it holds; nothing is typed.
    ReadField {
        /// The window.
        window: WindowId,
        /// The field, in window coordinates.
        field: Rect,
    },
    /// Write down how the last attempt ended.
    Record(Outcome),
    /// Turn the mouse wheel in the middle of a part of a window.
    TurnWheel {
        /// The window.
        window: WindowId,
        /// What is to scroll, in window coordinates.
        area: Rect,
        /// Towards the end of it.
        down: bool,
        /// How far.
        notches: u32,
    },
    /// As [`Action::Fill`], with a text that is no secret.
    Write {
        /// The window.
        window: WindowId,
        /// The field, in window coordinates.
        field: Rect,
        /// What to type.
        text: String,
    },
}

impl Action {
    /// The window that it is about.
    pub const fn window(&self) -> Option<WindowId> {
        match self {
            Self::Click { window, .. }
            | Self::CloseWindow { window }
            | Self::Fill { window, .. }
            | Self::KeepEvidence { window, .. }
            | Self::Press { window, .. }
            | Self::ReadField { window, .. }
            | Self::TurnWheel { window, .. }
            | Self::Write { window, .. } => Some(*window),
            Self::BeginSubmission
            | Self::Compare { .. }
            | Self::MaySubmit
            | Self::ReadClock
            | Self::Record(_) => None,
        }
    }

    /// The field that it types a secret into, in window coordinates. A user name counts as one.
    pub const fn secret_field(&self) -> Option<Rect> {
        match self {
            Self::Fill {
                field,
                what:
                    Typed::Code
                    | Typed::GivenCode
                    | Typed::DataPassword
                    | Typed::DataUserName
                    | Typed::Password
                    | Typed::UserName,
                ..
            } => Some(*field),
            _ => None,
        }
    }
}

impl Action {
    /// Whether the governor is asked, or told.
    #[must_use]
    pub const fn asks_governor(&self) -> bool {
        matches!(self, Self::MaySubmit | Self::BeginSubmission | Self::Record(_))
    }

    /// Whether it types, clicks or asks on the display, where a human might do so too.
    #[must_use]
    pub const fn touches_display(&self) -> bool {
        match self {
            Self::Click { .. }
            | Self::CloseWindow { .. }
            | Self::Fill { .. }
            | Self::Press { .. }
            | Self::ReadField { .. }
            | Self::TurnWheel { .. }
            | Self::Write { .. } => true,
            Self::BeginSubmission
            | Self::Compare { .. }
            | Self::KeepEvidence { .. }
            | Self::MaySubmit
            | Self::ReadClock
            | Self::Record(_) => false,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BeginSubmission => f.write_str("begin a submission"),
            Self::Click {
                window,
                bounds,
                label,
                ..
            } => {
                write!(
                    f,
                    "click \"{label}\" of {window} at {},{}",
                    bounds.center().x,
                    bounds.center().y
                )
            }
            Self::CloseWindow { window } => write!(f, "close {window}"),
            Self::Compare { what, .. } => write!(f, "compare what the field of the {what:?} shows"),
            Self::Fill {
                window, field, what, ..
            } => {
                write!(
                    f,
                    "fill {what:?} into {window} at {},{}",
                    field.center().x,
                    field.center().y
                )
            }
            Self::KeepEvidence { window, reason } => write!(f, "keep evidence of {window}: {reason}"),
            Self::MaySubmit => f.write_str("ask whether a submission is permitted"),
            Self::Press { window, keys } => write!(f, "press {keys:?} in {window}"),
            Self::ReadClock => f.write_str("read the gateway's clock"),
            Self::ReadField { window, field } => {
                write!(
                    f,
                    "read the field of {window} at {},{}",
                    field.center().x,
                    field.center().y
                )
            }
            Self::Record(outcome) => write!(f, "record {outcome:?}"),
            Self::TurnWheel {
                window, area, down, ..
            } => write!(
                f,
                "scroll {} in {window} at {},{}",
                if *down { "down" } else { "up" },
                area.center().x,
                area.center().y
            ),
            Self::Write { window, field, text } => write!(
                f,
                "write \"{text}\" into {window} at {},{}",
                field.center().x,
                field.center().y
            ),
        }
    }
}

/// How an attempt to log in ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A second factor is asked for, or about another session: the credentials were accepted, and the login goes on.
    Accepted,
    /// The main window came.
    LoggedIn,
    /// Somebody was asked to confirm on a phone.
    Pushed,
    /// The gateway sent the login away, and did not say that it is because of the credentials.
    Rebuffed,
    /// The gateway refused the credentials.
    Refused,
    /// Too many attempts: nothing for this long.
    Throttled(Duration),
    /// The login button was not pressed after all, or the credentials were certainly not judged.
    Withdrawn,
}

/// What became of the last action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActResult {
    /// The target no longer looks as it did: nothing was done.
    Changed,
    /// The gateway's clock shows this time of day.
    Clock {
        /// Seconds since its midnight.
        seconds: u32,
    },
    /// Nothing may be submitted: not before `retry_after`, or not at all.
    Denied {
        /// Why, in words for the user.
        why: String,
        /// When it may be asked again.
        retry_after: Option<Duration>,
    },
    /// Done. Whether it worked is for the next observation to tell.
    Done,
    /// It could not be done.
    Failed {
        /// What went wrong.
        why: String,
    },
    /// The field was filled and says so: the same text, or as many echo characters for a password.
    Filled,
    /// The field holds this.
    Holds(String),
    /// A password was read back as it is: its field gives it away, or it went into another field.
    FilledInPlain,
    /// The field was asked what it holds, and did not answer.
    NoAnswer,
    /// The text went in, but what was read back is something else.
    NotVerified {
        /// What was read back, without its content.
        why: String,
        /// Echo characters where plain text was expected.
        masked: bool,
    },
    /// Another window opened while typing; the rest was not typed.
    Interrupted {
        /// That window.
        by: WindowId,
    },
    /// The text was typed, and nobody asked the field what it holds.
    Unread,
    /// Not now, but soon: a one-time code is about to change.
    NotYet {
        /// When to ask again.
        retry_after: Duration,
    },
    /// An attempt may be made (or, after [`Action::BeginSubmission`], is written down).
    Permitted,
}

/// A window and, once it stood still long enough to be read, what it shows.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The window.
    pub window: Window,
    /// Its last still picture and what was read from it; `None` while it moves.
    pub view: Option<View>,
}

/// A still picture and its reading.
#[derive(Clone, Debug)]
pub struct View {
    /// The pixels.
    pub frame: Arc<Frame>,
    /// What was read from them.
    pub reading: Arc<crate::screen::Reading>,
}

impl View {
    /// Whether `other` shows the same pixels.
    pub fn same_as(&self, other: &Self) -> bool {
        self.reading.fingerprint == other.reading.fingerprint && self.reading.size == other.reading.size
    }

    /// Where the window says something: all lines but those in buttons, whose looks follow focus and pointer, those in
    /// fields, and figures that count by themselves.
    pub(super) fn said(&self) -> Vec<Rect> {
        let says = |line: &&Line| {
            let kind = self.reading.region_of(line).map(|region| region.kind);
            line.text.contains(char::is_alphabetic)
                && !matches!(kind, Some(RegionKind::Button | RegionKind::Field))
        };
        self.reading
            .lines
            .iter()
            .filter(says)
            .map(|line| line.bounds)
            .collect()
    }
}
