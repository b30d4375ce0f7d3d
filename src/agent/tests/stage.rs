//! A display of hand-made windows, and an agent before it whose time is counted by hand.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::{ActResult, Action, Agent, Chord, Departure, Event, Policy, Seen, State, Typed, View};
use crate::config::{GatewayOptions, TradingMode};
use crate::dialogs::Catalogue;
use crate::screen::{Frame, Line, Reading, Rect, Region, RegionKind, Size, Window, WindowId, WindowKind};
use crate::vision::fingerprint;

const PAPER: u32 = 0x00f0_f0f0;
const INK: u32 = 0x0020_2020;
const PLAIN: u32 = 0x00d0_d0d0;
const CHOSEN: u32 = 0x0030_60d0;
const FIELD: u32 = 0x00ff_ffff;

/// A window with one control or line per row.
#[derive(Clone)]
pub(crate) struct Sheet {
    id: u32,
    title: String,
    kind: WindowKind,
    still: bool,
    frame: Frame,
    regions: Vec<Region>,
    lines: Vec<Line>,
    y: i32,
    /// Where the controls begin: to the right of a tree.
    left: i32,
    /// A login form's chosen toggles, and the echo characters in its password field.
    form: Option<([usize; 2], u32)>,
}

impl Sheet {
    pub(crate) fn dialog(id: u32, title: &str) -> Self {
        Self::new(id, title, WindowKind::Dialog)
    }

    pub(crate) fn new(id: u32, title: &str, kind: WindowKind) -> Self {
        let mut frame = Frame::new(Size::new(400, 300));
        frame.fill(Rect::new(0, 0, 400, 300), PAPER);
        Self {
            id,
            title: title.to_owned(),
            kind,
            still: true,
            frame,
            regions: Vec::new(),
            lines: Vec::new(),
            y: 10,
            left: 0,
            form: None,
        }
    }

    /// The window has no still picture yet.
    pub(crate) fn moving(mut self) -> Self {
        self.still = false;
        self
    }

    /// Controls from here on stand on the right half.
    pub(crate) fn with_tree(mut self) -> Self {
        self.left = 180;
        self
    }

    /// A row of the tree, beside the next control.
    pub(crate) fn row(mut self, text: &str) -> Self {
        self.write(text, 10, None);
        self
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        self.write(text, self.left + 10, None);
        self.feed()
    }

    pub(crate) fn button(mut self, label: &str) -> Self {
        self.boxed(label, self.left + 10, PLAIN);
        self.feed()
    }

    /// Two toggles side by side, the first or the second of them chosen.
    pub(crate) fn toggles(mut self, labels: [&str; 2], chosen: usize) -> Self {
        for (at, label) in labels.into_iter().enumerate() {
            let colour = if at == chosen { CHOSEN } else { PLAIN };
            self.boxed(label, 10 + 190 * at as i32, colour);
        }
        self.feed()
    }

    /// A label and its field, with `echo` characters in it.
    pub(crate) fn field(mut self, label: &str, echo: u32) -> Self {
        self.write(label, self.left + 10, None);
        let x = self.left + 150;
        let bounds = Rect::new(x, self.y - 2, if self.left == 0 { 200 } else { 60 }, 20);
        self.region(bounds, FIELD, RegionKind::Field);
        self.frame.fill(Rect::new(x + 4, self.y + 2, 6 * echo, 8), INK);
        self.feed()
    }

    /// A label and its field, in which a text was read.
    pub(crate) fn field_showing(mut self, label: &str, text: &str) -> Self {
        self.write(label, 10, None);
        self.region(Rect::new(150, self.y - 2, 200, 20), FIELD, RegionKind::Field);
        let region = Some(self.regions.len() - 1);
        self.write(text, 156, region);
        self.feed()
    }

    pub(crate) fn check(mut self, label: &str, ticked: bool) -> Self {
        let bounds = Rect::new(self.left + 10, self.y, 16, 16);
        self.region(bounds, FIELD, RegionKind::Check);
        if ticked {
            self.frame.fill(Rect::new(self.left + 16, self.y + 4, 4, 8), INK);
        }
        self.write(label, self.left + 34, None);
        self.feed()
    }

    fn boxed(&mut self, label: &str, x: i32, colour: u32) {
        let bounds = Rect::new(x, self.y - 2, 170, 20);
        self.region(bounds, colour, RegionKind::Button);
        let region = Some(self.regions.len() - 1);
        self.write(label, x + 8, region);
    }

    fn region(&mut self, bounds: Rect, background: u32, kind: RegionKind) {
        self.frame.fill(bounds, background);
        self.regions.push(Region {
            bounds,
            background,
            kind,
        });
    }

    fn write(&mut self, text: &str, x: i32, region: Option<usize>) {
        let width = (3 * text.chars().count() as u32).clamp(6, 130);
        let bounds = Rect::new(x, self.y + 2, width, 12);
        self.frame.fill(Rect::new(x, self.y + 7, width, 2), INK);
        self.lines.push(Line {
            text: text.to_owned(),
            bounds,
            confidence: 95,
            region,
        });
    }

    fn feed(mut self) -> Self {
        self.y += 28;
        self
    }

    fn seen(&self, stacking: u32) -> Seen {
        let size = self.frame.size();
        let reading = Reading {
            fingerprint: fingerprint(&self.frame, &[]),
            size,
            regions: self.regions.clone(),
            lines: self.lines.clone(),
            unread: Vec::new(),
        };
        Seen {
            window: Window {
                id: WindowId(self.id),
                title: self.title.clone(),
                class: "install4j-ibgateway-GWClient".to_owned(),
                kind: self.kind,
                transient_for: None,
                geometry: Rect::of_size(size),
                pid: Some(1),
                client: 1,
                stacking,
            },
            view: self.still.then(|| View {
                frame: Arc::new(self.frame.clone()),
                reading: Arc::new(reading),
            }),
        }
    }
}

pub(crate) const FORM: u32 = 1;
pub(crate) const MAIN: u32 = 2;
pub(crate) const DIALOG: u32 = 3;
pub(crate) const CONFIGURATION: u32 = 4;

/// The login form of a live account: `api` and `mode` are the chosen toggles, `echo` what the password field shows.
pub(crate) fn form_with(api: usize, mode: usize, echo: u32) -> Sheet {
    let mut form = Sheet::new(FORM, "IBKR Gateway", WindowKind::Normal)
        .toggles(APIS, api)
        .toggles(MODES, mode)
        .field("Username", 4 * echo.min(1))
        .field("Password", echo)
        .button("Log In");
    form.form = Some(([api, mode], echo));
    form
}

const APIS: [&str; 2] = ["FIX CTCI", "IB API"];
const MODES: [&str; 2] = ["Live Trading", "Paper Trading"];

pub(crate) fn form() -> Sheet {
    form_with(1, 1, 0)
}

/// The same form, whose fields show these texts.
pub(crate) fn form_showing(user_name: &str, password: &str) -> Sheet {
    let mut form = Sheet::new(FORM, "IBKR Gateway", WindowKind::Normal)
        .toggles(APIS, 1)
        .toggles(MODES, 1);
    for (label, text) in [("Username", user_name), ("Password", password)] {
        form = if text.is_empty() {
            form.field(label, 0)
        } else {
            form.field_showing(label, text)
        };
    }
    form.button("Log In")
}

/// The same form, filled in.
pub(crate) fn filled() -> Sheet {
    form_with(1, 1, 9)
}

pub(crate) fn main_window() -> Sheet {
    Sheet::new(MAIN, "IBKR Gateway", WindowKind::Normal).text("File Configure Help")
}

pub(crate) fn connecting() -> Sheet {
    Sheet::dialog(DIALOG, "Gateway")
        .text("Connecting to server...")
        .button("OK")
}

pub(crate) fn refusal() -> Sheet {
    Sheet::dialog(DIALOG, "Login failed")
        .text("Unrecognized Username or Password")
        .button("OK")
}

pub(crate) fn unknown() -> Sheet {
    Sheet::dialog(DIALOG, "Survey")
        .text("We would like to hear from you.")
        .button("OK")
}

/// A notice that is pressed whatever the settings say.
pub(crate) fn tip() -> Sheet {
    Sheet::dialog(DIALOG, "Tip of the Day").button("Close")
}

/// An end that no start follows.
pub(crate) fn departure(why: &str) -> Departure {
    Departure {
        why: why.to_owned(),
        comes_back: false,
    }
}

pub(crate) fn policy() -> Policy {
    Policy {
        mode: TradingMode::Paper,
        has_credentials: true,
        fix: false,
        has_data_credentials: false,
        has_code: false,
        relogin: false,
        second_factor_device: None,
        answers: [].into(),
        configuration: GatewayOptions::default(),
        hands_off: Duration::from_secs(15),
    }
}

pub(crate) fn policy_with(answers: &[(&str, &str)]) -> Policy {
    Policy {
        answers: answers
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        ..policy()
    }
}

/// What an action was, without its places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Ask,
    Begin,
    Click(u32, String),
    Close(u32),
    Compare(Typed),
    Fill(u32, Typed),
    Keep(u32),
    Press(u32, Chord),
    Clock,
    Read(u32),
    Record(super::super::Outcome),
    Wheel(u32, bool),
    Write(u32, String),
}

impl From<&Action> for Act {
    fn from(action: &Action) -> Self {
        match action {
            Action::BeginSubmission => Self::Begin,
            Action::Click { window, label, .. } => Self::Click(window.0, label.to_string()),
            Action::CloseWindow { window } => Self::Close(window.0),
            Action::Compare { what, .. } => Self::Compare(*what),
            Action::Fill { window, what, .. } => Self::Fill(window.0, *what),
            Action::KeepEvidence { window, .. } => Self::Keep(window.0),
            Action::MaySubmit => Self::Ask,
            Action::Press { window, keys } => Self::Press(window.0, *keys),
            Action::ReadClock => Self::Clock,
            Action::ReadField { window, .. } => Self::Read(window.0),
            Action::Record(outcome) => Self::Record(*outcome),
            Action::TurnWheel { window, down, .. } => Self::Wheel(window.0, *down),
            Action::Write { window, text, .. } => Self::Write(window.0, text.clone()),
        }
    }
}

pub(crate) fn click(window: u32, label: &str) -> Act {
    Act::Click(window, label.to_owned())
}

/// The agent before its display.
pub(crate) struct Stage {
    pub(crate) agent: Agent,
    pub(crate) now: Instant,
    events: Vec<Event>,
    shown: Vec<Sheet>,
    /// The last action, as long as it has no result.
    last: Option<Act>,
}

impl Stage {
    pub(crate) fn new(policy: Policy) -> Self {
        Self::with_rules(policy, "")
    }

    pub(crate) fn with_rules(policy: Policy, rules: &str) -> Self {
        let mut catalogue = Catalogue::built_in().expect("the built-in catalogue is right");
        catalogue
            .add(Path::new("test.toml"), rules)
            .expect("the test's rules are right");
        Self::before(Agent::new(catalogue, policy), Instant::now())
    }

    /// A stage for this agent, from this moment on.
    pub(crate) fn before(agent: Agent, now: Instant) -> Self {
        Self {
            agent,
            now,
            events: Vec::new(),
            shown: Vec::new(),
            last: None,
        }
    }

    /// The windows that show from now on, lowest first.
    pub(crate) fn show(&mut self, sheets: &[Sheet]) {
        let screen = sheets.iter().zip(0..).map(|(sheet, at)| sheet.seen(at));
        self.agent.observe(self.now, screen.collect());
        self.shown = sheets.to_vec();
    }

    /// The form answers to a click on one of its toggles.
    fn toggle(&mut self, label: &str) {
        let mut sheets = self.shown.clone();
        for sheet in &mut sheets {
            let Some((mut chosen, echo)) = sheet.form else {
                continue;
            };
            for (group, labels) in [APIS, MODES].iter().enumerate() {
                if let Some(at) = labels.iter().position(|other| *other == label) {
                    chosen[group] = at;
                }
            }
            *sheet = form_with(chosen[0], chosen[1], echo);
        }
        self.show(&sheets);
    }

    /// The choices of a form whose toggles are right already: each is tried, there and back.
    pub(crate) fn choose(&mut self) {
        for label in [APIS, MODES].concat() {
            self.expect_done(&click(FORM, label));
        }
    }

    pub(crate) fn pass(&mut self, seconds: f32) {
        self.now += Duration::from_secs_f32(seconds);
        self.agent.handle_timeout(self.now);
    }

    /// The next action, after the timeouts that are due.
    pub(crate) fn act(&mut self) -> Option<Act> {
        let act = self.action().as_ref().map(Act::from);
        self.last.clone_from(&act);
        act
    }

    pub(crate) fn action(&mut self) -> Option<Action> {
        for _ in 0..20 {
            if let Some(action) = self.agent.poll_action() {
                return Some(action);
            }
            if self.agent.poll_timeout().is_none_or(|due| due > self.now) {
                return None;
            }
            self.agent.handle_timeout(self.now);
        }
        panic!("the agent asks to be woken again and again without an action");
    }

    /// The result of the last action.
    pub(crate) fn give(&mut self, result: &ActResult) {
        self.agent.handle_result(self.now, result);
        if let (Some(Act::Click(FORM, label)), ActResult::Done) = (self.last.take(), result)
            && [APIS, MODES].concat().contains(&label.as_str())
        {
            self.toggle(&label);
        }
    }

    /// Expects this action and gives it this result.
    pub(crate) fn expect(&mut self, act: &Act, result: &ActResult) {
        assert_eq!(self.act().as_ref(), Some(act));
        self.give(result);
    }

    pub(crate) fn expect_done(&mut self, act: &Act) {
        self.expect(act, &ActResult::Done);
    }

    pub(crate) fn expect_nothing(&mut self) {
        assert_eq!(self.act(), None);
    }

    /// All actions of the next `seconds`, each with the result that it gets when all goes well.
    pub(crate) fn acts_within(&mut self, seconds: u32) -> Vec<Act> {
        let end = self.now + Duration::from_secs(seconds.into());
        let mut acts = Vec::new();
        loop {
            while let Some(act) = self.act() {
                self.give(&success(&act));
                acts.push(act);
                assert!(acts.len() < 100, "no end of actions: {acts:?}");
            }
            match self.agent.poll_timeout() {
                Some(due) if due < end => self.now = due,
                _ if self.now < end => {
                    self.now = end;
                    self.agent.handle_timeout(end);
                }
                _ => return acts,
            }
        }
    }

    /// What was told since the last call.
    pub(crate) fn events(&mut self) -> Vec<Event> {
        while let Some(event) = self.agent.poll_event() {
            self.events.push(event);
        }
        std::mem::take(&mut self.events)
    }

    pub(crate) fn state(&self) -> State {
        self.agent.state()
    }

    /// From the empty form to the permitted attempt: what comes next is the click on the login button.
    pub(crate) fn fill_in(&mut self) {
        self.show(&[form()]);
        self.expect(&Act::Ask, &ActResult::Permitted);
        self.choose();
        self.expect(&Act::Fill(FORM, Typed::UserName), &ActResult::Filled);
        self.expect(&Act::Fill(FORM, Typed::Password), &ActResult::Filled);
        self.show(&[filled()]);
        self.expect(&Act::Begin, &ActResult::Permitted);
    }

    /// The whole login up to the pressed button.
    pub(crate) fn submit(&mut self) {
        self.fill_in();
        self.expect_done(&click(FORM, "Log In"));
        self.expect_nothing();
        assert_eq!(self.state(), State::SubmittedCredentials);
        self.events();
    }
}

fn success(act: &Act) -> ActResult {
    match act {
        Act::Ask | Act::Begin => ActResult::Permitted,
        Act::Compare(_) | Act::Fill(..) | Act::Write(..) => ActResult::Filled,
        _ => ActResult::Done,
    }
}
