//! The thread of a visit: it sees what the page's window says, and does what the login wants.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;

use super::{Question, Reply};
use crate::config::{Credentials, PortalBrowser};
use crate::control::OneTimeCode;
use crate::journal::BLANK;
use crate::portal::browser::{self, Reports};
use crate::portal::login::{Act, Answer, Code, Login, Outcome, Page, Shot, What};
use crate::portal::selectors::Part;
use crate::screen::{Rect, Window, WindowId, WindowKind};
use crate::vision::png;
use crate::x11::{Desktop, DesktopEvent, X11Error};

// X11 protocol, appendix A.
const RETURN: u32 = 0xff0d;
const HOME: u32 = 0xff50;
const DOWN: u32 = 0xff54;
const CONTROL: u32 = 0xffe3;
const A: u32 = 0x61;
const BACKSPACE: u32 = 0xff08;

/// Reports are not older than this: the clock was set.
const MOST_AGE: Duration = Duration::from_secs(2);

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

/// All that it works with.
pub(super) struct Cockpit {
    pub(super) desktop: Desktop,
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
            if let Err(error) = self.look() {
                self.login.failed(format!("the display is gone: {error}"));
            }
            while let Some(act) = self.login.poll_act() {
                if let Act::End(outcome) = act {
                    tracing::info!(ending = %outcome.ending, submissions = outcome.submissions, "the login in the browser ended");
                    return outcome;
                }
                tracing::debug!(?act, "acting");
                self.perform(act);
            }
            let now = Instant::now();
            let due = self.login.poll_timeout();
            if due.is_some_and(|due| due <= now) {
                self.login.handle_timeout(now);
                continue;
            }
            let message = match due {
                Some(due) => messages.recv_timeout(due.saturating_duration_since(now)),
                None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match message {
                Ok(message) => self.take(message),
                Err(RecvTimeoutError::Timeout) => self.login.handle_timeout(Instant::now()),
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

    /// Takes in what the page's window says.
    fn look(&mut self) -> Result<(), X11Error> {
        while let Some(event) = self.desktop.poll_event() {
            if let DesktopEvent::Lost { reason } = event {
                return Err(X11Error::Gone { reason });
            }
        }
        let popup = |window: &Window| window.kind == WindowKind::Popup;
        let list_is_open = self.desktop.windows().iter().any(popup);
        if list_is_open != self.list_is_open {
            self.list_is_open = list_is_open;
            self.login.list_shown(Instant::now(), list_is_open);
        }
        let is_page = |window: &&Window| browser::is_page(self.browser, window, self.process);
        let Some(window) = self.desktop.windows().iter().rev().find(is_page).cloned() else {
            return Ok(());
        };
        if self.window != Some(window.id) {
            self.window = Some(window.id);
            if let Err(error) = self.desktop.cover_screen(window.id) {
                tracing::debug!(%error, "the page's window keeps its size");
            }
        }
        if self.title == window.title {
            return Ok(());
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
            self.login.observe(now, age, page);
        }
        Ok(())
    }

    fn perform(&mut self, act: Act) {
        let done = match act {
            Act::Click(bounds) => self.click(bounds),
            Act::Clear => self
                .desktop
                .press_chord(&[CONTROL, A])
                .and_then(|()| self.desktop.press_chord(&[BACKSPACE])),
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
            }
            Err(error) => self.login.failed(error.to_string()),
        }
    }

    fn click(&mut self, bounds: Rect) -> Result<(), X11Error> {
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
        match (what, &self.code) {
            (What::User, _) => self.desktop.type_text(&self.credentials.user),
            (What::Password, _) => self.desktop.type_text(self.credentials.password.expose()),
            (What::Code, Some(code)) => self.desktop.type_text(code.expose()),
            (What::Code, None) => Ok(()),
        }
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
        for part in [Part::User, Part::Password, Part::Code] {
            let field = self.page.as_ref().and_then(|page| page.element(part));
            if let Some(field) = field {
                frame.fill(field.bounds, BLANK);
            }
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
