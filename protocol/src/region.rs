//! A set of pixels as a short list of disjoint rectangles.

use crate::geometry::{Point, Rect};

/// How many rectangles a region holds at most; beyond it the nearest ones are merged.
pub const MAX_RECTS: usize = 64;

/// A set of pixels. It never loses a pixel that was added and not subtracted; when its shape would need more than
/// [`MAX_RECTS`] rectangles it covers some more pixels instead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Region {
    rects: Vec<Rect>,
}

impl Region {
    /// No pixels.
    pub const fn new() -> Self {
        Self { rects: Vec::new() }
    }

    /// Whether there are no pixels.
    pub const fn is_empty(&self) -> bool {
        self.rects.is_empty()
    }

    /// The rectangles: disjoint, none empty, in no particular order.
    pub fn rects(&self) -> &[Rect] {
        &self.rects
    }

    /// The smallest rectangle around everything; empty when nothing is there.
    pub fn bounds(&self) -> Rect {
        self.rects
            .iter()
            .fold(Rect::default(), |all, rect| all.union(rect))
    }

    /// Number of pixels.
    pub fn area(&self) -> usize {
        self.rects.iter().map(Rect::area).sum()
    }

    /// Whether `point` is inside.
    pub fn contains(&self, point: Point) -> bool {
        self.rects.iter().any(|rect| rect.contains(point))
    }

    /// Whether every pixel of `rect` is inside.
    pub fn contains_rect(&self, rect: &Rect) -> bool {
        let covered: usize = self.rects.iter().map(|own| own.intersection(rect).area()).sum();
        covered == rect.area()
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.rects.clear();
    }

    /// Adds the pixels of `rect`.
    pub fn add(&mut self, rect: Rect) {
        if rect.is_empty() || self.rects.iter().any(|own| own.contains_rect(&rect)) {
            return;
        }
        self.cut(&rect);
        self.push_joined(rect);
        self.bound();
    }

    /// Adds the pixels of `other`.
    pub fn union(&mut self, other: &Self) {
        for rect in &other.rects {
            self.add(*rect);
        }
    }

    /// Removes the pixels of `rect`.
    pub fn subtract_rect(&mut self, rect: &Rect) {
        self.cut(rect);
        self.bound();
    }

    /// Removes the pixels of `other`.
    pub fn subtract(&mut self, other: &Self) {
        for rect in &other.rects {
            self.subtract_rect(rect);
        }
    }

    /// The pixels that are in both.
    pub fn intersection(&self, other: &Self) -> Self {
        let mut both = Self::new();
        for rect in &other.rects {
            both.rects.extend(self.clipped(rect));
        }
        both.bound();
        both
    }

    /// The pixels inside `rect`.
    pub fn intersection_rect(&self, rect: &Rect) -> Self {
        Self {
            rects: self.clipped(rect).collect(),
        }
    }

    /// Whether a pixel is in both.
    pub fn intersects(&self, other: &Self) -> bool {
        other.rects.iter().any(|rect| self.intersects_rect(rect))
    }

    /// Whether a pixel of `rect` is inside.
    pub fn intersects_rect(&self, rect: &Rect) -> bool {
        self.rects.iter().any(|own| own.intersects(rect))
    }

    /// Every pixel moved by `dx`, `dy`.
    pub fn offset(&self, dx: i32, dy: i32) -> Self {
        Self {
            rects: self.rects.iter().map(|rect| rect.offset(dx, dy)).collect(),
        }
    }

    fn clipped(&self, rect: &Rect) -> impl Iterator<Item = Rect> {
        self.rects
            .iter()
            .map(|own| own.intersection(rect))
            .filter(|part| !part.is_empty())
    }

    /// Removes the pixels of `hole`, without keeping the bound.
    fn cut(&mut self, hole: &Rect) {
        if hole.is_empty() || !self.intersects_rect(hole) {
            return;
        }
        let mut kept = Vec::with_capacity(self.rects.len() + 3);
        for rect in &self.rects {
            let inner = rect.intersection(hole);
            if inner.is_empty() {
                kept.push(*rect);
                continue;
            }
            let around = [
                Rect::from_edges(rect.x, rect.y, rect.right(), inner.y),
                Rect::from_edges(rect.x, inner.bottom(), rect.right(), rect.bottom()),
                Rect::from_edges(rect.x, inner.y, inner.x, inner.bottom()),
                Rect::from_edges(inner.right(), inner.y, rect.right(), inner.bottom()),
            ];
            kept.extend(around.into_iter().filter(|part| !part.is_empty()));
        }
        self.rects = kept;
    }

    /// Adds a rectangle that overlaps none, joined with those it shares a whole edge with.
    fn push_joined(&mut self, mut rect: Rect) {
        while let Some(index) = self.rects.iter().position(|own| share_edge(own, &rect)) {
            rect = rect.union(&self.rects.swap_remove(index));
        }
        self.rects.push(rect);
    }

    /// Merges those rectangles whose common box wastes least, until few enough are left.
    fn bound(&mut self) {
        while self.rects.len() > MAX_RECTS {
            let mut best = (usize::MAX, 0, 1);
            for (i, a) in self.rects.iter().enumerate() {
                for (j, b) in self.rects.iter().enumerate().skip(i + 1) {
                    let waste = a.union(b).area() - a.area() - b.area();
                    if waste < best.0 {
                        best = (waste, i, j);
                    }
                }
            }
            let mut merged = self.rects[best.1].union(&self.rects[best.2]);
            // The box may reach into others: it swallows them, which may make it reach further.
            while let Some(index) = self.rects.iter().position(|own| own.intersects(&merged)) {
                merged = merged.union(&self.rects.swap_remove(index));
            }
            self.rects.push(merged);
        }
    }
}

impl From<Rect> for Region {
    fn from(rect: Rect) -> Self {
        let mut region = Self::new();
        region.add(rect);
        region
    }
}

impl FromIterator<Rect> for Region {
    fn from_iter<I: IntoIterator<Item = Rect>>(rects: I) -> Self {
        let mut region = Self::new();
        for rect in rects {
            region.add(rect);
        }
        region
    }
}

fn share_edge(a: &Rect, b: &Rect) -> bool {
    let beside = a.y == b.y && a.height == b.height && (a.right() == b.x || b.right() == a.x);
    let stacked = a.x == b.x && a.width == b.width && (a.bottom() == b.y || b.bottom() == a.y);
    beside || stacked
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: i32 = 48;

    /// A small linear congruential generator: the same numbers on every run.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, limit: u32) -> u32 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((self.0 >> 33) as u32) % limit
        }

        fn rect(&mut self, longest: u32) -> Rect {
            let x = self.below(SIDE as u32) as i32;
            let y = self.below(SIDE as u32) as i32;
            let width = self.below(longest).min((SIDE - x) as u32);
            let height = self.below(longest).min((SIDE - y) as u32);
            Rect::new(x, y, width, height)
        }
    }

    /// The same set as one flag per pixel.
    #[derive(Clone)]
    struct Bitmap(Vec<bool>);

    impl Bitmap {
        fn new() -> Self {
            Self(vec![false; (SIDE * SIDE) as usize])
        }

        fn set(&mut self, rect: &Rect, value: bool) {
            for y in rect.y..rect.bottom() {
                for x in rect.x..rect.right() {
                    self.0[(y * SIDE + x) as usize] = value;
                }
            }
        }

        fn of(region: &Region) -> Self {
            let mut bitmap = Self::new();
            for rect in region.rects() {
                bitmap.set(rect, true);
            }
            bitmap
        }
    }

    fn assert_sound(region: &Region) {
        assert!(region.rects().len() <= MAX_RECTS);
        for (i, a) in region.rects().iter().enumerate() {
            assert!(!a.is_empty());
            for b in &region.rects()[i + 1..] {
                assert!(!a.intersects(b), "{a:?} overlaps {b:?}");
            }
        }
    }

    #[test]
    fn agrees_with_a_bitmap_while_it_is_exact() {
        for seed in 0..200 {
            let mut numbers = Numbers(seed);
            let mut region = Region::new();
            let mut bitmap = Bitmap::new();
            for _ in 0..12 {
                let rect = numbers.rect(30);
                if numbers.below(3) == 0 {
                    region.subtract_rect(&rect);
                    bitmap.set(&rect, false);
                } else {
                    region.add(rect);
                    bitmap.set(&rect, true);
                }
                assert_sound(&region);
            }
            assert!(
                region.rects().len() < MAX_RECTS,
                "the comparison needs an exact region"
            );
            assert!(Bitmap::of(&region).0 == bitmap.0, "seed {seed}");
            let probe = numbers.rect(20);
            let mut inside = Bitmap::of(&region.intersection_rect(&probe));
            inside.set(&probe, false);
            assert!(inside.0.iter().all(|set| !set), "an intersection stays inside");
            let all = (probe.y..probe.bottom())
                .all(|y| (probe.x..probe.right()).all(|x| region.contains(Point::new(x, y))));
            assert_eq!(region.contains_rect(&probe), all);
        }
    }

    #[test]
    fn beyond_the_bound_it_grows_and_loses_nothing() {
        for seed in 0..50 {
            let mut numbers = Numbers(seed);
            let mut region = Region::new();
            let mut bitmap = Bitmap::new();
            for _ in 0..400 {
                let rect = numbers.rect(3);
                region.add(rect);
                bitmap.set(&rect, true);
                assert_sound(&region);
            }
            let covered = Bitmap::of(&region);
            assert!(
                bitmap
                    .0
                    .iter()
                    .zip(&covered.0)
                    .all(|(wanted, has)| !wanted || *has)
            );
        }
    }

    #[test]
    fn union_subtraction_and_intersection_of_regions() {
        for seed in 0..100 {
            let mut numbers = Numbers(seed + 1000);
            let a: Region = (0..5).map(|_| numbers.rect(25)).collect();
            let b: Region = (0..5).map(|_| numbers.rect(25)).collect();
            let (bits_a, bits_b) = (Bitmap::of(&a).0, Bitmap::of(&b).0);
            let pairs = || bits_a.iter().zip(&bits_b);

            let mut union = a.clone();
            union.union(&b);
            assert!(
                Bitmap::of(&union)
                    .0
                    .iter()
                    .zip(pairs())
                    .all(|(got, (a, b))| *got == (*a || *b))
            );
            let mut rest = a.clone();
            rest.subtract(&b);
            assert!(
                Bitmap::of(&rest)
                    .0
                    .iter()
                    .zip(pairs())
                    .all(|(got, (a, b))| *got == (*a && !*b))
            );
            let both = a.intersection(&b);
            assert!(
                Bitmap::of(&both)
                    .0
                    .iter()
                    .zip(pairs())
                    .all(|(got, (a, b))| *got == (*a && *b))
            );
            assert_eq!(a.intersects(&b), !both.is_empty());
            assert_eq!(
                both.area(),
                Bitmap::of(&both).0.iter().filter(|set| **set).count()
            );
        }
    }

    #[test]
    fn rows_of_one_text_line_become_one_rectangle() {
        let region: Region = (0..20).map(|row| Rect::new(5, row, 300, 1)).collect();
        assert_eq!(region.rects(), &[Rect::new(5, 0, 300, 20)]);
        assert_eq!(region.bounds(), Rect::new(5, 0, 300, 20));
    }
}
