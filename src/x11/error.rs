//! What can go wrong on a display, each with what to do about it.

use std::io;
use std::path::PathBuf;

use thiserror::Error;
use x11rb::errors::{ConnectError, ConnectionError, IdsExhausted, ReplyError, ReplyOrIdError};

use crate::screen::{Point, WindowId};

/// Why the display could not be used.
#[derive(Debug, Error)]
pub enum X11Error {
    /// Nobody answers under that name.
    #[error(
        "display {display} cannot be reached: {cause}; start its X server, or name another one with --display"
    )]
    Unreachable {
        /// The name as it was given.
        display: String,
        /// What the attempt said.
        cause: String,
    },
    /// The server answered and refused.
    #[error(
        "display {display} refuses this program: {reason}; let XAUTHORITY name a file with its cookie that this user may read"
    )]
    Refused {
        /// The name as it was given.
        display: String,
        /// The server's words.
        reason: String,
    },
    /// The authority file cannot be used.
    #[error(
        "authority file {path}: {cause}; it must be readable by this user and hold the display's MIT-MAGIC-COOKIE-1"
    )]
    Authority {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: io::Error,
    },
    /// A needed extension is not there.
    #[error("the display has no {name} extension; start its X server without `-extension {name}`")]
    MissingExtension {
        /// The extension's name on the wire.
        name: &'static str,
    },
    /// Pixels are not 32 bits of red, green and blue.
    #[error(
        "the display's root window has depth {depth}; start its X server with depth 24, for Xvfb `-screen 0 1280x1024x24`"
    )]
    PixelFormat {
        /// Depth of the root window.
        depth: u8,
    },
    /// The X server started but did not tell its display number.
    #[error("Xvfb did not tell its display number: {cause}; look at what it wrote to its standard error")]
    NoDisplayNumber {
        /// What came instead.
        cause: io::Error,
    },
    /// The connection ended.
    #[error("the connection to the display is lost: {reason}; connect again when its X server runs")]
    Gone {
        /// What the connection said.
        reason: String,
    },
    /// The window does not exist, or is not shown.
    #[error("window {0} is not on the display any more; look at the windows again")]
    NoWindow(WindowId),
    /// Another window lies over the point.
    #[error("{window} is covered by {by} at {x},{y}; deal with that window first", x = at.x, y = at.y)]
    Covered {
        /// The window that was meant.
        window: WindowId,
        /// The topmost one at that point.
        by: WindowId,
        /// The point, in coordinates of the window that was meant.
        at: Point,
    },
    /// The point is outside the window or the screen.
    #[error("{window} does not show its point {x},{y} on the screen; move the window there, or make it smaller", x = at.x, y = at.y)]
    OffScreen {
        /// The window that was meant.
        window: WindowId,
        /// The point, in its coordinates.
        at: Point,
    },
    /// A text to be typed holds a control character.
    #[error(
        "the text holds a control character (at character {position}); take it out, a field holds one line"
    )]
    ControlCharacter {
        /// Its place, counted in characters from 0.
        position: usize,
    },
    /// More characters are missing from the keyboard map than there are spare keycodes.
    #[error("the text needs more than {spare} characters that the keyboard map lacks; type it in parts")]
    KeymapFull {
        /// Keycodes that are free.
        spare: usize,
    },
    /// The server refused a request.
    #[error("the X server refused a request: {0}")]
    Request(String),
    /// Shared memory, files or threads.
    #[error("{what}: {cause}")]
    Io {
        /// What was attempted.
        what: &'static str,
        /// What the system said.
        cause: io::Error,
    },
}

impl X11Error {
    /// The reason why `display` could not be connected to.
    pub(super) fn connecting(display: &str, cause: ConnectError) -> Self {
        let reason = |bytes: &[u8]| {
            String::from_utf8_lossy(bytes)
                .trim_end_matches(['\0', '\n'])
                .to_owned()
        };
        match cause {
            ConnectError::SetupFailed(failed) => Self::Refused {
                display: display.to_owned(),
                reason: reason(&failed.reason),
            },
            ConnectError::SetupAuthenticate(failed) => Self::Refused {
                display: display.to_owned(),
                reason: reason(&failed.reason),
            },
            other => Self::Unreachable {
                display: display.to_owned(),
                cause: other.to_string(),
            },
        }
    }
}

impl From<ConnectionError> for X11Error {
    fn from(error: ConnectionError) -> Self {
        Self::Gone {
            reason: error.to_string(),
        }
    }
}

impl From<ReplyError> for X11Error {
    fn from(error: ReplyError) -> Self {
        match error {
            ReplyError::ConnectionError(error) => error.into(),
            ReplyError::X11Error(error) => Self::Request(format!(
                "{:?} for request {} on resource {:#x}",
                error.error_kind,
                error.request_name.unwrap_or("?"),
                error.bad_value
            )),
        }
    }
}

impl From<ReplyOrIdError> for X11Error {
    fn from(error: ReplyOrIdError) -> Self {
        match error {
            ReplyOrIdError::IdsExhausted => IdsExhausted.into(),
            ReplyOrIdError::ConnectionError(error) => error.into(),
            ReplyOrIdError::X11Error(error) => ReplyError::X11Error(error).into(),
        }
    }
}

impl From<IdsExhausted> for X11Error {
    fn from(_: IdsExhausted) -> Self {
        Self::Request("no resource ids are left".to_owned())
    }
}
