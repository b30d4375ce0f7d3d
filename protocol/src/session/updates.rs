//! What one viewer has been told of the screen, and how it is told the rest.

use std::collections::VecDeque;
use std::sync::Arc;

use super::loss::Loss;
use super::news::News;
use crate::encoding::{
    Abilities, Ability, Encoder, Encoding, NewEncoder, RAW, Role, SharedPictures, Wishes, put_copy,
    put_last_rect, quality_asked_by,
};
use crate::framebuffer::Framebuffer;
use crate::geometry::{Point, Rect, Size};
use crate::pacing::Situation;
use crate::pixel_format::{PixelFormat, Translator};
use crate::region::Region;
use crate::scroll::Copy;
use crate::server_message::{put_colour_map, put_update};

/// Pixels that are encoded at a time when the viewer takes updates of open length: it decodes one part while the next is
/// made, and a slow one never has more than this waiting.
const PART: usize = 1 << 19;
/// Where the number of rectangles stands in the head of an update.
const COUNT_OFFSET: usize = 2;
/// Parts are whole rows of ZRLE's tiles.
const PART_ROWS: u32 = 64;
/// More copies than this wait for no viewer: what they moved goes as pixels.
const MAX_COPIES: usize = 64;

/// The way from the screen to one viewer.
pub(super) struct Updates {
    pub(super) news: News,
    /// Where the viewer's pixels are outdated once it has made the copies.
    damage: Region,
    /// What is to be copied, in this order.
    copies: Vec<Copy>,
    requested: Region,
    /// Where updates need no request.
    continuous: Option<Rect>,
    /// The rest of the update that is on its way.
    unfinished: Option<VecDeque<Part>>,
    pub(super) loss: Loss,
    abilities: Abilities,
    /// As last asked for; it counts from the next update on.
    format: PixelFormat,
    /// The JPEG quality that was asked for.
    quality: Option<u8>,
    wishes: Wishes,
    /// The preferred encoding of pixels: its number and how to make it.
    encoding: (i32, NewEncoder),
    /// Those used so far, by number: a compressed stream lasts as long as the viewer stays.
    encoders: Vec<(i32, Box<dyn Encoder>)>,
}

impl Updates {
    pub(super) fn new(size: Size) -> Self {
        Self {
            news: News::new(size),
            damage: Region::from(Rect::of_size(size)),
            copies: Vec::new(),
            requested: Region::new(),
            continuous: None,
            unfinished: None,
            loss: Loss::default(),
            abilities: Abilities::default(),
            format: PixelFormat::NATIVE,
            quality: None,
            wishes: Wishes {
                pixels: Translator::new(PixelFormat::NATIVE),
                quality: None,
                gradient: true,
                pictures: Arc::default(),
            },
            encoding: RAW,
            encoders: Vec::new(),
        }
    }

    pub(super) const fn size(&self) -> Size {
        self.news.size()
    }

    pub(super) const fn abilities(&self) -> Abilities {
        self.abilities
    }

    const fn bounds(&self) -> Rect {
        Rect::of_size(self.news.size())
    }

    // From the screen.

    pub(super) fn damage(&mut self, region: &Region) {
        let bounds = self.bounds();
        for rect in region.rects() {
            self.damage.add(rect.intersection(&bounds));
            self.loss.damaged(rect);
        }
    }

    /// What was sent with loss goes again as it is, not many more pixels than `affordable` of it.
    pub(super) fn sharpen(&mut self, affordable: usize) {
        self.damage.union(&self.loss.sharpen(affordable));
    }

    pub(super) fn copied(&mut self, copy: Copy) {
        let Copy { to, dx, dy } = copy;
        let bounds = self.bounds();
        let to = to.intersection(&bounds).intersection(&bounds.offset(dx, dy));
        if to.is_empty() {
            return;
        }
        // One in the middle of an update would need an order between the two: it goes as pixels.
        let possible = self.abilities.has(Ability::Copy) && self.unfinished.is_none();
        if !possible || self.copies.len() >= MAX_COPIES {
            self.damage.add(to);
            return;
        }
        // Where the source is damaged the viewer would copy old pixels: those places follow as pixels.
        let stale = self.damage.intersection_rect(&to.offset(-dx, -dy)).offset(dx, dy);
        self.damage.subtract_rect(&to);
        self.damage.union(&stale);
        let copy = Copy { to, dx, dy };
        self.loss.copied(&copy);
        self.copies.push(copy);
    }

    pub(super) fn resized(&mut self, size: Size) {
        self.news.resized(size);
        self.copies.clear();
        let bounds = self.bounds();
        self.damage = Region::from(bounds);
        self.loss.resized();
        for part in self.unfinished.iter_mut().flatten() {
            part.rect = part.rect.intersection(&bounds);
        }
    }

    pub(super) fn share(&mut self, pictures: Arc<SharedPictures>) {
        self.wishes.pictures = pictures;
    }

    // From the viewer.

    pub(super) const fn set_pixel_format(&mut self, format: PixelFormat) {
        self.format = format;
        self.news.repeat_cursor();
    }

    /// The first known encoding of pixels in the viewer's list is the one it prefers.
    pub(super) fn set_encodings(&mut self, numbers: &[i32]) {
        let knew = self.abilities;
        self.abilities = Abilities::default();
        let mut preferred = None;
        for encoding in numbers.iter().filter_map(|number| Encoding::find(*number)) {
            match &encoding.role {
                Role::Pixels(new) => preferred = preferred.or(Some((encoding.number, *new))),
                Role::Ability(ability) => {
                    self.abilities.add(*ability);
                }
            }
        }
        self.encoding = preferred.unwrap_or(RAW);
        self.quality = numbers.iter().copied().find_map(quality_asked_by);
        // Viewers that leave pictures to JPEG may have no other way for them: noVNC before 1.6 stops at a gradient.
        self.wishes.gradient = self.quality.is_none();
        if [Ability::Cursor, Ability::AlphaCursor]
            .iter()
            .any(|cursor| self.abilities.has(*cursor) && !knew.has(*cursor))
        {
            self.news.repeat_cursor();
        }
        if !self.abilities.has(Ability::Copy) {
            self.forget_copies();
        }
    }

    pub(super) fn request(&mut self, incremental: bool, area: Rect) {
        let area = area.intersection(&Rect::of_size(self.news.told_size()));
        self.requested.add(area);
        if !incremental {
            self.damage.add(area.intersection(&self.bounds()));
            self.news.ask_layout();
        }
    }

    pub(super) const fn set_continuous(&mut self, area: Option<Rect>) {
        self.continuous = area;
    }

    pub(super) const fn is_continuous(&self) -> bool {
        self.continuous.is_some()
    }

    // To the viewer.

    /// The JPEG quality that the viewer asked for.
    pub(super) const fn quality(&self) -> Option<u8> {
        self.quality
    }

    pub(super) const fn is_unfinished(&self) -> bool {
        self.unfinished.is_some()
    }

    pub(super) const fn is_requested(&self) -> bool {
        !self.requested.is_empty()
    }

    /// Where the viewer wants to know of changes.
    fn wanted(&self) -> Region {
        let mut wanted = self.requested.clone();
        if let Some(area) = self.continuous {
            wanted.add(area.intersection(&Rect::of_size(self.news.told_size())));
        }
        wanted
    }

    /// What pacing looks at, as far as it is known here.
    pub(super) fn situation(&self) -> Situation {
        let wanted = self.wanted();
        let copied = self.copies.iter().any(|copy| wanted.intersects_rect(&copy.to));
        Situation {
            unfinished: self.unfinished.is_some(),
            requested: self.is_requested(),
            continuous: self.is_continuous(),
            news: self.news.is_due(self.abilities),
            damaged: copied || self.damage.intersects(&wanted),
            ..Situation::default()
        }
    }

    /// The pixels that [`Self::put`] would read now.
    pub(super) fn due(&self) -> Region {
        match &self.unfinished {
            Some(rest) => rest.iter().map(|part| part.rect).collect(),
            None if self.news.is_layout_due(self.abilities) => Region::new(),
            None => {
                let wanted = self.wanted();
                let mut damage = self.damage.clone();
                if !self.can_copy(&wanted) {
                    self.copies.iter().for_each(|copy| damage.add(copy.to));
                }
                damage.intersection(&wanted)
            }
        }
    }

    /// One copy may build on another: either the viewer wants all of them, or none is made.
    fn can_copy(&self, wanted: &Region) -> bool {
        self.copies.iter().all(|copy| wanted.contains_rect(&copy.to))
    }

    /// The copies travel as pixels instead.
    fn forget_copies(&mut self) {
        for copy in self.copies.drain(..) {
            self.damage.add(copy.to);
        }
    }

    /// Appends the next update or the next part of one, pictures of that JPEG quality.
    pub(super) fn put(&mut self, picture: &Framebuffer, quality: Option<u8>, out: &mut Vec<u8>) {
        self.wishes.quality = quality;
        if let Some(rest) = self.unfinished.take() {
            self.put_part(rest, picture, out);
        } else if self.news.is_layout_due(self.abilities) {
            if self.news.put_layout(self.abilities, out) {
                // The viewer's picture is undefined now, and it asks again at its new size.
                self.requested.clear();
            }
        } else {
            self.put_update(picture, out);
        }
    }

    fn put_update(&mut self, picture: &Framebuffer, out: &mut Vec<u8>) {
        if *self.wishes.pixels.format() != self.format {
            self.wishes.pixels = Translator::new(self.format);
            if !self.format.true_colour {
                put_colour_map(out);
            }
        }
        if !self.can_copy(&self.wanted()) {
            self.forget_copies();
        }
        let due = self.due();
        self.damage.subtract(&due);
        self.requested.clear();

        let head = out.len();
        put_update(u16::MAX, out);
        let mut count = 0;
        // Before all pixels: they move what the viewer had before this update.
        for Copy { to, dx, dy } in self.copies.drain(..) {
            put_copy(to, Point::new(to.x - dx, to.y - dy), out);
            count += 1;
        }
        count += self.news.put(self.abilities, &self.wishes.pixels, out);
        let exact = self.loss.take_exact(&due);
        let mut others = due.clone();
        others.subtract(&exact);
        let mut parts = parts(&others, false);
        parts.extend(self::parts(&exact, true));
        if self.abilities.has(Ability::OpenUpdate) && due.area() > PART {
            self.put_part(parts, picture, out);
            return;
        }
        for part in parts {
            count += self.encode(part, picture, out);
        }
        let count_at = head + COUNT_OFFSET;
        out[count_at..count_at + 2].copy_from_slice(&count.to_be_bytes());
    }

    /// Some more of an update of open length.
    fn put_part(&mut self, mut rest: VecDeque<Part>, picture: &Framebuffer, out: &mut Vec<u8>) {
        let mut done = 0;
        let fits = |done: usize, part: &Part| done == 0 || done + part.rect.area() <= PART;
        while rest.front().is_some_and(|part| fits(done, part))
            && let Some(part) = rest.pop_front()
        {
            done += part.rect.area();
            self.encode(part, picture, out);
        }
        if rest.is_empty() {
            put_last_rect(out);
        } else {
            self.unfinished = Some(rest);
        }
    }

    fn encode(&mut self, part: Part, picture: &Framebuffer, out: &mut Vec<u8>) -> u16 {
        let Part { rect, exact } = part;
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
        let encoder = &mut self.encoders[index].1;
        let quality = self.wishes.quality;
        self.wishes.quality = quality.filter(|_| !exact);
        let count = encoder.encode(picture, rect, &self.wishes, out);
        self.wishes.quality = quality;
        self.loss.sent(&rect, encoder.take_lossy());
        count
    }
}

/// A rectangle that is to be encoded.
#[derive(Clone, Copy)]
struct Part {
    rect: Rect,
    /// Whatever the viewer would put up with.
    exact: bool,
}

/// The rectangles of `region` from top to bottom, large ones cut.
fn parts(region: &Region, exact: bool) -> VecDeque<Part> {
    let mut rects = region.rects().to_vec();
    rects.sort_unstable_by_key(|rect| (rect.y, rect.x));
    let mut parts = VecDeque::with_capacity(rects.len());
    for whole in rects {
        let rows = (PART as u32 / whole.width / PART_ROWS).max(1) * PART_ROWS;
        for y in (whole.y..whole.bottom()).step_by(rows as usize) {
            let rect = Rect::new(whole.x, y, whole.width, rows).intersection(&whole);
            parts.push_back(Part { rect, exact });
        }
    }
    parts
}
