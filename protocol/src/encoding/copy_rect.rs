//! CopyRect (RFC 6143 §7.7.2): pixels that the viewer already has, from another place.

use super::{Ability, Encoding, Role};
use crate::geometry::{Point, Rect};
use crate::server_message::put_rectangle;
use crate::wire::Put;

pub(super) const ENCODING: Encoding = Encoding {
    number: 1,
    name: "CopyRect",
    role: Role::Ability(Ability::Copy),
};

/// Appends one rectangle whose pixels are to be taken from `source`, its top-left corner there.
pub(crate) fn put_copy(to: Rect, source: Point, out: &mut Vec<u8>) {
    put_rectangle(to, ENCODING.number, out);
    out.put_u16(source.x as u16);
    out.put_u16(source.y as u16);
}
