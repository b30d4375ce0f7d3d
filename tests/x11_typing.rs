//! Typing into a real JVM's fields, and reading them back.

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use common::{PATIENCE, TestDisplay, take_events, wait_for, wait_for_window};
use gatehand::screen::{Point, WindowId};
use gatehand::x11::{Desktop, FillOptions, FillOutcome};
use serde_json::Value;

const ASCII: &str = r##"aA0~!@#$%^&*()_+{}|:"<>?-=[]\;',./`"##;
const WESTERN: &str = "é£ßüñ€";
/// 30 characters that no layout here has: more than there are spare keycodes.
const FOREIGN: &str = "абвгдежзийклмнопрстуфхцчшщъыьэ";

/// The Swing program tests/java/Fields.java.
struct Form {
    program: Child,
    commands: ChildStdin,
    lines: Receiver<Value>,
    window: WindowId,
    user: Point,
    password: Point,
}

impl Form {
    fn start(display: &TestDisplay, desktop: &mut Desktop) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/java/Fields.java");
        let mut program = display
            .command("java")
            .args(["-Xshare:auto", "-XX:TieredStopAtLevel=1"])
            .arg(source)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(program.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).unwrap());
            }
        });
        let window = wait_for_window(desktop, "Fields").id;
        let mut form = Self {
            commands: program.stdin.take().unwrap(),
            program,
            lines,
            window,
            user: Point::default(),
            password: Point::default(),
        };
        let report = form.ask("report");
        let point = |name: &str| {
            let place = |index: usize| report[name][index].as_i64().unwrap() as i32;
            Point::new(place(0), place(1))
        };
        (form.user, form.password) = (point("userAt"), point("passwordAt"));
        form
    }

    fn tell(&mut self, command: &str) {
        writeln!(self.commands, "{command}").unwrap();
    }

    /// Sends a command, and gives the report that it is answered with.
    fn ask(&mut self, command: &str) -> Value {
        self.tell(command);
        self.heard("user")
    }

    /// The next line that has a value named `key`.
    fn heard(&mut self, key: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let remaining = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(remaining).unwrap();
            if !line[key].is_null() {
                return line;
            }
        }
    }

    fn fill_user(&self, desktop: &mut Desktop, text: &str) -> FillOutcome {
        desktop
            .fill(self.window, self.user, text, FillOptions::default())
            .unwrap()
    }

    fn fill_password(&self, desktop: &mut Desktop, text: &str) -> FillOutcome {
        desktop
            .fill(self.window, self.password, text, FillOptions::default())
            .unwrap()
    }

    /// Fills both fields, and compares what they hold with what the agent believes and with `text`.
    fn fills(&mut self, desktop: &mut Desktop, text: &str) {
        assert_eq!(self.fill_user(desktop, text), FillOutcome::Exact);
        let count = text.chars().count();
        assert_eq!(self.fill_password(desktop, text), FillOutcome::Masked { count });
        let report = self.ask("report");
        assert_eq!(
            (&report["user"], &report["password"]),
            (&text.into(), &text.into())
        );
    }
}

impl Drop for Form {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn types_everything_under(layout: &str) {
    let display = TestDisplay::start(800, 600);
    let set = display.command("setxkbmap").args(["-layout", layout]).status();
    assert!(set.unwrap().success());
    let mut desktop = display.desktop();
    let mut form = Form::start(&display, &mut desktop);
    for text in [ASCII, WESTERN, FOREIGN, "x"] {
        form.fills(&mut desktop, text);
    }
}

#[test]
fn any_text_under_the_us_layout() {
    types_everything_under("us");
}

#[test]
fn any_text_under_the_german_layout_with_dead_keys() {
    types_everything_under("de");
}

#[test]
fn any_text_under_the_french_layout() {
    types_everything_under("fr");
}

#[test]
fn any_text_under_a_layout_without_latin_letters() {
    types_everything_under("ru");
}
