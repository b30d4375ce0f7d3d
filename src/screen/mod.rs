//! What is on the display, as plain values: pictures, windows, and what was read from them. Pure.

mod reading;
mod window;

pub use protocol::framebuffer::Framebuffer as Frame;
pub use protocol::geometry::{Point, Rect, Size};
pub use reading::{Fingerprint, Line, Reading, Region, RegionKind};
pub use window::{Window, WindowId, WindowKind};
