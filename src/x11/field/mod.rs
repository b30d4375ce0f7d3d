//! Text into a field: typed in short runs, and read back before anybody relies on it.

mod outcome;

use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

pub use self::outcome::{FieldText, FillOptions, FillOutcome};
use self::outcome::{Stop, judge};
use super::keymap::{Batch, Stroke, keysym, keysym_of};
use super::selection::Selection;
use super::typing::refuse_control;
use super::{Desktop, X11Error};
use crate::screen::{Point, WindowId};

/// The field that is being filled.
struct Field {
    window: WindowId,
    /// The windows that were there at the start.
    windows: Vec<WindowId>,
    options: FillOptions,
    /// How often all of it was selected: a program tells of each once, but for an empty field.
    selections: usize,
    /// How that is done.
    way: SelectAll,
    keys: Keys,
}

/// The keys that filling needs besides the text.
struct Keys {
    control: Stroke,
    a: Stroke,
    end: Stroke,
    delete: Stroke,
    shift: Stroke,
    home: Stroke,
    backspace: Stroke,
    zero: Stroke,
}

/// How long the window may take to be painted for a click: a field that has the focus shows nothing new.
const CLICKED: Duration = Duration::from_millis(50);

/// A window that was not painted for this long has shown what it had to.
const REST: Duration = Duration::from_millis(40);

/// From the decision of a Java program to show a dialog to its window: 14 ms in the median, 67 at most were measured.
const OPENING: Duration = Duration::from_millis(100);

/// How many of the next `most` characters of `text` after `from` may be typed before the field is read back: up to the
/// next space. A space presses the button of a dialog that opened in between, so all before it must have arrived.
fn section(text: &str, from: usize, most: usize) -> usize {
    let next = text.chars().skip(from).take(most);
    next.enumerate()
        .skip(1)
        .find(|&(_, c)| c == ' ')
        .map_or(most, |(at, _)| at)
}

/// How often the text may stand in a field already that takes no selection, from attempts to read it back.
const LEFT_OVER: usize = 3;

/// How long a program may take to take PRIMARY before all is selected in the other way, and PRIMARY emptied before:
/// some (Tk) do not take it while they still have it.
const HELD: Duration = Duration::from_secs(2);

/// How often the program took PRIMARY, and the text that it told then.
type Answer = (usize, Option<Zeroizing<String>>);

/// How many more selections a program must tell of before what it tells is taken as wrong.
const STALE: usize = 3;

/// Symbols that filling needs besides the text.
const ALWAYS: [u32; 8] = [
    keysym::BACKSPACE,
    keysym::CONTROL,
    keysym::A,
    keysym::END,
    keysym::DELETE,
    keysym::SHIFT,
    keysym::HOME,
    ZERO,
];

/// Pauses before each try to reach a field, when the last one showed something else than such a field would.
const TRIES: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(250),
    Duration::from_millis(500),
];

/// The character that tells where keys go.
const ZERO: u32 = '0' as u32;

/// How all of a field is selected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SelectAll {
    /// Ctrl+A: most looks have it.
    #[default]
    Shortcut,
    /// End, then Shift+Home: all looks have it, Motif this alone. Text from right to left may differ.
    Extend,
}

impl SelectAll {
    const fn other(self) -> Self {
        match self {
            Self::Shortcut => Self::Extend,
            Self::Extend => Self::Shortcut,
        }
    }
}

impl Desktop {
    /// Replaces the content of the field at a point of a window by `text`, and reads it back through PRIMARY. The
    /// field is clicked first. A program that does not answer may not know how its text was selected: the next call
    /// selects in another way. No modifier is held and PRIMARY is empty afterwards. When any other window is opened
    /// typing stops at once, and the field keeps what it has until then.
    ///
    /// Mouse events overtake keys in a busy JVM: click nothing before this gave [`FillOutcome::Exact`] or
    /// [`FillOutcome::Masked`]. An empty text is confirmed by a `0` that is typed, read back and deleted.
    ///
    /// # Errors
    /// Those of [`Desktop::click`]; [`X11Error::ControlCharacter`], [`X11Error::KeymapFull`].
    pub fn fill(
        &mut self,
        window: WindowId,
        at: Point,
        text: &str,
        options: FillOptions,
    ) -> Result<FillOutcome, X11Error> {
        refuse_control(text)?;
        self.sync()?;
        let client = self.list.window(window).ok_or(X11Error::NoWindow(window))?.client;
        let windows = self.list.windows().iter().map(|window| window.id).collect();
        self.keyboard.load(&self.link.connection)?;
        self.paints.window = Some(window);
        let outcome = self.fill_field(window, client, windows, at, text, options);
        self.paints.window = None;
        let outcome = outcome?;
        if outcome.is_confirmed() {
            self.keyboard.unbind(&self.link.connection)?;
        }
        self.selection = Selection::default();
        self.empty_primary()?;
        Ok(outcome)
    }

    /// Asks the field at a point of a window what it holds, through PRIMARY. The field is clicked, and nothing is typed.
    /// An empty field does not answer. PRIMARY is empty afterwards.
    ///
    /// # Errors
    /// Those of [`Desktop::click`]; [`X11Error::KeymapFull`].
    pub fn read_field(
        &mut self,
        window: WindowId,
        at: Point,
        options: FillOptions,
    ) -> Result<FieldText, X11Error> {
        self.sync()?;
        let client = self.list.window(window).ok_or(X11Error::NoWindow(window))?.client;
        let windows = self.list.windows().iter().map(|window| window.id).collect();
        self.keyboard.load(&self.link.connection)?;
        let (mut field, batches) = self.prepare(window, windows, "", options)?;
        self.keyboard.neutralise(&self.link.connection)?;
        self.selection = Selection::watch(client, self.events.server_time(&self.link)?);
        if let Some(batch) = batches.first() {
            self.keyboard.bind(&self.link.connection, batch)?;
        }
        self.paints.window = Some(window);
        let text = match self.click_into(&field, at)? {
            Ok(()) => self.read_twice(&mut field)?,
            Err(Stop::Interrupted(by)) => FieldText::Interrupted { by },
            Err(Stop::TimedOut) => FieldText::NoAnswer,
        };
        self.paints.window = None;
        self.keyboard.unbind(&self.link.connection)?;
        self.selection = Selection::default();
        self.empty_primary()?;
        Ok(text)
    }

    /// What the field tells twice in a row: a click soon after another one selects a word, and tells of that.
    fn read_twice(&mut self, field: &mut Field) -> Result<FieldText, X11Error> {
        let mut last: Option<Zeroizing<String>> = None;
        for _ in 0..=STALE {
            let told = self.selection.taken();
            self.select_all(field)?;
            let answer = match self.ask(field, told)? {
                Ok((_, answer)) => answer,
                Err(Stop::Interrupted(by)) => return Ok(FieldText::Interrupted { by }),
                Err(Stop::TimedOut) => None,
            };
            self.press(&[field.keys.end])?;
            match answer {
                Some(text) if last.as_ref() == Some(&text) => return Ok(FieldText::Text(text)),
                Some(text) => last = Some(text),
                None => return Ok(FieldText::NoAnswer),
            }
        }
        Ok(FieldText::NoAnswer)
    }

    /// The keys that are needed to select and to type `text`.
    fn prepare(
        &self,
        window: WindowId,
        windows: Vec<WindowId>,
        text: &str,
        options: FillOptions,
    ) -> Result<(Field, Vec<Batch>), X11Error> {
        let map = self.keyboard.map();
        let full = || X11Error::KeymapFull {
            spare: map.spare().len(),
        };
        let batches = map.plan(text.chars().map(keysym_of), &ALWAYS).ok_or_else(full)?;
        let first = batches.first();
        let strokes = ALWAYS.map(|symbol| {
            map.stroke(symbol)
                .or_else(|| first.and_then(|batch| batch.bound(symbol)))
        });
        let [
            Some(backspace),
            Some(control),
            Some(a),
            Some(end),
            Some(delete),
            Some(shift),
            Some(home),
            Some(zero),
        ] = strokes
        else {
            return Err(full());
        };
        let field = Field {
            window,
            windows,
            options,
            selections: 0,
            way: self.select_all,
            keys: Keys {
                control,
                a,
                end,
                delete,
                shift,
                home,
                backspace,
                zero,
            },
        };
        Ok((field, batches))
    }

    fn fill_field(
        &mut self,
        window: WindowId,
        client: u32,
        windows: Vec<WindowId>,
        at: Point,
        text: &str,
        options: FillOptions,
    ) -> Result<FillOutcome, X11Error> {
        let typed = if text.is_empty() { "0" } else { text };
        let (mut field, batches) = self.prepare(window, windows, typed, options)?;
        self.keyboard.neutralise(&self.link.connection)?;
        self.selection = Selection::watch(client, self.events.server_time(&self.link)?);
        if !options.read_back {
            if let Err(stop) = self.click_into(&field, at)? {
                return Ok(stop.into());
            }
            let [batch] = batches.as_slice() else {
                // The next batch may be bound only when the one before was seen to arrive.
                return Ok(FillOutcome::NoAnswer);
            };
            self.keyboard.bind(&self.link.connection, batch)?;
            let old = LEFT_OVER * text.chars().count() + 16;
            if let Err(stop) = self.type_in_runs(
                &field,
                &[vec![field.keys.end], vec![field.keys.backspace; old]].concat(),
            )? {
                return Ok(stop.into());
            }
            return Ok(match self.type_unread(&field, typed, &batch.strokes)? {
                Ok(()) => FillOutcome::Unread,
                Err(stop) => stop.into(),
            });
        }
        let mut outcome = FillOutcome::NoAnswer;
        let mut arrived = 0;
        for (index, batch) in batches.iter().enumerate() {
            self.keyboard.bind(&self.link.connection, batch)?;
            let mut strokes = batch.strokes.as_slice();
            if index == 0 {
                outcome = self.reach(&mut field, at, typed, strokes)?;
                if !outcome.is_confirmed() {
                    return Ok(outcome);
                }
                if options.secret {
                    self.select_all(&mut field)?;
                } else {
                    (arrived, strokes) = (1, &strokes[1..]);
                }
            }
            while !strokes.is_empty() {
                let (section, rest) = strokes.split_at(section(typed, arrived, strokes.len()));
                strokes = rest;
                if arrived > 0
                    && typed.chars().nth(arrived) == Some(' ')
                    && let Err(stop @ Stop::Interrupted(_)) = self.watch_windows(&field)?
                {
                    return Ok(stop.into());
                }
                if let Err(stop) = self.type_in_runs(&field, section)? {
                    return Ok(stop.into());
                }
                arrived += section.len();
                let expected: Zeroizing<String> = Zeroizing::new(typed.chars().take(arrived).collect());
                outcome = self.read_back(&mut field, &expected)?;
                if !outcome.is_confirmed() {
                    return Ok(outcome);
                }
            }
        }
        if text.is_empty() {
            outcome = self.erase(&mut field)?;
        }
        Ok(outcome)
    }

    /// Clicks the field, and replaces what it holds by one character: the first of `text`, or `0` for a secret. Keys
    /// may still go to the field that had the focus: Java holds them back by time stamps that are equal when a busy
    /// machine delivers click and keys at once. By a later click the earlier one has been handled.
    fn reach(
        &mut self,
        field: &mut Field,
        at: Point,
        text: &str,
        strokes: &[Stroke],
    ) -> Result<FillOutcome, X11Error> {
        let secret = field.options.secret;
        let (stroke, expected) = match (strokes.first(), text.chars().next()) {
            (Some(&stroke), Some(first)) if !secret => (stroke, Zeroizing::new(first.to_string())),
            _ => (field.keys.zero, Zeroizing::new("0".to_owned())),
        };
        let mut outcome = FillOutcome::NoAnswer;
        let mut strayed = false;
        for pause in TRIES {
            if let Err(stop @ Stop::Interrupted(_)) =
                self.until(field, Instant::now() + pause, |_| Ok(None::<()>))?
            {
                return Ok(stop.into());
            }
            if let Err(stop) = self.click_into(field, at)? {
                return Ok(stop.into());
            }
            let way = field.way;
            self.select_all(field)?;
            if let Err(stop) = self.type_in_runs(field, &[stroke])? {
                return Ok(stop.into());
            }
            outcome = self.read_back(field, &expected)?;
            match outcome {
                FillOutcome::Exact if secret => {}
                FillOutcome::Masked { .. } if !secret => {}
                FillOutcome::Mismatch { .. } => {}
                FillOutcome::Exact | FillOutcome::Masked { .. } if strayed => {
                    return Ok(FillOutcome::Elsewhere);
                }
                _ => return Ok(outcome),
            }
            // Selected in vain, it was added to what the field held.
            strayed |= way == field.way;
        }
        Ok(outcome)
    }

    /// Types a text whose arrival nobody tells: before each space there must have been time for a dialog to show.
    fn type_unread(
        &mut self,
        field: &Field,
        text: &str,
        mut strokes: &[Stroke],
    ) -> Result<Result<(), Stop>, X11Error> {
        let mut typed = 0;
        while !strokes.is_empty() {
            let (section, rest) = strokes.split_at(section(text, typed, strokes.len()));
            if typed > 0
                && let Err(stop @ Stop::Interrupted(_)) = self.watch_windows(field)?
            {
                return Ok(Err(stop));
            }
            if let Err(stop) = self.type_in_runs(field, section)? {
                return Ok(Err(stop));
            }
            typed += section.len();
            strokes = rest;
        }
        Ok(Ok(()))
    }

    /// Deletes what the field holds. An empty field tells nothing, so what is looked for is that the window is painted
    /// for the deletion, after the painting of the selection came to rest.
    fn erase(&mut self, field: &mut Field) -> Result<FillOutcome, X11Error> {
        let told = self.selection.taken();
        self.select_all(field)?;
        let deadline = Instant::now() + field.options.answer;
        let selected = self.until(field, deadline, |desktop| {
            Ok((desktop.selection.taken() > told).then_some(()))
        })?;
        if let Err(stop) = selected {
            return Ok(stop.into());
        }
        // Something that never rests is deleted from all the same: then its paint is a weaker sign.
        while Instant::now() < deadline && self.await_paint(field, self.paints.count, REST)?.is_ok() {}
        let before = self.paints.count;
        self.press(&[field.keys.delete])?;
        Ok(match self.await_paint(field, before, field.options.answer)? {
            Ok(()) => FillOutcome::Exact,
            Err(stop) => stop.into(),
        })
    }

    fn select_all(&self, field: &mut Field) -> Result<(), X11Error> {
        field.selections += 1;
        let keys = &field.keys;
        match field.way {
            SelectAll::Shortcut => self.press(&[keys.control, keys.a]),
            SelectAll::Extend => {
                self.press(&[keys.end])?;
                self.press(&[keys.shift, keys.home])
            }
        }
    }

    fn press(&self, strokes: &[Stroke]) -> Result<(), X11Error> {
        self.keyboard.press_chord(&self.link.connection, strokes)
    }

    /// Clicks the field once the window rests, and waits until it has the focus and was painted for the click: keys that
    /// come earlier may go nowhere, or to another field.
    fn click_into(&mut self, field: &Field, at: Point) -> Result<Result<(), Stop>, X11Error> {
        if self.manages_windows() && !self.has_focus(field.window)? {
            self.focus(field.window)?;
        }
        let settled = Instant::now() + field.options.pause;
        while Instant::now() < settled
            && let painted = self.await_paint(field, self.paints.count, REST)?
            && !matches!(painted, Err(Stop::TimedOut))
        {
            if let Err(stop) = painted {
                return Ok(Err(stop));
            }
        }
        let before = self.paints.count;
        self.click(field.window, at)?;
        let clicked = self.events.server_time(&self.link)?;
        let deadline = Instant::now() + field.options.answer;
        let focused = self.until(field, deadline, |desktop| {
            Ok(desktop.has_focus(field.window)?.then_some(()))
        })?;
        if let Err(stop @ Stop::Interrupted(_)) = self.await_paint(field, before, CLICKED)? {
            return Ok(Err(stop));
        }
        // Java holds keys back until the clicked field has the focus, but only those with a later time stamp:
        // see `Desktop::reach`.
        // Another window manager holds the click itself back for a while.
        let hold = if self.manages_windows() { 2 } else { 150 };
        while self.events.server_time(&self.link)?.wrapping_sub(clicked) < hold {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(focused)
    }

    fn type_in_runs(&mut self, field: &Field, strokes: &[Stroke]) -> Result<Result<(), Stop>, X11Error> {
        for run in strokes.chunks(field.options.run.max(1)) {
            let before = self.paints.count;
            self.keyboard.type_strokes(&self.link.connection, run)?;
            // A window that is not painted may be busy, or have nothing new to show: the reading will tell.
            if let Err(stop @ Stop::Interrupted(_)) = self.await_paint(field, before, field.options.pause)? {
                return Ok(Err(stop));
            }
        }
        Ok(Ok(()))
    }

    /// Waits for as long as a dialog takes from the program's decision to its window.
    fn watch_windows(&mut self, field: &Field) -> Result<Result<(), Stop>, X11Error> {
        self.until(field, Instant::now() + OPENING, |_| Ok(None))
    }

    /// Waits until the window was painted more often than `before`.
    fn await_paint(
        &mut self,
        field: &Field,
        before: u64,
        patience: Duration,
    ) -> Result<Result<(), Stop>, X11Error> {
        self.until(field, Instant::now() + patience, |desktop| {
            Ok((desktop.paints.count != before).then_some(()))
        })
    }

    /// Selects all and asks what that is. A busy program may tell late of a selection from before the text was typed:
    /// so an answer counts only once it has told of more selections than there were by then, and one that differs
    /// only after some more: a click soon after another one is a double click, and selects too.
    fn read_back(&mut self, field: &mut Field, expected: &str) -> Result<FillOutcome, X11Error> {
        let earlier = field.selections;
        loop {
            let told = self.selection.taken();
            self.select_all(field)?;
            let (told, answer) = match self.ask(field, told)? {
                Ok(answer) => answer,
                Err(stop) => return Ok(stop.into()),
            };
            self.press(&[field.keys.end])?;
            let outcome = answer.map_or(FillOutcome::NoAnswer, |answer| judge(&answer, expected));
            let needed = if outcome.is_confirmed() { 1 } else { STALE };
            if told >= earlier + needed {
                return Ok(outcome);
            }
        }
    }

    /// Waits for the program to take PRIMARY more often than `told`, and gets its text, or `None` when it refuses;
    /// with how often it took PRIMARY before it answered. While it does not, all is selected in one way and the other.
    fn ask(&mut self, field: &mut Field, told: usize) -> Result<Result<Answer, Stop>, X11Error> {
        let deadline = Instant::now() + field.options.answer;
        let more = |desktop: &mut Self| Ok(Some(desktop.selection.taken()).filter(|&taken| taken > told));
        // What it answered to before may work once more.
        let mut same_way = told > 0;
        let taken = loop {
            let patience = deadline.min(Instant::now() + HELD);
            match self.until(field, patience, more)? {
                Err(Stop::TimedOut) if patience < deadline => {
                    self.empty_primary()?;
                    if !std::mem::take(&mut same_way) {
                        field.way = field.way.other();
                    }
                    self.select_all(field)?;
                }
                taken => break taken,
            }
        };
        self.select_all = field.way;
        let taken = match taken {
            Ok(taken) => taken,
            Err(stop) => return Ok(Err(stop)),
        };
        self.ask_primary()?;
        match self.until(field, deadline, |desktop| Ok(desktop.selection.take_answer()))? {
            Ok(Some(property)) => Ok(Ok((taken, self.take_text(property)?))),
            Ok(None) => Ok(Ok((taken, None))),
            Err(stop) => Ok(Err(stop)),
        }
    }

    /// Handles events until `found` has something, another window is there, or `deadline` passes.
    fn until<T>(
        &mut self,
        field: &Field,
        deadline: Instant,
        mut found: impl FnMut(&mut Self) -> Result<Option<T>, X11Error>,
    ) -> Result<Result<T, Stop>, X11Error> {
        self.sync()?;
        loop {
            let windows = self.list.windows();
            if let Some(new) = windows.iter().find(|window| !field.windows.contains(&window.id)) {
                return Ok(Err(Stop::Interrupted(new.id)));
            }
            if !windows.iter().any(|window| window.id == field.window) {
                return Err(X11Error::NoWindow(field.window));
            }
            if let Some(value) = found(self)? {
                return Ok(Ok(value));
            }
            if !self.wait(deadline)? {
                return Ok(Err(Stop::TimedOut));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_space_begins_a_section() {
        let text = "ab cd  e";
        let mut from = 0;
        let mut sections = Vec::new();
        while from < text.len() {
            let length = section(text, from, text.len() - from);
            sections.push(&text[from..from + length]);
            from += length;
        }
        assert_eq!(sections, ["ab", " cd", " ", " e"]);
        assert_eq!(section("abc def", 0, 2), 2, "a batch of bound keys ends it too");
    }
}
