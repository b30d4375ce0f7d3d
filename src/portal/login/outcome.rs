//! How a login in the browser ended.

use std::fmt;

/// The end, and what it took. Nothing here proves a session: that is asked of the gateway.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// How often user name and password were submitted.
    pub submissions: u32,
    /// How often a phone was notified.
    pub pushes: u32,
}

impl Outcome {
    /// Whether credentials may have been refused without anybody seeing it.
    #[must_use]
    pub const fn is_unclear(&self) -> bool {
        let unseen = matches!(
            self.ending,
            Ending::TimedOut(_) | Ending::Broken(_) | Ending::BrowserDied(_) | Ending::Stopped
        );
        self.submissions > 0 && unseen
    }
}

/// How it ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ending {
    /// The gateway says that the login succeeded, which it says of more than that.
    SuccessText,
    /// IBKR refused the credentials, or has locked the account: its text.
    Refused(String),
    /// The user is one of the other mode, in whichever mode it is tried: its text.
    WrongMode(String),
    /// One-time codes were refused: the text of the last time.
    CodeRefused(String),
    /// A one-time code is asked for, and none was to be had: why.
    NeedsCode(String),
    /// The list of second-factor devices has none of the wanted name: what it has; nothing, where it cannot be read.
    NoDevice(Vec<String>),
    /// Nobody confirmed on the phone in time.
    NotConfirmed,
    /// It was not permitted to submit the credentials, or to have a phone notified.
    NotPermitted,
    /// The browser does not believe the gateway's certificate.
    Distrusted,
    /// Something did not happen in its time: what.
    TimedOut(String),
    /// The page does not do what such a page does, or says what is not known: what.
    Broken(String),
    /// The browser ended: how.
    BrowserDied(String),
    /// It was stopped.
    Stopped,
}

/// What happened, and what to do about it.
impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SuccessText => f.write_str("the gateway says that the login succeeded"),
            Self::Refused(text) => write!(f, "IBKR refused the login: {text:?}; check user name and password"),
            Self::WrongMode(text) => {
                write!(f, "the user is not one of this mode: {text:?}; see GATEHAND_PORTAL_PAPER")
            }
            Self::CodeRefused(text) => write!(
                f,
                "IBKR refused the one-time code: {text:?}; check GATEHAND_TOTP_KEY and this machine's clock"
            ),
            Self::NeedsCode(why) => write!(f, "the page asks for a one-time code: {why}"),
            Self::NoDevice(devices) if devices.is_empty() => f.write_str(
                "the page asks which second-factor device to use, and its picture does not tell what is in the list; set GATEHAND_PORTAL_REPORT=yes, or try another GATEHAND_PORTAL_BROWSER",
            ),
            Self::NoDevice(devices) => write!(
                f,
                "the page asks which second-factor device to use; set GATEHAND_PORTAL_DEVICE to one of {devices:?}"
            ),
            Self::NotConfirmed => f.write_str("nobody confirmed the login on the phone in time"),
            Self::NotPermitted => f.write_str("it was not permitted to submit the credentials now"),
            Self::Distrusted => f.write_str(
                "the browser does not believe the gateway's certificate; GATEHAND_PORTAL_CERTIFICATE names it, if it is not IBKR's",
            ),
            Self::TimedOut(what) => write!(f, "{what} in time; is IBKR reached?"),
            Self::Broken(what) => f.write_str(what),
            Self::Stopped => f.write_str("the login was stopped"),
            Self::BrowserDied(how) => write!(f, "the browser ended ({how}); is there enough memory for it?"),
        }
    }
}
