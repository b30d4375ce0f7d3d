//! One viewer, from the first byte to the last.
//!
//! The owner of the connection moves bytes ([`Session::receive`], [`Session::transmit`], [`Session::transmitted`]), tells
//! what happened to the screen ([`Session::damage`], [`Session::copied`], [`Session::cursor_changed`],
//! [`Session::resized`]), asks for events ([`Session::poll_event`]), and, when [`Session::wanted`] names pixels, reads
//! them from the screen and calls [`Session::update`]. During the handshake a viewer may want the connection encrypted:
//! [`Session::poll_upgrade`].

mod updates;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client_message::{ClientMessage, Parsed};
use crate::encoding::Cursor;
use crate::error::Error;
use crate::framebuffer::Framebuffer;
use crate::geometry::{Point, Rect, Size};
pub use crate::handshake::Upgrade;
use crate::handshake::{Admission, Handshake, Progress};
use crate::pacing::{Hold, Situation, may_update};
use crate::region::Region;
use crate::security::vnc_auth::Challenge;
use crate::security::{Access, Security};
use crate::server_message::put_server_init;
use crate::wire::Reader;
use updates::Updates;

/// How many keys one viewer can hold down; further ones are not pressed.
const MAX_HELD_KEYS: usize = 64;

/// What a session needs to know beforehand.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The desktop's name, shown in the viewer's title bar.
    pub name: String,
    /// Who is let in.
    pub security: Arc<Security>,
    /// How long a viewer may take until it is in.
    pub handshake_limit: Duration,
    /// Longer clipboard texts are ignored, bytes.
    pub cut_text_limit: usize,
}

/// What a viewer did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It has proved who it is.
    Authenticated(Access),
    /// It pressed or released a key.
    Key {
        /// Pressed.
        down: bool,
        /// An X11 keysym.
        keysym: u32,
    },
    /// It moved the pointer or pressed a button.
    Pointer {
        /// On the screen.
        at: Point,
        /// Pressed buttons; bit 0 is the left one.
        buttons: u8,
    },
    /// It has a new clipboard text.
    CutText(String),
    /// The server ends the session: send what [`Session::transmit`] still has, then close.
    Closed(Error),
}

enum Phase {
    Handshake { handshake: Handshake, deadline: Instant },
    Open,
    Closed,
}

/// One viewer.
pub struct Session {
    settings: Settings,
    phase: Phase,
    access: Access,
    /// The encryption that the handshake agreed on, until it begins.
    upgrade: Option<Upgrade>,
    input: Vec<u8>,
    /// Bytes of a text that is too long, still to be thrown away.
    skip: usize,
    output: Vec<u8>,
    sent: usize,
    events: VecDeque<Event>,
    held_keys: Vec<u32>,
    pointer: (Point, u8),
    updates: Updates,
}

impl Session {
    /// A session that lets a viewer in by `settings.security`. `challenge` is 16 random bytes, new for each session;
    /// `size` is the screen's.
    pub fn new(settings: Settings, challenge: Challenge, size: Size, now: Instant) -> Self {
        let admission = Admission::By(Arc::clone(&settings.security));
        Self::start(settings, admission, challenge, size, now)
    }

    /// A session that turns its viewer away and tells it why.
    pub fn refusing(settings: Settings, reason: &str, now: Instant) -> Self {
        let admission = Admission::Closed(reason.to_owned());
        Self::start(settings, admission, Challenge::default(), Size::default(), now)
    }

    fn start(
        settings: Settings,
        admission: Admission,
        challenge: Challenge,
        size: Size,
        now: Instant,
    ) -> Self {
        let mut output = Vec::new();
        let handshake = Handshake::new(admission, challenge, &mut output);
        let deadline = now + settings.handshake_limit;
        Self {
            settings,
            phase: Phase::Handshake { handshake, deadline },
            access: Access::ViewOnly,
            upgrade: None,
            input: Vec::new(),
            skip: 0,
            output,
            sent: 0,
            events: VecDeque::new(),
            held_keys: Vec::new(),
            pointer: (Point::default(), 0),
            updates: Updates::new(size),
        }
    }

    /// Takes bytes from the viewer. What they mean comes from [`Self::poll_event`]; call it until it is empty before
    /// more bytes are handed in.
    pub fn receive(&mut self, bytes: &[u8]) {
        let skipped = bytes.len().min(self.skip);
        self.skip -= skipped;
        let mut input = std::mem::take(&mut self.input);
        input.extend_from_slice(&bytes[skipped..]);
        let mut used = 0;
        while let Some(taken) = self.step(&input[used..]) {
            used += taken;
        }
        if !matches!(self.phase, Phase::Closed) {
            input.drain(..used);
            self.input = input;
        }
    }

    /// Bytes for the viewer, the oldest first; empty when there are none.
    pub fn transmit(&self) -> &[u8] {
        &self.output[self.sent..]
    }

    /// The transport has taken the first `count` bytes of [`Self::transmit`].
    pub fn transmitted(&mut self, count: usize) {
        self.sent += count;
        if self.sent >= self.output.len() {
            self.output.clear();
            self.sent = 0;
        }
    }

    /// What the connection is to be encrypted with from here on, once all that was to be sent before is sent; with it
    /// the viewer's first encrypted bytes, if it sent some already. The handshake goes on with [`Self::upgraded`].
    pub fn poll_upgrade(&mut self) -> Option<(Upgrade, Vec<u8>)> {
        if !self.output.is_empty() {
            return None;
        }
        let upgrade = self.upgrade.take()?;
        Some((upgrade, std::mem::take(&mut self.input)))
    }

    /// The connection is encrypted now.
    pub fn upgraded(&mut self) {
        if let Phase::Handshake { handshake, .. } = &mut self.phase {
            handshake.upgraded(&mut self.output);
        }
    }

    /// The next thing that the viewer did.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The connection has ended: what the viewer still held down comes up, as events.
    pub fn disconnected(&mut self) {
        self.phase = Phase::Closed;
        for keysym in std::mem::take(&mut self.held_keys) {
            self.events.push_back(Event::Key { down: false, keysym });
        }
        let (at, buttons) = std::mem::take(&mut self.pointer);
        if buttons != 0 {
            self.events.push_back(Event::Pointer { at, buttons: 0 });
        }
    }

    /// When [`Self::handle_timeout`] is to be called.
    pub const fn poll_timeout(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Handshake { deadline, .. } => Some(*deadline),
            Phase::Open | Phase::Closed => None,
        }
    }

    /// Ends the session when its handshake took too long.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_some_and(|deadline| now >= deadline) {
            self.close(Error::HandshakeTimeout(self.settings.handshake_limit));
        }
    }

    /// The pixels of `region` may have changed.
    pub fn damage(&mut self, region: &Region) {
        self.updates.damage(region);
    }

    /// The pixels of `to` are now what they were `dx` to the left and `dy` above. They must be so in the picture that
    /// [`Self::update`] will be given next, or be damaged afterwards.
    pub fn copied(&mut self, to: Rect, dx: i32, dy: i32) {
        self.updates.copied(to, dx, dy);
    }

    /// The pointer has a new picture.
    pub fn cursor_changed(&mut self, cursor: Arc<Cursor>) {
        self.updates.cursor_changed(cursor);
    }

    /// The screen has a new size, and all its pixels are new. A viewer that does not understand this keeps its size and
    /// sees what of the screen is inside it.
    pub fn resized(&mut self, size: Size) {
        self.updates.resized(size);
    }

    /// Whether the viewer waits for something to change; when not, nobody needs to watch the screen for it.
    pub const fn is_waiting(&self) -> bool {
        self.updates.is_waiting()
    }

    /// The pixels that [`Self::update`] would read if it were called now.
    ///
    /// # Errors
    /// Why no update may go out now.
    pub fn wanted(&self) -> Result<Region, Hold> {
        may_update(&self.situation())?;
        Ok(self.updates.due())
    }

    /// Encodes what is due from `picture`, which has the size last told by [`Self::resized`]. Returns whether an update
    /// was added to [`Self::transmit`], perhaps only its first part: call it again whenever that is empty.
    pub fn update(&mut self, picture: &Framebuffer) -> bool {
        if may_update(&self.situation()).is_err() || picture.size() != self.updates.size() {
            return false;
        }
        self.updates.put(picture, &mut self.output);
        true
    }

    fn situation(&self) -> Situation {
        Situation {
            open: matches!(self.phase, Phase::Open),
            backlog: self.transmit().len(),
            ..self.updates.situation()
        }
    }

    fn close(&mut self, error: Error) {
        self.disconnected();
        self.events.push_back(Event::Closed(error));
    }

    /// Reads one message from the front of `input`; `None` when it is not whole. Returns its length.
    fn step(&mut self, input: &[u8]) -> Option<usize> {
        match &mut self.phase {
            Phase::Closed => None,
            Phase::Handshake { handshake, .. } => {
                let mut reader = Reader::new(input);
                match handshake.advance(&mut reader, &mut self.output)? {
                    Ok(None) => {}
                    Ok(Some(Progress::Upgrade(upgrade))) => self.upgrade = Some(upgrade),
                    Ok(Some(Progress::Authenticated(access))) => {
                        self.access = access;
                        self.events.push_back(Event::Authenticated(access));
                    }
                    Ok(Some(Progress::Initialised)) => {
                        put_server_init(self.updates.begin(), &self.settings.name, &mut self.output);
                        self.phase = Phase::Open;
                    }
                    Err(error) => self.close(error),
                }
                Some(input.len() - reader.remaining())
            }
            Phase::Open => match ClientMessage::parse(input, self.settings.cut_text_limit) {
                Ok(Parsed::Incomplete) => None,
                Ok(Parsed::Skip(length)) => {
                    self.skip = length.saturating_sub(input.len());
                    Some(length.min(input.len()))
                }
                Ok(Parsed::Message(message, length)) => {
                    self.handle(message);
                    Some(length)
                }
                Err(error) => {
                    self.close(error);
                    None
                }
            },
        }
    }

    fn handle(&mut self, message: ClientMessage) {
        match message {
            ClientMessage::SetPixelFormat(format) => self.updates.set_pixel_format(format),
            ClientMessage::SetEncodings(numbers) => self.updates.set_encodings(&numbers),
            ClientMessage::FramebufferUpdateRequest { incremental, area } => {
                self.updates.request(incremental, area);
            }
            // Whatever a viewer that may only look types, clicks or copies stays with it.
            _ if self.access == Access::ViewOnly => {}
            ClientMessage::KeyEvent { down, keysym } => self.key(down, keysym),
            ClientMessage::PointerEvent { buttons, at } => {
                let Size { width, height } = self.updates.size();
                let at = Point::new(
                    at.x.min(width.saturating_sub(1) as i32),
                    at.y.min(height.saturating_sub(1) as i32),
                );
                self.pointer = (at, buttons);
                self.events.push_back(Event::Pointer { at, buttons });
            }
            ClientMessage::ClientCutText(latin_1) => {
                let text = latin_1.into_iter().map(char::from).collect();
                self.events.push_back(Event::CutText(text));
            }
        }
    }

    fn key(&mut self, down: bool, keysym: u32) {
        let held = self.held_keys.iter().position(|key| *key == keysym);
        match (down, held) {
            (true, Some(_)) => {}
            (true, None) if self.held_keys.len() < MAX_HELD_KEYS => self.held_keys.push(keysym),
            (false, Some(index)) => drop(self.held_keys.swap_remove(index)),
            // A release of what is not held, or one key too many.
            _ => return,
        }
        self.events.push_back(Event::Key { down, keysym });
    }
}
