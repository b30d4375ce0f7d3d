//! What the login in a browser goes by.

use super::{Value, words};

words! {
    /// The browser that shows the Client Portal Gateway's login page.
    pub PortalBrowser: "surf or chromium" {
        /// surf, which is WebKit.
        Surf = "surf",
        /// Chromium.
        Chromium = "chromium",
    }
}
