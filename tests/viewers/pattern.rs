//! A picture on a test display that no mistake in a format, a place or an encoding leaves unnoticed.

use gatehand::screen::{Frame, Rect, Size, WindowId};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt as _, CreateGCAux, ImageFormat};

use crate::painter::Painter;

impl Painter {
    /// Covers the screen with panels, lines, gradients and noise; returns the window.
    pub(crate) fn show_pattern(&self, size: Size) -> WindowId {
        let window = self.show("pattern", Rect::of_size(size), 0x00d4_d0c8);
        let (width, height) = (size.width, size.height);
        self.fill(window.0, Rect::new(0, 0, 7, 5), 0x00ff_0000);
        self.fill(window.0, Rect::new(width as i32 - 6, 0, 6, 4), 0x0000_ff00);
        self.fill(window.0, Rect::new(0, height as i32 - 3, 9, 3), 0x0000_00ff);
        self.fill(window.0, Rect::new(40, 30, width / 2, height / 3), 0x00fe_fefe);
        for line in 0..20 {
            let y = 36 + line * 7;
            for word in 0..12 {
                let x = 50 + word * 17 + (line * 5 + word * 3) % 11;
                self.fill(
                    window.0,
                    Rect::new(x, y, 9, 4),
                    0x0010_2030 + (line * word) as u32 * 0x0001_0305,
                );
            }
        }
        let noise = Rect::new(width as i32 / 2, height as i32 / 2, 100, 90);
        let pixels = (0..noise.area() as u32).map(|index| index.wrapping_mul(0x9e37_79b1) >> 8);
        self.put(window, noise, &pixels.collect::<Vec<u32>>());
        let gradient = Rect::new(10, height as i32 / 2, 128, 60);
        let pixels = (0..gradient.area() as u32).map(|index| index % 128 * 0x0002_0102);
        self.put(window, gradient, &pixels.collect::<Vec<u32>>());
        window
    }

    /// Puts pixels of `0x00RRGGBB` into a window.
    pub(crate) fn put(&self, window: WindowId, rect: Rect, pixels: &[u32]) {
        let bytes: Vec<u8> = pixels.iter().flat_map(|pixel| pixel.to_le_bytes()).collect();
        let gc = self.connection.generate_id().unwrap();
        self.connection
            .create_gc(gc, window.0, &CreateGCAux::new())
            .unwrap();
        let (width, height) = (rect.width as u16, rect.height as u16);
        let (x, y) = (rect.x as i16, rect.y as i16);
        self.connection
            .put_image(
                ImageFormat::Z_PIXMAP,
                window.0,
                gc,
                width,
                height,
                x,
                y,
                0,
                24,
                &bytes,
            )
            .unwrap();
        self.connection.free_gc(gc).unwrap();
        self.sync();
    }

    /// What the screen shows, by the plainest request there is.
    pub(crate) fn screenshot(&self) -> Frame {
        let root = self.connection.get_geometry(self.root).unwrap().reply().unwrap();
        let (width, height) = (root.width, root.height);
        let image = self
            .connection
            .get_image(ImageFormat::Z_PIXMAP, self.root, 0, 0, width, height, u32::MAX)
            .unwrap()
            .reply()
            .unwrap();
        let (pixels, _) = image.data.as_chunks::<4>();
        let pixels = pixels
            .iter()
            .map(|bytes| u32::from_le_bytes(*bytes) & 0x00ff_ffff);
        Frame::from_pixels(Size::new(width.into(), height.into()), pixels.collect()).unwrap()
    }
}
