//! JPEG for pictures, and how viewers ask for it (rfbproto, "JPEG Quality Level" and "JPEG Fine-Grained Quality Level").

use turbojpeg::{Compressor, Image, OwnedBuf, PixelFormat, Subsamp};

use crate::framebuffer::Framebuffer;
use crate::geometry::Rect;

/// Level 0 to 9.
const LEVELS: std::ops::RangeInclusive<i32> = -32..=-23;
/// Quality 0 to 100.
const QUALITIES: std::ops::RangeInclusive<i32> = -512..=-412;
/// From here on colours are as sharp as brightness. Below, nobody sees the difference in a picture; text is none.
const FULL_COLOUR: u8 = 90;

/// The quality, 1 to 100, that a number in a viewer's list of encodings asks for.
pub(crate) fn quality_asked_by(number: i32) -> Option<u8> {
    if LEVELS.contains(&number) {
        Some((15 + 9 * (number - LEVELS.start())) as u8)
    } else if QUALITIES.contains(&number) {
        Some((number - QUALITIES.start()).max(1) as u8)
    } else {
        None
    }
}

/// `rect` of `picture` as a JFIF file.
///
/// # Errors
/// The rectangle is larger than such a file can be, or there is no memory.
pub(super) fn compress(picture: &Framebuffer, rect: Rect, quality: u8) -> turbojpeg::Result<OwnedBuf> {
    let mut compressor = Compressor::new()?;
    compressor.set_quality(quality.into())?;
    compressor.set_subsamp(if quality < FULL_COLOUR {
        Subsamp::Sub2x2
    } else {
        Subsamp::None
    })?;
    compressor.compress_to_owned(Image {
        pixels: picture.bytes_from(rect.x as u32, rect.y as u32),
        width: rect.width as usize,
        pitch: picture.size().width as usize * size_of::<u32>(),
        height: rect.height as usize,
        format: if cfg!(target_endian = "little") {
            PixelFormat::BGRX
        } else {
            PixelFormat::XRGB
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_scales_of_quality() {
        let table = [
            (-33, None),
            (-32, Some(15)),
            (-23, Some(96)),
            (-22, None),
            (-513, None),
            (-512, Some(1)),
            (-437, Some(75)),
            (-412, Some(100)),
            (-411, None),
        ];
        for (number, quality) in table {
            assert_eq!(quality_asked_by(number), quality, "{number}");
        }
    }
}
