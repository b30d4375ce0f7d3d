//! Raw (RFC 6143 §7.7.1): the pixels as they are. Every viewer understands it.

use super::{Encoder, Encoding, NewEncoder, Role, Wishes};
use crate::framebuffer::Framebuffer;
use crate::geometry::Rect;
use crate::server_message::put_rectangle;

pub(super) const ENCODING: Encoding = Encoding {
    number: RAW.0,
    name: "Raw",
    role: Role::Pixels(RAW.1),
};

/// What a viewer gets that lists nothing else: its number and how to make it.
pub(crate) const RAW: (i32, NewEncoder) = (0, || Box::new(Raw::default()));

#[derive(Default)]
struct Raw {
    values: Vec<u32>,
}

impl Encoder for Raw {
    fn encode(&mut self, picture: &Framebuffer, rect: Rect, wishes: &Wishes, out: &mut Vec<u8>) -> u16 {
        let pixels = &wishes.pixels;
        put_rectangle(rect, ENCODING.number, out);
        out.reserve(rect.area() * pixels.format().bytes_per_pixel());
        for y in rect.y..rect.bottom() {
            let row = &picture.row(y as u32)[rect.x as usize..rect.right() as usize];
            if pixels.is_native() {
                out.extend_from_slice(bytemuck::cast_slice(row));
                continue;
            }
            self.values.clear();
            pixels.values(row, &mut self.values);
            pixels.put(&self.values, out);
        }
        1
    }
}
