//! Pictures as PNG files.

use std::fs;
use std::io;
use std::path::Path;

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder as _, ImageReader, Limits};

use crate::screen::{Frame, Size};

/// Columns and rows of the largest picture that is read.
const LARGEST: u32 = 16_384;

/// Reads a picture. What is transparent is black.
///
/// # Errors
/// When the file cannot be read, is no picture, or is larger than any screen.
pub fn read(path: &Path) -> io::Result<Frame> {
    let mut reader = ImageReader::open(path)?.with_guessed_format()?;
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(LARGEST), Some(LARGEST));
    reader.limits(limits);
    let picture = reader.decode().map_err(io::Error::other)?.to_rgb8();
    let pixels = picture
        .pixels()
        .map(|pixel| u32::from_be_bytes([0, pixel.0[0], pixel.0[1], pixel.0[2]]));
    let size = Size::new(picture.width(), picture.height());
    Frame::from_pixels(size, pixels.collect()).ok_or_else(|| io::Error::other("a picture without its pixels"))
}

/// Writes a picture as PNG.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, frame: &Frame) -> io::Result<()> {
    fs::write(path, encode(frame)?)
}

/// A picture as the bytes of a PNG file.
///
/// # Errors
/// When it has no pixels.
pub fn encode(frame: &Frame) -> io::Result<Vec<u8>> {
    let size = frame.size();
    let mut bytes = Vec::with_capacity(size.area() * 3);
    for pixel in frame.pixels() {
        let [_, red, green, blue] = pixel.to_be_bytes();
        bytes.extend_from_slice(&[red, green, blue]);
    }
    let mut file = Vec::new();
    let encoder = PngEncoder::new(&mut file);
    let encoded = encoder.write_image(&bytes, size.width, size.height, ExtendedColorType::Rgb8);
    encoded.map_err(io::Error::other)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Rect;

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("window.png");
        let mut frame = Frame::new(Size::new(7, 3));
        frame.fill(Rect::new(2, 1, 3, 1), 0x0012_3456);
        write(&path, &frame).expect("written");
        assert_eq!(read(&path).expect("read"), frame);
        fs::write(&path, "no picture").expect("written");
        assert!(read(&path).is_err());
    }
}
