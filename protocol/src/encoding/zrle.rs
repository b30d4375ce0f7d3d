//! ZRLE (RFC 6143 §7.7.6): tiles of 64 by 64, each as whatever is shortest, all in one zlib stream.

use super::deflate::{Deflate, Effort};
use super::run_length::TileCoder;
use super::{Encoder, Encoding, Role, Wishes, tiles};
use crate::framebuffer::Framebuffer;
use crate::geometry::Rect;
use crate::server_message::put_rectangle;

pub(super) const ENCODING: Encoding = Encoding {
    number: 16,
    name: "ZRLE",
    role: Role::Pixels(|| Box::new(Zrle::new())),
};

const TILE: u32 = 64;

struct Zrle {
    stream: Deflate,
    coder: TileCoder,
    plain: Vec<u8>,
}

impl Zrle {
    fn new() -> Self {
        Self {
            stream: Deflate::new(Effort::Small),
            coder: TileCoder::before_compression(),
            plain: Vec::new(),
        }
    }
}

impl Encoder for Zrle {
    fn encode(&mut self, picture: &Framebuffer, rect: Rect, wishes: &Wishes, out: &mut Vec<u8>) -> u16 {
        self.plain.clear();
        for tile in tiles(rect, TILE, TILE) {
            self.coder.put(picture, tile, &wishes.pixels, &mut self.plain);
        }
        put_rectangle(rect, ENCODING.number, out);
        self.stream.append_with_length(&self.plain, out);
        1
    }
}
