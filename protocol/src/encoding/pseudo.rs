//! Pseudo-encodings (RFC 6143 §7.8, rfbproto): rectangles that carry something else than pixels, and numbers that only
//! tell what a viewer understands.

use super::{Ability, Encoding, Role};
use crate::geometry::{Rect, Size};
use crate::server_message::put_rectangle;
use crate::wire::Put;

const fn ability(number: i32, name: &'static str, ability: Ability) -> Encoding {
    Encoding {
        number,
        name,
        role: Role::Ability(ability),
    }
}

/// RFC 6143 §7.8.2
pub(super) const DESKTOP_SIZE: Encoding = ability(-223, "DesktopSize", Ability::Resize);
pub(super) const LAST_RECT: Encoding = ability(-224, "LastRect", Ability::OpenUpdate);
pub(super) const SCAN_CODES: Encoding = ability(-258, "QEMU Extended Key Event", Ability::ScanCodes);
pub(super) const DESKTOP_NAME: Encoding = ability(-307, "DesktopName", Ability::Name);
pub(super) const EXTENDED_DESKTOP_SIZE: Encoding =
    ability(-308, "ExtendedDesktopSize", Ability::ExtendedResize);
pub(super) const FENCE: Encoding = ability(-312, "Fence", Ability::Fence);
pub(super) const CONTINUOUS_UPDATES: Encoding =
    ability(-313, "ContinuousUpdates", Ability::ContinuousUpdates);
pub(super) const EXTENDED_BUTTONS: Encoding =
    ability(-316, "Extended Mouse Buttons", Ability::ExtendedButtons);
pub(super) const EXTENDED_CLIPBOARD: Encoding = ability(
    0xc0a1_e5ce_u32 as i32,
    "Extended Clipboard",
    Ability::ExtendedClipboard,
);

/// Appends the screen's new size.
pub(crate) fn put_desktop_size(size: Size, out: &mut Vec<u8>) {
    put_rectangle(Rect::of_size(size), DESKTOP_SIZE.number, out);
}

/// The one monitor of the screen: what a viewer calls it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Monitor {
    pub(crate) id: u32,
    pub(crate) flags: u32,
}

/// Appends the screen's size and its one monitor; `reason` and `status` as in the document.
pub(crate) fn put_extended_desktop_size(
    size: Size,
    monitor: Monitor,
    reason: u16,
    status: u16,
    out: &mut Vec<u8>,
) {
    let Size { width, height } = size;
    put_rectangle(
        Rect::new(reason.into(), status.into(), width, height),
        EXTENDED_DESKTOP_SIZE.number,
        out,
    );
    out.extend_from_slice(&[1, 0, 0, 0]);
    out.put_u32(monitor.id);
    for number in [0, 0, width as u16, height as u16] {
        out.put_u16(number);
    }
    out.put_u32(monitor.flags);
}

/// Appends the desktop's name.
pub(crate) fn put_desktop_name(name: &str, out: &mut Vec<u8>) {
    put_rectangle(Rect::default(), DESKTOP_NAME.number, out);
    out.put_text(name);
}

/// Appends what tells the viewer that it may send scan codes.
pub(crate) fn put_scan_codes_confirmed(out: &mut Vec<u8>) {
    put_rectangle(Rect::default(), SCAN_CODES.number, out);
}

/// Appends what tells the viewer that it may send more than eight buttons.
pub(crate) fn put_extended_buttons_confirmed(out: &mut Vec<u8>) {
    put_rectangle(Rect::default(), EXTENDED_BUTTONS.number, out);
}

/// Appends the end of an update whose number of rectangles was not told.
pub(crate) fn put_last_rect(out: &mut Vec<u8>) {
    put_rectangle(Rect::default(), LAST_RECT.number, out);
}
