//! Points, sizes and rectangles in pixels. X grows to the right, y downwards.

/// A place in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Point {
    /// Columns from the left edge.
    pub x: i32,
    /// Rows from the top edge.
    pub y: i32,
}

impl Point {
    /// The point at column `x`, row `y`.
    pub const fn new(x: i32, y: i32) -> Self {
        Self { x, y }
    }

    /// This point moved by `dx`, `dy`.
    pub const fn offset(self, dx: i32, dy: i32) -> Self {
        Self {
            x: self.x + dx,
            y: self.y + dy,
        }
    }
}

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Size {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Size {
    /// `width` columns by `height` rows.
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Number of pixels.
    pub const fn area(self) -> usize {
        self.width as usize * self.height as usize
    }
}

/// A rectangle of pixels; the right and bottom edges are exclusive. Empty when width or height is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rect {
    /// Leftmost column.
    pub x: i32,
    /// Topmost row.
    pub y: i32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Rect {
    /// The rectangle whose top-left corner is `x`, `y`.
    pub const fn new(x: i32, y: i32, width: u32, height: u32) -> Self {
        Self { x, y, width, height }
    }

    /// The rectangle of `size` at the origin.
    pub const fn of_size(size: Size) -> Self {
        Self::new(0, 0, size.width, size.height)
    }

    /// The smallest rectangle from `left`, `top` to the exclusive `right`, `bottom`; empty when they are in the wrong order.
    pub fn from_edges(left: i32, top: i32, right: i32, bottom: i32) -> Self {
        Self::new(
            left,
            top,
            (right - left).max(0) as u32,
            (bottom - top).max(0) as u32,
        )
    }

    /// First column to the right of the rectangle.
    pub const fn right(&self) -> i32 {
        self.x + self.width as i32
    }

    /// First row below the rectangle.
    pub const fn bottom(&self) -> i32 {
        self.y + self.height as i32
    }

    /// Width and height.
    pub const fn size(&self) -> Size {
        Size::new(self.width, self.height)
    }

    /// Number of pixels.
    pub const fn area(&self) -> usize {
        self.size().area()
    }

    /// Whether no pixel is inside.
    pub const fn is_empty(&self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// The pixel in the middle.
    pub const fn center(&self) -> Point {
        Point::new(self.x + self.width as i32 / 2, self.y + self.height as i32 / 2)
    }

    /// Whether `point` is inside.
    pub const fn contains(&self, point: Point) -> bool {
        point.x >= self.x && point.y >= self.y && point.x < self.right() && point.y < self.bottom()
    }

    /// Whether every pixel of `other` is inside.
    pub const fn contains_rect(&self, other: &Self) -> bool {
        other.x >= self.x
            && other.y >= self.y
            && other.right() <= self.right()
            && other.bottom() <= self.bottom()
    }

    /// The pixels in both.
    pub fn intersection(&self, other: &Self) -> Self {
        Self::from_edges(
            self.x.max(other.x),
            self.y.max(other.y),
            self.right().min(other.right()),
            self.bottom().min(other.bottom()),
        )
    }

    /// Whether the two share a pixel.
    pub fn intersects(&self, other: &Self) -> bool {
        !self.intersection(other).is_empty()
    }

    /// The smallest rectangle around both; an empty one does not count.
    pub fn union(&self, other: &Self) -> Self {
        if self.is_empty() {
            return *other;
        }
        if other.is_empty() {
            return *self;
        }
        Self::from_edges(
            self.x.min(other.x),
            self.y.min(other.y),
            self.right().max(other.right()),
            self.bottom().max(other.bottom()),
        )
    }

    /// This rectangle moved by `dx`, `dy`.
    pub const fn offset(&self, dx: i32, dy: i32) -> Self {
        Self::new(self.x + dx, self.y + dy, self.width, self.height)
    }

    /// This rectangle with `margin` pixels more on every side, fewer when negative.
    pub fn inflated(&self, margin: i32) -> Self {
        Self::from_edges(
            self.x - margin,
            self.y - margin,
            self.right() + margin,
            self.bottom() + margin,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intersection_of_disjoint_rectangles_is_empty() {
        let left = Rect::new(0, 0, 10, 10);
        assert!(left.intersection(&Rect::new(10, 0, 5, 5)).is_empty());
        assert_eq!(
            left.intersection(&Rect::new(5, -5, 10, 10)),
            Rect::new(5, 0, 5, 5)
        );
    }

    #[test]
    fn union_ignores_empty_rectangles() {
        let some = Rect::new(3, 4, 5, 6);
        assert_eq!(some.union(&Rect::default()), some);
        assert_eq!(Rect::default().union(&some), some);
        assert_eq!(some.union(&Rect::new(0, 0, 1, 1)), Rect::new(0, 0, 8, 10));
    }

    #[test]
    fn edges_are_exclusive() {
        let rect = Rect::new(2, 2, 3, 3);
        assert!(rect.contains(Point::new(4, 4)));
        assert!(!rect.contains(Point::new(5, 4)));
        assert_eq!(rect.inflated(-2).area(), 0);
    }
}
