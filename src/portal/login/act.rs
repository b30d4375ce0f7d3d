//! What is done on the page, what it is for, and by what it goes.

use std::fmt;
use std::time::{Duration, Instant};

use super::outcome::{Ending, Outcome};
use super::page::Page;
use crate::portal::selectors::Part;
use crate::screen::Rect;

/// What a login goes by.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Scheme, host and port of the gateway: nothing is typed elsewhere.
    pub origin: String,
    /// Whether to log in to the paper account of a user that has both.
    pub paper: bool,
    /// How long the page may take to show its form, and the form to be filled in.
    pub fill_limit: Duration,
    /// How long a page may tell nothing of itself.
    pub silence: Duration,
    /// How long a filled form waits before it is submitted.
    pub pause: Duration,
    /// How long IBKR may take to answer.
    pub oauth_limit: Duration,
    /// How long who is asked may take to permit.
    pub ask_limit: Duration,
    /// How long a code may take to be had.
    pub code_limit: Duration,
    /// How many codes are tried.
    pub code_tries: u32,
    /// The wanted second-factor device, or a part of its name.
    pub device: Option<String>,
    /// How long whoever has the phone may take.
    pub push_limit: Duration,
    /// How often the phone is notified once more, and how long after the last time.
    pub resends: u32,
    /// How long after the last time.
    pub resend_interval: Duration,
}

/// What is typed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum What {
    /// The user name.
    User,
    /// The password.
    Password,
    /// The one-time code that was had last.
    Code,
}

/// What is to be done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Act {
    /// Click in the middle of this part of the page's window.
    Click(Rect),
    /// Empty the field that has the focus.
    Clear,
    /// Type into what has the focus.
    Type(What),
    /// Press Return.
    Return,
    /// Choose this one of the open list, counted from 0.
    Pick(usize),
    /// Ask whether the credentials may be submitted.
    AskSubmission,
    /// Ask whether a phone may be notified once more.
    AskPush,
    /// Ask for a one-time code.
    AskCode,
    /// A phone was notified, as IBKR does by itself: to be taken down.
    TellPush,
    /// Take a picture of the page for whoever looks into it, without what stands in fields.
    Screenshot(Shot),
    /// It is over.
    End(Outcome),
}

/// The answer to what was asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// Whether the credentials may be submitted.
    Submission(bool),
    /// Whether a phone may be notified once more.
    Push(bool),
    /// The code is there, so many characters long; or why there is none.
    Code(Code),
}

/// What became of asking for a code.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Code {
    /// It is there to be typed.
    Ready {
        /// Its characters.
        length: usize,
    },
    /// There is none: why.
    None(String),
}

/// What a picture is of, as IBeam names it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shot {
    /// The login was refused.
    FailedAttempt,
    /// Something did not happen in time.
    Timeout,
    /// Something else.
    Generic,
    /// Nobody confirmed.
    Notification,
}

impl Shot {
    pub(super) const fn of(ending: &Ending) -> Option<Self> {
        match ending {
            Ending::SuccessText | Ending::NotPermitted | Ending::BrowserDied(_) | Ending::Stopped => None,
            Ending::Refused(_) | Ending::WrongMode(_) | Ending::CodeRefused(_) => Some(Self::FailedAttempt),
            Ending::TimedOut(_) => Some(Self::Timeout),
            Ending::NotConfirmed => Some(Self::Notification),
            Ending::NeedsCode(_) | Ending::NoDevice(_) | Ending::Distrusted | Ending::Broken(_) => {
                Some(Self::Generic)
            }
        }
    }
}

impl fmt::Display for Shot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FailedAttempt => "failed_attempt",
            Self::Timeout => "timeout-exception",
            Self::Generic => "generic-exception",
            Self::Notification => "notification_2fa",
        })
    }
}

/// What the page must show before the next act.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Goal {
    /// Nothing that is known before.
    None,
    /// The same, of the submission of the credentials.
    Submitted,
    /// Keys go to this part.
    Focused(Part),
    /// A field holds as much as this.
    Holds(Part, usize),
    /// The switch between live and paper is on, or off.
    Switched(bool),
    /// A part is not shown any more.
    Gone(Part),
    /// The list of devices is open.
    ListOpen,
    /// This device of the list is chosen.
    Chosen(usize),
}

impl Goal {
    pub(super) const fn is_none(&self) -> bool {
        matches!(self, Self::None | Self::Submitted)
    }

    pub(super) fn is_reached(&self, page: &Page, list_is_open: bool) -> bool {
        match self {
            Self::None | Self::Submitted => false,
            Self::Focused(part) => page.element(*part).is_some_and(|element| element.focused),
            Self::Holds(part, length) => {
                page.element(*part).and_then(|element| element.length) == Some(*length)
            }
            Self::Switched(on) => page.element(Part::Paper).and_then(|element| element.checked) == Some(*on),
            Self::Gone(part) => !page.has(*part),
            Self::ListOpen => list_is_open,
            Self::Chosen(index) => page.chosen == Some(*index),
        }
    }

    /// What there is to say when it does not come.
    pub(super) fn missed(&self) -> String {
        match self {
            Self::None | Self::Submitted => "the page does not do what it was asked".into(),
            Self::Focused(part) => format!("the page's part {part:?} does not take the keys"),
            Self::Holds(part, 0) => format!("the page's part {part:?} cannot be emptied"),
            Self::Holds(part, _) => format!("the page's part {part:?} does not hold what was typed"),
            Self::Switched(_) => "the page's switch between live and paper does not turn".into(),
            Self::Gone(part) => format!("the page's part {part:?} does not go"),
            Self::ListOpen => "the page's list of devices does not open".into(),
            Self::Chosen(_) => "the page's list of devices does not take the wanted one".into(),
        }
    }
}

/// An act whose goal is not there yet.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) goal: Goal,
    pub(super) since: Instant,
    /// When it counts as missed.
    pub(super) until: Instant,
}
