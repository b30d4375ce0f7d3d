//! The whole screen as viewers see and use it.

use std::time::{Duration, Instant};

use crate::common::{PATIENCE, TestDisplay, wait_for, wait_for_window};
use crate::painter::Painter;
use gatehand::screen::{Frame, Point, Rect, Size};
use gatehand::x11::{Screen, ScreenEvent, X11Error};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    ChangeWindowAttributesAux, ConnectionExt as _, CreateGCAux, EventMask, InputFocus, KeyButMask,
};

/// The parts that were painted until all of `wanted` was.
fn damage_until(screen: &mut Screen, wanted: Rect) -> Vec<Rect> {
    let mut all = Vec::new();
    loop {
        if let ScreenEvent::Damaged(part) = screen.next_event().unwrap() {
            all.extend_from_slice(part.rects());
        }
        let union = all.iter().fold(Rect::default(), |sum, part| sum.union(part));
        if union.contains_rect(&wanted) {
            // What is painted inside before anybody looks is not told anew: whoever looks sees it.
            screen.look(wanted).unwrap();
            return all;
        }
    }
}

#[test]
fn damage_says_where_and_pictures_what() {
    let display = TestDisplay::start(320, 240);
    // Redirected windows must be seen like others.
    let mut desktop = display.desktop();
    let mut screen = Screen::connect(&display.address).unwrap();
    assert_eq!(screen.size(), Size::new(320, 240));
    screen.watch(true).unwrap();

    let painter = Painter::connect(&display);
    let place = Rect::new(50, 40, 100, 60);
    let window = painter.show("window", place, 0x0000_ff00);
    wait_for_window(&mut desktop, "window");
    let damage = damage_until(&mut screen, place);
    let inside = damage.iter().all(|part| place.contains_rect(part));
    assert!(inside, "what was there before is not told: {damage:?}");
    painter.fill(window.0, Rect::new(10, 10, 5, 5), 0x00ff_0000);
    let spot = Rect::new(60, 50, 5, 5);
    let damage = damage_until(&mut screen, spot);
    let last = damage.last().unwrap();
    assert!(place.contains_rect(last), "{damage:?}");

    let (area, pixels) = screen.look(Rect::new(55, 45, 1000, 20)).unwrap();
    assert_eq!(area, Rect::new(55, 45, 265, 20), "what is on the screen of it");
    assert_eq!(pixels.len(), area.area() * 4);
    let colour = |x: usize, y: usize| pixels[((y - 45) * 265 + x - 55) * 4..][..3].to_vec();
    assert_eq!(colour(60, 50), [0, 0, 255]);
    assert_eq!(colour(65, 50), [0, 255, 0]);
    assert_eq!(colour(150, 50), [0, 0, 0]);
}

/// A log is drawn in steps, each with a notice: one look at all of them is enough.
#[test]
fn what_a_look_has_shown_is_not_told_again() {
    let display = TestDisplay::start(320, 240);
    let mut screen = Screen::connect(&display.address).unwrap();
    screen.watch(true).unwrap();
    let painter = Painter::connect(&display);
    let whole = Rect::new(0, 0, 320, 240);
    let window = painter.show("window", whole, 0x0000_ff00);
    damage_until(&mut screen, whole);

    let [first, beside, away] = [10, 40, 200].map(|y| Rect::new(20, y, 100, 20));
    let told = |screen: &mut Screen| loop {
        if let ScreenEvent::Damaged(part) = screen.next_event().unwrap() {
            return part;
        }
    };
    painter.fill(window.0, first, 0x00ff_0000);
    while !told(&mut screen).contains_rect(&first) {}
    painter.fill(window.0, beside, 0x00ff_0000);
    painter.fill(window.0, away, 0x00ff_0000);
    let (_, pixels) = screen.look(Rect::new(0, 0, 320, 100)).unwrap();
    assert_eq!(pixels[(45 * 320 + 30) * 4..][..3], [0, 0, 255]);
    assert_eq!(told(&mut screen).rects(), [away]);

    screen.look(Rect::new(0, 0, 320, 100)).unwrap();
    painter.fill(window.0, beside, 0x0000_00ff);
    painter.fill(window.0, away, 0x0000_00ff);
    let after = told(&mut screen);
    assert!(
        after.contains_rect(&beside),
        "it was painted after the look: {after:?}"
    );
    assert!(after.contains_rect(&away), "{after:?}");
}

#[test]
fn a_label_stands_where_no_window_is() {
    let display = TestDisplay::start(320, 240);
    let painter = Painter::connect(&display);
    let mut screen = Screen::connect(&display.address).unwrap();
    let lit = |frame: &Frame| {
        frame
            .pixels()
            .iter()
            .filter(|pixel| **pixel & 0x00ff_ffff != 0)
            .count()
    };
    screen.label("gatehand: Starting, as nobody has seen it").unwrap();
    assert_eq!(lit(&screen.capture().unwrap()), 0, "nobody watches");
    screen.watch(true).unwrap();
    let label = screen.capture().unwrap();
    assert!(lit(&label) > 100, "{}", lit(&label));

    let window = painter.show("window", Rect::new(0, 0, 320, 120), 0x0000_ff00);
    let covered = screen.capture().unwrap();
    assert_eq!(lit(&covered), 320 * 120);
    painter.connection.unmap_window(window.0).unwrap();
    painter.sync();
    while screen.capture().unwrap() != label {
        screen.next_event().unwrap();
    }

    screen.label("gatehand").unwrap();
    let shorter = screen.capture().unwrap();
    assert!(
        lit(&shorter) < lit(&label) / 3,
        "nothing is left of what stood there before"
    );
    assert_eq!(
        shorter.crop(Rect::new(0, 0, 60, 40)),
        label.crop(Rect::new(0, 0, 60, 40))
    );
}

/// On the way there the server tells of the size that the screen still has.
#[test]
fn a_size_that_was_set_from_here_is_no_news_and_none_before_it_comes_back() {
    let display = TestDisplay::start(320, 240);
    let painter = Painter::connect(&display);
    let mut screen = Screen::connect(&display.address).unwrap();
    screen.watch(true).unwrap();
    for size in [Size::new(200, 160), Size::new(320, 240)] {
        assert!(screen.resize(size).unwrap());
        let spot = Rect::new(50, 40, 30, 20);
        painter.show("window", spot, size.width);
        loop {
            match screen.next_event().unwrap() {
                ScreenEvent::Damaged(part) if part.contains_rect(&spot) => break,
                ScreenEvent::Resized(told) => panic!("{told:?} after {size:?}"),
                _ => {}
            }
        }
        assert_eq!(screen.size(), size);
        screen.look(spot).unwrap();
    }
}

#[test]
fn without_viewers_nothing_comes_but_a_wake() {
    let display = TestDisplay::start(320, 240);
    let mut screen = Screen::connect(&display.address).unwrap();
    let painter = Painter::connect(&display);
    screen.watch(true).unwrap();
    screen.watch(false).unwrap();
    painter.show("window", Rect::new(0, 0, 50, 50), 0x00ff_ffff);
    let waker = screen.waker();
    let sleeper = std::thread::spawn(move || (screen.next_event(), screen));
    waker.wake();
    let (event, mut screen) = sleeper.join().unwrap();
    assert_eq!(event.unwrap(), ScreenEvent::Woken);
    screen.watch(true).unwrap();
    painter.show("another", Rect::new(60, 60, 50, 50), 0x00ff_ffff);
    damage_until(&mut screen, Rect::new(60, 60, 50, 50));
}

#[test]
fn the_cursor_is_told_and_shown() {
    let display = TestDisplay::start(320, 240);
    let mut screen = Screen::connect(&display.address).unwrap();
    let painter = Painter::connect(&display);
    screen.watch(true).unwrap();
    screen.pointer(Point::new(10, 10), 0).unwrap();
    let (pixmap, gc, cursor) = (
        painter.connection.generate_id().unwrap(),
        painter.connection.generate_id().unwrap(),
        painter.connection.generate_id().unwrap(),
    );
    let wire = &painter.connection;
    wire.create_pixmap(1, pixmap, painter.root, 8, 8).unwrap();
    wire.create_gc(gc, pixmap, &CreateGCAux::new().foreground(1))
        .unwrap();
    let all = [x11rb::protocol::xproto::Rectangle {
        x: 0,
        y: 0,
        width: 8,
        height: 8,
    }];
    wire.poly_fill_rectangle(pixmap, gc, &all).unwrap();
    wire.create_cursor(cursor, pixmap, pixmap, u16::MAX, 0, 0, 0, 0, 0, 3, 5)
        .unwrap();
    let aux = ChangeWindowAttributesAux::new().cursor(cursor);
    wire.change_window_attributes(painter.root, &aux).unwrap();
    painter.sync();
    while screen.next_event().unwrap() != ScreenEvent::CursorChanged {}
    let image = screen.cursor().unwrap();
    assert_eq!((image.size, image.hotspot), (Size::new(8, 8), Point::new(3, 5)));
    assert!(image.pixels.iter().all(|&pixel| pixel == 0xffff_0000));
}

/// A window that has the focus, and reads the symbols that keys make under the map and modifiers of the moment.
struct Listener {
    painter: Painter,
}

impl Listener {
    fn start(display: &TestDisplay) -> Self {
        let mut desktop = display.desktop();
        let painter = Painter::connect(display);
        let window = painter.show("listener", Rect::new(0, 0, 50, 50), 0);
        wait_for_window(&mut desktop, "listener");
        let events = EventMask::KEY_PRESS | EventMask::BUTTON_PRESS | EventMask::BUTTON_RELEASE;
        let aux = ChangeWindowAttributesAux::new().event_mask(events);
        painter
            .connection
            .change_window_attributes(window.0, &aux)
            .unwrap();
        let focus = painter
            .connection
            .set_input_focus(InputFocus::PARENT, window.0, x11rb::CURRENT_TIME);
        focus.unwrap();
        painter.sync();
        Self { painter }
    }

    fn next(&self) -> Event {
        wait_for("an event", || self.painter.connection.poll_for_event().unwrap())
    }

    /// The symbol of the next key press that is none of a modifier.
    fn symbol(&self) -> u32 {
        loop {
            let Event::KeyPress(press) = self.next() else {
                continue;
            };
            let map = self
                .painter
                .connection
                .get_keyboard_mapping(press.detail, 1)
                .unwrap()
                .reply()
                .unwrap();
            let state = u16::from(press.state);
            let shift = usize::from(state & u16::from(KeyButMask::SHIFT) != 0);
            let level3 = if state & u16::from(KeyButMask::MOD5) != 0 {
                4
            } else {
                0
            };
            let symbol = match map.keysyms[shift + level3] {
                0 => map.keysyms[0],
                symbol => symbol,
            };
            let is_dead = (DEAD_GRAVE..=DEAD_GREEK).contains(&symbol);
            if !(0xfe00..0x0100_0000).contains(&symbol) || symbol == RETURN || is_dead {
                return symbol;
            }
        }
    }
}

const RETURN: u32 = 0xff0d;
const SHIFT: u32 = 0xffe1;
const CAPS_LOCK: u32 = 0xffe5;
/// The first and the last dead key.
const DEAD_GRAVE: u32 = 0xfe50;
const DEAD_GREEK: u32 = 0xfe8c;

#[test]
fn symbols_arrive_whatever_the_layout_and_the_modifiers() {
    let display = TestDisplay::start(320, 240);
    let set = display.command("setxkbmap").args(["-layout", "de"]).status();
    assert!(set.unwrap().success());
    let listener = Listener::start(&display);
    let mut screen = Screen::connect(&display.address).unwrap();
    screen.key(CAPS_LOCK, true).unwrap();
    screen.key(CAPS_LOCK, false).unwrap();
    // Letters, a symbol on the third level, one that is a dead key there, and some that no key has: more than there
    // are spare keycodes.
    let mut symbols: Vec<u32> = "aZ@^€é"
        .chars()
        .map(|c| if c == '€' { 0x0100_20ac } else { c as u32 })
        .collect();
    // Acute and circumflex have a key there, the grave is a shifted one, and the tilde needs the third level.
    symbols.extend([DEAD_GRAVE, 0xfe51, 0xfe52, 0xfe53, 0xfe5c]);
    symbols.extend((0x430..0x450).map(|letter| 0x0100_0000 | letter));
    symbols.push(RETURN);
    for held in [false, true] {
        if held {
            screen.key(SHIFT, true).unwrap();
        }
        for &symbol in &symbols {
            screen.key(symbol, true).unwrap();
            screen.key(symbol, false).unwrap();
            let arrived = listener.symbol();
            let euro = [symbol, arrived] == [0x0100_20ac, 0x20ac];
            assert!(arrived == symbol || euro, "{symbol:#x} arrived as {arrived:#x}");
        }
    }
    screen.release_all().unwrap();
}

#[test]
fn buttons_are_pressed_and_released_once() {
    let display = TestDisplay::start(320, 240);
    let listener = Listener::start(&display);
    let mut screen = Screen::connect(&display.address).unwrap();
    // The wheel, and the two buttons at a mouse's side.
    let others = [1 << 3, 0, 1 << 6, 0, 1 << 7, 1 << 7 | 1 << 8];
    for buttons in [0b1, 0b1, 0b101, 0b100, 0].into_iter().chain(others) {
        screen.pointer(Point::new(10, 10), buttons).unwrap();
    }
    screen.release_all().unwrap();
    let mut told = Vec::new();
    while told.len() < 12 {
        match listener.next() {
            Event::ButtonPress(press) => told.push((press.detail, true)),
            Event::ButtonRelease(release) => told.push((release.detail, false)),
            _ => {}
        }
    }
    let (first, rest) = told.split_at(4);
    assert_eq!(first, [(1, true), (3, true), (1, false), (3, false)]);
    let (wheel, side) = rest.split_at(4);
    assert_eq!(wheel, [(4, true), (4, false), (7, true), (7, false)]);
    assert_eq!(side, [(8, true), (9, true), (8, false), (9, false)]);
}

#[test]
fn the_end_of_the_display_ends_the_sleep() {
    let mut display = TestDisplay::start(320, 240);
    let mut screen = Screen::connect(&display.address).unwrap();
    let started = Instant::now();
    display.server.kill().unwrap();
    let ended = loop {
        if let Err(error) = screen.next_event() {
            break error;
        }
    };
    assert!(matches!(ended, X11Error::Gone { .. }), "{ended}");
    assert!(started.elapsed() < PATIENCE + Duration::from_secs(1));
    assert!(screen.key(RETURN, true).is_err());
}
