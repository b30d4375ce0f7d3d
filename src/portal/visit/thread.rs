//! The thread of a visit: it sees what the page's window says, and does what the login wants.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;

use super::{Question, Reply};
use crate::agent::View;
use crate::config::{Credentials, PortalBrowser};
use crate::control::OneTimeCode;
use crate::journal::BLANK;
use crate::pilot::Eyes;
use crate::portal::browser::{self, Reports};
use crate::portal::login::{Act, Answer, Code, Login, Outcome, Page, Shot, Sight, Typed, What};
use crate::portal::selectors::{Part, Selectors};
use crate::screen::{Rect, Window, WindowId, WindowKind};
use crate::vision::{OcrError, png};
use crate::vnc::Gate;
use crate::x11::{Desktop, DesktopEvent, FillOptions, FillOutcome, X11Error};

// X11 protocol, appendix A.
const RETURN: u32 = 0xff0d;
const HOME: u32 = 0xff50;
const DOWN: u32 = 0xff54;
const CONTROL: u32 = 0xffe3;
const A: u32 = 0x61;
const BACKSPACE: u32 = 0xff08;

/// Reports are not older than this: the clock was set.
const MOST_AGE: Duration = Duration::from_secs(2);

/// How long a field may take to tell what it holds.
const FIELD_ANSWER: Duration = Duration::from_secs(4);
/// How long a page may be shown without telling of itself.
const PATIENCE: Duration = Duration::from_secs(8);

/// What the thread is told.
#[derive(Debug)]
pub(super) enum Message {
    /// The display has something.
    Wake,
    /// The browser ended: how.
    BrowserEnded(String),
    /// The login is to end.
    Stop,
    /// An answer.
    Permission(bool),
    /// An answer.
    Push(bool),
    /// An answer.
    Code(Result<OneTimeCode, String>),
}

/// Eyes for a page that does not tell of itself.
pub(super) struct Eyesight {
    eyes: Eyes,
    sight: Sight,
    /// The page as it was seen last.
    view: Option<View>,
}

impl Eyesight {
    /// What is read is kept nowhere; `folder` is one where nothing was kept.
    pub(super) fn new(folder: PathBuf) -> Result<Self, OcrError> {
        Ok(Self {
            eyes: Eyes::open(folder)?,
            sight: Sight::default(),
            view: None,
        })
    }
}

/// All that it works with.
pub(super) struct Cockpit {
    pub(super) desktop: Desktop,
    pub(super) gate: Gate,
    pub(super) login: Login,
    pub(super) browser: PortalBrowser,
    pub(super) process: i32,
    pub(super) reports: Option<Reports>,
    pub(super) credentials: Arc<Credentials>,
    /// The code that was had last.
    pub(super) code: Option<OneTimeCode>,
    pub(super) six_digits: bool,
    pub(super) screenshots: Option<PathBuf>,
    pub(super) questions: UnboundedSender<Question>,
    pub(super) inbox: Sender<Message>,
    pub(super) selectors: Selectors,
    pub(super) origin: String,
    /// The browser's.
    pub(super) folder: PathBuf,
    pub(super) eyesight: Option<Eyesight>,
    /// When the page's window was shown.
    pub(super) shown: Option<Instant>,
    /// The page's window.
    pub(super) window: Option<WindowId>,
    pub(super) title: String,
    pub(super) list_is_open: bool,
    pub(super) page: Option<Page>,
}

impl Cockpit {
    /// Until the login has ended.
    pub(super) fn run(&mut self, messages: &Receiver<Message>) -> Outcome {
        loop {
            if let Err(error) = self.take_in() {
                self.login.failed(format!("the display is gone: {error}"));
            }
            while let Some(act) = self.login.poll_act() {
                if let Act::End(outcome) = act {
                    tracing::info!(ending = %outcome.ending, submissions = outcome.submissions, "the login in the browser ended");
                    return outcome;
                }
                tracing::debug!(?act, "acting");
                self.gate.act();
                self.perform(act);
            }
            let now = Instant::now();
            if self.login.poll_timeout().is_some_and(|due| due <= now) {
                // Nothing tells that a picture stayed as it was.
                self.look_again(now);
                self.login.handle_timeout(now);
                continue;
            }
            if !self.login.is_at_work() {
                self.gate.open();
            }
            let eyes = self.eyesight.as_ref().and_then(|eyesight| eyesight.eyes.due());
            let due = [self.login.poll_timeout(), eyes, self.patience()];
            let due = due.into_iter().flatten().min();
            let message = match due {
                Some(due) => messages.recv_timeout(due.saturating_duration_since(now)),
                None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match message {
                Ok(message) => self.take(message),
                Err(RecvTimeoutError::Timeout) => self.lose_patience(Instant::now()),
                // We hold a sender ourselves.
                Err(RecvTimeoutError::Disconnected) => self.login.stopped(),
            }
        }
    }

    fn take(&mut self, message: Message) {
        let now = Instant::now();
        match message {
            Message::Wake => {}
            Message::BrowserEnded(how) => self.login.browser_ended(how),
            Message::Stop => self.login.stopped(),
            Message::Permission(permitted) => self.login.answered(now, Answer::Submission(permitted)),
            Message::Push(permitted) => self.login.answered(now, Answer::Push(permitted)),
            Message::Code(code) => {
                let code = self.checked(code);
                self.login.answered(now, Answer::Code(code));
            }
        }
    }

    fn checked(&mut self, code: Result<OneTimeCode, String>) -> Code {
        let code = match code {
            Ok(code) => code,
            Err(why) => return Code::None(why),
        };
        let text = code.expose();
        if self.six_digits && (text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_digit())) {
            return Code::None("what was given are not six digits; see GATEHAND_PORTAL_STRICT_CODE".into());
        }
        let length = text.len();
        self.code = Some(code);
        Code::Ready { length }
    }

    /// When a script that told nothing is not waited for any more.
    fn patience(&self) -> Option<Instant> {
        let waits = self.eyesight.is_none() && self.page.is_none();
        self.shown.filter(|_| waits).map(|shown| shown + PATIENCE)
    }

    fn lose_patience(&mut self, now: Instant) {
        if self.patience().is_none_or(|end| now < end) {
            return;
        }
        self.shown = None;
        match Eyesight::new(self.folder.clone()) {
            Ok(eyesight) => {
                tracing::warn!("the page does not tell of itself: it is read from its picture");
                self.eyesight = Some(eyesight);
            }
            Err(error) => tracing::warn!(%error, "the page does not tell of itself, and cannot be read"),
        }
    }

    /// What the page's picture shows now, if it was read since it changed last.
    fn look_again(&mut self, now: Instant) {
        let Some(eyesight) = &mut self.eyesight else {
            return;
        };
        let (Some(view), None) = (&eyesight.view, eyesight.eyes.due()) else {
            return;
        };
        let typed = Typed {
            user: &self.credentials.user,
            code: self.code.as_ref().map(OneTimeCode::expose),
        };
        let seen = (&*view.frame, &*view.reading);
        let page = eyesight.sight.page(seen, &self.selectors, typed, &self.origin);
        tracing::trace!(?page, "the page, as it looks");
        self.login.look(now, page);
    }

    /// Takes in what happened on the display.
    fn take_in(&mut self) -> Result<(), X11Error> {
        if let Some(eyesight) = &mut self.eyesight {
            let seen = eyesight.eyes.observe(&mut self.desktop)?;
            let page = self.window;
            let view = seen.and_then(|seen| {
                let page = seen.into_iter().find(|seen| Some(seen.window.id) == page)?;
                page.view
            });
            if let Some(view) = view {
                eyesight.view = Some(view);
                self.look_again(Instant::now());
            }
        } else {
            while let Some(event) = self.desktop.poll_event() {
                if let DesktopEvent::Lost { reason } = event {
                    return Err(X11Error::Gone { reason });
                }
            }
        }
        self.watch_windows();
        Ok(())
    }

    /// Takes in what the page's window says.
    fn watch_windows(&mut self) {
        let popup = |window: &Window| window.kind == WindowKind::Popup;
        let list_is_open = self.desktop.windows().iter().any(popup);
        if list_is_open != self.list_is_open {
            self.list_is_open = list_is_open;
            self.login.list_shown(Instant::now(), list_is_open);
        }
        let is_page = |window: &&Window| browser::is_page(self.browser, window, self.process);
        let Some(window) = self.desktop.windows().iter().rev().find(is_page).cloned() else {
            return;
        };
        if self.window != Some(window.id) {
            self.window = Some(window.id);
            self.shown = Some(Instant::now());
            if let Err(error) = self.desktop.cover_screen(window.id) {
                tracing::debug!(%error, "the page's window keeps its size");
            }
        }
        if self.title == window.title {
            return;
        }
        self.title = window.title;
        let now = Instant::now();
        if browser::distrusts(self.browser, &self.title) {
            self.login.distrusted();
        }
        let reports = self.reports.as_mut();
        if let Some((told, page)) =
            reports.and_then(|reports| reports.read(&self.title, window.geometry.size()))
        {
            tracing::trace!(?page, "the page");
            let age = Timestamp::now().duration_since(told).unsigned_abs().min(MOST_AGE);
            self.page = Some(page.clone());
            self.eyesight = None;
            self.login.observe(now, age, page);
        }
    }

    fn perform(&mut self, act: Act) {
        let done = match act {
            Act::Click(bounds) => self.click(bounds),
            Act::Clear => {
                if let Some(eyesight) = &mut self.eyesight {
                    eyesight.sight.cleared();
                }
                self.desktop
                    .press_chord(&[CONTROL, A])
                    .and_then(|()| self.desktop.press_chord(&[BACKSPACE]))
            }
            Act::Type(what) => self.type_out(what),
            Act::Return => self.desktop.press_chord(&[RETURN]),
            Act::Pick(index) => self.pick(index),
            Act::AskSubmission => self.ask(Question::Submission(self.reply(Message::Permission))),
            Act::AskPush => self.ask(Question::Push(self.reply(Message::Push))),
            Act::AskCode => self.ask(Question::Code(self.reply(Message::Code))),
            Act::TellPush => self.ask(Question::Pushed),
            Act::Screenshot(shot) => {
                if let Err(error) = self.screenshot(shot) {
                    tracing::warn!(error, "no picture of the login was kept");
                }
                Ok(())
            }
            // Told by whoever asked for it.
            Act::End(_) => Ok(()),
        };
        match done {
            Ok(()) => {}
            // The window may have moved or closed: the page shows whether that matters.
            Err(error @ (X11Error::NoWindow(_) | X11Error::OffScreen { .. } | X11Error::Covered { .. })) => {
                tracing::debug!(%error, "not done");
                self.login.not_done(&error.to_string());
            }
            Err(error) => self.login.failed(error.to_string()),
        }
    }

    fn click(&mut self, bounds: Rect) -> Result<(), X11Error> {
        if let Some(eyesight) = &mut self.eyesight {
            eyesight.sight.clicked(bounds);
        }
        match self.window {
            // Over a link, surf's title is the link's.
            Some(window) => self
                .desktop
                .click(window, bounds.center())
                .and_then(|()| self.desktop.park_pointer()),
            None => Ok(()),
        }
    }

    /// Chooses one of an open list, which begins anywhere.
    fn pick(&mut self, index: usize) -> Result<(), X11Error> {
        self.desktop.press_chord(&[HOME])?;
        for _ in 0..index {
            self.desktop.press_chord(&[DOWN])?;
        }
        self.desktop.press_chord(&[RETURN])
    }

    fn type_out(&mut self, what: What) -> Result<(), X11Error> {
        let (part, text) = match (what, &self.code) {
            (What::User, _) => (Part::User, self.credentials.user.as_str()),
            (What::Password, _) => (Part::Password, self.credentials.password.expose()),
            (What::Code, Some(code)) => (Part::Code, code.expose()),
            (What::Code, None) => return Ok(()),
        };
        let (Some(eyesight), Some(window)) = (&mut self.eyesight, self.window) else {
            return self.desktop.type_text(text);
        };
        let Some(field) = eyesight.sight.field(part) else {
            return Ok(());
        };
        // A field of a password does not tell what it holds; its dots are counted.
        let options = FillOptions {
            read_back: part != Part::Password,
            secret: part == Part::Password,
            answer: FIELD_ANSWER,
            ..FillOptions::default()
        };
        eyesight.sight.typing(part);
        let outcome = self.desktop.fill(window, field.center(), text, options)?;
        tracing::debug!(?part, ?outcome, "typed");
        if outcome == FillOutcome::Exact {
            eyesight.sight.confirm(part);
        }
        Ok(())
    }

    fn reply<T>(&self, as_message: fn(T) -> Message) -> Reply<T> {
        Reply {
            to: self.inbox.clone(),
            as_message,
        }
    }

    /// Nobody there to answer is as good as no answer.
    #[allow(clippy::unnecessary_wraps, reason = "as the other acts")]
    fn ask(&self, question: Question) -> Result<(), X11Error> {
        let _ = self.questions.send(question);
        Ok(())
    }

    /// Keeps a picture of the page, without what stands in its fields, under the name that IBeam would give it.
    fn screenshot(&mut self, shot: Shot) -> Result<(), String> {
        let (Some(folder), Some(window)) = (&self.screenshots, self.window) else {
            return Ok(());
        };
        let mut frame = self.desktop.capture(window).map_err(|error| error.to_string())?;
        let parts = [Part::User, Part::Password, Part::Code];
        let told = parts.map(|part| self.page.as_ref()?.element(part).map(|field| field.bounds));
        let seen = self.eyesight.iter().flat_map(|eyesight| eyesight.sight.fields());
        for field in told.into_iter().flatten().chain(seen) {
            frame.fill(field, BLANK);
        }
        let path = name_of(folder, shot, Timestamp::now());
        std::fs::create_dir_all(folder)
            .and_then(|()| png::write(&path, &frame))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        tracing::info!(picture = %path.display(), "a picture of the login was kept");
        Ok(())
    }
}

fn name_of(folder: &Path, shot: Shot, now: Timestamp) -> PathBuf {
    let time = now.strftime("%Y-%m-%d_%H-%M-%S");
    folder.join(format!(
        "ibeam__gatehand-{}__{time}__{shot}.png",
        env!("CARGO_PKG_VERSION")
    ))
}
