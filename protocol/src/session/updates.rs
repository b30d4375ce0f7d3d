//! What one viewer has been told of the screen, and how it is told the rest.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::encoding::{
    Ability, Cursor, Encoder, Encoding, NewEncoder, RAW, Role, Wishes, put_copy, put_cursor,
    put_desktop_size, put_last_rect, quality_asked_by,
};
use crate::framebuffer::Framebuffer;
use crate::geometry::{Point, Rect, Size};
use crate::pacing::Situation;
use crate::pixel_format::{PixelFormat, Translator};
use crate::region::Region;
use crate::server_message::{put_colour_map, put_update};

/// Pixels that are encoded at a time when the viewer takes updates of open length: it decodes one part while the next is
/// made, and a slow one never has more than this waiting.
const PART: usize = 1 << 17;
/// Where the number of rectangles stands in the head of an update.
const COUNT_OFFSET: usize = 2;
/// Parts are whole rows of ZRLE's tiles.
const PART_ROWS: u32 = 64;

/// What the viewer said that it understands.
#[derive(Default)]
struct Abilities {
    copy: bool,
    cursor: bool,
    resize: bool,
    open_update: bool,
}

/// An area whose new pixels are old pixels of another place.
#[derive(Clone, Copy)]
struct Moved {
    to: Rect,
    dx: i32,
    dy: i32,
}

/// The way from the screen to one viewer.
pub(super) struct Updates {
    size: Size,
    /// The size that the viewer knows.
    told_size: Size,
    cursor: Option<Arc<Cursor>>,
    cursor_news: bool,
    /// Where the viewer's pixels are outdated.
    damage: Region,
    moved: Option<Moved>,
    requested: Region,
    /// The rest of the update that is on its way.
    unfinished: Option<VecDeque<Rect>>,
    abilities: Abilities,
    /// As last asked for; it counts from the next update on.
    format: PixelFormat,
    wishes: Wishes,
    /// The preferred encoding of pixels: its number and how to make it.
    encoding: (i32, NewEncoder),
    /// Those used so far, by number: a compressed stream lasts as long as the viewer stays.
    encoders: Vec<(i32, Box<dyn Encoder>)>,
}

impl Updates {
    pub(super) fn new(size: Size) -> Self {
        Self {
            size,
            told_size: size,
            cursor: None,
            cursor_news: false,
            damage: Region::from(Rect::of_size(size)),
            moved: None,
            requested: Region::new(),
            unfinished: None,
            abilities: Abilities::default(),
            format: PixelFormat::NATIVE,
            wishes: Wishes {
                pixels: Translator::new(PixelFormat::NATIVE),
                quality: None,
            },
            encoding: RAW,
            encoders: Vec::new(),
        }
    }

    pub(super) const fn size(&self) -> Size {
        self.size
    }

    /// The viewer is told the size now; returns it.
    pub(super) const fn begin(&mut self) -> Size {
        self.told_size = self.size;
        self.size
    }

    // From the screen.

    pub(super) fn damage(&mut self, region: &Region) {
        let bounds = Rect::of_size(self.size);
        for rect in region.rects() {
            self.damage.add(rect.intersection(&bounds));
        }
    }

    pub(super) fn copied(&mut self, to: Rect, dx: i32, dy: i32) {
        let bounds = Rect::of_size(self.size);
        let to = to.intersection(&bounds).intersection(&bounds.offset(dx, dy));
        if to.is_empty() {
            return;
        }
        // A second move, or one in the middle of an update, would need an order between them: it goes as pixels.
        if !self.abilities.copy || self.moved.is_some() || self.unfinished.is_some() {
            self.damage.add(to);
            return;
        }
        // Where the source is damaged the viewer would copy old pixels: those places follow as pixels.
        let stale = self.damage.intersection_rect(&to.offset(-dx, -dy)).offset(dx, dy);
        self.damage.subtract_rect(&to);
        self.damage.union(&stale);
        self.moved = Some(Moved { to, dx, dy });
    }

    pub(super) fn cursor_changed(&mut self, cursor: Arc<Cursor>) {
        self.cursor = Some(cursor);
        self.cursor_news = true;
    }

    pub(super) fn resized(&mut self, size: Size) {
        self.size = size;
        self.moved = None;
        let bounds = Rect::of_size(size);
        self.damage = Region::from(bounds);
        for rect in self.unfinished.iter_mut().flatten() {
            *rect = rect.intersection(&bounds);
        }
    }

    // From the viewer.

    pub(super) fn set_pixel_format(&mut self, format: PixelFormat) {
        self.format = format;
        self.cursor_news = true;
    }

    /// The first known encoding of pixels in the viewer's list is the one it prefers.
    pub(super) fn set_encodings(&mut self, numbers: &[i32]) {
        let knew_cursor = self.abilities.cursor;
        self.abilities = Abilities::default();
        let mut preferred = None;
        for encoding in numbers.iter().filter_map(|number| Encoding::find(*number)) {
            match &encoding.role {
                Role::Pixels(new) => preferred = preferred.or(Some((encoding.number, *new))),
                Role::Ability(Ability::Copy) => self.abilities.copy = true,
                Role::Ability(Ability::Cursor) => self.abilities.cursor = true,
                Role::Ability(Ability::Resize) => self.abilities.resize = true,
                Role::Ability(Ability::OpenUpdate) => self.abilities.open_update = true,
            }
        }
        self.encoding = preferred.unwrap_or(RAW);
        self.wishes.quality = numbers.iter().copied().find_map(quality_asked_by);
        self.cursor_news |= self.abilities.cursor && !knew_cursor;
        if let Some(moved) = self.moved.take_if(|_| !self.abilities.copy) {
            self.damage.add(moved.to);
        }
    }

    pub(super) fn request(&mut self, incremental: bool, area: Rect) {
        let area = area.intersection(&Rect::of_size(self.told_size));
        self.requested.add(area);
        if !incremental {
            self.damage.add(area.intersection(&Rect::of_size(self.size)));
        }
    }

    // To the viewer.

    pub(super) const fn is_waiting(&self) -> bool {
        !self.requested.is_empty() || self.unfinished.is_some()
    }

    /// What pacing looks at, as far as it is known here.
    pub(super) fn situation(&self) -> Situation {
        let moved = self
            .moved
            .is_some_and(|moved| self.requested.intersects_rect(&moved.to));
        Situation {
            unfinished: self.unfinished.is_some(),
            requested: !self.requested.is_empty(),
            news: self.is_resize_due() || self.due_cursor().is_some(),
            damaged: moved || self.damage.intersects(&self.requested),
            ..Situation::default()
        }
    }

    /// The pixels that [`Self::put`] would read now.
    pub(super) fn due(&self) -> Region {
        match &self.unfinished {
            Some(rest) => rest.iter().copied().collect(),
            None if self.is_resize_due() => Region::new(),
            None => {
                let mut damage = self.damage.clone();
                if let Some(moved) = self
                    .moved
                    .filter(|moved| !self.requested.contains_rect(&moved.to))
                {
                    damage.add(moved.to);
                }
                damage.intersection(&self.requested)
            }
        }
    }

    /// Appends the next update or the next part of one.
    pub(super) fn put(&mut self, picture: &Framebuffer, out: &mut Vec<u8>) {
        if let Some(rest) = self.unfinished.take() {
            self.put_part(rest, picture, out);
        } else if self.is_resize_due() {
            // Alone: the rest of the viewer's picture is undefined now, and it asks again at its new size.
            put_update(1, out);
            put_desktop_size(self.size, out);
            self.told_size = self.size;
            self.requested.clear();
        } else {
            self.put_update(picture, out);
        }
    }

    fn is_resize_due(&self) -> bool {
        self.abilities.resize && self.size != self.told_size
    }

    fn due_cursor(&self) -> Option<&Arc<Cursor>> {
        let wanted = self.cursor_news && self.abilities.cursor;
        self.cursor.as_ref().filter(|_| wanted)
    }

    fn put_update(&mut self, picture: &Framebuffer, out: &mut Vec<u8>) {
        if *self.wishes.pixels.format() != self.format {
            self.wishes.pixels = Translator::new(self.format);
            if !self.format.true_colour {
                put_colour_map(out);
            }
        }
        let due = self.due();
        let mut copy = self.moved.take();
        if let Some(moved) = copy.take_if(|moved| !self.requested.contains_rect(&moved.to)) {
            self.damage.add(moved.to);
        }
        self.damage.subtract(&due);
        self.requested.clear();

        let head = out.len();
        put_update(u16::MAX, out);
        let mut count = 0;
        // Before all pixels: it moves what the viewer had before this update.
        if let Some(Moved { to, dx, dy }) = copy {
            put_copy(to, Point::new(to.x - dx, to.y - dy), out);
            count += 1;
        }
        if let Some(cursor) = self.due_cursor() {
            put_cursor(cursor, &self.wishes.pixels, out);
            self.cursor_news = false;
            count += 1;
        }
        let parts = parts(&due);
        if self.abilities.open_update && due.area() > PART {
            self.put_part(parts, picture, out);
            return;
        }
        for rect in parts {
            count += self.encode(rect, picture, out);
        }
        let count_at = head + COUNT_OFFSET;
        out[count_at..count_at + 2].copy_from_slice(&count.to_be_bytes());
    }

    /// Some more of an update of open length.
    fn put_part(&mut self, mut rest: VecDeque<Rect>, picture: &Framebuffer, out: &mut Vec<u8>) {
        let mut done = 0;
        while done < PART
            && let Some(rect) = rest.pop_front()
        {
            done += rect.area();
            self.encode(rect, picture, out);
        }
        if rest.is_empty() {
            put_last_rect(out);
        } else {
            self.unfinished = Some(rest);
        }
    }

    fn encode(&mut self, rect: Rect, picture: &Framebuffer, out: &mut Vec<u8>) -> u16 {
        // A part that a smaller screen has cut off.
        if rect.is_empty() {
            return 0;
        }
        let (number, new) = self.encoding;
        let known = self.encoders.iter().position(|(known, _)| *known == number);
        let index = known.unwrap_or_else(|| {
            self.encoders.push((number, new()));
            self.encoders.len() - 1
        });
        self.encoders[index].1.encode(picture, rect, &self.wishes, out)
    }
}

/// The rectangles of `region` from top to bottom, large ones cut.
fn parts(region: &Region) -> VecDeque<Rect> {
    let mut rects = region.rects().to_vec();
    rects.sort_unstable_by_key(|rect| (rect.y, rect.x));
    let mut parts = VecDeque::with_capacity(rects.len());
    for rect in rects {
        let rows = (PART as u32 / rect.width / PART_ROWS).max(1) * PART_ROWS;
        for y in (rect.y..rect.bottom()).step_by(rows as usize) {
            parts.push_back(Rect::new(rect.x, y, rect.width, rows).intersection(&rect));
        }
    }
    parts
}
