//! One viewer, from the first byte to the last.
//!
//! The owner of the connection moves bytes ([`Session::receive`], [`Session::transmit`], [`Session::transmitted`]), tells
//! what happened to the screen ([`Session::damage`], [`Session::changed`], [`Session::cursor_changed`],
//! [`Session::resized`], [`Session::renamed`], [`Session::text_changed`]), asks for events ([`Session::poll_event`]),
//! and, when [`Session::wanted`] names pixels, reads them from the screen and calls [`Session::update`]. During the
//! handshake a viewer may want the connection encrypted: [`Session::poll_upgrade`].

mod event;
mod flow;
mod input;
mod loss;
mod news;
mod outbox;
mod resizes;
mod updates;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client_message::{ClientMessage, Parsed, Rules, WantedMonitor};
use crate::clipboard::Clipboard;
use crate::encoding::{Abilities, Ability, Cursor, SharedPictures};
use crate::error::Error;
use crate::framebuffer::Framebuffer;
use crate::geometry::{Point, Size};
pub use crate::handshake::Upgrade;
use crate::handshake::{Admission, Handshake, Progress};
use crate::pacing::{Hold, Situation, may_update};
use crate::region::Region;
use crate::scroll::Changes;
use crate::security::vnc_auth::Challenge;
use crate::security::{Access, Security};
use crate::server_message::{put_cut_text, put_end_of_continuous_updates, put_fence, put_server_init};
use crate::wire::Reader;
pub use event::{Event, ResizeStatus};
use flow::Flow;
use input::Input;
use outbox::Outbox;
use resizes::Resizes;
use updates::Updates;

/// A fence that wants an answer, and what of a fence is answered (rfbproto, "ClientFence"): everything here happens in
/// the order in which it was asked for, which is more than any of these ask.
const FENCE_REQUEST: u32 = 1 << 31;
const FENCE_FLAGS: u32 = 0b111;
/// Bytes of answers, besides a clipboard text, that may wait for a viewer that goes on asking.
const MAX_UNREAD: usize = 1 << 16;
/// Answers to wishes for another screen that may wait for the viewer's next request.
const MAX_RESIZE_ANSWERS: usize = 16;

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
    /// The owner can give the screen another size: wishes for one become [`Event::Resize`]. When not, they are refused.
    pub resizable: bool,
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
    output: Outbox,
    events: VecDeque<Event>,
    held: Input,
    updates: Updates,
    flow: Flow,
    now: Instant,
    clipboard: Clipboard,
    /// What the viewer was told that is served.
    announced: Abilities,
    resizes: Resizes,
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
        let mut output = Outbox::default();
        let handshake = Handshake::new(admission, challenge, output.end());
        let deadline = now + settings.handshake_limit;
        Self {
            clipboard: Clipboard::new(settings.cut_text_limit),
            settings,
            phase: Phase::Handshake { handshake, deadline },
            access: Access::ViewOnly,
            upgrade: None,
            input: Vec::new(),
            skip: 0,
            output,
            events: VecDeque::new(),
            held: Input::default(),
            updates: Updates::new(size),
            flow: Flow::new(),
            now,
            announced: Abilities::default(),
            resizes: Resizes::default(),
        }
    }

    /// Shares the JPEG files of its screen with the other viewers of it.
    pub fn share(&mut self, pictures: Arc<SharedPictures>) {
        self.updates.share(pictures);
    }

    /// What follows happens now; the owner tells it whenever it goes on with the session.
    pub const fn at(&mut self, now: Instant) {
        self.now = now;
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
        self.output.waiting()
    }

    /// The transport has taken the first `count` bytes of [`Self::transmit`].
    pub fn transmitted(&mut self, count: usize) {
        self.output.taken(count);
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
            handshake.upgraded(self.output.end());
        }
    }

    /// The next thing that the viewer did.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The connection has ended: what the viewer still held down comes up, as events.
    pub fn disconnected(&mut self) {
        self.phase = Phase::Closed;
        self.held.release(&mut self.events);
    }

    /// When [`Self::handle_timeout`] is to be called.
    pub const fn poll_timeout(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Handshake { deadline, .. } => Some(*deadline),
            Phase::Open => self.updates.loss.due_at(),
            Phase::Closed => None,
        }
    }

    /// Ends the session when its handshake took too long; later, lets pictures that were sent with loss follow as they
    /// are.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        if self.poll_timeout().is_none_or(|deadline| now < deadline) {
            return;
        }
        if matches!(self.phase, Phase::Open) {
            self.updates.sharpen(self.flow.affordable());
        } else {
            self.close(Error::HandshakeTimeout(self.settings.handshake_limit));
        }
    }

    /// The pixels of `region` may have changed.
    pub fn damage(&mut self, region: &Region) {
        self.updates.damage(region);
    }

    /// The screen went this way since the last time it was told of. The picture that [`Self::update`] will be given next
    /// must be what these changes led to.
    pub fn changed(&mut self, changes: &Changes) {
        for copy in &changes.copies {
            self.updates.copied(*copy);
        }
        self.updates.damage(&changes.damage);
    }

    /// The pointer has a new picture.
    pub fn cursor_changed(&mut self, cursor: Arc<Cursor>) {
        self.updates.news.cursor_changed(cursor);
    }

    /// The screen has a new size, and all its pixels are new. A viewer that does not understand this keeps its size and
    /// sees what of the screen is inside it.
    pub fn resized(&mut self, size: Size) {
        self.updates.resized(size);
    }

    /// The desktop has another name.
    pub fn renamed(&mut self, name: &str) {
        name.clone_into(&mut self.settings.name);
        if matches!(self.phase, Phase::Open) {
            self.updates.news.renamed(name);
        }
    }

    /// The screen's clipboard has another text. A viewer that may only look is not told.
    pub fn text_changed(&mut self, text: &str) {
        if !matches!(self.phase, Phase::Open) || self.access == Access::ViewOnly {
            return;
        }
        let mut message = Vec::new();
        if self.announced.has(Ability::ExtendedClipboard) {
            self.clipboard.changed(text, &mut message);
        } else if text.len() <= self.settings.cut_text_limit {
            put_cut_text(text, &mut message);
        }
        self.answer(&message);
    }

    /// What became of the oldest [`Event::Resize`] that has no answer yet; after [`Self::resized`] when it was done.
    pub fn answer_resize(&mut self, status: ResizeStatus) {
        self.resizes.answer(status);
        self.pass_answers_on();
    }

    fn pass_answers_on(&mut self) {
        while let Some((status, monitor)) = self.resizes.pop_answered() {
            self.updates.news.answer(status, monitor);
        }
    }

    /// Whether the viewer waits for something to change; when not, nobody needs to watch the screen for it.
    pub fn is_waiting(&self) -> bool {
        let continuous = self.updates.is_continuous() && self.flow.in_flight() < self.flow.window();
        self.updates.is_unfinished() || self.updates.is_requested() || continuous
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
        let out = self.output.end();
        let before = out.len();
        let quality = self.updates.quality().map(|asked| self.flow.quality(asked));
        self.updates.put(picture, quality, out);
        self.flow.sent(out.len() - before, self.now);
        if !self.updates.is_unfinished() {
            let fence = self.flow.whole(self.now);
            if self.is_fenced() {
                put_fence(FENCE_REQUEST, &fence, self.output.end());
            }
            self.output.update_ends();
        }
        true
    }

    /// Whether fences tell what has arrived; requests do where the viewer sends them.
    const fn is_fenced(&self) -> bool {
        self.updates.is_continuous() && self.updates.abilities().has(Ability::Fence)
    }

    /// A viewer that stops asking would never say that it has what went before.
    fn fence_what_went(&mut self) {
        // An update that is not whole ends with a fence.
        if self.is_fenced() && !self.updates.is_unfinished() && self.flow.in_flight() > 0 {
            let fence = self.flow.whole(self.now);
            let mut message = Vec::new();
            put_fence(FENCE_REQUEST, &fence, &mut message);
            self.answer(&message);
        }
    }

    fn situation(&self) -> Situation {
        Situation {
            open: matches!(self.phase, Phase::Open),
            backlog: self.transmit().len(),
            in_flight: self.flow.in_flight(),
            window: self.flow.window(),
            ..self.updates.situation()
        }
    }

    /// Sends a message outside of updates.
    fn answer(&mut self, message: &[u8]) {
        let unread = self.output.answer(message, self.updates.is_unfinished());
        let limit = MAX_UNREAD + 2 * self.settings.cut_text_limit;
        if unread > limit {
            self.close(Error::TooLong {
                what: "queue of answers that the viewer does not read",
                length: unread,
                limit,
            });
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
                match handshake.advance(&mut reader, self.output.end())? {
                    Ok(None) => {}
                    Ok(Some(Progress::Upgrade(upgrade))) => self.upgrade = Some(upgrade),
                    Ok(Some(Progress::Authenticated(access))) => {
                        self.access = access;
                        self.events.push_back(Event::Authenticated(access));
                    }
                    Ok(Some(Progress::Initialised)) => {
                        self.updates.news.begin();
                        put_server_init(self.updates.size(), &self.settings.name, self.output.end());
                        self.phase = Phase::Open;
                    }
                    Err(error) => self.close(error),
                }
                Some(input.len() - reader.remaining())
            }
            Phase::Open => match ClientMessage::parse(input, self.rules()) {
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

    const fn rules(&self) -> Rules {
        Rules {
            cut_text_limit: self.settings.cut_text_limit,
            extended_buttons: self.updates.news.buttons_confirmed(),
        }
    }

    fn handle(&mut self, message: ClientMessage) {
        match message {
            ClientMessage::SetPixelFormat(format) => self.updates.set_pixel_format(format),
            ClientMessage::SetEncodings(numbers) => {
                self.updates.set_encodings(&numbers);
                self.announce();
            }
            ClientMessage::FramebufferUpdateRequest { incremental, area } => {
                // What changes comes by itself.
                if !incremental || !self.updates.is_continuous() {
                    self.updates.request(incremental, area);
                }
                if !self.is_fenced() {
                    self.flow.asked(self.now);
                    self.updates.loss.arrived(self.now);
                }
            }
            ClientMessage::EnableContinuousUpdates { enable, area } => {
                let was_fenced = self.is_fenced();
                self.updates.set_continuous(enable.then_some(area));
                if enable && !was_fenced {
                    self.fence_what_went();
                }
                if !enable {
                    self.flow.clear();
                    let mut message = Vec::new();
                    put_end_of_continuous_updates(&mut message);
                    self.answer(&message);
                }
            }
            ClientMessage::Fence { flags, payload } => {
                if flags & FENCE_REQUEST == 0 {
                    self.flow.answered(&payload, self.now);
                    self.updates.loss.arrived(self.now);
                } else {
                    let mut message = Vec::new();
                    put_fence(flags & FENCE_FLAGS, &payload, &mut message);
                    self.answer(&message);
                }
            }
            ClientMessage::SetDesktopSize { size, monitors } => self.resize(size, &monitors),
            // Whatever a viewer that may only look types, clicks or copies stays with it.
            _ if self.access == Access::ViewOnly => {}
            ClientMessage::KeyEvent {
                down,
                keysym,
                scan_code,
            } => self.held.key(down, keysym, scan_code, &mut self.events),
            ClientMessage::PointerEvent { buttons, at } => {
                let Size { width, height } = self.updates.size();
                let at = Point::new(
                    at.x.min(width.saturating_sub(1) as i32),
                    at.y.min(height.saturating_sub(1) as i32),
                );
                self.held.pointer(at, buttons, &mut self.events);
            }
            ClientMessage::ClientCutText(latin_1) => {
                let text = latin_1.into_iter().map(char::from).collect();
                self.events.push_back(Event::CutText(text));
            }
            ClientMessage::ExtendedCutText(payload) => {
                let mut message = Vec::new();
                match self.clipboard.receive(&payload, &mut message) {
                    Ok(text) => {
                        self.events.extend(text.map(Event::CutText));
                        self.answer(&message);
                    }
                    Err(error) => self.close(error),
                }
            }
        }
    }

    /// Tells the viewer, once, which of what it understands is served.
    fn announce(&mut self) {
        let has = self.updates.abilities();
        let mut message = Vec::new();
        if has.has(Ability::Fence) && self.announced.add(Ability::Fence) {
            put_fence(FENCE_REQUEST, &[], &mut message);
        }
        // Without fences nobody knows how much of it has arrived.
        let continuous = has.has(Ability::Fence) && has.has(Ability::ContinuousUpdates);
        if continuous && self.announced.add(Ability::ContinuousUpdates) {
            put_end_of_continuous_updates(&mut message);
        }
        if has.has(Ability::ExtendedClipboard)
            && self.access == Access::Full
            && self.announced.add(Ability::ExtendedClipboard)
        {
            self.clipboard.put_caps(&mut message);
        }
        self.answer(&message);
    }
    fn resize(&mut self, size: Size, monitors: &[WantedMonitor]) {
        let waiting = self.resizes.waiting() + self.updates.news.unanswered();
        if waiting >= MAX_RESIZE_ANSWERS {
            self.close(Error::TooLong {
                what: "queue of wishes for another screen",
                length: waiting + 1,
                limit: MAX_RESIZE_ANSWERS,
            });
            return;
        }
        let allowed = self.settings.resizable && self.access == Access::Full;
        let wished = self.resizes.wish(size, monitors, allowed);
        self.events.extend(wished.map(Event::Resize));
        self.pass_answers_on();
    }
}
