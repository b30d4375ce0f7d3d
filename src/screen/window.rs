//! A top-level window as the X server and its properties describe it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Rect;

/// The X resource id of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WindowId(pub u32);

impl fmt::Display for WindowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// What a window says that it is (`_NET_WM_WINDOW_TYPE`, `WM_TRANSIENT_FOR`, override-redirect).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WindowKind {
    /// A dialog: transient for another window, or said to be one.
    Dialog,
    /// A frame of its own.
    Normal,
    /// A menu, a combo box's list, a tool tip: override-redirect, placed by its program.
    Popup,
    /// A splash screen: no protocols, takes no focus.
    Splash,
}

/// A mapped top-level window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The client's window (not a window manager's frame around it).
    pub id: WindowId,
    /// `_NET_WM_NAME`, else `WM_NAME`; Java gives untitled windows one space.
    pub title: String,
    /// The class part of `WM_CLASS`.
    pub class: String,
    /// What it says that it is.
    pub kind: WindowKind,
    /// `WM_TRANSIENT_FOR`, if it names a window.
    pub transient_for: Option<WindowId>,
    /// Place on the root window, without border.
    pub geometry: Rect,
    /// `_NET_WM_PID`.
    pub pid: Option<u32>,
    /// The X client that made it (resource id base): windows of one client share this.
    pub client: u32,
    /// Place in the stack: 0 is the lowest.
    pub stacking: u32,
}
