//! TRLE (RFC 6143 §7.7.5): tiles of 16 by 16, each as whatever is shortest.

use super::run_length::TileCoder;
use super::{Encoder, Encoding, Role, Wishes, tiles};
use crate::framebuffer::Framebuffer;
use crate::geometry::Rect;
use crate::server_message::put_rectangle;

pub(super) const ENCODING: Encoding = Encoding {
    number: 15,
    name: "TRLE",
    role: Role::Pixels(|| {
        Box::new(Trle {
            coder: TileCoder::new(),
        })
    }),
};

const TILE: u32 = 16;

struct Trle {
    coder: TileCoder,
}

impl Encoder for Trle {
    fn encode(&mut self, picture: &Framebuffer, rect: Rect, wishes: &Wishes, out: &mut Vec<u8>) -> u16 {
        put_rectangle(rect, ENCODING.number, out);
        for tile in tiles(rect, TILE, TILE) {
            self.coder.put(picture, tile, &wishes.pixels, out);
        }
        1
    }
}
