//! Pixels in memory: rows of `0x00RRGGBB`, the top byte always zero.

use crate::geometry::{Rect, Size};

/// A picture that owns its pixels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Framebuffer {
    size: Size,
    pixels: Vec<u32>,
}

impl Framebuffer {
    /// A black picture.
    pub fn new(size: Size) -> Self {
        Self {
            size,
            pixels: vec![0; size.area()],
        }
    }

    /// A picture from rows of `0x00RRGGBB`; `None` when their number is not that of `size`.
    pub fn from_pixels(size: Size, pixels: Vec<u32>) -> Option<Self> {
        (pixels.len() == size.area()).then_some(Self { size, pixels })
    }

    /// Width and height.
    pub const fn size(&self) -> Size {
        self.size
    }

    /// The whole picture as a rectangle at the origin.
    pub const fn bounds(&self) -> Rect {
        Rect::of_size(self.size)
    }

    /// All pixels, row by row.
    pub fn pixels(&self) -> &[u32] {
        &self.pixels
    }

    /// All pixels, row by row, to be written.
    pub fn pixels_mut(&mut self) -> &mut [u32] {
        &mut self.pixels
    }

    /// Row `y`, which must be inside.
    pub fn row(&self, y: u32) -> &[u32] {
        let width = self.size.width as usize;
        &self.pixels[y as usize * width..][..width]
    }

    /// Row `y`, which must be inside, to be written.
    pub fn row_mut(&mut self, y: u32) -> &mut [u32] {
        let width = self.size.width as usize;
        &mut self.pixels[y as usize * width..][..width]
    }

    /// The pixel at `x`, `y`; `None` outside.
    pub fn pixel(&self, x: i32, y: i32) -> Option<u32> {
        let inside = x >= 0 && y >= 0 && (x as u32) < self.size.width && (y as u32) < self.size.height;
        inside.then(|| self.pixels[y as usize * self.size.width as usize + x as usize])
    }

    /// A copy of the part of `rect` that is inside.
    pub fn crop(&self, rect: Rect) -> Self {
        let rect = rect.intersection(&self.bounds());
        let mut pixels = Vec::with_capacity(rect.area());
        for y in rect.y..rect.bottom() {
            pixels.extend_from_slice(&self.row(y as u32)[rect.x as usize..rect.right() as usize]);
        }
        Self {
            size: rect.size(),
            pixels,
        }
    }

    /// Appends the pixels of `rect`, which must be inside, as red, green, blue of a byte each.
    pub(crate) fn put_rgb(&self, rect: Rect, out: &mut Vec<u8>) {
        self.put_bytes(rect, out, |pixel| {
            let [_, colours @ ..] = pixel.to_be_bytes();
            colours
        });
    }

    /// The bytes of all pixels from the one at `x`, `y` on, which must be inside, row by row, as they are in memory.
    pub(crate) fn bytes_from(&self, x: u32, y: u32) -> &[u8] {
        let first = y as usize * self.size.width as usize + x as usize;
        bytemuck::cast_slice(&self.pixels[first..])
    }

    fn put_bytes<const N: usize>(&self, rect: Rect, out: &mut Vec<u8>, bytes: impl Fn(u32) -> [u8; N]) {
        let start = out.len();
        out.resize(start + rect.area() * N, 0);
        let mut places = out[start..].as_chunks_mut::<N>().0.iter_mut();
        for y in rect.y..rect.bottom() {
            let row = &self.row(y as u32)[rect.x as usize..rect.right() as usize];
            for (pixel, place) in row.iter().zip(places.by_ref()) {
                *place = bytes(*pixel);
            }
        }
    }

    /// Fills the part of `rect` that is inside with one colour.
    pub fn fill(&mut self, rect: Rect, pixel: u32) {
        let rect = rect.intersection(&self.bounds());
        for y in rect.y..rect.bottom() {
            self.row_mut(y as u32)[rect.x as usize..rect.right() as usize].fill(pixel);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crop_clips_to_the_picture() {
        let mut picture = Framebuffer::new(Size::new(4, 3));
        picture.fill(Rect::new(2, 1, 9, 9), 0xff);
        let cropped = picture.crop(Rect::new(1, 1, 9, 1));
        assert_eq!(cropped.size(), Size::new(3, 1));
        assert_eq!(cropped.pixels(), &[0, 0xff, 0xff]);
        assert_eq!(picture.pixel(4, 0), None);
    }

    #[test]
    fn a_wrong_number_of_pixels_is_refused() {
        assert!(Framebuffer::from_pixels(Size::new(2, 2), vec![0; 3]).is_none());
    }
}
