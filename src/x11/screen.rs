//! The viewers' side of a display: the whole screen, its changes, its cursor, and keys and pointer as they come from
//! people. It has a connection of its own, and is used from one thread, which may sleep in [`Screen::next_event`].

use std::os::fd::OwnedFd;
use std::sync::Arc;

use protocol::region::{MAX_RECTS, Region};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::io::Errno;
use x11rb::connection::{Connection as _, SequenceNumber};
use x11rb::protocol::Event;
use x11rb::protocol::damage::NotifyEvent;
use x11rb::protocol::randr::{ConnectionExt as _, NotifyMask};
use x11rb::protocol::xfixes::{ConnectionExt as _, CursorNotifyMask};
use x11rb::protocol::xproto::{ChangeWindowAttributesAux, ConnectionExt as _, EventMask, Mapping};

use super::clipboard::Clipboard;
use super::damage::ScreenDamage;
use super::hands::Hands;
use super::keyboards::Repetition;
use super::label::Label;
use super::link::Link;
use super::picture::Camera;
use super::{DisplayAddress, X11Error, resolution};
use crate::screen::{Frame, Point, Rect, Size};

/// What happened on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScreenEvent {
    /// Something was painted inside. What is painted there before the next [`Screen::look`] may not be told anew.
    Damaged(Region),
    /// The screen has another size now.
    Resized(Size),
    /// The pointer looks different: see [`Screen::cursor`].
    CursorChanged,
    /// A program has another text for others: it was selected or copied there.
    TextSelected(String),
    /// Somebody called [`ScreenWaker::wake`].
    Woken,
}

/// The pointer's picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CursorImage {
    /// Width and height.
    pub size: Size,
    /// The pixel that points.
    pub hotspot: Point,
    /// Rows of `0xAARRGGBB`, colours multiplied by alpha already.
    pub pixels: Vec<u32>,
}

/// Wakes the thread that sleeps in [`Screen::next_event`].
#[derive(Clone)]
pub struct ScreenWaker {
    bell: Arc<OwnedFd>,
}

impl ScreenWaker {
    /// Makes [`Screen::next_event`] give [`ScreenEvent::Woken`], now or when it is called next.
    pub fn wake(&self) {
        // A counter that is full has not been read yet.
        let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
    }

    /// Whether anybody rang since the last time.
    fn was_rung(&self) -> bool {
        rustix::io::read(&self.bell, &mut [0; 8]).is_ok()
    }
}

/// One display, as viewers see and use it. Every method may fail with [`X11Error::Gone`] when the server goes.
pub struct Screen {
    link: Link,
    camera: Camera,
    size: Size,
    damage: Option<ScreenDamage>,
    hands: Hands,
    repetition: Repetition,
    label: Label,
    clipboard: Clipboard,
    waker: ScreenWaker,
    /// An event that came while others were gathered.
    set_aside: Option<(Event, SequenceNumber)>,
}

impl Screen {
    /// Connects. Nothing is watched until [`Self::watch`].
    ///
    /// # Errors
    /// The display cannot be reached, refuses us, lacks an extension, or has another pixel format.
    pub fn connect(address: &DisplayAddress) -> Result<Self, X11Error> {
        let link = Link::open(address)?;
        let wire = &link.connection;
        let camera = Camera::new(wire, true)?;
        let hands = Hands::new(wire)?;
        let root = wire.get_geometry(link.root)?.reply()?;
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(waiting)?;
        Ok(Self {
            size: Size::new(root.width.into(), root.height.into()),
            clipboard: Clipboard::new(&link),
            link,
            camera,
            damage: None,
            hands,
            repetition: Repetition::default(),
            label: Label::default(),
            waker: ScreenWaker { bell: Arc::new(bell) },
            set_aside: None,
        })
    }

    /// Width and height, as of the last [`ScreenEvent::Resized`].
    pub const fn size(&self) -> Size {
        self.size
    }

    /// A handle that ends the sleep in [`Self::next_event`] from another thread.
    pub fn waker(&self) -> ScreenWaker {
        self.waker.clone()
    }

    /// Starts or stops watching. What was painted before it starts is not told: whoever watches looks at all of the screen
    /// first. While nothing is watched the server sends nothing.
    ///
    /// # Errors
    /// [`X11Error::Gone`].
    pub fn watch(&mut self, on: bool) -> Result<(), X11Error> {
        let (wire, root) = (&self.link.connection, self.link.root);
        match (on, self.damage.take()) {
            (true, None) => {
                self.damage = Some(ScreenDamage::watch(wire, root)?);
                self.repetition.stop(wire)?;
            }
            (false, Some(damage)) => {
                damage.close(wire)?;
                self.camera.close(wire);
                self.repetition.restore(wire)?;
            }
            (_, damage) => {
                self.damage = damage;
                return Ok(());
            }
        }
        let (cursor, resize, structure) = if on {
            (
                CursorNotifyMask::DISPLAY_CURSOR,
                NotifyMask::SCREEN_CHANGE,
                EventMask::STRUCTURE_NOTIFY | EventMask::EXPOSURE,
            )
        } else {
            let none = EventMask::NO_EVENT;
            (CursorNotifyMask::from(0u8), NotifyMask::from(0u8), none)
        };
        wire.xfixes_select_cursor_input(root, cursor)?;
        wire.randr_select_input(root, resize)?;
        let aux = ChangeWindowAttributesAux::new().event_mask(structure);
        wire.change_window_attributes(root, &aux)?;
        self.clipboard.watch(&self.link, on)?;
        if on {
            self.label.paint(&self.link)?;
            // What changed since it was watched last is not known.
            let root = wire.get_geometry(root)?.reply()?;
            self.size = Size::new(root.width.into(), root.height.into());
        }
        self.link.flush()
    }

    /// Waits for what happens next.
    ///
    /// # Errors
    /// [`X11Error::Gone`].
    pub fn next_event(&mut self) -> Result<ScreenEvent, X11Error> {
        loop {
            // What people do comes before what the display shows.
            if self.waker.was_rung() {
                return Ok(ScreenEvent::Woken);
            }
            self.link.flush()?;
            let event = match self.set_aside.take() {
                Some(event) => Some(event),
                None => self.link.connection.poll_for_event_with_sequence()?,
            };
            match event {
                Some((event, number)) => {
                    if let Some(event) = self.translate(event, number)? {
                        return Ok(event);
                    }
                }
                None => self.sleep()?,
            }
        }
    }

    /// Until the server or the waker says something.
    fn sleep(&self) -> Result<(), X11Error> {
        let mut files = [
            PollFd::new(self.link.connection.stream(), PollFlags::IN),
            PollFd::new(&self.waker.bell, PollFlags::IN),
        ];
        match poll(&mut files, None) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(cause) => Err(waiting(cause)),
        }
    }

    /// `number` is that of the last request that the server had seen.
    fn translate(&mut self, event: Event, number: SequenceNumber) -> Result<Option<ScreenEvent>, X11Error> {
        Ok(match event {
            Event::DamageNotify(notice) => self.damaged(&notice, number)?,
            Event::ConfigureNotify(change) if change.window == self.link.root => self.resized()?,
            Event::RandrScreenChangeNotify(_) => self.resized()?,
            Event::Expose(bared) if bared.window == self.link.root && bared.count == 0 => {
                self.label.paint(&self.link)?;
                None
            }
            Event::XfixesCursorNotify(_) => Some(ScreenEvent::CursorChanged),
            Event::MappingNotify(change) if change.request == Mapping::KEYBOARD => {
                self.hands.reload(&self.link.connection)?;
                None
            }
            Event::Error(error) => {
                tracing::debug!(?error, "the display reports a failed request");
                None
            }
            event => {
                let text = self.clipboard.handle(&self.link, &event)?;
                text.map(ScreenEvent::TextSelected)
            }
        })
    }

    /// What was painted by now is told at once: it came together, and is looked at together.
    fn damaged(
        &mut self,
        first: &NotifyEvent,
        number: SequenceNumber,
    ) -> Result<Option<ScreenEvent>, X11Error> {
        let wire = &self.link.connection;
        let Some(damage) = self.damage.as_mut().filter(|damage| damage.is_of(first)) else {
            return Ok(None);
        };
        let mut all = damage.news(first, number);
        while let Some(event) = wire.poll_for_event_with_sequence()? {
            match event {
                (Event::DamageNotify(notice), number) if damage.is_of(&notice) => {
                    if all.rects().len() == MAX_RECTS {
                        // Something fine-grained: to keep it apart costs more than to look at all of it.
                        all = Region::from(all.bounds());
                    }
                    all.union(&damage.news(&notice, number));
                }
                other => {
                    self.set_aside = Some(other);
                    break;
                }
            }
        }
        if all.is_empty() {
            return Ok(None);
        }
        damage.empty(wire)?;
        let part = all.intersection_rect(&Rect::of_size(self.size));
        Ok((!part.is_empty()).then_some(ScreenEvent::Damaged(part)))
    }

    /// The server is asked: its notices tell every size on the way to the one that the screen has now.
    fn resized(&mut self) -> Result<Option<ScreenEvent>, X11Error> {
        let root = self.link.connection.get_geometry(self.link.root)?.reply()?;
        let size = Size::new(root.width.into(), root.height.into());
        if size == self.size {
            return Ok(None);
        }
        self.size = size;
        Ok(Some(ScreenEvent::Resized(size)))
    }

    /// Gives the screen another size, where RandR can; [`Self::size`] is then that. `false` when the screen cannot have
    /// such a size.
    ///
    /// # Errors
    /// [`X11Error::Request`] when it could but does not.
    pub fn resize(&mut self, size: Size) -> Result<bool, X11Error> {
        let (wire, root) = (&self.link.connection, self.link.root);
        if size == self.size {
            return Ok(true);
        }
        if !resolution::allows(wire, root, size)? {
            return Ok(false);
        }
        resolution::set(wire, root, self.size, size)?;
        self.size = size;
        Ok(true)
    }

    /// The pixels of the part of `rect` that is on the screen, as rows of little-endian `0x00RRGGBB`, whatever the top byte
    /// is; with that part.
    ///
    /// # Errors
    /// [`X11Error::Request`] when the screen became smaller: [`ScreenEvent::Resized`] is on its way.
    pub fn look(&mut self, rect: Rect) -> Result<(Rect, &[u8]), X11Error> {
        let area = rect.intersection(&Rect::of_size(self.size));
        let pixels = self.camera.look(&self.link.connection, self.link.root, area)?;
        if let Some(damage) = &mut self.damage {
            damage.saw(area);
        }
        Ok((area, pixels))
    }

    /// The whole screen.
    ///
    /// # Errors
    /// [`X11Error::Request`] when the screen became smaller: [`ScreenEvent::Resized`] is on its way.
    pub fn capture(&mut self) -> Result<Frame, X11Error> {
        let mut frame = Frame::new(self.size);
        let (wire, whole) = (&self.link.connection, frame.bounds());
        self.camera
            .copy(wire, self.link.root, whole, &mut frame, (0, 0))?;
        Ok(frame)
    }

    /// What the pointer looks like now.
    ///
    /// # Errors
    /// [`X11Error::Gone`].
    pub fn cursor(&self) -> Result<CursorImage, X11Error> {
        let image = self.link.connection.xfixes_get_cursor_image()?.reply()?;
        Ok(CursorImage {
            size: Size::new(image.width.into(), image.height.into()),
            hotspot: Point::new(image.xhot.into(), image.yhot.into()),
            pixels: image.cursor_image,
        })
    }

    /// Presses or releases the key for a key symbol (X11 protocol, appendix A; RFC 6143 §7.5.4 uses the same).
    ///
    /// The symbol arrives whatever the modifiers and the keyboard map are: viewers send symbols as their own keyboard
    /// made them. Locks are left out: their effect is in the symbols already.
    ///
    /// # Errors
    /// [`X11Error::Gone`].
    pub fn key(&mut self, keysym: u32, down: bool) -> Result<(), X11Error> {
        self.hands.key(&self.link.connection, keysym, down)?;
        self.link.flush()
    }

    /// Moves the pointer, and presses and releases buttons: bit 0 is the left one (RFC 6143 §7.5.5).
    ///
    /// # Errors
    /// [`X11Error::Gone`].
    pub fn pointer(&mut self, to: Point, buttons: u16) -> Result<(), X11Error> {
        self.hands
            .pointer(&self.link.connection, self.link.root, to, buttons)?;
        self.link.flush()
    }

    /// Whether texts may pass between programs and viewers, as they may at first. What a program selects while they may
    /// not never becomes a [`ScreenEvent::TextSelected`].
    ///
    /// # Errors
    /// [`X11Error::Gone`].
    pub fn share_clipboard(&mut self, on: bool) -> Result<(), X11Error> {
        self.clipboard.share(&self.link, on)?;
        self.link.flush()
    }

    /// Offers a text to programs, as what is selected and as what was copied (PRIMARY and CLIPBOARD, ICCCM §2.6.1), as
    /// long as this is watched and no program selects something else. One of more than a megabyte is left out.
    ///
    /// # Errors
    /// [`X11Error::Gone`].
    pub fn offer_text(&mut self, text: String) -> Result<(), X11Error> {
        self.clipboard.offer(&self.link, text)?;
        self.link.flush()
    }

    /// Says this on the root window, behind all windows, as long as somebody watches.
    ///
    /// # Errors
    /// [`X11Error::Gone`].
    pub fn label(&mut self, text: &str) -> Result<(), X11Error> {
        self.label.set(text);
        if self.damage.is_some() {
            self.label.paint(&self.link)?;
        }
        self.link.flush()
    }

    /// Releases every key and button that is held from here, as when a viewer leaves.
    ///
    /// # Errors
    /// [`X11Error::Gone`].
    pub fn release_all(&mut self) -> Result<(), X11Error> {
        self.hands.release_all(&self.link.connection)?;
        self.link.flush()
    }
}

fn waiting(cause: Errno) -> X11Error {
    X11Error::Io {
        what: "the display's thread cannot wait",
        cause: cause.into(),
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // What is not told to a server that is gone needs no telling.
        let _ = self.hands.release_all(&self.link.connection);
        let _ = self.hands.unbind(&self.link.connection);
        let _ = self.repetition.restore(&self.link.connection);
        self.camera.close(&self.link.connection);
        let _ = self.link.flush();
    }
}
