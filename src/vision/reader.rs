//! From a picture to a reading: segmentation, what is known already, and OCR for the rest.

use std::borrow::Cow;
use std::sync::Arc;

use super::binarise::{GreyImage, LineBitmap, Rendering, grey};
use super::cache::Cache;
use super::dotted::erased;
use super::fingerprint::fingerprint;
use super::ink::{Ink, Shape};
use super::kinds::kinds;
use super::lines::{InkLine, Lines, is_dots};
use super::ocr::{Ocr, OcrError, ReadText};
use super::regions::{Grounds, is_box};
use super::text::Folded;
use super::texture::evened;
use crate::screen::{Fingerprint, Frame, Line, Reading, Rect, Region, RegionKind, Size};

/// Pixels of a picture that are looked at; the rows beyond are not.
const MOST_PIXELS: usize = 4096 * 2304;
/// Enlarged pixels that the last resort may look at.
const MOST_SPARSE: usize = 6_000_000;
/// Below this a line is read once more, in another rendering.
const DOUBTFUL: u8 = 90;
/// Below this a text is not taken for one.
const NOISE: u8 = 15;

const FIRST: Rendering = Rendering {
    height: 30.0,
    hard: false,
};
const SECOND: Rendering = Rendering {
    height: 48.0,
    hard: true,
};
const THIRD: Rendering = Rendering {
    height: 42.0,
    hard: false,
};

/// A picture taken apart, before anything is read.
#[derive(Debug, Default)]
pub struct Segments {
    pub(super) grounds: Grounds,
    pub(super) ink: Ink,
    pub(super) lines: Lines,
    kinds: Vec<RegionKind>,
}

impl Segments {
    /// Finds regions and lines in `frame`.
    pub fn of(frame: &Frame) -> Self {
        if frame.size().area() == 0 {
            return Self::default();
        }
        let grounds = Grounds::of(frame);
        let ink = Ink::of(frame, &grounds);
        let lines = Lines::of(frame, &ink, &grounds);
        let kinds = kinds(frame, &grounds, &ink, &lines.lines);
        Self {
            grounds,
            ink,
            lines,
            kinds,
        }
    }

    /// Number of lines of text.
    pub const fn line_count(&self) -> usize {
        self.lines.lines.len()
    }

    fn outline(&self, fingerprint: Fingerprint, size: Size) -> Reading {
        Reading {
            fingerprint,
            size,
            regions: self.regions(),
            lines: Vec::new(),
            unread: self.silent_boxes(),
        }
    }

    /// What is as large as a button, has ink like a label's in it, and no line.
    fn silent_boxes(&self) -> Vec<Rect> {
        let mut inked = vec![false; self.grounds.all.len()];
        for blob in &self.ink.blobs {
            let ground = self.grounds.all[blob.ground].bounds;
            let Rect { width, height, .. } = blob.bounds;
            // Neither a caret nor a focus ring.
            let like_text = width > 2 && height > 4 && width * 10 < ground.width * 8;
            inked[blob.ground] |= like_text && ground.inflated(-2).contains_rect(&blob.bounds);
        }
        for line in &self.lines.lines {
            inked[line.ground] = false;
        }
        let boxes = self.grounds.all.iter().zip(inked).skip(1);
        boxes
            .filter(|(ground, inked)| {
                *inked && (12..=64).contains(&ground.bounds.height) && !is_box(&ground.bounds)
            })
            .map(|(ground, _)| ground.bounds)
            .collect()
    }

    /// The regions, outer ones before those inside them; the first `grounds` ones in the grounds' order.
    fn regions(&self) -> Vec<Region> {
        let grounds = self
            .grounds
            .all
            .iter()
            .zip(&self.kinds)
            .map(|(ground, &kind)| Region {
                bounds: ground.bounds,
                background: ground.background,
                kind,
            });
        let mut regions: Vec<Region> = grounds.collect();
        let marks = self.ink.blobs.iter().filter(|blob| blob.shape == Shape::Mark);
        regions.extend(marks.map(|mark| Region {
            bounds: mark.bounds,
            background: self.grounds.all[mark.ground].background,
            kind: RegionKind::Check,
        }));
        regions
    }
}

/// Reads pictures, and remembers what it has read.
pub struct Reader<O> {
    ocr: O,
    cache: Cache,
}

impl<O: Ocr> Reader<O> {
    /// A reader with an engine and what was read before.
    pub const fn new(ocr: O, cache: Cache) -> Self {
        Self { ocr, cache }
    }

    /// What was read so far, to be saved.
    pub const fn cache(&self) -> &Cache {
        &self.cache
    }

    /// The engine.
    pub const fn engine(&self) -> &O {
        &self.ocr
    }

    /// The same engine with nothing remembered.
    pub fn forget(self) -> Self {
        Self::new(self.ocr, Cache::new())
    }

    /// The reading of a picture that was read before, by its fingerprint: no engine is asked.
    pub fn recall(&mut self, fingerprint: Fingerprint, size: Size) -> Option<Arc<Reading>> {
        self.cache.reading(fingerprint, size)
    }

    /// Reads one window's picture.
    ///
    /// # Errors
    ///
    /// When the engine fails; what is known already needs no engine.
    pub fn read(&mut self, frame: &Frame) -> Result<Arc<Reading>, OcrError> {
        let fingerprint = fingerprint(frame, &[]);
        if let Some(known) = self.cache.reading(fingerprint, frame.size()) {
            return Ok(known);
        }
        let size = frame.size();
        let frame = &*prepared(frame);
        let segments = Segments::of(frame);
        let mut reading = segments.outline(fingerprint, size);
        let mut unread = 0;
        for line in &segments.lines.lines {
            let read = self.read_line(frame, &segments, line)?;
            if read.text.is_empty() || read.confidence < NOISE {
                unread += line.bounds.area();
                reading.unread.push(line.bounds);
                continue;
            }
            reading.lines.push(Line {
                text: read.text,
                bounds: line.bounds,
                confidence: read.confidence,
                region: Some(line.ground),
            });
        }
        for &ground in &segments.lines.crowded {
            unread += segments.grounds.all[ground].bounds.area();
        }
        if size.area() > 0 && (reading.lines.is_empty() || unread * 25 > frame.size().area()) {
            self.last_resort(frame, &segments, &mut reading)?;
        }
        let reading = Arc::new(reading);
        self.cache.insert_reading(Arc::clone(&reading));
        Ok(reading)
    }

    fn read_line(
        &mut self,
        frame: &Frame,
        segments: &Segments,
        line: &InkLine,
    ) -> Result<ReadText, OcrError> {
        if is_dots(&segments.ink, line) {
            return Ok(ReadText {
                text: "\u{2022}".repeat(line.blobs.len()),
                confidence: 90,
            });
        }
        let bitmap = LineBitmap::of(frame, &segments.grounds, &segments.ink, line);
        if let Some(known) = self.cache.line(&bitmap) {
            return Ok(known.clone());
        }
        let mut read = self.ocr.read_line(&bitmap.render(FIRST))?;
        if read.confidence < DOUBTFUL {
            let second = self.ocr.read_line(&bitmap.render(SECOND))?;
            read = if second.confidence < DOUBTFUL {
                let third = self.ocr.read_line(&bitmap.render(THIRD))?;
                agreed([read, second, third])
            } else {
                second
            };
        }
        let private = segments.kinds[line.ground] == RegionKind::Field;
        self.cache.insert_line(&bitmap, read.clone(), private);
        Ok(read)
    }

    /// Reads the whole picture at once, for what has no flat background.
    fn last_resort(
        &mut self,
        frame: &Frame,
        segments: &Segments,
        reading: &mut Reading,
    ) -> Result<(), OcrError> {
        let area = frame.size().area();
        let Some(scale) = [3, 2, 1]
            .into_iter()
            .find(|scale| area * scale * scale <= MOST_SPARSE)
        else {
            return Ok(());
        };
        let dark = segments
            .grounds
            .all
            .first()
            .is_some_and(|whole| is_dark(whole.background));
        let picture: GreyImage = grey(frame, frame.bounds(), scale, dark);
        for (read, place) in self.ocr.read_sparse(&picture)? {
            let scale = scale as i32;
            let bounds = Rect::from_edges(
                place.x / scale,
                place.y / scale,
                (place.right() + scale - 1) / scale,
                (place.bottom() + scale - 1) / scale,
            );
            let known = reading.lines.iter().any(|line| line.bounds.intersects(&bounds));
            if known || read.text.is_empty() || read.confidence < NOISE {
                continue;
            }
            let center = bounds.center();
            let region = frame.bounds().contains(center).then(|| {
                segments.grounds.owner[center.y as usize * frame.size().width as usize + center.x as usize]
            });
            reading.unread.retain(|place| !place.intersects(&bounds));
            reading.lines.push(Line {
                text: read.text,
                bounds,
                confidence: read.confidence,
                region: region.map(usize::from),
            });
        }
        reading.lines.sort_by_key(|line| (line.bounds.y, line.bounds.x));
        Ok(())
    }
}

/// What two of three readings say, else the surest of them.
fn agreed(mut readings: [ReadText; 3]) -> ReadText {
    readings.sort_by_key(|read| std::cmp::Reverse(if read.text.is_empty() { 0 } else { read.confidence }));
    let text = |index: usize| Folded::of(&readings[index].text);
    let among_the_rest = text(1) == text(2) && text(0) != text(1) && !readings[1].text.is_empty();
    let [first, second, _] = readings;
    if among_the_rest { second } else { first }
}

/// What can be told of a picture without any engine: its regions, no text.
pub fn outline(frame: &Frame) -> Reading {
    Segments::of(&prepared(frame)).outline(fingerprint(frame, &[]), frame.size())
}

/// What is looked at: the part of a picture that is not too much, without textures and dotted rings.
fn prepared(frame: &Frame) -> Cow<'_, Frame> {
    let steps: [for<'a> fn(&'a Frame) -> Cow<'a, Frame>; 3] =
        [limited, |frame| evened(frame, frame.bounds()), erased];
    steps
        .into_iter()
        .fold(Cow::Borrowed(frame), |frame, step| match frame {
            Cow::Borrowed(frame) => step(frame),
            Cow::Owned(frame) => Cow::Owned(step(&frame).into_owned()),
        })
}

fn limited(frame: &Frame) -> Cow<'_, Frame> {
    if frame.size().area() > MOST_PIXELS {
        Cow::Owned(frame.crop(Rect::of_size(limit(frame.size()))))
    } else {
        Cow::Borrowed(frame)
    }
}

const fn limit(size: Size) -> Size {
    let width = if size.width > 4096 { 4096 } else { size.width };
    let rows = MOST_PIXELS / width as usize;
    let height = if size.height as usize > rows {
        rows as u32
    } else {
        size.height
    };
    Size::new(width, height)
}

const fn is_dark(pixel: u32) -> bool {
    (pixel >> 16 & 0xff) * 77 + (pixel >> 8 & 0xff) * 151 + (pixel & 0xff) * 28 < 110 << 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_readings_that_agree_count_more_than_one_that_is_surer() {
        let read = |text: &str, confidence| ReadText {
            text: text.to_owned(),
            confidence,
        };
        let agreed = |a, b, c| agreed([a, b, c]).text;
        assert_eq!(
            agreed(read("exit", 60), read("ext", 85), read("exlt", 70)),
            "exlt"
        );
        assert_eq!(agreed(read("exit", 60), read("ext", 85), read("edit", 70)), "ext");
        assert_eq!(agreed(read("", 95), read("ext", 20), read("", 95)), "ext");
    }
}
