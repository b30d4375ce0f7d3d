//! Texts between viewers and programs, by xclip and Tk as programs: both selections, both ways, whole and in parts.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::process::{Child, Stdio};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use gatehand::screen::{Rect, Size};
use gatehand::vnc::Gate;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, InputFocus, MapState, PropMode,
    Property, SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent,
};
use x11rb::wrapper::ConnectionExt as _;

use crate::common::{TestDisplay, wait_for};
use crate::painter::Painter;
use crate::program::Program;
use crate::raw_client::RawClient;
use crate::server::{PASSWORD, VIEW_ONLY, VncServer};

const SIZE: Size = Size::new(64, 48);
/// The longest text that passes.
const LONGEST: usize = 1 << 20;
/// Not in any eight-bit alphabet.
const TEXT: &str = "zwölf Euro: 12 €\nдва\n";

const TEXT_FORMAT: u32 = 1;
const REQUEST: u32 = 1 << 25;
const NOTIFY: u32 = 1 << 27;
const PROVIDE: u32 = 1 << 28;

/// A viewer that does nothing but copy and paste.
struct Viewer {
    client: RawClient,
    extended: bool,
    /// What came before its picture.
    early: VecDeque<(i32, Vec<u8>)>,
}

impl Viewer {
    fn connect(server: &VncServer, password: &str, extended: bool) -> Self {
        let mut client = RawClient::connect(server.address);
        client.authenticate(password).unwrap();
        client.initialise();
        if extended {
            client.send(&[2, 0, 0, 1]);
            client.send(&0xc0a1_e5ce_u32.to_be_bytes());
        }
        client.request(false);
        let mut viewer = Self {
            client,
            extended,
            early: VecDeque::new(),
        };
        let mut early = VecDeque::new();
        while let Some(message) = viewer.message() {
            early.push_back(message);
        }
        viewer.early = early;
        viewer
    }

    /// The next message: `None` for an update, which is answered with the request for the next one.
    fn message(&mut self) -> Option<(i32, Vec<u8>)> {
        if let Some(early) = self.early.pop_front() {
            return Some(early);
        }
        match self.client.read() {
            [0] => {
                self.client.rest_of_raw_update();
                self.client.request(true);
                None
            }
            [3] => {
                self.client.read::<3>();
                let length = i32::from_be_bytes(self.client.read());
                let mut payload = vec![0; length.unsigned_abs() as usize];
                self.client.0.read_exact(&mut payload).unwrap();
                Some((length, payload))
            }
            [other] => panic!("message {other}"),
        }
    }

    /// The next text that the server has.
    fn paste(&mut self) -> String {
        loop {
            let Some((length, payload)) = self.message() else {
                continue;
            };
            if !self.extended {
                assert!(length >= 0);
                return payload.into_iter().map(char::from).collect();
            }
            let (flags, rest) = payload.split_first_chunk().unwrap();
            match u32::from_be_bytes(*flags) {
                flags if flags == NOTIFY | TEXT_FORMAT => self.send_extended(REQUEST | TEXT_FORMAT, &[]),
                flags if flags == PROVIDE | TEXT_FORMAT => {
                    let mut plain = Vec::new();
                    ZlibDecoder::new(rest).read_to_end(&mut plain).unwrap();
                    let text = String::from_utf8(plain[4..].to_vec()).unwrap();
                    return text.strip_suffix('\0').unwrap().replace("\r\n", "\n");
                }
                _ => {}
            }
        }
    }

    fn copy(&mut self, text: &str) {
        if self.extended {
            self.send_extended(NOTIFY | TEXT_FORMAT, &[]);
            while self
                .message()
                .is_none_or(|(_, payload)| payload != (REQUEST | TEXT_FORMAT).to_be_bytes())
            {}
            let mut compressed = ZlibEncoder::new(Vec::new(), Compression::fast());
            let text = [text.as_bytes(), b"\0"].concat();
            compressed.write_all(&(text.len() as u32).to_be_bytes()).unwrap();
            compressed.write_all(&text).unwrap();
            self.send_extended(PROVIDE | TEXT_FORMAT, &compressed.finish().unwrap());
        } else {
            self.client.send(&[6, 0, 0, 0]);
            self.client.send(&(text.len() as u32).to_be_bytes());
            self.client.send(text.as_bytes());
        }
    }

    fn send_extended(&mut self, flags: u32, payload: &[u8]) {
        self.client.send(&[6, 0, 0, 0]);
        self.client.send(&(-4 - payload.len() as i32).to_be_bytes());
        self.client.send(&flags.to_be_bytes());
        self.client.send(payload);
    }
}

/// Copies a text in a program. xclip goes on in the background to hand it out.
pub(crate) fn copy(display: &TestDisplay, selection: &str, text: &str) {
    let mut xclip = xclip(display, &["-i", "-selection", selection]);
    xclip.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(xclip.wait().unwrap().success());
}

fn xclip(display: &TestDisplay, arguments: &[&str]) -> Child {
    display
        .command("xclip")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("xclip is missing: run `scripts/setup.sh test`")
}

/// What a program pastes; `None` when there is nothing.
fn paste(display: &TestDisplay, selection: &str, target: &str) -> Option<Vec<u8>> {
    let xclip = xclip(display, &["-o", "-selection", selection, "-t", target]);
    let output = xclip.wait_with_output().unwrap();
    output.status.success().then_some(output.stdout)
}

/// Waits until this is what programs paste.
pub(crate) fn wait_to_paste(display: &TestDisplay, selection: &str, text: &str) {
    wait_for(selection, || {
        (paste(display, selection, "UTF8_STRING")? == text.as_bytes()).then_some(())
    });
}

fn long_text(length: usize) -> String {
    let mut text: String = (0..)
        .map(|line| format!("{line} ÷\n"))
        .take(length / 4)
        .collect::<String>();
    let end = (0..=length)
        .rev()
        .find(|&end| text.is_char_boundary(end))
        .unwrap();
    text.truncate(end);
    text + &"x".repeat(length - end)
}

fn serve(display: &TestDisplay) -> VncServer {
    VncServer::start_with(display, |settings| settings.cut_text_limit = 2 * LONGEST)
}

#[test]
fn what_programs_select_or_copy_reaches_viewers() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let server = serve(&display);
    let mut viewer = Viewer::connect(&server, PASSWORD, true);
    let mut old = Viewer::connect(&server, PASSWORD, false);
    for (selection, text) in [("clipboard", TEXT), ("primary", "déjà"), ("clipboard", "third")] {
        copy(&display, selection, text);
        assert_eq!(viewer.paste(), text);
        let latin_1 = |c: char| if u32::from(c) < 256 { c } else { '?' };
        assert_eq!(old.paste(), text.chars().map(latin_1).collect::<String>());
    }
    let mut late = Viewer::connect(&server, PASSWORD, true);
    assert_eq!(late.paste(), "third", "one that comes later");
}

#[test]
fn what_viewers_copy_is_in_both_selections() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let server = serve(&display);
    let mut viewer = Viewer::connect(&server, PASSWORD, true);
    let mut old = Viewer::connect(&server, PASSWORD, false);
    viewer.copy(TEXT);
    for selection in ["clipboard", "primary"] {
        wait_to_paste(&display, selection, TEXT);
        let latin_1 = b"zw\xf6lf Euro: 12 ?\n???\n".to_vec();
        assert_eq!(paste(&display, selection, "STRING"), Some(latin_1));
        let targets = paste(&display, selection, "TARGETS").unwrap();
        assert_eq!(targets, b"TARGETS\nTIMESTAMP\nUTF8_STRING\nSTRING\nTEXT\n");
        assert_eq!(paste(&display, selection, "image/png"), None);
    }
    old.copy("plain");
    wait_to_paste(&display, "clipboard", "plain");
    // A program takes one of them, and the other stays.
    copy(&display, "primary", "mine");
    assert_eq!(viewer.paste(), "mine");
    assert_eq!(
        paste(&display, "clipboard", "UTF8_STRING"),
        Some(b"plain".to_vec())
    );
    // With the last viewer goes what it copied.
    drop((viewer, old));
    wait_for("an empty clipboard", || {
        paste(&display, "clipboard", "UTF8_STRING")
            .is_none()
            .then_some(())
    });
    assert_eq!(paste(&display, "primary", "UTF8_STRING"), Some(b"mine".to_vec()));
}

#[test]
fn long_texts_go_in_parts_both_ways() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let server = serve(&display);
    let mut viewer = Viewer::connect(&server, PASSWORD, true);
    let text = long_text(LONGEST);
    copy(&display, "clipboard", &text);
    assert!(viewer.paste() == text, "in xclip's parts");

    // Tk gives 4000 bytes at a time.
    let script = "import sys, tkinter\n\
        root = tkinter.Tk()\n\
        root.clipboard_clear()\n\
        root.clipboard_append(sys.stdin.read())\n\
        root.mainloop()\n";
    let mut tk = display
        .command("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let text = long_text(200_000);
    tk.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(viewer.paste() == text, "in Tk's parts");
    tk.kill().unwrap();
    tk.wait().unwrap();

    let text = long_text(LONGEST - 1) + "y";
    viewer.copy(&text);
    // Several at once, each at its own pace.
    wait_to_paste(&display, "clipboard", &text);
    let programs: Vec<Child> = (0..4)
        .map(|_| xclip(&display, &["-o", "-selection", "primary", "-t", "UTF8_STRING"]))
        .collect();
    for program in programs {
        assert!(program.wait_with_output().unwrap().stdout == text.as_bytes());
    }
}

/// A program that owns PRIMARY and answers as it likes.
struct Owner {
    painter: Painter,
    window: u32,
}

impl Owner {
    fn new(display: &TestDisplay) -> Self {
        let painter = Painter::connect(display);
        let window = painter.create("owner", Rect::new(0, 0, 9, 9), 0).0;
        Self { painter, window }
    }

    /// Owns it anew, and waits to be asked.
    fn asked(&self) -> SelectionRequestEvent {
        self.own();
        loop {
            if let Event::SelectionRequest(request) = self.painter.connection.wait_for_event().unwrap() {
                return request;
            }
        }
    }

    fn own(&self) {
        let wire = &self.painter.connection;
        wire.set_selection_owner(self.window, AtomEnum::PRIMARY.into(), x11rb::CURRENT_TIME)
            .unwrap();
        wire.flush().unwrap();
    }

    fn atom(&self, name: &str) -> Atom {
        let wire = &self.painter.connection;
        wire.intern_atom(false, name.as_bytes())
            .unwrap()
            .reply()
            .unwrap()
            .atom
    }

    fn answer(&self, request: &SelectionRequestEvent, property: Atom) {
        let notice = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: request.requestor,
            selection: request.selection,
            target: request.target,
            property,
        };
        let wire = &self.painter.connection;
        wire.send_event(false, request.requestor, EventMask::NO_EVENT, notice)
            .unwrap();
        wire.flush().unwrap();
    }

    fn put(&self, request: &SelectionRequestEvent, mode: PropMode, kind: Atom, bytes: &[u8]) {
        let wire = &self.painter.connection;
        wire.change_property8(mode, request.requestor, request.property, kind, bytes)
            .unwrap();
        wire.flush().unwrap();
    }
}

#[test]
fn an_owner_that_is_silent_wrong_or_endless_costs_little() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let server = serve(&display);
    // Every text comes as it is, not only the last one.
    let mut viewer = Viewer::connect(&server, PASSWORD, false);
    let mut expect_next = |text: &str| {
        copy(&display, "clipboard", text);
        assert_eq!(viewer.paste(), text);
        copy(&display, "primary", &text.to_uppercase());
        assert_eq!(viewer.paste(), text.to_uppercase());
    };
    let owner = Owner::new(&display);
    let (utf_8, incr) = (owner.atom("UTF8_STRING"), owner.atom("INCR"));

    owner.asked();
    expect_next("after silence");

    // A kind that nobody asked for.
    let request = owner.asked();
    owner.put(
        &request,
        PropMode::REPLACE,
        AtomEnum::INTEGER.into(),
        b"wrong kind",
    );
    owner.answer(&request, request.property);
    // An answer to a question of another time.
    let request = owner.asked();
    owner.put(&request, PropMode::REPLACE, utf_8, b"wrong time");
    let early = SelectionRequestEvent {
        time: request.time.wrapping_sub(1),
        ..request
    };
    owner.answer(&early, request.property);
    // An answer in a property that was not named.
    let request = owner.asked();
    owner.answer(&request, utf_8);
    // Numbers instead of bytes.
    let request = owner.asked();
    let wire = &owner.painter.connection;
    wire.change_property32(
        PropMode::REPLACE,
        request.requestor,
        request.property,
        utf_8,
        &[1, 2],
    )
    .unwrap();
    owner.answer(&request, request.property);
    expect_next("after wrong answers");

    // One value that is longer than any text may be.
    let request = owner.asked();
    for _ in 0..4 {
        owner.put(&request, PropMode::APPEND, utf_8, &vec![b'x'; LONGEST / 2]);
    }
    owner.answer(&request, request.property);
    expect_next("after too much at once");

    // Parts without an end: no more are taken than a text may be long.
    let request = owner.asked();
    let watch = ChangeWindowAttributesAux::new().event_mask(EventMask::PROPERTY_CHANGE);
    wire.change_window_attributes(request.requestor, &watch).unwrap();
    wire.change_property32(
        PropMode::REPLACE,
        request.requestor,
        request.property,
        incr,
        &[1 << 30],
    )
    .unwrap();
    owner.answer(&request, request.property);
    let taken = || loop {
        if let Event::PropertyNotify(change) = wire.wait_for_event().unwrap()
            && change.atom == request.property
            && change.state == Property::DELETE
        {
            return;
        }
    };
    taken();
    let part = vec![b'x'; 64 << 10];
    for _ in 0..LONGEST / part.len() {
        owner.put(&request, PropMode::REPLACE, utf_8, &part);
        taken();
    }
    owner.put(&request, PropMode::REPLACE, utf_8, b"one too many");
    taken();
    owner.put(&request, PropMode::REPLACE, utf_8, &part);
    expect_next("after an endless text");
    let left = wire
        .get_property(false, request.requestor, request.property, AtomEnum::ANY, 0, 0)
        .unwrap()
        .reply()
        .unwrap();
    assert_eq!(left.bytes_after, 0, "the next question has emptied it");
}

#[test]
fn no_text_passes_while_the_agent_acts_and_what_is_typed_waits() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let program = Program::start(&display, Rect::new(0, 0, 30, 30));
    let gate = Gate::default();
    let server = VncServer::start_behind(&gate, &display, |_| {});
    let mut viewer = Viewer::connect(&server, PASSWORD, true);
    let key = |down: u8, symbol: u8| [4, down, 0, 0, 0, 0, 0, symbol];

    gate.act();
    for selection in ["primary", "clipboard"] {
        copy(&display, selection, "a secret of the agent's");
    }
    viewer.copy("from the viewer");
    for symbol in *b"ab" {
        viewer.client.send(&key(1, symbol));
        viewer.client.send(&key(0, symbol));
    }
    // An answer to what was sent after them means that they were read.
    viewer.client.send(&[3, 0, 0, 0, 0, 0, 0, 1, 0, 1]);
    while viewer.message().is_some() {}
    for selection in ["primary", "clipboard"] {
        let found = paste(&display, selection, "UTF8_STRING");
        assert_eq!(found.as_deref(), Some(&b"a secret of the agent's"[..]));
    }
    let mut hands = gatehand::x11::Screen::connect(&display.address).unwrap();
    hands.key(u32::from('1'), true).unwrap();
    assert_eq!(program.next(), "+1", "nothing was typed before it");
    hands.key(u32::from('1'), false).unwrap();
    assert_eq!(program.next(), "-1");

    gate.open();
    assert_eq!(program.typed(2), "ab");
    for selection in ["primary", "clipboard"] {
        wait_to_paste(&display, selection, "from the viewer");
    }
    copy(&display, "primary", "after the agent");
    assert_eq!(viewer.paste(), "after the agent");
}

#[test]
fn a_viewer_that_may_only_look_has_no_part_in_it() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let server = serve(&display);
    let mut looking = Viewer::connect(&server, VIEW_ONLY, false);
    let mut viewer = Viewer::connect(&server, PASSWORD, true);
    copy(&display, "clipboard", "not for everybody");
    assert_eq!(viewer.paste(), "not for everybody");
    looking.copy("from one who may only look");
    // Answered after it was read; nothing but updates has come.
    looking.client.request(false);
    assert_eq!(looking.message(), None);
    viewer.copy("from the other");
    wait_to_paste(&display, "clipboard", "from the other");
}

/// TigerVNC's viewer has a clipboard of its own: that of the display it is shown on.
#[test]
fn tigervncs_viewer_joins_two_clipboards() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let server = serve(&display);
    let desk = TestDisplay::start(200, 200);
    let eye = Painter::connect(&desk);
    let _running = crate::tigervnc::start_viewer(server.address, &desk, &[]);
    let window = wait_for("the viewer's window", || {
        let children = eye
            .connection
            .query_tree(eye.root)
            .unwrap()
            .reply()
            .unwrap()
            .children;
        let shows = |window: &u32| {
            let attributes = eye.connection.get_window_attributes(*window).unwrap().reply();
            attributes.is_ok_and(|attributes| attributes.map_state == MapState::VIEWABLE)
        };
        children.into_iter().find(shows)
    });
    copy(&desk, "clipboard", TEXT);
    wait_for("the text on the served display", || {
        // It looks at its clipboard when it gets the focus.
        for focus in [x11rb::NONE, window] {
            let _ = eye
                .connection
                .set_input_focus(InputFocus::POINTER_ROOT, focus, x11rb::CURRENT_TIME);
        }
        eye.sync();
        (paste(&display, "clipboard", "UTF8_STRING")? == TEXT.as_bytes()).then_some(())
    });
    copy(&display, "clipboard", "back: 12 €");
    wait_to_paste(&desk, "clipboard", "back: 12 €");
}
