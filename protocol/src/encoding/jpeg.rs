//! JPEG for pictures, and how viewers ask for it (rfbproto, "JPEG Quality Level" and "JPEG Fine-Grained Quality Level").

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

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

/// Replaces `file` with `rect` of `picture` as a JFIF file; `false` when it cannot be done.
pub(super) fn compress(picture: &Framebuffer, rect: Rect, quality: u8, file: &mut Vec<u8>) -> bool {
    let mut colours = Vec::new();
    picture.put_bgrx(rect, &mut colours);
    file.clear();
    let mut encoder = Encoder::new(&mut *file, quality);
    encoder.set_sampling_factor(if quality < FULL_COLOUR {
        SamplingFactor::F_2_2
    } else {
        SamplingFactor::F_1_1
    });
    encoder
        .encode(&colours, rect.width as u16, rect.height as u16, ColorType::Bgra)
        .is_ok()
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
