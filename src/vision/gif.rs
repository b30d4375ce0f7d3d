//! Pictures one after the other as an animated GIF, for humans.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;
use std::time::Duration;

use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, RgbaImage};

use crate::screen::Frame;

/// Colours are chosen from every tenth pixel: screens have few, and there may be many pictures.
const SPEED: i32 = 10;

/// A GIF that is being written.
pub struct Gif {
    encoder: GifEncoder<BufWriter<File>>,
}

impl Gif {
    /// Begins a file that plays again and again.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut encoder = GifEncoder::new_with_speed(BufWriter::new(File::create(path)?), SPEED);
        encoder.set_repeat(Repeat::Infinite).map_err(io::Error::other)?;
        Ok(Self { encoder })
    }

    /// Adds a picture that shows for this long; the format counts in 10 ms.
    ///
    /// # Errors
    /// When it cannot be written, or is larger than the format allows.
    pub fn add(&mut self, frame: &Frame, shown: Duration) -> io::Result<()> {
        let size = frame.size();
        let bytes = frame.pixels().iter().flat_map(|pixel| {
            let [_, red, green, blue] = pixel.to_be_bytes();
            [red, green, blue, 0xff]
        });
        let picture = RgbaImage::from_raw(size.width, size.height, bytes.collect())
            .ok_or_else(|| io::Error::other("a picture without its pixels"))?;
        let delay = Delay::from_saturating_duration(shown);
        let frame = image::Frame::from_parts(picture, 0, 0, delay);
        self.encoder.encode_frame(frame).map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use image::AnimationDecoder;
    use image::codecs::gif::GifDecoder;

    use super::*;
    use crate::screen::{Rect, Size};

    #[test]
    fn pictures_and_times_come_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.gif");
        let mut gif = Gif::create(&path).expect("created");
        let mut frame = Frame::new(Size::new(20, 10));
        gif.add(&frame, Duration::from_millis(500)).expect("added");
        frame.fill(Rect::new(0, 0, 20, 10), 0x00ff_0000);
        gif.add(&frame, Duration::from_millis(1000)).expect("added");
        drop(gif);
        let file = io::BufReader::new(File::open(&path).expect("there"));
        let frames = GifDecoder::new(file).expect("a GIF").into_frames();
        let frames = frames.collect_frames().expect("pictures");
        assert_eq!(frames.len(), 2);
        assert_eq!(frames[0].buffer().get_pixel(3, 3).0, [0, 0, 0, 0xff]);
        assert_eq!(frames[1].buffer().get_pixel(3, 3).0, [0xff, 0, 0, 0xff]);
        assert_eq!(frames[1].delay().numer_denom_ms(), (1000, 1));
    }
}
