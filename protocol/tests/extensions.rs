//! What the rfbproto document adds to RFC 6143, each as the bytes that viewers send and get.
#![allow(missing_docs, clippy::unwrap_used)]

mod viewer;

use std::io::Write;
use std::sync::Arc;

use flate2::write::ZlibEncoder;
use protocol::encoding::Cursor;
use protocol::error::Error;
use protocol::framebuffer::Framebuffer;
use protocol::geometry::{Point, Rect, Size};
use protocol::pacing::{Hold, WINDOW};
use protocol::pixel_format::PixelFormat;
use protocol::region::Region;
use protocol::security::Security;
use protocol::session::{Event, ResizeStatus, Session, Settings};
use viewer::{
    CONTINUOUS_UPDATES, CURSOR, CURSOR_WITH_ALPHA, DESKTOP_NAME, DESKTOP_SIZE, EXTENDED_BUTTONS,
    EXTENDED_CLIPBOARD, EXTENDED_DESKTOP_SIZE, FENCE, LAST_RECT, Message, RAW, Rectangle, SCAN_CODES, Viewer,
    open_session, request, set_encodings, settings, start, take, view_only_session,
};

const SIZE: Size = Size::new(300, 200);
const ALL: Rect = Rect::of_size(SIZE);

fn pattern(size: Size) -> Framebuffer {
    let pixels = (0..size.area() as u32).map(|index| index.wrapping_mul(2_654_435_761) >> 8);
    Framebuffer::from_pixels(size, pixels.collect()).unwrap()
}

/// A session whose viewer lists these encodings, and what the server says to that.
fn listing(encodings: &[i32]) -> (Session, Viewer, Vec<Message>) {
    let mut session = open_session(SIZE);
    let mut viewer = Viewer::new(SIZE, PixelFormat::NATIVE);
    session.receive(&set_encodings(encodings));
    let said = viewer.read(&take(&mut session));
    (session, viewer, said)
}

fn events(session: &mut Session) -> Vec<Event> {
    std::iter::from_fn(|| session.poll_event()).collect()
}

fn kinds(message: &Message) -> Vec<i32> {
    match message {
        Message::Update(rectangles) => rectangles.iter().map(|r| r.encoding).collect(),
        other => panic!("{other:?} is no update"),
    }
}

fn fence(flags: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![248, 0, 0, 0];
    bytes.extend(flags.to_be_bytes());
    bytes.push(payload.len() as u8);
    bytes.extend(payload);
    bytes
}

fn enable_continuous_updates(enable: bool, area: Rect) -> Vec<u8> {
    let mut bytes = vec![150, u8::from(enable)];
    for number in [area.x as u32, area.y as u32, area.width, area.height] {
        bytes.extend((number as u16).to_be_bytes());
    }
    bytes
}

fn set_desktop_size(size: Size, monitors: &[(u32, Rect, u32)]) -> Vec<u8> {
    let mut bytes = vec![251, 0];
    bytes.extend((size.width as u16).to_be_bytes());
    bytes.extend((size.height as u16).to_be_bytes());
    bytes.extend([monitors.len() as u8, 0]);
    for (id, rect, flags) in monitors {
        bytes.extend(id.to_be_bytes());
        for number in [rect.x as u32, rect.y as u32, rect.width, rect.height] {
            bytes.extend((number as u16).to_be_bytes());
        }
        bytes.extend(flags.to_be_bytes());
    }
    bytes
}

fn extended_cut_text(payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![6, 0, 0, 0];
    bytes.extend((-(payload.len() as i32)).to_be_bytes());
    bytes.extend(payload);
    bytes
}

fn deflated(plain: &[u8]) -> Vec<u8> {
    let mut stream = ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    stream.write_all(plain).unwrap();
    stream.finish().unwrap()
}

#[test]
fn fences_are_answered_with_what_they_brought() {
    let (mut session, _, said) = listing(&[RAW, FENCE]);
    assert_eq!(
        said,
        [Message::Fence {
            flags: 1 << 31,
            payload: vec![]
        }]
    );
    session.receive(&set_encodings(&[RAW, FENCE]));
    assert!(session.transmit().is_empty(), "it is told once");
    // All bits set: those that nobody knows are not answered.
    session.receive(&fence(0xffff_ffff, &[5; 64]));
    assert_eq!(take(&mut session), fence(7, &[5; 64]));
    session.receive(&fence(0, b"the answer to one"));
    assert!(session.transmit().is_empty());
}

#[test]
fn answers_never_stand_in_the_middle_of_an_update() {
    let size = Size::new(1280, 1024);
    let screen = pattern(size);
    let mut session = open_session(size);
    let mut viewer = Viewer::new(size, PixelFormat::NATIVE);
    session.receive(&set_encodings(&[RAW, LAST_RECT]));
    session.receive(&request(false, screen.bounds()));
    assert!(session.update(&screen));
    let mut bytes = take(&mut session);
    session.receive(&fence(1 << 31 | 1, b"now?"));
    assert!(session.transmit().is_empty());
    while session.update(&screen) {
        bytes.extend(take(&mut session));
    }
    let messages = viewer.read(&bytes);
    assert!(matches!(
        &messages[..],
        [Message::Update(_), Message::Fence { flags: 1, payload }] if payload == b"now?"
    ));
    assert_eq!(viewer.first_difference(&screen), None);
}

#[test]
fn who_asks_and_never_reads_is_closed() {
    let (mut session, _, _) = listing(&[RAW]);
    let mut sent = 0;
    let closed = loop {
        session.receive(&fence(1 << 31, &[0; 64]));
        sent += 73;
        assert!(sent < 1 << 20, "answers pile up");
        if let Some(event) = session.poll_event() {
            break event;
        }
    };
    assert!(matches!(closed, Event::Closed(Error::TooLong { .. })));
    // One that reads may ask for ever.
    let (mut session, _, _) = listing(&[RAW]);
    for _ in 0..10_000 {
        session.receive(&fence(1 << 31, &[0; 64]));
        take(&mut session);
    }
    assert_eq!(session.poll_event(), None);
}

#[test]
fn continuous_updates_need_no_requests() {
    let (mut session, mut viewer, said) = listing(&[RAW, FENCE, CONTINUOUS_UPDATES]);
    assert_eq!(said.last(), Some(&Message::EndOfContinuousUpdates));
    let mut screen = pattern(SIZE);
    assert_eq!(session.wanted(), Err(Hold::NoRequest));
    session.receive(&enable_continuous_updates(true, Rect::new(0, 0, 200, 200)));
    for round in 0..3 {
        let changed = Rect::new(round, 0, 10, 10);
        screen.fill(changed, round as u32);
        session.damage(&Region::from(changed));
        let messages = viewer.take(&mut session, &screen);
        let [Message::Update(_), Message::Fence { flags, payload }] = &messages[..] else {
            panic!("{messages:?}");
        };
        assert_eq!(*flags, 1 << 31);
        session.receive(&fence(0, payload));
    }
    // Outside of the area nothing comes, not even when it is asked for step by step; a full request brings it.
    let outside = Rect::new(250, 0, 10, 10);
    assert_eq!(session.wanted(), Err(Hold::NothingNew));
    session.receive(&request(true, ALL));
    assert_eq!(session.wanted(), Err(Hold::NothingNew));
    session.receive(&request(false, outside));
    assert_eq!(session.wanted(), Ok(Region::from(outside)));
    viewer.take(&mut session, &screen);

    session.receive(&enable_continuous_updates(false, Rect::default()));
    assert_eq!(
        viewer.take(&mut session, &screen),
        [Message::EndOfContinuousUpdates]
    );
    assert!(!session.is_waiting());
    session.receive(&request(false, ALL));
    viewer.take(&mut session, &screen);
    assert_eq!(viewer.first_difference(&screen), None);
}

/// noVNC asks once, and lets updates come by themselves as soon as it hears that they may.
#[test]
fn a_large_picture_before_continuous_updates_does_not_stop_them() {
    let (mut session, mut viewer, _) = listing(&[RAW, FENCE, CONTINUOUS_UPDATES]);
    let mut screen = pattern(SIZE);
    session.receive(&request(false, ALL));
    let messages = viewer.take(&mut session, &screen);
    assert!(matches!(messages[..], [Message::Update(_)]), "{messages:?}");
    session.receive(&enable_continuous_updates(true, ALL));
    let messages = viewer.take(&mut session, &screen);
    let [Message::Fence { flags, payload }] = &messages[..] else {
        panic!("{messages:?}");
    };
    assert_eq!(*flags, 1 << 31);
    session.receive(&fence(0, payload));
    let changed = Rect::new(9, 9, 10, 10);
    screen.fill(changed, 7);
    session.damage(&Region::from(changed));
    viewer.take(&mut session, &screen);
    assert_eq!(viewer.first_difference(&screen), None);
}

#[test]
fn a_stalled_viewer_costs_nothing_and_loses_nothing() {
    let (mut session, mut viewer, _) = listing(&[RAW, FENCE, CONTINUOUS_UPDATES]);
    let mut screen = pattern(SIZE);
    session.receive(&enable_continuous_updates(true, ALL));
    let mut unanswered = Vec::new();
    let mut bytes = 0;
    // It takes what is sent and answers no fence.
    for round in 0..1000 {
        let changed = Rect::new(round % 200, 0, 100, 100);
        screen.fill(changed, round as u32);
        session.damage(&Region::from(changed));
        if session.wanted() == Err(Hold::InFlight) {
            continue;
        }
        session.update(&screen);
        let sent = take(&mut session);
        bytes += sent.len();
        unanswered.extend(viewer.read(&sent));
    }
    assert!(
        bytes < WINDOW + SIZE.area() * 4 + 1000,
        "{bytes} bytes were sent to nobody"
    );
    assert!(!session.is_waiting(), "nobody needs to watch the screen for it");
    let Some(Message::Fence { payload, .. }) = unanswered.last() else {
        panic!("an update ends with a fence");
    };
    session.receive(&fence(0, payload));
    viewer.take(&mut session, &screen);
    assert_eq!(viewer.first_difference(&screen), None);
}

#[test]
fn small_updates_do_not_wait_for_each_other() {
    let (mut session, mut viewer, _) = listing(&[RAW, FENCE, CONTINUOUS_UPDATES]);
    let mut screen = pattern(SIZE);
    session.receive(&enable_continuous_updates(true, ALL));
    viewer.take(&mut session, &screen);
    // The whole screen is on its way: a letter must wait, unless it is asked for.
    screen.fill(Rect::new(0, 0, 8, 16), 0);
    session.damage(&Region::from(Rect::new(0, 0, 8, 16)));
    assert_eq!(session.wanted(), Err(Hold::InFlight));
    session.receive(&fence(0, &0_u32.to_be_bytes()));
    for _ in 0..50 {
        session.damage(&Region::from(Rect::new(0, 0, 8, 16)));
        assert_eq!(viewer.take(&mut session, &screen).len(), 2);
    }
}

#[test]
fn the_layout_is_told_when_it_is_asked_for_and_before_any_pixels() {
    let screen = pattern(SIZE);
    let (mut session, mut viewer, _) = listing(&[RAW, DESKTOP_SIZE, EXTENDED_DESKTOP_SIZE]);
    session.receive(&request(false, ALL));
    let messages = viewer.take(&mut session, &screen);
    assert_eq!(kinds(&messages[0]), [EXTENDED_DESKTOP_SIZE]);
    assert_eq!(kinds(&messages[1]), [RAW], "the same request brings the pixels");
    assert_eq!(viewer.layouts, [(Rect::new(0, 0, 300, 200), 0, 0)]);

    // A screen that changes by itself: the extended form alone, and pixels when they are asked for anew.
    let wide = pattern(Size::new(400, 100));
    session.receive(&request(true, ALL));
    session.resized(wide.size());
    let messages = viewer.take(&mut session, &wide);
    assert_eq!(messages.len(), 1);
    assert_eq!(kinds(&messages[0]), [EXTENDED_DESKTOP_SIZE]);
    session.receive(&request(true, wide.bounds()));
    viewer.take(&mut session, &wide);
    assert_eq!(viewer.first_difference(&wide), None);
}

#[test]
fn wishes_for_another_screen_are_answered_in_their_order() {
    let screen = pattern(SIZE);
    let (mut session, mut viewer, _) = listing(&[RAW, EXTENDED_DESKTOP_SIZE]);
    session.receive(&request(false, ALL));
    viewer.take(&mut session, &screen);
    viewer.layouts.clear();

    let (small, large) = (Size::new(100, 80), Size::new(4000, 3000));
    let whole = |size| [(9, Rect::of_size(size), 5)];
    session.receive(&set_desktop_size(large, &whole(large)));
    // Two monitors; none; one that is not the screen; an empty screen; screens larger than any.
    session.receive(&set_desktop_size(
        small,
        &[(1, Rect::new(0, 0, 50, 80), 0), (2, Rect::new(50, 0, 50, 80), 0)],
    ));
    session.receive(&set_desktop_size(small, &[]));
    session.receive(&set_desktop_size(small, &whole(large)));
    session.receive(&set_desktop_size(Size::new(0, 5), &whole(Size::new(0, 5))));
    for huge in [Size::new(7681, 100), Size::new(100, 4321)] {
        session.receive(&set_desktop_size(huge, &whole(huge)));
    }
    session.receive(&set_desktop_size(small, &whole(small)));
    assert_eq!(events(&mut session), [Event::Resize(large), Event::Resize(small)]);
    session.receive(&request(true, ALL));
    assert_eq!(
        session.wanted(),
        Err(Hold::NothingNew),
        "the first has no answer yet"
    );
    session.answer_resize(ResizeStatus::OutOfResources);
    session.resized(small);
    session.answer_resize(ResizeStatus::Done);
    // Nobody asked: it is nobody's answer.
    session.answer_resize(ResizeStatus::Done);
    let now = pattern(small);
    viewer.take(&mut session, &now);
    let reasons: Vec<_> = viewer.layouts.iter().map(|(rect, ..)| (rect.x, rect.y)).collect();
    assert_eq!(reasons[0], (1, 2));
    assert_eq!(reasons[1..7], [(1, 3); 6]);
    assert_eq!(reasons[7..], [(1, 0)]);
    assert_eq!(
        viewer.layouts[7],
        (Rect::new(1, 0, 100, 80), 9, 5),
        "what was wished, as it was wished"
    );
    session.receive(&request(true, now.bounds()));
    viewer.take(&mut session, &now);
    assert_eq!(viewer.first_difference(&now), None);
}

#[test]
fn a_screen_of_one_size_refuses_wishes_at_once() {
    let fixed = Settings {
        resizable: false,
        ..settings(Security::none())
    };
    let mut session = Session::new(fixed, [0; 16], SIZE, start());
    session.receive(b"RFB 003.008\n\x01\x01");
    take(&mut session);
    events(&mut session);
    let mut only_looks = view_only_session(SIZE);
    for session in [&mut session, &mut only_looks] {
        let mut viewer = Viewer::new(SIZE, PixelFormat::NATIVE);
        session.receive(&set_encodings(&[RAW, EXTENDED_DESKTOP_SIZE]));
        let size = Size::new(100, 80);
        session.receive(&set_desktop_size(size, &[(0, Rect::of_size(size), 0)]));
        assert_eq!(session.poll_event(), None);
        session.receive(&request(true, ALL));
        viewer.take(session, &pattern(SIZE));
        assert_eq!(viewer.layouts, [(Rect::new(1, 1, 300, 200), 0, 0)]);
        for _ in 0..17 {
            session.receive(&set_desktop_size(size, &[]));
        }
        assert!(matches!(
            session.poll_event(),
            Some(Event::Closed(Error::TooLong { limit: 16, .. }))
        ));
    }
}

#[test]
fn the_name_changes_for_those_who_can_show_it() {
    let screen = pattern(SIZE);
    let (mut session, mut viewer, _) = listing(&[RAW, DESKTOP_NAME]);
    session.receive(&request(true, Rect::new(0, 0, 1, 1)));
    viewer.take(&mut session, &screen);
    session.receive(&request(true, Rect::new(0, 0, 1, 1)));
    assert_eq!(session.wanted(), Err(Hold::NothingNew));
    session.renamed("gatehand: waiting for IB Key ✓");
    let messages = viewer.take(&mut session, &screen);
    assert_eq!(kinds(&messages[0]), [DESKTOP_NAME]);
    assert_eq!(viewer.name, "gatehand: waiting for IB Key ✓");

    let (mut session, mut viewer, _) = listing(&[RAW]);
    session.renamed("other");
    session.receive(&request(true, ALL));
    assert_eq!(kinds(&viewer.take(&mut session, &screen)[0]), [RAW]);
    // Before the screen is told, the new name is the only one.
    let mut session = Session::new(settings(Security::none()), [0; 16], SIZE, start());
    session.renamed("third");
    session.receive(b"RFB 003.008\n\x01\x01");
    assert!(take(&mut session).ends_with(b"\0\0\0\x05third"));
}

#[test]
fn the_pointer_comes_with_its_alpha_where_it_can() {
    let screen = pattern(SIZE);
    let (mut session, mut viewer, _) = listing(&[RAW, CURSOR, CURSOR_WITH_ALPHA]);
    let picture = vec![0xff11_2233, 0x4010_2030];
    let cursor = Cursor::new(Size::new(2, 1), Point::new(1, 0), picture).unwrap();
    session.cursor_changed(Arc::new(cursor));
    session.receive(&request(true, ALL));
    let messages = viewer.take(&mut session, &screen);
    assert_eq!(kinds(&messages[0])[0], CURSOR_WITH_ALPHA);
    assert!(!kinds(&messages[0]).contains(&CURSOR));
    let (rect, pixels, _) = viewer.cursor.unwrap();
    assert_eq!(rect, Rect::new(1, 0, 2, 1));
    assert_eq!(pixels, [0x1122_33ff, 0x1020_3040]);
}

#[test]
fn keys_bring_their_scan_codes_once_they_may() {
    let screen = pattern(SIZE);
    let (mut session, mut viewer, _) = listing(&[RAW, SCAN_CODES]);
    session.receive(&request(true, ALL));
    let Message::Update(rectangles) = &viewer.take(&mut session, &screen)[0] else {
        panic!("an update was expected");
    };
    let confirmation = Rectangle {
        rect: Rect::default(),
        encoding: SCAN_CODES,
        bytes: 0,
    };
    assert_eq!(rectangles[0], confirmation);
    session.receive(&request(false, ALL));
    let again = viewer.take(&mut session, &screen);
    assert!(!kinds(&again[0]).contains(&SCAN_CODES), "it is told once");

    // Shift and A go down; Shift comes up first, so that the letter is another one when its key comes up.
    session.receive(&[255, 0, 0, 1, 0, 0, 0xff, 0xe1, 0, 0, 0, 0x2a]);
    session.receive(&[255, 0, 0, 1, 0, 0, 0, 0x41, 0, 0, 0, 0x1e]);
    session.receive(&[255, 0, 0, 0, 0, 0, 0xff, 0xe1, 0, 0, 0, 0x2a]);
    session.receive(&[255, 0, 0, 0, 0, 0, 0, 0x61, 0, 0, 0, 0x1e]);
    let key = |down, keysym, code| Event::Key {
        down,
        keysym,
        scan_code: Some(code),
    };
    let expected = [
        key(true, 0xffe1, 0x2a),
        key(true, 0x41, 0x1e),
        key(false, 0xffe1, 0x2a),
        key(false, 0x41, 0x1e),
    ];
    assert_eq!(events(&mut session), expected);
}

#[test]
fn the_ninth_button_once_it_may_be_pressed() {
    let screen = pattern(SIZE);
    let (mut session, mut viewer, _) = listing(&[RAW, EXTENDED_BUTTONS]);
    // Not told yet: bit 7 is the eighth button, and nothing follows.
    session.receive(&[5, 0x80, 0, 1, 0, 2]);
    session.receive(&request(true, ALL));
    let messages = viewer.take(&mut session, &screen);
    assert_eq!(kinds(&messages[0])[0], EXTENDED_BUTTONS);
    session.receive(&[5, 0x81, 0, 1, 0, 2, 0x02]);
    session.receive(&[5, 0x01, 0, 1, 0, 2]);
    let pointer = |buttons| Event::Pointer {
        at: Point::new(1, 2),
        buttons,
    };
    assert_eq!(
        events(&mut session),
        [pointer(0x80), pointer(0x101), pointer(0x01)]
    );
}

#[test]
fn the_viewers_text_comes_in_unicode() {
    let (mut session, _, said) = listing(&[RAW, EXTENDED_CLIPBOARD]);
    // Text only, every action, and at most 1000 bytes without being asked.
    let caps = [0x1f, 0, 0, 1, 0, 0, 0x03, 0xe8].to_vec();
    assert_eq!(said, [Message::ExtendedCutText(caps)]);
    let caps = [0x1f, 0, 0, 1, 0, 0, 0, 0];
    session.receive(&extended_cut_text(&caps));
    // It has something: text, RTF, HTML. The text is asked for.
    session.receive(&extended_cut_text(&[0x08, 0, 0, 7]));
    assert_eq!(
        take(&mut session),
        [3, 0, 0, 0, 0xff, 0xff, 0xff, 0xfc, 2, 0, 0, 1]
    );
    let text = "grüße €\r\nб\0".as_bytes();
    let mut plain = (text.len() as u32).to_be_bytes().to_vec();
    plain.extend(text);
    plain.extend([0, 0, 0, 3, b'R', b'T', b'F']);
    let mut provide = vec![0x10, 0, 0, 3];
    provide.extend(deflated(&plain));
    session.receive(&extended_cut_text(&provide));
    assert_eq!(events(&mut session), [Event::CutText("grüße €\nб".into())]);
    assert!(session.transmit().is_empty());

    session.receive(&extended_cut_text(&[0x10, 0, 0, 1, 1, 2, 3]));
    assert!(matches!(
        session.poll_event(),
        Some(Event::Closed(Error::Clipboard(_)))
    ));
}

#[test]
fn the_screens_text_goes_to_who_asks_for_it() {
    let (mut session, mut viewer, _) = listing(&[RAW, EXTENDED_CLIPBOARD]);
    session.receive(&extended_cut_text(&[4, 0, 0, 0]));
    let nothing = Message::ExtendedCutText(vec![8, 0, 0, 0]);
    assert_eq!(viewer.read(&take(&mut session)), [nothing]);
    session.text_changed("zwölf €\nб");
    let something = Message::ExtendedCutText(vec![8, 0, 0, 1]);
    assert_eq!(viewer.read(&take(&mut session)), [something]);
    session.receive(&extended_cut_text(&[2, 0, 0, 1]));
    let messages = viewer.read(&take(&mut session));
    let [Message::ExtendedCutText(provide)] = &messages[..] else {
        panic!("{messages:?}");
    };
    assert_eq!(provide[..4], [0x10, 0, 0, 1]);
    let mut plain = Vec::new();
    let mut stream = flate2::read::ZlibDecoder::new(&provide[4..]);
    std::io::Read::read_to_end(&mut stream, &mut plain).unwrap();
    let text = "zwölf €\r\nб\0".as_bytes();
    assert_eq!(plain[..4], (text.len() as u32).to_be_bytes());
    assert_eq!(&plain[4..], text);
}

#[test]
fn the_screens_text_for_viewers_of_old() {
    let (mut session, mut viewer, _) = listing(&[RAW]);
    session.text_changed("grüße €");
    let text = Message::CutText(b"gr\xfc\xdfe ?".to_vec());
    assert_eq!(viewer.read(&take(&mut session)), [text]);
    session.text_changed(&"x".repeat(1001));
    assert!(session.transmit().is_empty(), "too long");
}

#[test]
fn a_viewer_that_only_looks_has_no_clipboard() {
    let mut session = view_only_session(SIZE);
    session.receive(&set_encodings(&[RAW, EXTENDED_CLIPBOARD]));
    session.text_changed("secret");
    session.receive(&extended_cut_text(&[2, 0, 0, 1]));
    session.receive(&[255, 0, 0, 1, 0, 0, 0, 0x41, 0, 0, 0, 0x1e]);
    assert!(session.transmit().is_empty());
    assert_eq!(session.poll_event(), None);
}
