//! A session after its handshake: what the viewer is told of the screen and when, and what it may do.
#![allow(missing_docs, clippy::unwrap_used)]

mod viewer;

use std::sync::Arc;

use protocol::encoding::{Cursor, ENCODINGS, Role};
use protocol::error::Error;
use protocol::framebuffer::Framebuffer;
use protocol::geometry::{Point, Rect, Size};
use protocol::pacing::Hold;
use protocol::pixel_format::{Channel, PixelFormat};
use protocol::region::Region;
use protocol::scroll::{Changes, Copy, Look, Search};
use protocol::session::{Event, ResizeStatus, Session};
use viewer::{
    COPY_RECT, CURSOR, DESKTOP_SIZE, LAST_RECT, RAW, TIGHT, Viewer, ZRLE, open_session, request,
    set_encodings, set_pixel_format, start, take, view_only_session,
};

const SIZE: Size = Size::new(300, 200);
const ALL: Rect = Rect::of_size(SIZE);

fn pattern(size: Size) -> Framebuffer {
    let pixels = (0..size.area() as u32).map(|index| index.wrapping_mul(2_654_435_761) >> 8);
    Framebuffer::from_pixels(size, pixels.collect()).unwrap()
}

/// A session whose viewer has seen `screen` once, with these encodings.
fn watching(screen: &Framebuffer, encodings: &[i32]) -> (Session, Viewer) {
    let mut session = open_session(screen.size());
    let mut viewer = Viewer::new(screen.size(), PixelFormat::NATIVE);
    session.receive(&set_encodings(encodings));
    session.receive(&request(false, screen.bounds()));
    viewer.update(&mut session, screen);
    assert_eq!(viewer.first_difference(screen), None);
    (session, viewer)
}

fn events(session: &mut Session) -> Vec<Event> {
    std::iter::from_fn(|| session.poll_event()).collect()
}

/// Tells the session that `to` is what was `dx` to the left and `dy` above.
fn copied(session: &mut Session, to: Rect, dx: i32, dy: i32) {
    session.changed(&Changes {
        copies: vec![Copy { to, dx, dy }],
        damage: Region::new(),
    });
}

/// What a scroll upwards by `rows` does to the screen.
fn scroll(screen: &mut Framebuffer, area: Rect, rows: i32) {
    for y in area.y..area.bottom() - rows {
        let below = screen.crop(Rect::new(area.x, y + rows, area.width, 1));
        screen.row_mut(y as u32)[area.x as usize..area.right() as usize].copy_from_slice(below.pixels());
    }
}

#[test]
fn only_what_changed_and_was_asked_for_is_sent() {
    let mut screen = pattern(SIZE);
    let (mut session, mut viewer) = watching(&screen, &[ZRLE]);
    assert_eq!(session.wanted(), Err(Hold::NoRequest));
    assert!(!session.is_waiting());

    let left = Rect::new(0, 0, 150, 200);
    session.receive(&request(true, left));
    assert_eq!(session.wanted(), Err(Hold::NothingNew));
    assert!(session.is_waiting());
    assert!(!session.update(&screen));

    let [inside, outside] = [Rect::new(10, 20, 30, 40), Rect::new(200, 20, 30, 40)];
    screen.fill(inside, 0x0012_3456);
    screen.fill(outside, 0x0065_4321);
    session.damage(&[inside, outside].into_iter().collect());
    assert_eq!(session.wanted(), Ok(Region::from(inside)));
    let sent = viewer.update(&mut session, &screen);
    assert_eq!(sent.iter().map(|r| r.rect).collect::<Vec<_>>(), [inside]);
    assert_eq!(session.wanted(), Err(Hold::NoRequest));

    session.receive(&request(true, ALL));
    let sent = viewer.update(&mut session, &screen);
    assert_eq!(sent.iter().map(|r| r.rect).collect::<Vec<_>>(), [outside]);
    assert_eq!(viewer.first_difference(&screen), None);
}

#[test]
fn nothing_is_encoded_while_the_transport_is_busy() {
    let screen = pattern(SIZE);
    let (mut session, _) = watching(&screen, &[RAW]);
    session.receive(&request(false, Rect::new(0, 0, 10, 10)));
    assert!(session.update(&screen));
    session.receive(&request(false, Rect::new(0, 0, 10, 10)));
    assert_eq!(session.wanted(), Err(Hold::Backlog));
    let length = session.transmit().len();
    session.transmitted(length - 1);
    assert_eq!(session.transmit().len(), 1);
    assert!(!session.update(&screen));
    session.transmitted(1);
    assert!(session.update(&screen));
}

#[test]
fn a_full_request_brings_everything_again() {
    let screen = pattern(SIZE);
    let (mut session, mut viewer) = watching(&screen, &[TIGHT]);
    viewer.picture.fill(0);
    session.receive(&request(false, ALL));
    viewer.update(&mut session, &screen);
    assert_eq!(viewer.first_difference(&screen), None);
}

#[test]
fn a_request_beyond_the_screen_is_clipped() {
    let screen = pattern(SIZE);
    let (mut session, mut viewer) = watching(&screen, &[RAW]);
    session.receive(&request(false, Rect::new(290, 190, 65535, 65535)));
    let sent = viewer.update(&mut session, &screen);
    assert_eq!(sent[0].rect, Rect::new(290, 190, 10, 10));
    session.receive(&request(false, Rect::new(300, 200, 5, 5)));
    assert_eq!(session.wanted(), Err(Hold::NoRequest));
}

#[test]
fn the_first_known_encoding_of_the_list_is_used() {
    let screen = pattern(Size::new(20, 20));
    let table = [
        (&[21, -512, ZRLE, TIGHT, RAW][..], ZRLE),
        (&[CURSOR, TIGHT, ZRLE], TIGHT),
        (&[COPY_RECT, RAW, ZRLE], RAW),
        (&[COPY_RECT, 2, 4], RAW),
        (&[], RAW),
    ];
    for (list, expected) in table {
        let mut session = open_session(screen.size());
        session.receive(&set_encodings(list));
        session.receive(&request(false, screen.bounds()));
        let sent = Viewer::new(screen.size(), PixelFormat::NATIVE).update(&mut session, &screen);
        assert_eq!(sent[0].encoding, expected, "{list:?}");
    }
}

#[test]
fn a_scroll_travels_as_a_copy() {
    let mut screen = pattern(SIZE);
    let (mut session, mut viewer) = watching(&screen, &[RAW, COPY_RECT]);
    let area = Rect::new(20, 10, 200, 150);
    // Not told to the viewer before the scroll: the copy of it is outdated there.
    let stale = Rect::new(50, 60, 20, 20);
    screen.fill(stale, 0x00ab_cdef);
    session.damage(&Region::from(stale));
    scroll(&mut screen, area, 16);
    copied(&mut session, Rect::new(20, 10, 200, 134), 0, -16);
    let fresh = Rect::new(20, 144, 200, 16);
    screen.fill(fresh, 0x0011_1111);
    session.damage(&Region::from(fresh));

    session.receive(&request(true, ALL));
    let sent = viewer.update(&mut session, &screen);
    assert_eq!(sent[0].encoding, COPY_RECT);
    assert_eq!(sent[0].rect, Rect::new(20, 10, 200, 134));
    assert_eq!(viewer.first_difference(&screen), None);
    let pixels: usize = sent[1..].iter().map(|r| r.rect.area()).sum();
    assert!(pixels <= fresh.area() + 2 * stale.area(), "{sent:?}");
}

#[test]
fn what_is_seen_to_scroll_costs_a_line() {
    let area = Rect::new(20, 10, 200, 160);
    let mut screen = pattern(SIZE);
    let (mut session, mut viewer) = watching(&screen, &[RAW, COPY_RECT]);
    let mut search = Search::default();
    // Two steps before the viewer asks: each is told from what the screen was before it.
    for _ in 0..2 {
        let mut frame = screen.clone();
        scroll(&mut screen, area, 16);
        screen.fill(Rect::new(20, 154, 200, 16), 0x0022_2222);
        let seen = screen.crop(area);
        let bytes: Vec<u8> = seen
            .pixels()
            .iter()
            .flat_map(|pixel| pixel.to_le_bytes())
            .collect();
        let look = Look::new(area, &bytes).unwrap();
        session.changed(&search.advance(&mut frame, look));
    }
    session.receive(&request(true, ALL));
    let sent = viewer.update(&mut session, &screen);
    assert_eq!(viewer.first_difference(&screen), None);
    let copies = sent.iter().filter(|r| r.encoding == COPY_RECT).count();
    let bytes: usize = sent.iter().map(|r| r.bytes).sum();
    assert!(copies >= 2, "{sent:?}");
    assert!(bytes < area.area() * 4 / 3, "{bytes} bytes for two lines of ten");
}

#[test]
fn copies_that_cannot_travel_go_as_pixels() {
    let area = Rect::new(0, 0, 300, 100);
    // A viewer without CopyRect; a second copy before the first went; a request for only a part of it.
    for (encodings, twice, asked) in [
        (&[RAW][..], false, ALL),
        (&[RAW, COPY_RECT], true, ALL),
        (&[RAW, COPY_RECT], false, Rect::new(0, 0, 150, 200)),
    ] {
        let mut screen = pattern(SIZE);
        let (mut session, mut viewer) = watching(&screen, encodings);
        for _ in 0..=usize::from(twice) {
            scroll(&mut screen, area, 10);
            copied(&mut session, Rect::new(0, 0, 300, 90), 0, -10);
        }
        session.receive(&request(true, asked));
        viewer.update(&mut session, &screen);
        session.receive(&request(true, ALL));
        if asked != ALL {
            viewer.update(&mut session, &screen);
        }
        assert_eq!(
            viewer.first_difference(&screen),
            None,
            "{encodings:?} {twice} {asked:?}"
        );
    }
}

/// Damage, copies, requests, encodings in any order: after quiet the viewer has the screen.
#[test]
fn whatever_the_order_the_viewer_ends_with_the_screen() {
    for seed in 1..60_u32 {
        let mut state = seed;
        let mut random = |limit: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % limit
        };
        let mut screen = pattern(SIZE);
        let (mut session, mut viewer) = watching(&screen, &[ZRLE, COPY_RECT]);
        for _ in 0..60 {
            let rect = Rect::new(
                random(250) as i32,
                random(150) as i32,
                1 + random(50),
                1 + random(50),
            );
            match random(6) {
                0 | 1 => {
                    screen.fill(rect, random(1 << 24));
                    session.damage(&Region::from(rect));
                }
                2 => {
                    let (dx, dy) = (random(40) as i32 - 20, random(40) as i32 - 20);
                    let to = rect.offset(dx, dy).intersection(&ALL);
                    let source = to.offset(-dx, -dy).intersection(&ALL);
                    let moved = screen.crop(source);
                    for y in 0..source.height as i32 {
                        for x in 0..source.width as i32 {
                            let index = ((source.y + y + dy) * 300 + source.x + x + dx) as usize;
                            screen.pixels_mut()[index] = moved.pixel(x, y).unwrap();
                        }
                    }
                    copied(&mut session, source.offset(dx, dy), dx, dy);
                }
                3 => session.receive(&request(true, rect)),
                4 => {
                    let lists: [&[i32]; 3] = [
                        &[ZRLE, COPY_RECT],
                        &[TIGHT, LAST_RECT],
                        &[RAW, COPY_RECT, LAST_RECT],
                    ];
                    session.receive(&set_encodings(lists[random(3) as usize]));
                }
                _ => {
                    session.receive(&request(true, ALL));
                    if session.wanted().is_ok() {
                        viewer.update(&mut session, &screen);
                    }
                }
            }
        }
        session.receive(&request(true, ALL));
        if session.wanted().is_ok() {
            viewer.update(&mut session, &screen);
        }
        assert_eq!(viewer.first_difference(&screen), None, "seed {seed}");
    }
}

#[test]
fn the_pointer_is_told_when_it_changes() {
    let screen = pattern(SIZE);
    let (mut session, mut viewer) = watching(&screen, &[RAW, CURSOR]);
    let picture = vec![0xffff_0000, 0, 0, 0xff00_00ff];
    let cursor = Arc::new(Cursor::new(Size::new(2, 2), Point::new(1, 0), picture).unwrap());
    session.receive(&request(true, ALL));
    assert_eq!(session.wanted(), Err(Hold::NothingNew));
    session.cursor_changed(Arc::clone(&cursor));
    assert_eq!(
        session.wanted(),
        Ok(Region::new()),
        "no pixels need be read for it"
    );
    let sent = viewer.update(&mut session, &screen);
    assert_eq!(sent.len(), 1);
    let (rect, pixels, mask) = viewer.cursor.take().unwrap();
    assert_eq!(rect, Rect::new(1, 0, 2, 2));
    assert_eq!((pixels[0], pixels[3]), (0x00ff_0000, 0x0000_00ff));
    assert_eq!(mask, [0x80, 0x40]);

    // A viewer that does not know the encoding is not bothered; when it says later that it does, it is told.
    let (mut session, mut viewer) = watching(&screen, &[RAW]);
    session.cursor_changed(cursor);
    session.receive(&request(true, ALL));
    assert_eq!(session.wanted(), Err(Hold::NothingNew));
    session.receive(&set_encodings(&[RAW, CURSOR]));
    viewer.update(&mut session, &screen);
    assert!(viewer.cursor.is_some());
}

#[test]
fn a_new_size_is_told_before_its_pixels() {
    let (mut session, mut viewer) = watching(&pattern(SIZE), &[ZRLE, DESKTOP_SIZE]);
    for size in [Size::new(400, 100), Size::new(50, 500)] {
        let screen = pattern(size);
        session.receive(&request(true, ALL));
        session.resized(size);
        let sent = viewer.update(&mut session, &screen);
        assert_eq!(sent.len(), 1, "the size comes alone");
        assert_eq!(viewer.size, size);
        session.receive(&request(true, screen.bounds()));
        viewer.update(&mut session, &screen);
        assert_eq!(viewer.first_difference(&screen), None);
    }
}

#[test]
fn a_viewer_that_cannot_resize_keeps_its_size() {
    let (mut session, mut viewer) = watching(&pattern(SIZE), &[ZRLE]);
    let larger = pattern(Size::new(400, 300));
    session.resized(larger.size());
    session.receive(&request(true, ALL));
    viewer.update(&mut session, &larger);
    assert_eq!(viewer.first_difference(&larger.crop(ALL)), None);

    let smaller = pattern(Size::new(100, 50));
    session.resized(smaller.size());
    session.receive(&request(true, ALL));
    let sent = viewer.update(&mut session, &smaller);
    assert!(sent.iter().all(|r| smaller.bounds().contains_rect(&r.rect)));
}

#[test]
fn a_picture_of_another_size_waits_for_the_news() {
    let (mut session, _) = watching(&pattern(SIZE), &[ZRLE]);
    session.receive(&request(false, ALL));
    assert!(!session.update(&pattern(Size::new(10, 10))));
    assert!(session.update(&pattern(SIZE)));
}

#[test]
fn a_large_update_of_open_length_comes_in_parts() {
    let size = Size::new(1280, 1024);
    let screen = pattern(size);
    let mut session = open_session(size);
    let mut viewer = Viewer::new(size, PixelFormat::NATIVE);
    session.receive(&set_encodings(&[TIGHT, LAST_RECT]));
    session.receive(&request(false, screen.bounds()));
    let mut bytes = Vec::new();
    let mut parts = 0;
    while session.update(&screen) {
        assert!(session.transmit().len() < 1 << 21, "one part is bounded");
        bytes.extend(take(&mut session));
        parts += 1;
        // The format changes in the middle: it counts from the next update on.
        let format = PixelFormat {
            big_endian: true,
            ..PixelFormat::NATIVE
        };
        session.receive(&set_pixel_format(&format));
    }
    assert!(parts > 1, "{parts}");
    let sent = viewer.read_update(&bytes);
    assert_eq!(sent.last().map(|r| r.encoding), Some(LAST_RECT));
    assert_eq!(viewer.first_difference(&screen), None);
}

#[test]
fn a_screen_that_shrinks_in_the_middle_of_an_update() {
    let size = Size::new(1280, 1024);
    let mut session = open_session(size);
    let mut viewer = Viewer::new(size, PixelFormat::NATIVE);
    session.receive(&set_encodings(&[ZRLE, LAST_RECT, DESKTOP_SIZE]));
    session.receive(&request(false, Rect::of_size(size)));
    assert!(session.update(&pattern(size)));
    let mut bytes = take(&mut session);
    let small = pattern(Size::new(640, 480));
    session.resized(small.size());
    while session.update(&small) {
        bytes.extend(take(&mut session));
    }
    viewer.read_update(&bytes);
    session.receive(&request(true, small.bounds()));
    viewer.update(&mut session, &small);
    assert_eq!(viewer.size, small.size());
    session.receive(&request(true, small.bounds()));
    viewer.update(&mut session, &small);
    assert_eq!(viewer.first_difference(&small), None);
}

#[test]
fn keys_and_pointer_become_events_even_byte_by_byte() {
    let mut session = open_session(SIZE);
    let mut bytes = vec![4, 1, 0, 0, 0, 0, 0, 0x61];
    bytes.extend([4, 0, 0, 0, 0, 0, 0, 0x61]);
    bytes.extend([5, 1, 0, 10, 0, 20]);
    bytes.extend([5, 0, 0xff, 0xff, 0xff, 0xff]);
    bytes.extend(b"\x06\0\0\0\0\0\0\x03a\xe9!");
    for byte in bytes {
        session.receive(&[byte]);
    }
    let key = |down| Event::Key {
        down,
        keysym: 0x61,
        scan_code: None,
    };
    let pointer = |x, y, buttons| Event::Pointer {
        at: Point::new(x, y),
        buttons,
    };
    assert_eq!(
        events(&mut session),
        [
            key(true),
            key(false),
            pointer(10, 20, 1),
            pointer(299, 199, 0),
            Event::CutText("aé!".into()),
        ]
    );
}

#[test]
fn what_is_held_comes_up_when_the_viewer_goes() {
    let mut session = open_session(SIZE);
    session.receive(&[4, 1, 0, 0, 0, 0, 0xff, 0xe1, 4, 1, 0, 0, 0, 0, 0xff, 0xe1]);
    session.receive(&[5, 4, 0, 1, 0, 2]);
    // A release of what this viewer never pressed is nobody's business.
    session.receive(&[4, 0, 0, 0, 0, 0, 0, 0x62]);
    assert_eq!(events(&mut session).len(), 3);
    session.disconnected();
    assert_eq!(
        events(&mut session),
        [
            Event::Key {
                down: false,
                keysym: 0xffe1,
                scan_code: None,
            },
            Event::Pointer {
                at: Point::new(1, 2),
                buttons: 0
            },
        ]
    );
    session.disconnected();
    assert_eq!(session.poll_event(), None);
}

#[test]
fn so_many_keys_can_be_held_and_no_more() {
    let mut session = open_session(SIZE);
    for keysym in 0..200_u8 {
        session.receive(&[4, 1, 0, 0, 0, 0, 0, keysym]);
    }
    assert_eq!(events(&mut session).len(), 64);
}

#[test]
fn a_view_only_viewer_sees_but_does_nothing() {
    let mut session = view_only_session(SIZE);
    session.receive(&[
        4, 1, 0, 0, 0, 0, 0, 0x61, 5, 1, 0, 10, 0, 20, 6, 0, 0, 0, 0, 0, 0, 1, b'x',
    ]);
    assert_eq!(session.poll_event(), None);
    let screen = pattern(SIZE);
    session.receive(&request(false, ALL));
    let mut viewer = Viewer::new(SIZE, PixelFormat::NATIVE);
    viewer.update(&mut session, &screen);
    assert_eq!(viewer.first_difference(&screen), None);
}

#[test]
fn a_text_over_the_limit_is_skipped_and_the_session_goes_on() {
    let mut session = open_session(SIZE);
    let mut bytes = vec![6, 0, 0, 0];
    bytes.extend(5000_u32.to_be_bytes());
    session.receive(&bytes);
    for _ in 0..49 {
        session.receive(&[b'x'; 100]);
    }
    // The last piece of the text, with a key right behind it.
    let mut last = vec![b'x'; 100];
    last.extend([4, 1, 0, 0, 0, 0, 0, 0x61]);
    session.receive(&last);
    assert_eq!(
        events(&mut session),
        [Event::Key {
            down: true,
            keysym: 0x61,
            scan_code: None,
        }]
    );
}

#[test]
fn nonsense_ends_the_session_with_its_reason() {
    let bad_format = [0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 8, 8, 8, 0, 0, 0];
    for (bytes, expected) in [
        (&[99][..], Error::UnknownMessage(99)),
        (&bad_format, Error::PixelFormat("colours overlap")),
        (
            &[2, 0, 0xff, 0xff],
            Error::TooLong {
                what: "list of encodings",
                length: 65535,
                limit: 1024,
            },
        ),
    ] {
        let mut session = open_session(SIZE);
        session.receive(bytes);
        assert_eq!(events(&mut session), [Event::Closed(expected)]);
        session.receive(&request(false, ALL));
        assert_eq!(session.wanted(), Err(Hold::NotOpen));
        assert!(!session.update(&pattern(SIZE)));
    }
}

/// Random messages, whole and torn, with updates in between: no panic, whatever was agreed upon before.
#[test]
fn garbage_after_the_handshake() {
    let mut state = 7_u64;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    // A message's number, the length of its head, and where that tells how many items of what size follow.
    let kinds = [
        (2, 4, Some((3, 4))),
        (3, 10, None),
        (4, 8, None),
        (5, 6, None),
        (6, 8, Some((7, 1))),
        (150, 10, None),
        (248, 9, Some((8, 1))),
        (251, 8, Some((6, 16))),
        (255, 12, None),
        (0, 20, None),
    ];
    let screen = pattern(Size::new(64, 48));
    let all: Vec<i32> = ENCODINGS.iter().map(|encoding| encoding.number).collect();
    let (mut closed, mut updates) = (0, 0);
    for round in 0..1500 {
        let mut session = open_session(screen.size());
        session.receive(&set_encodings(&all[round % all.len()..]));
        for _ in 0..60 {
            let usual = kinds.len() - usize::from(random() % 16 != 0);
            let (kind, length, items) = kinds[random() as usize % usual];
            // Many bytes are nothing, as in lengths and places.
            let mut byte = || random() as u8 & random() as u8 & [0, 0x3f, 0xff][random() as usize % 3];
            let mut bytes: Vec<u8> = (0..length).map(|_| byte()).collect();
            bytes[0] = kind;
            if kind == 255 {
                bytes[1] = 0;
            }
            if let Some((place, size)) = items {
                bytes[2..place].fill(0);
                bytes[place] %= 65;
                bytes.extend((0..usize::from(bytes[place]) * size).map(|_| byte()));
            }
            if random() % 64 == 0 {
                bytes.truncate(random() as usize % bytes.len());
            }
            session.receive(&bytes);
            if random() % 8 != 0 {
                take(&mut session);
            }
            if random() % 4 == 0 {
                session.damage(&Region::from(Rect::new(random() as i32 % 64, 0, 9, 40)));
            }
            while session.update(&screen) {
                updates += 1;
                assert!(!session.transmit().is_empty());
                take(&mut session);
            }
            for event in events(&mut session) {
                match event {
                    Event::Resize(_) => session.answer_resize(ResizeStatus::OutOfResources),
                    Event::Closed(_) => closed += 1,
                    _ => {}
                }
            }
        }
    }
    // It is no test when everything ends at the first byte, or nothing does.
    assert!(closed > 100 && updates > 1000, "{closed} {updates}");
}

/// Pixel formats of any bits: refused with a reason, or served by every encoding.
#[test]
fn any_pixel_format_is_refused_or_served() {
    let mut state = 11_u64;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let screen = pattern(Size::new(70, 20));
    let (mut refused, mut served) = (0, 0);
    while served < 600 {
        let bits = [8, 16, 32, 24][random() as usize % 4];
        let mut channel = || Channel::new((1_u16 << (random() % 9)) - 1, random() as u8 % 33);
        let (red, green, blue) = (channel(), channel(), channel());
        let format = PixelFormat {
            bits_per_pixel: bits,
            depth: random() as u8 % 34,
            big_endian: random() % 2 == 0,
            true_colour: random() % 4 != 0,
            red,
            green,
            blue,
        };
        for encoding in ENCODINGS
            .iter()
            .filter(|encoding| matches!(encoding.role, Role::Pixels(_)))
        {
            let mut session = open_session(screen.size());
            session.receive(&set_pixel_format(&format));
            session.receive(&set_encodings(&[encoding.number]));
            session.receive(&request(false, screen.bounds()));
            if let Some(Event::Closed(error)) = session.poll_event() {
                assert!(matches!(error, Error::PixelFormat(_)), "{error}");
                refused += 1;
                break;
            }
            let mut viewer = Viewer::new(screen.size(), format);
            viewer.update(&mut session, &screen);
            assert_eq!(
                viewer.first_difference(&screen),
                None,
                "{} {format:?}",
                encoding.name
            );
            served += 1;
        }
    }
    assert!(refused > 100, "{refused}");
}

/// Soft shapes, as in a photograph.
fn photo(size: Size) -> Framebuffer {
    let mut screen = Framebuffer::new(size);
    for y in 0..size.height {
        for (pixel, x) in screen.row_mut(y).iter_mut().zip(0..) {
            let shade = |scale: u32| 128 + (x * x / scale + y * 3) % 100;
            *pixel = shade(40) << 16 | shade(57) << 8 | shade(73);
        }
    }
    screen
}

#[test]
fn pictures_that_were_coarse_end_as_they_are() {
    const JPEG_QUALITY_5: i32 = -27;
    let size = Size::new(256, 192);
    let mut screen = photo(size);
    let mut session = open_session(size);
    let mut viewer = Viewer::new(size, PixelFormat::NATIVE);
    let began = start();
    session.at(began);
    session.receive(&set_encodings(&[TIGHT, JPEG_QUALITY_5]));
    session.receive(&request(false, screen.bounds()));
    viewer.update(&mut session, &screen);
    assert!(!viewer.photos.is_empty());
    assert!(viewer.first_difference(&screen).is_some());
    assert_eq!(
        session.poll_timeout(),
        None,
        "nobody waits for a viewer that does not ask"
    );

    session.receive(&request(true, screen.bounds()));
    let quiet = session.poll_timeout().expect("the rest is to follow");
    assert!(quiet > began);
    session.handle_timeout(began);
    assert!(!session.update(&screen), "it is not quiet yet");
    // What changes in between comes first, and coarse again.
    screen.fill(Rect::new(0, 0, 64, 64), 0x00ff_ffff);
    session.damage(&Region::from(Rect::new(0, 0, 64, 64)));
    viewer.update(&mut session, &screen);
    assert!(viewer.first_difference(&screen).is_some());

    session.at(quiet);
    session.receive(&request(true, screen.bounds()));
    for piece in 0.. {
        let Some(due) = session.poll_timeout() else {
            break;
        };
        assert!(piece < 10, "it does not end");
        session.handle_timeout(due);
        viewer.update(&mut session, &screen);
        session.receive(&request(true, screen.bounds()));
    }
    assert_eq!(viewer.first_difference(&screen), None);
    assert!(!session.update(&screen), "all is told");
    assert_eq!(viewer.gradients, 0, "who asked for JPEG may not know them");
}
