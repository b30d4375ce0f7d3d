//! Pictures as PNG files.

use std::io;
use std::path::Path;

use crate::screen::Frame;

/// Writes a picture as PNG.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, frame: &Frame) -> io::Result<()> {
    let size = frame.size();
    let mut bytes = Vec::with_capacity(size.area() * 3);
    for pixel in frame.pixels() {
        let [_, red, green, blue] = pixel.to_be_bytes();
        bytes.extend_from_slice(&[red, green, blue]);
    }
    image::save_buffer(
        path,
        &bytes,
        size.width,
        size.height,
        image::ExtendedColorType::Rgb8,
    )
    .map_err(io::Error::other)
}
