//! Zlib (rfbproto, "zlib Encoding"): the pixels as they are, in one zlib stream.

use super::deflate::{Deflate, Effort};
use super::{Encoder, Encoding, Role, Wishes, gather};
use crate::framebuffer::Framebuffer;
use crate::geometry::Rect;
use crate::server_message::put_rectangle;

pub(super) const ENCODING: Encoding = Encoding {
    number: 6,
    name: "Zlib",
    role: Role::Pixels(|| Box::new(Zlib::new())),
};

struct Zlib {
    stream: Deflate,
    values: Vec<u32>,
    plain: Vec<u8>,
}

impl Zlib {
    fn new() -> Self {
        Self {
            stream: Deflate::new(Effort::Fast),
            values: Vec::new(),
            plain: Vec::new(),
        }
    }
}

impl Encoder for Zlib {
    fn encode(&mut self, picture: &Framebuffer, rect: Rect, wishes: &Wishes, out: &mut Vec<u8>) -> u16 {
        gather(picture, rect, &wishes.pixels, &mut self.values);
        self.plain.clear();
        wishes.pixels.put(&self.values, &mut self.plain);
        put_rectangle(rect, ENCODING.number, out);
        self.stream.append_with_length(&self.plain, out);
        1
    }
}
