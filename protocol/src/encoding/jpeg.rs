//! JPEG for pictures, and how viewers ask for it (rfbproto, "JPEG Quality Level" and "JPEG Fine-Grained Quality Level").

use std::sync::{Arc, Mutex, PoisonError};

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

/// JPEG files of what a screen shows, each made once for all viewers that share this.
#[derive(Debug, Default)]
pub struct SharedPictures(Mutex<Vec<File>>);

/// The part of a screen that it shows, and the quality.
type File = (Rect, u8, Arc<[u8]>);

impl SharedPictures {
    /// The screen shows something else from here on; the viewers must not be told before.
    pub fn clear(&self) {
        *self.files() = Vec::new();
    }

    /// `rect` of `picture`, which is what the screen shows, as a JFIF file; `None` when it cannot be made.
    pub(super) fn file(
        self: &Arc<Self>,
        picture: &Framebuffer,
        rect: Rect,
        quality: u8,
    ) -> Option<Arc<[u8]>> {
        let known = |(of, at, _): &&File| (*of, *at) == (rect, quality);
        if let Some((.., file)) = self.files().iter().find(known) {
            return Some(Arc::clone(file));
        }
        let file: Arc<[u8]> = Arc::from(&*compress(picture, rect, quality).ok()?);
        // The screen's owner, one viewer, and somebody else who may want it.
        if Arc::strong_count(self) > 2 {
            self.files().push((rect, quality, Arc::clone(&file)));
        }
        Some(file)
    }

    /// Files are put there whole.
    fn files(&self) -> std::sync::MutexGuard<'_, Vec<File>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `rect` of `picture` as a JFIF file.
///
/// # Errors
/// The rectangle is larger than such a file can be, or there is no memory.
fn compress(picture: &Framebuffer, rect: Rect, quality: u8) -> turbojpeg::Result<OwnedBuf> {
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
    use crate::geometry::Size;

    #[test]
    fn a_file_is_made_once_for_all_until_the_screen_changes() {
        let picture = |colour| {
            let mut picture = Framebuffer::new(Size::new(16, 16));
            picture.fill(picture.bounds(), colour);
            picture
        };
        let (before, after) = (picture(0x00ff_0000), picture(0x0000_00ff));
        let rect = before.bounds();
        let made = |picture: &Framebuffer, quality| compress(picture, rect, quality).expect("made").to_vec();
        let owner = Arc::new(SharedPictures::default());
        let viewers = [(); 2].map(|()| Arc::clone(&owner));
        let file = |viewer: usize, picture, quality| {
            viewers[viewer]
                .file(picture, rect, quality)
                .expect("made")
                .to_vec()
        };
        assert_eq!(file(0, &before, 80), made(&before, 80));
        assert_eq!(
            file(1, &after, 80),
            made(&before, 80),
            "as it was made for the other"
        );
        assert_eq!(file(1, &after, 40), made(&after, 40), "another quality");
        owner.clear();
        assert_eq!(file(1, &after, 80), made(&after, 80));
    }

    #[test]
    fn nothing_is_kept_for_one_viewer_alone() {
        let owner = Arc::new(SharedPictures::default());
        let viewer = Arc::clone(&owner);
        let picture = Framebuffer::new(Size::new(16, 16));
        assert!(viewer.file(&picture, picture.bounds(), 80).is_some());
        assert!(owner.files().is_empty());
    }

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
