//! What is typed at viewers, as programs understand it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc;

use gatehand::screen::{Rect, Size};
use x11rb::protocol::xproto::{AutoRepeatMode, ConnectionExt as _};

use crate::common::{PATIENCE, TestDisplay, wait_for};
use crate::painter::Painter;
use crate::program::Program;
use crate::raw_client::RawClient;
use crate::server::{PASSWORD, VncServer};

const SIZE: Size = Size::new(320, 240);

/// A field of Tk's, which composes characters by the X input method.
const FIELD: &str = "import tkinter
root = tkinter.Tk()
text = tkinter.StringVar()
text.trace_add('write', lambda *_: print(text.get(), flush=True))
field = tkinter.Entry(root, textvariable=text)
field.pack()
field.bind('<FocusIn>', lambda _: print('focus', flush=True))
root.update()
field.focus_force()
root.mainloop()
";

/// A program of Xlib alone: what it makes of each key that is pressed.
const LOOK_UP: &str = "import ctypes
from ctypes import byref, c_int, c_long, c_ulong, c_void_p
x = ctypes.CDLL('libX11.so.6')
for name in ['XOpenDisplay', 'XCreateSimpleWindow', 'XDefaultRootWindow']:
    getattr(x, name).restype = c_void_p
display = c_void_p(x.XOpenDisplay(None))
root = c_ulong(x.XDefaultRootWindow(display))
window = c_ulong(x.XCreateSimpleWindow(display, root, 0, 0, 100, 100, 0, c_ulong(0), c_ulong(0)))
KEYS, EXPOSURE, KEY_PRESS, EXPOSE = 1 << 0, 1 << 15, 2, 12
x.XSelectInput(display, window, c_long(KEYS | EXPOSURE))
x.XMapWindow(display, window)
event, symbol, text = (c_long * 24)(), c_ulong(), ctypes.create_string_buffer(32)
while True:
    x.XNextEvent(display, byref(event))
    kind = ctypes.cast(event, ctypes.POINTER(c_int))[0]
    if kind == EXPOSE:
        x.XSetInputFocus(display, window, 1, c_ulong(0))
        x.XSync(display, 0)
        print('focus', flush=True)
    if kind == KEY_PRESS:
        x.XLookupString(byref(event), text, 32, byref(symbol), None)
        print('%x' % symbol.value, flush=True)
";

struct Field(Child);

impl Field {
    /// The program, and what it prints once it has the focus.
    fn start(display: &TestDisplay, program: &str) -> (Self, mpsc::Receiver<String>) {
        let mut field = display.command("python3");
        field
            .args(["-c", program])
            .env("LC_ALL", "C.UTF-8")
            .stdout(Stdio::piped());
        let mut field = Self(field.spawn().unwrap());
        let mut lines = BufReader::new(field.0.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "focus");
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| tell.send(line)));
        (field, told)
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A viewer that types an x, and when that has arrived these, each pressed and released, as fast as it can.
fn type_symbols(server: &VncServer, told: &mpsc::Receiver<String>, symbols: &[u32]) -> RawClient {
    let mut client = RawClient::connect(server.address);
    client.authenticate(PASSWORD).unwrap();
    client.initialise();
    let mut type_all = |symbols: &[u32]| {
        let keys = symbols.iter().flat_map(|symbol| [(1, symbol), (0, symbol)]);
        let messages = keys.map(|(down, symbol)| [&[4, down, 0, 0], &symbol.to_be_bytes()[..]].concat());
        client.send(&messages.collect::<Vec<_>>().concat());
    };
    // Programs look at the keyboard's map when the first key is pressed, and miss what changes while they do.
    type_all(&[u32::from(b'x')]);
    told.recv_timeout(PATIENCE).unwrap();
    type_all(symbols);
    client
}

#[test]
fn dead_keys_and_their_letters_become_one_character() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let server = VncServer::start(&display);
    let (_field, told) = Field::start(&display, FIELD);
    // Acute and e, circumflex and i, diaeresis and y, and one that comes composed.
    let symbols = [0xfe51, 0x65, 0xfe52, 0x69, 0xfe57, 0x79, 0x0100_0101];
    let _client = type_symbols(&server, &told, &symbols);
    let mut typed = String::new();
    while typed.chars().count() < 5 {
        typed = told
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|_| panic!("the field stays at {typed:?}"));
    }
    assert_eq!(typed, "xéîÿā");
}

#[test]
fn letters_that_no_key_has_arrive_however_fast_they_come() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let server = VncServer::start(&display);
    let (_field, told) = Field::start(&display, LOOK_UP);
    let letters: Vec<u32> = (0x0100_0101..0x0100_0111).collect();
    let _client = type_symbols(&server, &told, &letters);
    let typed: Vec<u32> = (letters.iter())
        .map(|_| u32::from_str_radix(&told.recv_timeout(PATIENCE).unwrap(), 16).unwrap())
        .collect();
    assert_eq!(typed, letters);
}

#[test]
fn a_key_repeats_as_its_viewer_says_and_not_by_itself() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let program = Program::start(&display, Rect::new(10, 10, 200, 200));
    let painter = Painter::connect(&display);
    let repeats = || {
        let control = painter.connection.get_keyboard_control().unwrap();
        control.reply().unwrap().global_auto_repeat == AutoRepeatMode::ON
    };
    assert!(repeats(), "as X servers do");
    let server = VncServer::start(&display);
    let mut client = RawClient::connect(server.address);
    client.authenticate(PASSWORD).unwrap();
    client.initialise();
    let (shift, a) = (0xffe1_u32, u32::from(b'A'));
    let mut key =
        |down: u8, symbol: u32| client.send(&[&[4, down, 0, 0], &symbol.to_be_bytes()[..]].concat());
    for (down, symbol) in [(1, shift), (1, shift), (1, a), (1, a)] {
        key(down, symbol);
    }
    let heard: Vec<String> = (0..4).map(|_| program.next()).collect();
    assert_eq!(heard, ["+0xffe1", "+A", "-A", "+A"]);
    wait_for("no repetition while somebody may hold a key", || {
        (!repeats()).then_some(())
    });
    key(0, a);
    key(0, shift);
    let heard: Vec<String> = (0..2).map(|_| program.next()).collect();
    assert_eq!(heard, ["-A", "-0xffe1"]);
    drop(client);
    wait_for("the server's own repetition", || repeats().then_some(()));
}

/// On the server Num_Lock is off, and at the viewer it may be on: what it sends tells both apart.
#[test]
fn the_keypad_makes_digits_and_moves_the_cursor() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let server = VncServer::start(&display);
    let (_field, told) = Field::start(&display, LOOK_UP);
    // Num_Lock, 1, End, +, Num_Lock, 1, Enter.
    let _client = type_symbols(
        &server,
        &told,
        &[0xff7f, 0xffb1, 0xff9c, 0xffab, 0xff7f, 0xffb1, 0xff8d],
    );
    let typed: Vec<String> = (0..5).map(|_| told.recv_timeout(PATIENCE).unwrap()).collect();
    assert_eq!(typed, ["ffb1", "ff9c", "ffab", "ffb1", "ff8d"]);
}
