//! Answering one dialog: tick, fill in, press, see it go; press again only when nothing happened for long, and never
//! when the press handed in a password.
//!
//! A press relies on the button and on every line that the window says: a dialog that changed since it was recognised
//! is looked at again, not clicked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::action::{ActResult, Action, Seen, View};
use super::filling::{FillStep, Filling};
use super::perusal::{Perusal, PerusalStep};
use crate::dialogs::{Permit, Press, Reply, Rule};
use crate::screen::{Rect, RegionKind};
use crate::vision::controls;
use crate::vision::text::Folded;

/// A busy JVM may take seconds to answer: a second click in the meantime could meet what comes next.
const PATIENCE: Duration = Duration::from_secs(8);
const MAX_PRESSES: u32 = 3;
/// Texts that follow each other in one window.
const MAX_TEXTS: u32 = 50;
/// How long the labels of a known dialog may stay unreadable.
const READABLE: Duration = Duration::from_secs(3);
/// Pause before looking again at a target that changed or was covered.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long a dialog may change or be covered whenever it is to be pressed.
const RESTLESS: Duration = Duration::from_secs(30);
/// Pause before a prompt that handed in a password is looked at again: it may be empty while it works.
const JUDGED: Duration = Duration::from_secs(3);
/// How long it may stay as it was.
const WORKS: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) enum AnswerStep {
    Act(Action),
    Wait(Instant),
    /// The settings leave it to a human.
    Leave,
    /// The settings have a value that no answer to this dialog follows from.
    Contradict,
    GiveUp(String),
    /// Something to tell: a field is verified.
    Verified(String),
    /// It asks again for the password that was handed in.
    Refused,
}

/// What the last action was to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Fill,
    Press,
    Scroll,
    Tick,
}

/// A dialog that shows, and what was done about it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) rule: String,
    pub(super) shown: Instant,
    /// Since when the settings want it answered.
    wanted: Option<Instant>,
    not_before: Option<Instant>,
    presses: u32,
    ticked: bool,
    /// Its texts are to be read to their end.
    scrolls: bool,
    /// The text on its way to its end; none once it was read.
    perusal: Option<Perusal>,
    /// Texts that were read before, in the same window.
    texts: u32,
    /// The view that the last act was made on: one that differs is a sign of life.
    acted_on: Option<View>,
    doing: Doing,
    filling: Option<Filling>,
    /// When all was filled in.
    filled: Option<Instant>,
    /// Since when the password is handed in.
    handed_in: Option<Instant>,
    /// Nothing more will be done about it.
    over: bool,
    /// The settings leave it alone, as they are now.
    left: bool,
}

impl Answer {
    pub(super) fn new(now: Instant, rule: &Rule) -> Self {
        Self {
            rule: rule.name.clone(),
            shown: now,
            wanted: None,
            not_before: None,
            presses: 0,
            ticked: false,
            scrolls: rule.scrolls(),
            perusal: rule.scrolls().then(Perusal::new),
            texts: 0,
            acted_on: None,
            doing: Doing::Press,
            filling: None,
            filled: None,
            handed_in: None,
            over: false,
            left: false,
        }
    }

    /// Time from first sight to now, if it was pressed.
    pub(super) fn answered_after(&self, now: Instant) -> Option<Duration> {
        (self.presses > 0).then(|| now - self.shown)
    }

    /// Whether the dialog is a human's, for now or for good.
    pub(super) const fn is_left(&self) -> bool {
        self.over || self.left
    }

    /// Whether its button was pressed.
    pub(super) const fn is_pressed(&self) -> bool {
        self.presses > 0
    }

    /// Whether the password is about to be handed in.
    pub(super) fn is_filling_in(&self) -> bool {
        let open = self.handed_in.is_none() && !self.over;
        open && self.filling.as_ref().is_some_and(Filling::is_governed)
    }

    /// Whether an attempt is written down that was certainly not made yet.
    pub(super) fn is_permitted(&self) -> bool {
        self.is_filling_in() && self.filling.as_ref().is_some_and(Filling::is_permitted)
    }

    /// The fields may hold something else now.
    pub(super) fn forget_fields(&mut self) {
        if self.handed_in.is_none() {
            self.filling = None;
        }
    }

    /// Leaves it to a human, as things are.
    pub(super) const fn leave(&mut self) -> AnswerStep {
        self.left = true;
        AnswerStep::Leave
    }

    /// Does nothing before this time.
    pub(super) const fn pause(&mut self, until: Instant) {
        self.not_before = Some(until);
    }

    pub(super) fn next(
        &mut self,
        now: Instant,
        seen: &Seen,
        view: &View,
        rule: &Rule,
        permit: Option<Permit<'_>>,
    ) -> AnswerStep {
        if self.over {
            return AnswerStep::Leave;
        }
        if self.scrolls && self.presses > 0 && self.texts < MAX_TEXTS && self.shows_other_text(view) {
            self.texts += 1;
            self.presses = 0;
            self.perusal = Some(Perusal::new());
            (self.not_before, self.acted_on) = (None, None);
        }
        if let Some(time) = self.not_before.filter(|&time| now < time) {
            return AnswerStep::Wait(time);
        }
        if let Some(at) = self.handed_in {
            return self.judge(now, view, rule, at);
        }
        let reply = rule.reply(&seen.window, &view.reading, permit);
        self.left = matches!(reply, Reply::Leave | Reply::Contradiction);
        if self.left {
            self.wanted = None;
        }
        if !self.left
            && !matches!(reply, Reply::Doubt(_))
            && let Some(perusal) = &mut self.perusal
        {
            self.doing = Doing::Scroll;
            match perusal.next(now, seen.window.id, view) {
                PerusalStep::Act(action) => return AnswerStep::Act(action),
                PerusalStep::Wait(until) => return AnswerStep::Wait(until),
                PerusalStep::Read => (self.perusal, self.wanted) = (None, None),
            }
        }
        let wanted = *self.wanted.get_or_insert(now);
        match reply {
            Reply::Leave => AnswerStep::Leave,
            Reply::Contradiction => AnswerStep::Contradict,
            Reply::Doubt(why) => self.give_up(rule, &why),
            Reply::Missing(_) if now < wanted + READABLE => AnswerStep::Wait(wanted + READABLE),
            Reply::Missing(_) if rule.may_close() => self.close(seen, rule),
            Reply::Missing(labels) => self.give_up(
                rule,
                &format!("none of the buttons {labels:?} can be told for certain"),
            ),
            Reply::Press { button, press } => {
                if let Some(permit) = permit
                    && let Some(label) = rule.tick(Some(permit.value()))
                    && !self.ticked
                {
                    return self.tick(now, seen, view, label, permit);
                }
                let mut relied_on = view.said();
                match self.fill(now, seen, view, rule) {
                    Ok(password) => relied_on.extend(password),
                    Err(step) => return step,
                }
                let ready = self.filled.unwrap_or(wanted);
                if self.presses == 0 && now > ready + RESTLESS {
                    return self.give_up(rule, "it changes, or is covered, whenever it is to be pressed");
                }
                if self.presses == MAX_PRESSES {
                    let why = format!("\"{press}\" was pressed {MAX_PRESSES} times and the dialog stays");
                    return self.give_up(rule, &why);
                }
                self.doing = Doing::Press;
                self.click(seen, view, button.bounds, press, relied_on)
            }
        }
    }

    /// Whether most of what the window says is not what it said when its button was pressed: the next text.
    fn shows_other_text(&self, view: &View) -> bool {
        let says = |view: &View| -> Vec<Folded> {
            let lines = view.reading.lines.iter().filter(|line| {
                let kind = view.reading.region_of(line).map(|region| region.kind);
                kind != Some(RegionKind::Button)
            });
            lines.map(|line| Folded::of(&line.text)).collect()
        };
        let Some(before) = self.acted_on.as_ref().map(says) else {
            return false;
        };
        let now = says(view);
        let same = now.iter().filter(|line| before.contains(line)).count();
        same * 2 < now.len()
    }

    /// The next step before all is filled in; then the part of the password's field that the press relies on.
    fn fill(
        &mut self,
        now: Instant,
        seen: &Seen,
        view: &View,
        rule: &Rule,
    ) -> Result<Option<Rect>, AnswerStep> {
        if rule.fill().is_empty() || self.presses > 0 {
            return Ok(None);
        }
        let filling = self.filling.get_or_insert_with(|| Filling::new(now, rule));
        Err(match filling.next(now, seen.window.id, view, rule) {
            FillStep::Act(action) => {
                self.doing = Doing::Fill;
                AnswerStep::Act(action)
            }
            FillStep::Verified(what) => AnswerStep::Verified(what),
            FillStep::Wait(until) => AnswerStep::Wait(until),
            FillStep::Fail(why) => self.give_up(rule, &why),
            FillStep::Filled(relied_on) => {
                self.filled.get_or_insert(now);
                return Ok(relied_on);
            }
        })
    }

    /// What became of the password that was handed in, as far as its prompt tells.
    fn judge(&mut self, now: Instant, view: &View, rule: &Rule, at: Instant) -> AnswerStep {
        let pressed = self.acted_on.as_ref().zip(self.filling.as_ref());
        if pressed.is_some_and(|(pressed, filling)| filling.asks_again(pressed, view)) {
            self.over = true;
            return AnswerStep::Refused;
        }
        if now < at + WORKS {
            return AnswerStep::Wait(at + WORKS);
        }
        self.give_up(rule, "the password was handed in and the dialog stays")
    }

    fn tick(
        &mut self,
        now: Instant,
        seen: &Seen,
        view: &View,
        label: &str,
        permit: Permit<'_>,
    ) -> AnswerStep {
        let check_box = controls::check_box(&view.frame, &view.reading, label);
        match (check_box, permit.press(label)) {
            (Some(check_box), Some(press)) if check_box.checked == Some(false) && self.acted_on.is_none() => {
                self.doing = Doing::Tick;
                self.click(seen, view, check_box.bounds, press, view.said())
            }
            // Ticked; or clicked, but its state cannot be told; or no box to be seen: the notice may come again, that
            // is all.
            _ => {
                self.ticked = true;
                AnswerStep::Wait(now)
            }
        }
    }

    fn click(
        &mut self,
        seen: &Seen,
        view: &View,
        bounds: Rect,
        label: Press,
        unchanged: Vec<Rect>,
    ) -> AnswerStep {
        self.acted_on = Some(view.clone());
        AnswerStep::Act(Action::Click {
            window: seen.window.id,
            bounds,
            label,
            seen: Arc::clone(&view.frame),
            unchanged,
        })
    }

    fn close(&mut self, seen: &Seen, rule: &Rule) -> AnswerStep {
        if self.presses == MAX_PRESSES {
            return self.give_up(rule, "it has none of its buttons, and does not close");
        }
        self.doing = Doing::Press;
        AnswerStep::Act(Action::CloseWindow {
            window: seen.window.id,
        })
    }

    fn give_up(&mut self, rule: &Rule, why: &str) -> AnswerStep {
        self.over = true;
        AnswerStep::GiveUp(format!("{}: {why}; answer it in the viewer", rule.name))
    }

    /// Takes the result of the last action. True when that handed in the password, or may have.
    pub(super) fn handle(&mut self, now: Instant, result: &ActResult) -> bool {
        self.not_before = None;
        let governed = self.is_permitted();
        match (self.doing, &mut self.filling, result) {
            (Doing::Fill, Some(filling), _) => filling.handle(now, result),
            (Doing::Scroll, _, _) => {
                if let Some(perusal) = &mut self.perusal {
                    perusal.handle(now, result);
                }
            }
            (Doing::Press, _, ActResult::Done | ActResult::Failed { .. }) if governed => {
                self.presses += 1;
                self.handed_in = Some(now);
                self.not_before = Some(now + JUDGED);
                return true;
            }
            (Doing::Press, _, ActResult::Done) => {
                self.presses += 1;
                self.not_before = Some(now + PATIENCE);
                // Should the dialog stay: a slow program had stood still before its text was at the end.
                let again = self.scrolls && self.presses < MAX_PRESSES;
                self.perusal = again.then(Perusal::new);
            }
            _ => self.not_before = Some(now + LOOK_AGAIN),
        }
        false
    }
}
