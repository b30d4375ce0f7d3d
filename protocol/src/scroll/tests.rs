use super::grid::BAND;
use super::*;
use crate::geometry::Size;

const SIZE: Size = Size::new(640, 480);
const PAPER: u32 = 0x00ff_ffff;

fn noise(index: u32) -> u32 {
    let mixed = (index ^ 0x5bd1_e995).wrapping_mul(0x9e37_79b1);
    (mixed ^ mixed >> 15).wrapping_mul(0x85eb_ca6b) >> 8
}

/// Line `number` of a log, 16 rows high: letters of 8 pixels, some lines shorter than others.
fn write_line(screen: &mut Framebuffer, area: Rect, number: u32) {
    screen.fill(area, PAPER);
    let letters = (area.width / 8).min(20 + noise(number) % 60);
    for letter in 0..letters {
        let shape = noise(number * 100 + letter) % 40;
        for dot in 0..24 {
            if noise(shape * 50 + dot) & 1 == 0 {
                let x = area.x + (letter * 8 + dot % 6) as i32;
                screen.fill(Rect::new(x, area.y + 2 + (dot / 6 * 3) as i32, 1, 3), 0);
            }
        }
    }
}

/// A pane that shows the lines from `first` on.
fn pane(screen: &mut Framebuffer, area: Rect, first: u32) {
    for line in 0..area.height / 16 {
        let place = Rect::new(area.x, area.y + (line * 16) as i32, area.width, 16);
        write_line(screen, place, first + line);
    }
}

fn screen() -> Framebuffer {
    let mut screen = Framebuffer::new(SIZE);
    for y in 0..SIZE.height {
        for (pixel, x) in screen.row_mut(y).iter_mut().zip(0..) {
            *pixel = noise(x + 5000 * y);
        }
    }
    screen
}

/// What a viewer that had `old` has after `changes`; asserts that it is `new`.
fn apply(old: &Framebuffer, new: &Framebuffer, changes: &Changes) {
    let mut shown = old.clone();
    for copy in &changes.copies {
        let moved = shown.crop(copy.source());
        for y in 0..moved.size().height {
            let to = copy.to;
            shown.row_mut((to.y + y as i32) as u32)[to.x as usize..to.right() as usize]
                .copy_from_slice(moved.row(y));
        }
    }
    for rect in changes.damage.rects() {
        for y in rect.y as u32..rect.bottom() as u32 {
            let columns = rect.x as usize..rect.right() as usize;
            shown.row_mut(y)[columns.clone()].copy_from_slice(&new.row(y)[columns]);
        }
    }
    assert!(shown == *new);
}

fn compared(old: &Framebuffer, new: &Framebuffer, area: Rect) -> Changes {
    // As a display gives it: what is no colour may be anything.
    let pixels = new.crop(area);
    let bytes: Vec<u8> = pixels
        .pixels()
        .iter()
        .flat_map(|pixel| (pixel | 0xa500_0000).to_le_bytes())
        .collect();
    let mut frame = old.clone();
    let changes = Search::default().advance(&mut frame, Look::new(area, &bytes).unwrap());
    assert!(frame == *new);
    apply(old, new, &changes);
    changes
}

/// The copies that are found when only `area` is looked at.
fn compared_in_part(old: &Framebuffer, new: &Framebuffer, area: Rect) -> Vec<Copy> {
    let mut part = old.clone();
    for y in area.y as u32..area.bottom() as u32 {
        let columns = area.x as usize..area.right() as usize;
        part.row_mut(y)[columns.clone()].copy_from_slice(&new.row(y)[columns]);
    }
    compared(old, &part, area).copies
}

fn copied(changes: &Changes) -> usize {
    changes.copies.iter().map(|copy| copy.to.area()).sum()
}

#[test]
fn a_terminal_that_scrolls_by_a_line() {
    let area = Rect::new(37, 21, 560, 400);
    let mut old = screen();
    pane(&mut old, area, 100);
    for (lines, dy) in [(1, -16), (3, -48), (-2, 32)] {
        let mut new = old.clone();
        pane(&mut new, area, 100_u32.wrapping_add_signed(lines));
        let changes = compared(&old, &new, area);
        assert!(changes.copies.iter().all(|copy| (copy.dx, copy.dy) == (0, dy)));
        // What came in at the edge, and next to nothing besides.
        let fresh = area.width as usize * dy.unsigned_abs() as usize;
        let sent = changes.damage.area();
        assert!(sent <= fresh + fresh / 2, "{lines}: {sent} {:?}", changes.copies);
        assert!(changes.copies.len() <= 4, "{:?}", changes.copies);
    }
}

#[test]
fn a_pane_that_scrolls_beside_what_stands() {
    let whole = Rect::new(10, 10, 600, 400);
    // The damage is told for more than scrolled: a list, its bar, whose thumb moves, and a foot that stands.
    let list = Rect::new(10, 10, 571, 320);
    let (mut old, mut new) = (screen(), screen());
    pane(&mut old, list, 50);
    pane(&mut new, list, 51);
    old.fill(Rect::new(590, 10, 12, 40), 0x0080_8080);
    new.fill(Rect::new(590, 14, 12, 40), 0x0080_8080);
    let changes = compared(&old, &new, whole);
    assert!(copied(&changes) > list.area() * 3 / 4, "{changes:?}");
    let fresh = 571 * 16 + 32 * 44 + 2000;
    assert!(changes.damage.area() < fresh * 3 / 2, "{}", changes.damage.area());
}

#[test]
fn two_panes_at_once() {
    let (left, right) = (Rect::new(5, 5, 300, 400), Rect::new(333, 40, 301, 320));
    for (by_left, by_right) in [(1, 1), (1, 2), (2, -1)] {
        let (mut old, mut new) = (screen(), screen());
        pane(&mut old, left, 10);
        pane(&mut old, right, 900);
        pane(&mut new, left, 10 + by_left);
        pane(&mut new, right, 900_u32.wrapping_add_signed(by_right));
        let changes = compared(&old, &new, left.union(&right));
        assert!(
            copied(&changes) > (left.area() + right.area()) * 3 / 4,
            "{by_left} {by_right}: {changes:?}"
        );
    }
}

#[test]
fn nothing_is_copied_where_nothing_moved() {
    let old = screen();
    let all = old.bounds();
    let mut other = screen();
    for y in 0..SIZE.height {
        for (pixel, x) in other.row_mut(y).iter_mut().zip(0..) {
            *pixel = noise(0x0100_0000 + x + 5000 * y);
        }
    }
    assert_eq!(compared(&old, &other, all).copies, []);
    // The same everywhere: whatever moved, it is not told.
    let mut stripes = Framebuffer::new(SIZE);
    for row in (0..480).step_by(4) {
        stripes.fill(Rect::new(0, row, 640, 2), PAPER);
    }
    let mut moved = Framebuffer::new(SIZE);
    for row in (0..480).step_by(4) {
        moved.fill(Rect::new(0, row + 2, 640, 2), PAPER);
    }
    compared(&stripes, &moved, all);
    compared(&stripes, &old, all);
}

#[test]
fn a_copy_is_as_large_as_what_moved() {
    let area = Rect::new(100, 100, 300, 200);
    let old = screen();
    let mut new = screen();
    let moved = old.crop(area.offset(0, 7));
    for y in 0..200 {
        new.row_mut(100 + y)[100..400].copy_from_slice(moved.row(y));
    }
    let (to, dx, dy) = (area, 0, -7);
    assert_eq!(compared(&old, &new, old.bounds()).copies, [Copy { to, dx, dy }]);
    // As far as anybody looked.
    let to = Rect::new(100, 100, 300, 193);
    assert_eq!(compared_in_part(&old, &new, area), [Copy { to, dx, dy }]);
}

#[test]
fn what_did_not_change_is_not_damaged() {
    let old = screen();
    let mut new = old.clone();
    assert_eq!(compared(&old, &new, old.bounds()), Changes::default());
    new.fill(Rect::new(100, 100, 8, 12), 5);
    let changes = compared(&old, &new, Rect::new(3, 3, 600, 400));
    assert!(changes.damage.area() <= 64 * 16, "{changes:?}");
    assert!(changes.damage.contains_rect(&Rect::new(100, 100, 8, 12)));
}

#[test]
fn a_look_at_what_is_not_there_changes_nothing() {
    let (mut frame, bytes) = (screen(), [0x55; 40_000]);
    for area in [Rect::new(600, 0, 100, 100), Rect::new(0, 0, 0, 0)] {
        let look = Look::new(area, &bytes[..area.area() * 4]).unwrap();
        assert_eq!(Search::default().advance(&mut frame, look), Changes::default());
    }
    assert!(frame == screen());
    assert!(Look::new(Rect::new(0, 0, 100, 100), &bytes[4..]).is_none());
}

/// Random moves and paints, looked at as a whole: the viewer ends with the screen, whatever was found.
#[test]
fn whatever_happened_the_result_is_the_screen() {
    for seed in 0..150 {
        let mut state = seed;
        let mut random = |limit: u32| {
            state += 1;
            noise(state * 7919 + seed) % limit
        };
        let mut old = Framebuffer::new(Size::new(200, 160));
        for line in 0..10 {
            write_line(&mut old, Rect::new(0, line * 16, 200, 16), random(12));
        }
        let mut new = old.clone();
        for _ in 0..1 + random(4) {
            let area = Rect::new(
                random(100) as i32,
                random(80) as i32,
                40 + random(60),
                20 + random(60),
            );
            let dy = random(40) as i32 - 20;
            let moved = new.crop(area);
            let to = area.offset(0, dy).intersection(&new.bounds());
            for y in to.y..to.bottom() {
                let from = moved.row((y - dy - area.y) as u32).to_vec();
                new.row_mut(y as u32)[to.x as usize..to.right() as usize].copy_from_slice(&from);
            }
            let paint = Rect::new(random(150) as i32, random(120) as i32, random(50), random(40));
            new.fill(paint, random(3) * 0x0055_5555);
        }
        for copy in compared(&old, &new, old.bounds()).copies {
            went_on(&old, &new, old.bounds(), copy);
        }
    }
}

fn bytes(screen: &Framebuffer, area: Rect, top: u32) -> Vec<u8> {
    let pixels = screen.crop(area);
    let with_top = pixels.pixels().iter().map(|pixel| pixel | top << 24);
    with_top.flat_map(u32::to_le_bytes).collect()
}

/// What `again` says to a look at `area`; the frame and the viewer have `new` then, or the frame has `old` still.
fn went_on(old: &Framebuffer, new: &Framebuffer, area: Rect, last: Copy) -> Option<Changes> {
    let bytes = bytes(new, area, 0);
    let mut frame = old.clone();
    let changes = again(&mut frame, Look::new(area, &bytes).unwrap(), last);
    assert!(frame == *if changes.is_some() { new } else { old });
    if let Some(changes) = &changes {
        apply(old, new, changes);
    }
    changes
}

#[test]
fn what_scrolls_on_costs_its_new_line() {
    let pane_at = Rect::new(37, 21, 560, 400);
    let steps: Vec<Framebuffer> = (100..105)
        .map(|first| {
            let mut screen = screen();
            pane(&mut screen, pane_at, first);
            // It changes with every line, as a clock does.
            screen.fill(Rect::new(600, 2, 30, 12), first);
            screen
        })
        .collect();
    let mut search = Search::default();
    for area in [pane_at, Rect::of_size(SIZE)] {
        for step in steps.windows(2) {
            let bytes = bytes(&step[1], area, 0);
            let mut frame = step[0].clone();
            let changes = search.advance(&mut frame, Look::new(area, &bytes).unwrap());
            assert!(changes.copies.iter().all(|copy| copy.dy == -16), "{changes:?}");
            assert!(changes.damage.area() <= 560 * 16 * 3 / 2, "{changes:?}");
            // The next time it needs no search.
            let last = search.last.unwrap();
            assert!(last.to.area() > pane_at.area() * 9 / 10, "{last:?}");
            let again = went_on(&step[0], &step[1], Rect::of_size(SIZE), last);
            assert!(again.is_some_and(|again| again.copies.len() == 1));
        }
    }
}

#[test]
fn what_scrolled_is_remembered() {
    let narrow = Rect::new(64, 21, 96, 400);
    let steps = [100, 101, 102].map(|first| {
        let mut screen = screen();
        pane(&mut screen, narrow, first);
        screen
    });
    // In the second look no column that votes is inside: a search finds nothing.
    let wide = Rect::new(32, 21, 400, 400);
    let found = |search: &mut Search, step: usize, area: Rect| {
        let bytes = bytes(&steps[step], area, 0);
        let look = Look::new(area, &bytes).unwrap();
        copied(&search.advance(&mut steps[step - 1].clone(), look))
    };
    let mut search = Search::default();
    assert!(found(&mut search, 1, narrow) > narrow.area() * 3 / 4);
    assert!(found(&mut search, 2, wide) > narrow.area() * 3 / 4);
    assert_eq!(found(&mut Search::default(), 2, wide), 0);
}

#[test]
fn what_scrolls_grows_with_the_page() {
    let area = Rect::new(64, 21, 320, 400);
    let steps = [100, 101].map(|first| {
        let mut screen = screen();
        pane(&mut screen, area, first);
        screen
    });
    // A line less at both ends.
    let last = Copy {
        to: Rect::new(64, 21 + 16, 320, 384 - 32),
        dx: 0,
        dy: -16,
    };
    let changes = went_on(&steps[0], &steps[1], area, last).unwrap();
    // Letters stand two rows below the top of their line, and two above its end.
    assert_eq!(changes.copies[0].to, Rect::new(64, 21 + 2, 320, 384 - 4));
    let mut search = Search {
        last: Some(last),
        ..Search::default()
    };
    let bytes = bytes(&steps[1], area, 0);
    search.advance(&mut steps[0].clone(), Look::new(area, &bytes).unwrap());
    assert_eq!(
        search.last,
        changes.copies.first().copied(),
        "what is asked for next"
    );
}

#[test]
fn a_film_is_searched_now_and_then_and_what_scrolls_after_it_is_seen() {
    let all = Rect::of_size(SIZE);
    let picture = |number: u32| {
        let mut screen = Framebuffer::new(SIZE);
        for (pixel, place) in screen.pixels_mut().iter_mut().zip(0..) {
            *pixel = noise(place + number * 1_000_000);
        }
        screen
    };
    let log = |first: u32| {
        let mut screen = Framebuffer::new(SIZE);
        pane(&mut screen, all, first);
        screen
    };
    let seen_after = |films: u32| -> Vec<bool> {
        let (mut search, mut shown) = (Search::default(), picture(0));
        let mut look_at = |new: Framebuffer| {
            let bytes = bytes(&new, all, 0);
            let old = shown.clone();
            let changes = search.advance(&mut shown, Look::new(all, &bytes).unwrap());
            assert!(shown == new);
            apply(&old, &new, &changes);
            copied(&changes) > all.area() / 2
        };
        for number in 1..=films {
            assert!(!look_at(picture(number)));
        }
        (10..17).map(|first| look_at(log(first))).collect()
    };
    assert_eq!(seen_after(1), [false, true, true, true, true, true, true]);
    let seen = seen_after(MIN_FILMS);
    assert!(!seen[1] && seen[5..].iter().all(|seen| *seen), "{seen:?}");
}

#[test]
fn of_a_film_all_that_is_new_is_told() {
    let old = screen();
    let bounds = Rect::of_size(SIZE);
    for (x, y) in [(0, 0), (33, 16), (64, 31), (639, 15), (5, 479)] {
        let mut new = old.clone();
        new.fill(Rect::new(x, y, 1, 1), 0x0012_3456);
        let bytes = bytes(&new, bounds, 0);
        let mut shown = old.clone();
        let changes = replace(&mut shown, Look::new(bounds, &bytes).unwrap());
        assert!(shown == new, "{x},{y}");
        apply(&old, &new, &changes);
        assert!(
            changes.damage.area() <= BAND * COLUMN as usize,
            "{x},{y}: {changes:?}"
        );
    }
}

#[test]
fn what_does_not_go_on_is_searched_anew() {
    let (left, right) = (Rect::new(5, 5, 300, 400), Rect::new(333, 40, 301, 320));
    let last = Copy {
        to: Rect::new(5, 5, 300, 384),
        dx: 0,
        dy: -16,
    };
    let screen_of = |by_left: u32, by_right: u32| {
        let mut screen = screen();
        pane(&mut screen, left, 10 + by_left);
        pane(&mut screen, right, 900 + by_right);
        screen
    };
    let (before, all) = (screen_of(0, 0), Rect::of_size(SIZE));
    assert!(went_on(&before, &screen_of(1, 0), all, last).is_some());
    assert_eq!(
        went_on(&before, &screen_of(2, 0), all, last),
        None,
        "another distance"
    );
    assert_eq!(went_on(&before, &before, all, last), None, "nothing");
    assert_eq!(
        went_on(&before, &screen_of(1, 1), all, last),
        None,
        "another pane too"
    );
    // Only what was looked at may be read: the rest may be new by then.
    let above = Rect::new(0, 0, 640, 200);
    let mut new = before.clone();
    for y in 0..200 {
        new.row_mut(y).copy_from_slice(screen_of(1, 0).row(y));
    }
    let changes = went_on(&before, &new, above, last).unwrap();
    assert!(above.contains_rect(&changes.copies[0].source()), "{changes:?}");
    let below = Rect::new(0, 410, 640, 70);
    assert_eq!(
        went_on(&before, &before, below, last),
        None,
        "nothing of it was seen"
    );
    let blank = Framebuffer::new(SIZE);
    assert_eq!(went_on(&blank, &blank, all, last), None, "what is blank");
    // A display that writes to the byte that is no colour.
    let bytes = bytes(&screen_of(1, 0), all, 0xa5);
    let mut frame = before.clone();
    assert_eq!(again(&mut frame, Look::new(all, &bytes).unwrap(), last), None);
    assert!(frame == before);
}
