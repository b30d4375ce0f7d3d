//! One display, shared by all viewers: each has its own account of what it does not know yet.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::thread;

use protocol::encoding::{Cursor, SharedPictures};
use protocol::region::Region;
use protocol::scroll::{Changes, Look};
use protocol::session::{ResizeStatus, Session};
use tokio::sync::{Notify, watch};
use tracing::Span;

use super::gate::Gate;
use super::worker::Worker;
use crate::screen::{Frame, Point, Rect, Size};

/// The display cannot be used any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the viewers' screen is lost: {reason}")]
pub struct DisplayLost {
    /// What the display said.
    pub reason: String,
}

/// What happened on a display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DisplayEvent {
    /// Pixels inside may be different.
    Damaged(Region),
    /// It has another size, and all its pixels are new.
    Resized(Size),
    /// The pointer looks different.
    CursorChanged,
    /// A program has another text for others.
    TextSelected(String),
    /// Its waker was called.
    Woken,
}

/// Ends the sleep of a display's thread.
pub type Waker = Box<dyn Fn() + Send + Sync>;

/// What the viewers need of a display. It is used from one thread, which sleeps in [`Self::next_event`].
pub trait Display: Send + 'static {
    /// Makes [`Self::next_event`] give [`DisplayEvent::Woken`], now or when it is called next. It may be called from any
    /// thread, also after the display is gone.
    fn waker(&self) -> Waker;

    /// Its size, as of the last [`DisplayEvent::Resized`] or [`Self::watch`].
    fn size(&self) -> Size;

    /// Begins or ends telling what happens. While it is not watched, nothing but [`DisplayEvent::Woken`] is told.
    ///
    /// # Errors
    /// The display is gone.
    fn watch(&mut self, on: bool) -> Result<(), DisplayLost>;

    /// Waits for what happens next.
    ///
    /// # Errors
    /// The display is gone.
    fn next_event(&mut self) -> Result<DisplayEvent, DisplayLost>;

    /// Gives the display another size; [`Self::size`] is that when it is done, and no [`DisplayEvent::Resized`] follows.
    ///
    /// # Errors
    /// The display is gone.
    fn resize(&mut self, size: Size) -> Result<ResizeStatus, DisplayLost>;

    /// What it shows now in `area`; `None` when that is outside, as when it has become smaller meanwhile:
    /// [`DisplayEvent::Resized`] follows.
    ///
    /// # Errors
    /// The display is gone.
    fn look(&mut self, area: Rect) -> Result<Option<Look<'_>>, DisplayLost>;

    /// What the pointer looks like now.
    ///
    /// # Errors
    /// The display is gone.
    fn cursor(&mut self) -> Result<Cursor, DisplayLost>;

    /// Says this behind all windows from now on.
    ///
    /// # Errors
    /// The display is gone.
    fn label(&mut self, text: &str) -> Result<(), DisplayLost>;

    /// Presses or releases a key by its keysym.
    ///
    /// # Errors
    /// The display is gone.
    fn key(&mut self, keysym: u32, down: bool) -> Result<(), DisplayLost>;

    /// Moves the pointer and sets which buttons are down; bit 0 is the left one, bits 3 to 6 the wheel, bits 7 and 8 back
    /// and forward.
    ///
    /// # Errors
    /// The display is gone.
    fn pointer(&mut self, at: Point, buttons: u16) -> Result<(), DisplayLost>;

    /// Whether texts may pass between its programs and viewers, as they may at first. A text that a program selects while
    /// they may not is never told.
    ///
    /// # Errors
    /// The display is gone.
    fn share_clipboard(&mut self, on: bool) -> Result<(), DisplayLost>;

    /// Offers a text to its programs, at once or as soon as texts may pass.
    ///
    /// # Errors
    /// The display is gone.
    fn offer_text(&mut self, text: String) -> Result<(), DisplayLost>;
}

/// What a viewer does to the display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ViewerInput {
    Key { keysym: u32, down: bool },
    Pointer { at: Point, buttons: u16 },
}

/// Work for the display's thread, besides what is in the book.
pub(super) enum Work {
    Input(ViewerInput),
    /// This viewer wishes for another size.
    Resize(u64, Size),
    /// This is to be said behind all windows.
    Label(String),
    /// The screen is not needed any more.
    Stop,
}

/// Steps that are kept apart for a viewer that does not look; what it misses then is told as one.
const MAX_STEPS: usize = 16;

/// What one viewer does not know yet.
#[derive(Default)]
pub(super) struct Account {
    /// How the frame came to be what it is, the oldest step first.
    steps: Vec<Arc<Changes>>,
    pub(super) resized: bool,
    pub(super) cursor: bool,
    pub(super) renamed: bool,
    /// The programs have another text.
    pub(super) text: bool,
    /// What became of its wishes for another size.
    pub(super) resizes: Vec<ResizeStatus>,
    /// It would send an update if there were something to tell.
    pub(super) waiting: bool,
    /// It has just come: what it asks for first is the whole screen, which is captured while it finds out how large that
    /// is.
    pub(super) expected: bool,
    /// It has something to tell whose pixels are not in the frame yet.
    held: bool,
    pub(super) notify: Arc<Notify>,
}

impl Account {
    /// The frame is another one since now.
    pub(super) fn changed(&mut self, changes: &Arc<Changes>) {
        if self.steps.len() < MAX_STEPS {
            self.steps.push(Arc::clone(changes));
            return;
        }
        let mut all = Changes::default();
        for step in self.steps.drain(..).chain([Arc::clone(changes)]) {
            all.damage.union(&step.damage);
            step.copies.iter().for_each(|copy| all.damage.add(copy.to));
        }
        self.steps.push(Arc::new(all));
    }

    /// All of the screen is another one.
    pub(super) fn resized(&mut self) {
        self.steps.clear();
        self.resized = true;
    }

    /// Whether there is something to tell.
    pub(super) fn has_news(&self) -> bool {
        let news = self.resized || self.cursor || self.renamed;
        self.held || news || !self.resizes.is_empty() || !self.steps.is_empty()
    }
}

/// All that viewers and the display's thread know together.
#[derive(Default)]
pub(super) struct Book {
    pub(super) size: Size,
    pub(super) cursor: Option<Arc<Cursor>>,
    /// The desktop's name, when it is not the one that viewers are told first.
    name: Option<Arc<str>>,
    /// What a program selected last.
    pub(super) text: Option<Arc<str>>,
    /// What a viewer copied, until the display has it.
    pub(super) copied: Option<String>,
    pub(super) accounts: HashMap<u64, Account>,
    next_id: u64,
    /// Where [`Shared::frame`] is older than the display.
    pub(super) stale: Region,
}

pub(super) struct Shared {
    /// To be locked after the frame where both are.
    pub(super) book: Mutex<Book>,
    pub(super) frame: RwLock<Frame>,
    /// Of the frame; to be cleared under its lock.
    pub(super) pictures: Arc<SharedPictures>,
    /// The display's thread was woken and has not looked yet.
    pub(super) woken: AtomicBool,
    pub(super) lost: watch::Sender<Option<DisplayLost>>,
    pub(super) on_press: OnceLock<Box<dyn Fn() + Send + Sync>>,
    pub(super) gate: Gate,
}

impl Shared {
    /// Whoever panicked under this lock left numbers and flags, all of them valid.
    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A display that viewers can be shown. It is not watched without viewers, and nothing is captured unless one of them
/// waits for it or has just come. The display's thread ends with the last clone.
#[derive(Clone)]
pub struct Screen {
    shared: Arc<Shared>,
    desk: Arc<Desk>,
}

/// Where the display's thread gets its work from; it ends with it.
struct Desk {
    work: Sender<Work>,
    waker: Waker,
    shared: Arc<Shared>,
}

impl Desk {
    /// Lets the thread look at the book and at its work.
    fn wake(&self) {
        if !self.shared.woken.swap(true, Ordering::AcqRel) {
            (self.waker)();
        }
    }

    fn put(&self, work: Work) {
        // The thread is gone when the display is lost: the viewers are told in another way.
        let _ = self.work.send(work);
        self.wake();
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.put(Work::Stop);
    }
}

impl Screen {
    /// Starts the thread that uses `display` from now on.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(display: impl Display) -> io::Result<Self> {
        Self::behind(Gate::default(), display)
    }

    /// As [`Self::start`]; viewers reach the display through `gate`.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn behind(gate: Gate, display: impl Display) -> io::Result<Self> {
        let (work, todo) = channel();
        let shared = Arc::new(Shared {
            book: Mutex::new(Book {
                size: display.size(),
                ..Book::default()
            }),
            frame: RwLock::default(),
            pictures: Arc::default(),
            woken: AtomicBool::new(false),
            lost: watch::Sender::new(None),
            on_press: OnceLock::new(),
            gate,
        });
        let waker = display.waker();
        let worker = Worker::new(display, Arc::clone(&shared));
        let span = Span::current();
        thread::Builder::new()
            .name("vnc-screen".into())
            .spawn(move || span.in_scope(|| worker.run(&todo)))?;
        let desk = Arc::new(Desk {
            work,
            waker,
            shared: Arc::clone(&shared),
        });
        let opened = Arc::downgrade(&desk);
        shared.gate.on_open(move || {
            if let Some(desk) = opened.upgrade() {
                desk.wake();
            }
        });
        Ok(Self { shared, desk })
    }

    /// Calls `hook`, from the display's thread, whenever a viewer presses a key or button, before it reaches the display.
    /// The first hook counts.
    pub fn on_press(&self, hook: impl Fn() + Send + Sync + 'static) {
        self.shared.on_press.get_or_init(|| Box::new(hook));
    }

    /// Gives the desktop another name, for viewers that can show it.
    pub fn rename(&self, name: &str) {
        let mut book = self.shared.book();
        book.name = Some(name.into());
        for account in book.accounts.values_mut() {
            account.renamed = true;
            if account.waiting {
                account.notify.notify_one();
            }
        }
    }

    /// Says this behind all windows of the display, where nothing else is to be seen. For a display that nobody else has.
    pub fn label(&self, text: &str) {
        self.desk.put(Work::Label(text.to_owned()));
    }

    /// Its size now.
    pub fn size(&self) -> Size {
        self.shared.book().size
    }

    /// Waits until the display is lost.
    pub async fn lost(&self) -> DisplayLost {
        let mut lost = self.shared.lost.subscribe();
        let lost = lost.wait_for(Option::is_some).await;
        let said = lost.ok().and_then(|lost| lost.clone());
        said.unwrap_or_else(|| DisplayLost {
            reason: "its thread has ended".into(),
        })
    }

    /// Opens an account for one viewer.
    pub(super) fn attach(&self) -> View {
        let notify = Arc::new(Notify::new());
        let mut book = self.shared.book();
        let id = book.next_id;
        book.next_id += 1;
        let account = Account {
            resized: true,
            cursor: true,
            renamed: book.name.is_some(),
            text: book.text.is_some(),
            expected: true,
            notify: Arc::clone(&notify),
            ..Account::default()
        };
        book.accounts.insert(id, account);
        drop(book);
        self.desk.wake();
        View {
            screen: self.clone(),
            id,
            notify,
        }
    }
}

/// One viewer's account of the screen, closed when it goes.
pub(super) struct View {
    screen: Screen,
    id: u64,
    notify: Arc<Notify>,
}

impl View {
    /// What viewers of this screen share.
    pub(super) fn pictures(&self) -> Arc<SharedPictures> {
        Arc::clone(&self.screen.shared.pictures)
    }

    /// Waits until the display's thread has something for a viewer that was waiting at the last [`Self::settle`].
    pub(super) async fn changed(&self) {
        self.notify.notified().await;
    }

    /// Tells `session` what happened to the screen and lets it send what it can. Whether it sends something.
    pub(super) fn update(&self, session: &mut Session) -> bool {
        // The steps that the session is told must lead to the frame that it reads.
        let frame = self.screen.shared.frame.read();
        let frame = frame.unwrap_or_else(PoisonError::into_inner);
        self.settle(session) && session.update(&frame)
    }

    /// Tells `session` what happened to the screen, and the display's thread whether the viewer waits for more. `true`
    /// when what the session would send can be read from the frame.
    fn settle(&self, session: &mut Session) -> bool {
        let idle = session.transmit().is_empty();
        let mut book = self.screen.shared.book();
        let Book {
            size,
            cursor,
            name,
            text,
            accounts,
            stale,
            ..
        } = &mut *book;
        let Some(account) = accounts.get_mut(&self.id) else {
            return false;
        };
        if std::mem::take(&mut account.resized) {
            session.resized(*size);
        }
        for status in account.resizes.drain(..) {
            session.answer_resize(status);
        }
        for step in account.steps.drain(..) {
            session.changed(&step);
        }
        if std::mem::take(&mut account.cursor)
            && let Some(cursor) = cursor
        {
            session.cursor_changed(Arc::clone(cursor));
        }
        if std::mem::take(&mut account.renamed)
            && let Some(name) = name
        {
            session.renamed(name);
        }
        // One that asks for updates has said how it wants its texts.
        if account.text
            && session.is_waiting()
            && let Some(text) = text
        {
            account.text = false;
            session.text_changed(text);
        }
        // A viewer that is still busy with its last update costs nothing until it is done.
        account.waiting = idle && session.is_waiting();
        let wanted = session.wanted();
        account.held = wanted.as_ref().is_ok_and(|wanted| stale.intersects(wanted));
        let ready = wanted.is_ok() && !account.held;
        let look = account.waiting && !stale.is_empty();
        drop(book);
        if look {
            self.screen.desk.wake();
        }
        ready
    }

    /// Wishes for another size of the screen; what becomes of it is news for the session.
    pub(super) fn resize(&self, size: Size) {
        self.screen.desk.put(Work::Resize(self.id, size));
    }

    /// Types or clicks.
    pub(super) fn input(&self, input: ViewerInput) {
        self.screen.desk.put(Work::Input(input));
    }

    /// Has copied a text.
    pub(super) fn copied(&self, text: String) {
        self.screen.shared.book().copied = Some(text);
        self.screen.desk.wake();
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.screen.shared.book().accounts.remove(&self.id);
        self.screen.desk.wake();
    }
}
