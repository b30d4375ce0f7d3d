//! What is typed at viewers, as programs understand it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc;

use gatehand::screen::Size;

use crate::common::{PATIENCE, TestDisplay};
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

struct Field(Child);

impl Drop for Field {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn dead_keys_and_their_letters_become_one_character() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let server = VncServer::start(&display);
    let mut field = display.command("python3");
    field
        .args(["-c", FIELD])
        .env("LC_ALL", "C.UTF-8")
        .stdout(Stdio::piped());
    let mut field = Field(field.spawn().unwrap());
    let mut lines = BufReader::new(field.0.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "focus");
    let mut client = RawClient::connect(server.address);
    client.authenticate(PASSWORD).unwrap();
    client.initialise();
    let mut key = |symbol: u32| {
        for down in [1, 0] {
            client.send(&[4, down, 0, 0]);
            client.send(&symbol.to_be_bytes());
        }
    };
    // Acute and e, circumflex and i, diaeresis and y, and one that comes composed.
    for symbol in [0xfe51, 0x65, 0xfe52, 0x69, 0xfe57, 0x79, 0x0100_0101] {
        key(symbol);
    }
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| tell.send(line)));
    let mut typed = String::new();
    while typed.chars().count() < 4 {
        typed = told
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|_| panic!("the field stays at {typed:?}"));
    }
    assert_eq!(typed, "éîÿā");
}
