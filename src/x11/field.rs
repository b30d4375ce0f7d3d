//! Text into a field: typed in short runs, and read back before anybody relies on it.

use std::time::{Duration, Instant};

use x11rb::protocol::xproto::{ConnectionExt as _, Timestamp};
use zeroize::Zeroizing;

use super::keymap::{Stroke, keysym, keysym_of};
use super::manager::focus_window;
use super::{Desktop, X11Error};
use crate::screen::{Point, WindowId};

/// How [`Desktop::fill`] goes about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillOptions {
    /// How long the program may take to answer; a JVM may stand still for seconds.
    pub answer: Duration,
    /// Characters typed between two looks at the windows.
    pub run: usize,
    /// How long to wait after a run for the window to be painted, which tells that the keys arrive.
    pub pause: Duration,
}

impl Default for FillOptions {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(10),
            run: 8,
            pause: Duration::from_millis(250),
        }
    }
}

/// What a field holds after [`Desktop::fill`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillOutcome {
    /// The text, exactly.
    Exact,
    /// As many echo characters as the text has.
    Masked {
        /// Their number.
        count: usize,
    },
    /// Something else.
    Mismatch {
        /// Its length in characters.
        length: usize,
    },
    /// Not known: another window was opened, and typing stopped at once.
    Interrupted {
        /// That window.
        by: WindowId,
    },
    /// Not known: the program did not take the focus, or did not answer.
    NoAnswer,
}

impl FillOutcome {
    /// Whether the field holds the text as far as anybody can tell.
    pub const fn is_confirmed(self) -> bool {
        matches!(self, Self::Exact | Self::Masked { .. })
    }
}

/// Why waiting ended without what was waited for.
enum Stop {
    TimedOut,
    Interrupted(WindowId),
}

impl From<Stop> for FillOutcome {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::TimedOut => Self::NoAnswer,
            Stop::Interrupted(by) => Self::Interrupted { by },
        }
    }
}

/// The field that is being filled.
struct Field {
    window: WindowId,
    client: u32,
    /// The windows that were there at the start.
    windows: Vec<WindowId>,
    options: FillOptions,
    select_all: [Stroke; 2],
    end: Stroke,
    delete: Stroke,
}

/// Symbols that filling needs besides the text.
const ALWAYS: [u32; 4] = [keysym::CONTROL, keysym::A, keysym::END, keysym::DELETE];

impl Desktop {
    /// Replaces the content of the field at a point of a window by `text`, and reads it back through PRIMARY. The
    /// field is clicked first. No modifier is held, PRIMARY is empty and the caret is at the end afterwards; after
    /// [`FillOutcome::Interrupted`] all is left as it was found.
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
            self.link.flush()?;
        }
        Ok(outcome)
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
        let map = self.keyboard.map();
        let full = || X11Error::KeymapFull {
            spare: map.spare().len(),
        };
        let batches = map.plan(typed.chars().map(keysym_of), &ALWAYS).ok_or_else(full)?;
        let [control, a, end, delete] =
            ALWAYS.map(|symbol| map.stroke(symbol).or_else(|| batches[0].bound(symbol)));
        let (Some(control), Some(a), Some(end), Some(delete)) = (control, a, end, delete) else {
            return Err(full());
        };
        let field = Field {
            window,
            client,
            windows,
            options,
            select_all: [control, a],
            end,
            delete,
        };
        self.keyboard.neutralise(&self.link.connection)?;
        if let Err(stop) = self.click_into(&field, at)? {
            return Ok(stop.into());
        }
        let mut outcome = FillOutcome::NoAnswer;
        let mut arrived = 0;
        for (index, batch) in batches.iter().enumerate() {
            self.keyboard.bind(&self.link.connection, batch)?;
            if index == 0 {
                self.press(&field.select_all)?;
            }
            let painted = match self.type_in_runs(&field, &batch.strokes)? {
                Ok(painted) => painted,
                Err(stop) => return Ok(stop.into()),
            };
            arrived += batch.strokes.len();
            let expected: Zeroizing<String> = Zeroizing::new(typed.chars().take(arrived).collect());
            outcome = self.read_back(&field, &expected, painted)?;
            if !outcome.is_confirmed() {
                return Ok(outcome);
            }
        }
        if text.is_empty() {
            let painted = self.paints.count;
            self.press(&field.select_all)?;
            self.press(&[field.delete])?;
            if let Err(Stop::Interrupted(by)) = self.await_paint(&field, painted)? {
                return Ok(FillOutcome::Interrupted { by });
            }
            self.empty_primary()?;
            return Ok(FillOutcome::Exact);
        }
        Ok(outcome)
    }

    fn press(&self, strokes: &[Stroke]) -> Result<(), X11Error> {
        self.keyboard.press_chord(&self.link.connection, strokes)
    }

    /// Clicks the field, and waits until the window has the focus: keys that come earlier may go nowhere.
    fn click_into(&mut self, field: &Field, at: Point) -> Result<Result<(), Stop>, X11Error> {
        if self.manages_windows() && !self.has_focus(field.window)? {
            self.focus(field.window)?;
        }
        self.click(field.window, at)?;
        let deadline = Instant::now() + field.options.answer;
        self.until(field, deadline, |desktop| {
            Ok(desktop.has_focus(field.window)?.then_some(()))
        })
    }

    /// Whether the focus is on a window or inside it.
    fn has_focus(&self, id: WindowId) -> Result<bool, X11Error> {
        let mut focus = focus_window(&self.link)?;
        while let Some(window) = focus {
            if window == id.0 {
                return Ok(true);
            }
            let tree = self.link.connection.query_tree(window)?.reply_unchecked()?;
            focus = tree
                .map(|tree| tree.parent)
                .filter(|&parent| parent != x11rb::NONE && parent != self.link.root);
        }
        Ok(false)
    }

    /// Types in runs; tells whether the window was painted after each of them.
    fn type_in_runs(&mut self, field: &Field, strokes: &[Stroke]) -> Result<Result<bool, Stop>, X11Error> {
        let mut painted = true;
        for run in strokes.chunks(field.options.run.max(1)) {
            let before = self.paints.count;
            self.keyboard.type_strokes(&self.link.connection, run)?;
            match self.await_paint(field, before)? {
                Ok(()) => {}
                Err(Stop::TimedOut) => painted = false,
                Err(stop) => return Ok(Err(stop)),
            }
        }
        Ok(Ok(painted))
    }

    fn await_paint(&mut self, field: &Field, before: u64) -> Result<Result<(), Stop>, X11Error> {
        let deadline = Instant::now() + field.options.pause;
        self.until(field, deadline, |desktop| {
            Ok((desktop.paints.count != before).then_some(()))
        })
    }

    /// Selects all and asks what that is. An earlier selection of the same program may be told late: what was not seen
    /// to be painted, or differs, is asked for again.
    fn read_back(&mut self, field: &Field, expected: &str, painted: bool) -> Result<FillOutcome, X11Error> {
        let mut last = None;
        loop {
            let since = self.take_primary()?;
            self.press(&field.select_all)?;
            let answer = self.ask(field, since)?;
            let outcome = match answer {
                Err(Stop::Interrupted(by)) => return Ok(FillOutcome::Interrupted { by }),
                Err(Stop::TimedOut) => FillOutcome::NoAnswer,
                Ok(None) => FillOutcome::NoAnswer,
                Ok(Some(answer)) => judge(&answer, expected),
            };
            self.empty_primary()?;
            self.press(&[field.end])?;
            let certain = painted && outcome.is_confirmed();
            if certain || outcome == FillOutcome::NoAnswer || last == Some(outcome) {
                return Ok(outcome);
            }
            last = Some(outcome);
        }
    }

    /// Waits for the program to own PRIMARY, and gets its text; `None` for a refusal.
    fn ask(
        &mut self,
        field: &Field,
        since: Timestamp,
    ) -> Result<Result<Option<Zeroizing<String>>, Stop>, X11Error> {
        let deadline = Instant::now() + field.options.answer;
        let owner = self.until(field, deadline, |desktop| {
            Ok(desktop.selection.take_owner(&desktop.link, field.client, since))
        })?;
        let owner = match owner {
            Ok(owner) => owner,
            Err(stop) => return Ok(Err(stop)),
        };
        self.ask_primary(owner)?;
        let answer = self.until(field, deadline, |desktop| Ok(desktop.selection.take_answer()))?;
        Ok(match answer {
            Ok(Some(property)) => Ok(self.take_text(property)?),
            Ok(None) => Ok(None),
            Err(stop) => Err(stop),
        })
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

    /// Types into whatever has the focus. Nothing is read back.
    ///
    /// # Errors
    /// [`X11Error::ControlCharacter`], and [`X11Error::KeymapFull`] when the text has more characters that the
    /// keyboard map lacks than there are spare keycodes: [`Desktop::fill`] can type those.
    pub fn type_text(&mut self, text: &str) -> Result<(), X11Error> {
        refuse_control(text)?;
        self.type_symbols(text.chars().map(keysym_of), false)
    }

    /// Presses keys together: each in order, then released in the opposite one.
    ///
    /// # Errors
    /// [`X11Error::KeymapFull`].
    pub fn press_chord(&mut self, keysyms: &[u32]) -> Result<(), X11Error> {
        self.type_symbols(keysyms.iter().copied(), true)
    }

    fn type_symbols(&mut self, keysyms: impl Iterator<Item = u32>, together: bool) -> Result<(), X11Error> {
        let connection = &self.link.connection;
        self.keyboard.load(connection)?;
        let batches = self.keyboard.map().plan(keysyms, &[]).unwrap_or_default();
        let [batch] = batches.as_slice() else {
            return Err(X11Error::KeymapFull {
                spare: self.keyboard.map().spare().len(),
            });
        };
        self.keyboard.neutralise(connection)?;
        self.keyboard.bind(connection, batch)?;
        if together {
            self.keyboard.press_chord(connection, &batch.strokes)
        } else {
            self.keyboard.type_strokes(connection, &batch.strokes)
        }
    }
}

fn refuse_control(text: &str) -> Result<(), X11Error> {
    match text.chars().position(char::is_control) {
        Some(position) => Err(X11Error::ControlCharacter { position }),
        None => Ok(()),
    }
}

/// What a field holds, by what it told when all of it was selected.
fn judge(answer: &str, expected: &str) -> FillOutcome {
    if answer == expected {
        return FillOutcome::Exact;
    }
    let length = answer.chars().count();
    let mut characters = answer.chars();
    let echo = characters
        .next()
        .is_some_and(|first| !first.is_alphanumeric() && characters.all(|character| character == first));
    if echo && length == expected.chars().count() {
        FillOutcome::Masked { count: length }
    } else {
        FillOutcome::Mismatch { length }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_judged() {
        assert_eq!(judge("aé€", "aé€"), FillOutcome::Exact);
        assert_eq!(judge("•••", "aé€"), FillOutcome::Masked { count: 3 });
        assert_eq!(judge("***", "***"), FillOutcome::Exact);
        assert_eq!(judge("••", "aé€"), FillOutcome::Mismatch { length: 2 });
        assert_eq!(judge("qqq", "aaa"), FillOutcome::Mismatch { length: 3 });
        assert_eq!(judge("••x", "aaa"), FillOutcome::Mismatch { length: 3 });
        assert_eq!(judge("", "a"), FillOutcome::Mismatch { length: 0 });
    }

    #[test]
    fn control_characters_are_refused_by_place() {
        assert!(refuse_control("aé €").is_ok());
        let error = refuse_control("é\n").unwrap_err();
        assert!(matches!(error, X11Error::ControlCharacter { position: 1 }));
    }
}
