//! Typing into a real JVM's fields, and reading them back.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::common::{PATIENCE, TestDisplay, take_events, wait_for, wait_for_window};
use gatehand::screen::{Point, WindowId};
use gatehand::x11::{Desktop, FillOptions, FillOutcome, X11Error};
use serde_json::Value;

const ASCII: &str = r##"aA0~!@#$%^&*()_+{}|:"<>?-=[]\;',./`"##;
const WESTERN: &str = "é£ßüñ€";
const CAPS_LOCK: u32 = 0xffe5;
const RETURN: u32 = 0xff0d;
/// 30 characters that no layout here has: more than there are spare keycodes.
const FOREIGN: &str = "абвгдежзийклмнопрстуфхцчшщъыьэ";

const SECRET: FillOptions = FillOptions {
    secret: true,
    ..FillOptions::DEFAULT
};

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
        self.reach(desktop, self.user, text, FillOptions::default())
    }

    /// Fills a field anew for as long as keys go to another one.
    fn reach(&self, desktop: &mut Desktop, at: Point, text: &str, options: FillOptions) -> FillOutcome {
        wait_for("the focus", || {
            let outcome = desktop.fill(self.window, at, text, options).unwrap();
            (outcome != FillOutcome::Elsewhere).then_some(outcome)
        })
    }

    fn fill_password(&self, desktop: &mut Desktop, text: &str) -> FillOutcome {
        self.reach(desktop, self.password, text, SECRET)
    }

    /// Fills both fields, and compares what they hold with what the agent believes.
    fn fills(&mut self, desktop: &mut Desktop, text: &str) {
        let secret: String = text.chars().rev().chain(['!']).collect();
        let count = secret.chars().count();
        // As a login does: from the start when keys went to another field.
        let outcome = wait_for("the focus", || {
            assert_eq!(self.fill_user(desktop, text), FillOutcome::Exact);
            let filled = desktop.fill(self.window, self.password, &secret, SECRET).unwrap();
            (filled != FillOutcome::Elsewhere).then_some(filled)
        });
        assert_eq!(outcome, FillOutcome::Masked { count });
        let report = self.ask("report");
        assert_eq!(
            (&report["user"], &report["password"]),
            (&text.into(), &secret.into())
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

/// One form serves all that changes nothing for good.
#[test]
fn fields_and_keyboards_in_any_state() {
    let display = TestDisplay::start(800, 600);
    let mut desktop = display.desktop();
    let mut form = Form::start(&display, &mut desktop);

    // A password that is far longer than its field.
    let long: String = ('!'..='~').chain('a'..='n').collect();
    assert_eq!(long.chars().count(), 108);
    form.fills(&mut desktop, &long);

    // CapsLock is on: typed with the key itself.
    desktop.press_chord(&[CAPS_LOCK]).unwrap();
    form.fills(&mut desktop, "aB1");

    // The same text again, over itself; and nothing at all.
    form.fills(&mut desktop, "aB1");
    assert_eq!(form.fill_user(&mut desktop, ""), FillOutcome::Exact);
    assert_eq!(form.fill_password(&mut desktop, ""), FillOutcome::Exact);
    let report = form.ask("report");
    assert_eq!((&report["user"], &report["password"]), (&"".into(), &"".into()));

    // Typing without a click goes where the focus is: into the password field.
    desktop.type_text("zß").unwrap();
    wait_for("two characters", || {
        (form.ask("report")["password"] == "zß").then_some(())
    });

    // The event thread stands still for 3 seconds while the agent types.
    form.tell("freeze 3000");
    form.heard("frozen");
    form.fills(&mut desktop, "patience");

    // A password that may be copied is told as it is.
    form.ask("copyable");
    assert_eq!(form.fill_password(&mut desktop, "s3cret"), FillOutcome::Exact);

    // An impatient agent is told that nothing is known.
    form.tell("freeze 3000");
    form.heard("frozen");
    let hasty = FillOptions {
        answer: Duration::from_millis(100),
        ..FillOptions::default()
    };
    let outcome = desktop.fill(form.window, form.user, "hasty", hasty).unwrap();
    assert_eq!(outcome, FillOutcome::NoAnswer);

    let refused = desktop.fill(form.window, form.user, "two\nlines", FillOptions::default());
    assert!(matches!(refused, Err(X11Error::ControlCharacter { position: 3 })));
}

/// Keys go to the field that had the focus, as they do by themselves on a busy machine.
#[test]
fn a_secret_waits_for_the_focus() {
    let display = TestDisplay::start(800, 600);
    let mut desktop = display.desktop();
    let mut form = Form::start(&display, &mut desktop);
    form.fills(&mut desktop, "name");
    assert_eq!(form.fill_user(&mut desktop, "name"), FillOutcome::Exact);
    form.ask("late 600");
    let outcome = desktop
        .fill(form.window, form.password, "s3cret", SECRET)
        .unwrap();
    assert_eq!(outcome, FillOutcome::Elsewhere);
    let report = form.ask("report");
    assert_eq!((&report["user"], &report["password"]), (&"0".into(), &"0".into()));
    form.fills(&mut desktop, "name");
}

/// As in the Motif look.
#[test]
fn where_control_a_does_nothing_all_is_selected_in_another_way() {
    let display = TestDisplay::start(800, 600);
    let mut desktop = display.desktop();
    let mut form = Form::start(&display, &mut desktop);
    form.fills(&mut desktop, "before");
    form.ask("unselectable");
    form.fills(&mut desktop, "after");
}

#[test]
fn a_dialog_that_opens_stops_the_typing() {
    let display = TestDisplay::start(800, 600);
    let mut desktop = display.desktop();
    let mut form = Form::start(&display, &mut desktop);
    form.ask("interrupt 5");
    // Each space would press the dialog's button.
    let text = "a b c d e f g h i j k l m n o p q r s t u v w x y z";
    let outcome = form.fill_user(&mut desktop, text);
    let dialog = wait_for_window(&mut desktop, "Question");
    assert_eq!(outcome, FillOutcome::Interrupted { by: dialog.id });
    assert_eq!(dialog.transient_for, Some(form.window));
    let typed = form.ask("report")["user"].as_str().unwrap().to_owned();
    assert!(typed.len() < text.len() / 2, "{typed:?} was typed");

    // Closing it gives the focus back to its owner: keys arrive without a click.
    desktop.close_window(dialog.id).unwrap();
    wait_for("the dialog's end", || {
        take_events(&mut desktop);
        desktop
            .windows()
            .iter()
            .all(|window| window.id != dialog.id)
            .then_some(())
    });
    form.heard("focus");
    form.ask("clear");
    desktop.type_text("back").unwrap();
    wait_for("the typed text", || {
        (form.ask("report")["user"] == "back").then_some(())
    });
}

#[test]
fn a_click_raises_and_points_outside_are_refused() {
    let display = TestDisplay::start(800, 600);
    let mut desktop = display.desktop();
    let mut form = Form::start(&display, &mut desktop);
    form.tell("dialog");
    let dialog = wait_for_window(&mut desktop, "Question");
    desktop.activate(dialog.id).unwrap();
    // The dialog is moved over the user field; a click there raises the form, or says who is in the way.
    desktop.move_window(dialog.id, Point::new(60, 50)).unwrap();
    desktop.click(form.window, form.user).unwrap();
    let outside = desktop.click(form.window, Point::new(5000, 5));
    assert!(matches!(outside, Err(X11Error::OffScreen { .. })));
    // A point of the window that is beyond the screen is brought there.
    desktop.move_window(form.window, Point::new(-700, -500)).unwrap();
    desktop.click(form.window, form.user).unwrap();
    desktop.press_chord(&[RETURN]).unwrap();
    assert_eq!(form.heard("pressed")["pressed"], "Continue");
}

#[test]
fn a_later_agent_takes_over_a_running_program() {
    let display = TestDisplay::start(800, 600);
    let mut first = display.desktop();
    let mut form = Form::start(&display, &mut first);
    form.fills(&mut first, "before");
    drop(first);
    // Nobody manages the windows now: the dialog opens, and its end leaves the focus nowhere.
    form.tell("dialog");
    let mut desktop = wait_for("the manager's role", || {
        let desktop = display.desktop();
        desktop.manages_windows().then_some(desktop)
    });
    let dialog = wait_for_window(&mut desktop, "Question");
    // A program that is still busy showing its window may put it back once: then it is moved again.
    let mut moves = 0;
    while desktop
        .windows()
        .iter()
        .any(|window| window.id == dialog.id && window.geometry.x != 400)
    {
        assert!(moves < 3, "the dialog does not stay where it is moved to");
        moves += 1;
        desktop.move_window(dialog.id, Point::new(400, 300)).unwrap();
        std::thread::sleep(Duration::from_millis(300));
        take_events(&mut desktop);
    }
    desktop.close_window(dialog.id).unwrap();
    wait_for("the dialog's end", || {
        take_events(&mut desktop);
        (desktop.windows().len() == 1).then_some(())
    });
    form.fills(&mut desktop, "after");
}
