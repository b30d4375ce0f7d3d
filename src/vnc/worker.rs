//! The thread that owns a display on behalf of the viewers. It sleeps until something happens.

use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, PoisonError, RwLockWriteGuard};

use protocol::region::Region;
use protocol::scroll::{Changes, Search};

use super::held::HeldInput;
use super::screen::{Account, Display, DisplayEvent, DisplayLost, Shared, ViewerInput, Work};
use crate::screen::{Frame, Rect, Size};

/// Pixels that are copied in the time of one more request to the display.
const LOOK: usize = 1 << 17;
/// A large look is larger by so many pixels on each side: about a line of text, which is drawn beside what scrolls, right
/// after it.
const MARGIN: i32 = 32;

pub(super) struct Worker<D> {
    display: D,
    shared: Arc<Shared>,
    watching: bool,
    search: Search,
    /// What waits for its turn.
    held: HeldInput,
    /// The agent's acts after which texts pass again.
    acts: u64,
}

impl<D: Display> Worker<D> {
    pub(super) fn new(display: D, shared: Arc<Shared>) -> Self {
        Self {
            display,
            shared,
            watching: false,
            search: Search::default(),
            held: HeldInput::default(),
            acts: 0,
        }
    }

    /// Works until it is told to stop or the display is lost.
    pub(super) fn run(mut self, todo: &Receiver<Work>) {
        if let Err(lost) = self.work(todo) {
            tracing::error!("{lost}");
            self.shared.lost.send_replace(Some(lost));
        }
    }

    fn work(&mut self, todo: &Receiver<Work>) -> Result<(), DisplayLost> {
        loop {
            match self.display.next_event()? {
                DisplayEvent::Damaged(region) => self.shared.book().stale.union(&region),
                DisplayEvent::Resized(size) => self.resized(size),
                DisplayEvent::CursorChanged => self.cursor_changed()?,
                DisplayEvent::TextSelected(text) => self.text_selected(text),
                DisplayEvent::Woken => {
                    // First the flag: what is put from here on wakes again.
                    self.shared.woken.store(false, Ordering::Release);
                    while let Ok(work) = todo.try_recv() {
                        match work {
                            Work::Input(input) => self.input(input)?,
                            Work::Resize(viewer, size) => self.resize(viewer, size)?,
                            Work::Label(text) => self.display.label(&text)?,
                            Work::Stop => return Ok(()),
                        }
                    }
                    self.watch_as_needed()?;
                    self.take_turn()?;
                }
            }
            self.tell()?;
        }
    }

    /// Does what viewers want of the display, if it is their turn.
    fn take_turn(&mut self) -> Result<(), DisplayLost> {
        let shared = Arc::clone(&self.shared);
        let mut turns = shared.gate.turns();
        if turns.acts != self.acts {
            self.display.share_clipboard(false)?;
            if !turns.acting {
                self.display.share_clipboard(true)?;
                self.acts = turns.acts;
            }
        }
        let copied = shared.book().copied.take();
        if let Some(text) = copied {
            self.display.offer_text(text)?;
        }
        while !turns.closed
            && let Some(input) = self.held.pop()
        {
            self.perform(input)?;
        }
        turns.awaited = !self.held.is_empty();
        Ok(())
    }

    /// A viewer typed or clicked: it waits for its turn, behind what waits already.
    fn input(&mut self, input: ViewerInput) -> Result<(), DisplayLost> {
        let shared = Arc::clone(&self.shared);
        let mut turns = shared.gate.turns();
        if turns.closed || !self.held.is_empty() {
            self.held.push(input);
            turns.awaited = true;
            return Ok(());
        }
        self.perform(input)
    }

    fn perform(&mut self, input: ViewerInput) -> Result<(), DisplayLost> {
        match input {
            ViewerInput::Key { keysym, down } => {
                self.acted(down);
                self.display.key(keysym, down)
            }
            ViewerInput::Pointer { at, buttons } => {
                self.acted(buttons != 0);
                self.display.pointer(at, buttons)
            }
        }
    }

    /// Tells that a viewer pressed something, if it did; moving the pointer is only looking.
    fn acted(&self, pressed: bool) {
        if pressed && let Some(hook) = self.shared.on_press.get() {
            hook();
        }
    }

    /// A program has another text: it is the viewers', unless the agent has acted since it was asked for.
    fn text_selected(&self, text: String) {
        if self.shared.gate.turns().acts != self.acts {
            return;
        }
        let mut book = self.shared.book();
        book.text = Some(text.into());
        for account in book.accounts.values_mut() {
            account.text = true;
            if account.waiting {
                account.notify.notify_one();
            }
        }
    }

    /// Watches the display while there are viewers, and gives the frame's memory back afterwards.
    fn watch_as_needed(&mut self) -> Result<(), DisplayLost> {
        let viewers = !self.shared.book().accounts.is_empty();
        if viewers == self.watching {
            return Ok(());
        }
        self.watching = viewers;
        self.display.watch(viewers)?;
        if viewers {
            self.resized(self.display.size());
            self.cursor_changed()?;
        } else {
            let mut frame = self.frame();
            *frame = Frame::default();
            self.shared.pictures.clear();
            drop(frame);
            self.shared.book().text = None;
        }
        Ok(())
    }

    fn resized(&self, size: Size) {
        let mut book = self.shared.book();
        book.size = size;
        book.stale = Region::from(Rect::of_size(size));
        book.accounts.values_mut().for_each(Account::resized);
    }

    /// Gives the display another size, and tells the viewer that wished for it what became of that.
    fn resize(&mut self, viewer: u64, size: Size) -> Result<(), DisplayLost> {
        let status = self.display.resize(size)?;
        let size = self.display.size();
        if self.shared.book().size != size {
            self.resized(size);
        }
        if let Some(account) = self.shared.book().accounts.get_mut(&viewer) {
            account.resizes.push(status);
        }
        Ok(())
    }

    fn cursor_changed(&mut self) -> Result<(), DisplayLost> {
        let cursor = Arc::new(self.display.cursor()?);
        let mut book = self.shared.book();
        book.cursor = Some(cursor);
        book.accounts
            .values_mut()
            .for_each(|account| account.cursor = true);
        Ok(())
    }

    /// If a viewer waits or has just come: brings the frame up to date and wakes those for whom there is something.
    fn tell(&mut self) -> Result<(), DisplayLost> {
        if !self.watching {
            // Whoever came in the meantime is expected still when the display is watched again.
            return Ok(());
        }
        let mut book = self.shared.book();
        let accounts = book.accounts.values_mut();
        // All of them: the next time it is not new any more.
        let wanted = accounts.fold(false, |wanted, account| {
            std::mem::take(&mut account.expected) | account.waiting | wanted
        });
        if !wanted {
            return Ok(());
        }
        let (size, stale) = (book.size, book.stale.clone());
        drop(book);
        if !stale.is_empty() {
            self.capture(size, &stale)?;
        }
        let book = self.shared.book();
        let accounts = book.accounts.values();
        let told: Vec<_> = accounts
            .filter(|account| account.waiting && account.has_news())
            .map(|account| Arc::clone(&account.notify))
            .collect();
        // Whoever is woken reads the book first, and would fall asleep once more before a locked one.
        drop(book);
        told.iter().for_each(|viewer| viewer.notify_one());
        Ok(())
    }

    /// Brings the frame up to date where it is stale, and writes down how it came there.
    fn capture(&mut self, size: Size, stale: &Region) -> Result<(), DisplayLost> {
        let shared = Arc::clone(&self.shared);
        let mut frame = shared.frame.write().unwrap_or_else(PoisonError::into_inner);
        // Nobody has been told anything of a new frame.
        let new = frame.size() != size;
        if new {
            *frame = Frame::new(size);
            crate::supervisor::use_large_pages(frame.pixels_mut());
        }
        let mut changes = Changes::default();
        for area in areas(stale, size) {
            if !new {
                if let Some(look) = self.display.look(area)? {
                    changes.append(self.search.advance(&mut frame, look));
                }
                continue;
            }
            for band in bands(area) {
                if let Some(look) = self.display.look(band)? {
                    look.paint(&mut frame);
                    changes.damage.add(band);
                }
            }
        }
        shared.pictures.clear();
        let changes = Arc::new(changes);
        // Before anybody else can read the frame.
        let mut book = shared.book();
        if !changes.is_empty() {
            for account in book.accounts.values_mut() {
                account.changed(&changes);
            }
        }
        book.stale.clear();
        Ok(())
    }

    fn frame(&self) -> RwLockWriteGuard<'_, Frame> {
        self.shared.frame.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is to be looked at of a screen of `size`: disjoint rectangles around all that is stale. A look at less than
/// [`LOOK`] more pixels takes less time than one look more.
fn areas(stale: &Region, size: Size) -> Vec<Rect> {
    let mut areas: Vec<Rect> = Vec::new();
    for rect in stale.rects() {
        let margin = if rect.area() >= LOOK { MARGIN } else { 0 };
        let mut area = rect.inflated(margin).intersection(&Rect::of_size(size));
        while let Some(near) = areas.iter().position(|other| {
            let joined = area.union(other);
            area.intersects(other) || joined.area() <= area.area() + other.area() + LOOK
        }) {
            area = area.union(&areas.swap_remove(near));
        }
        areas.push(area);
    }
    areas
}

/// `area` from top to bottom in parts of no more than [`LOOK`] pixels: what a display needs to show a part stays small, and
/// in a new frame nothing can have scrolled from one part to another.
fn bands(area: Rect) -> impl Iterator<Item = Rect> {
    let rows = (LOOK / area.width.max(1) as usize).max(1);
    let tops = (area.y..area.bottom()).step_by(rows);
    tops.map(move |y| Rect::new(area.x, y, area.width, rows as u32).intersection(&area))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};
    use std::time::Duration;

    use protocol::encoding::Cursor;
    use protocol::scroll::Look;
    use protocol::session::ResizeStatus;

    use super::*;
    use crate::screen::Point;
    use crate::vnc::screen::{Screen, Waker};

    const SIZE: Size = Size::new(640, 480);

    /// A display that nothing happens on. It tells where it is looked at.
    struct Still {
        bell: (Sender<()>, Receiver<()>),
        looks: Sender<Rect>,
        pixels: Vec<u8>,
        /// Tells that it is watched no more, and goes on when it hears something or nobody is there.
        left: (Sender<()>, Receiver<()>),
    }

    impl Still {
        /// It, where it is looked at, and the other ends of [`Self::left`].
        fn new() -> (Self, Receiver<Rect>, Receiver<()>, Sender<()>) {
            let ((looks, seen), (tell, left), (go_on, hear)) = (channel(), channel(), channel());
            let still = Self {
                bell: channel(),
                looks,
                pixels: vec![0; SIZE.area() * 4],
                left: (tell, hear),
            };
            (still, seen, left, go_on)
        }
    }

    impl Display for Still {
        fn waker(&self) -> Waker {
            let bell = self.bell.0.clone();
            Box::new(move || bell.send(()).unwrap_or_default())
        }

        fn size(&self) -> Size {
            SIZE
        }

        fn watch(&mut self, on: bool) -> Result<(), DisplayLost> {
            if !on && self.left.0.send(()).is_ok() {
                let _ = self.left.1.recv();
            }
            Ok(())
        }

        fn next_event(&mut self) -> Result<DisplayEvent, DisplayLost> {
            self.bell.1.recv().expect("the other end is here");
            Ok(DisplayEvent::Woken)
        }

        fn resize(&mut self, _: Size) -> Result<ResizeStatus, DisplayLost> {
            Ok(ResizeStatus::InvalidLayout)
        }

        fn look(&mut self, area: Rect) -> Result<Option<Look<'_>>, DisplayLost> {
            self.looks.send(area).expect("the test listens");
            Ok(Look::new(area, &self.pixels[..area.area() * 4]))
        }

        fn cursor(&mut self) -> Result<Cursor, DisplayLost> {
            Ok(Cursor::default())
        }

        fn label(&mut self, _: &str) -> Result<(), DisplayLost> {
            Ok(())
        }

        fn key(&mut self, _: u32, _: bool) -> Result<(), DisplayLost> {
            Ok(())
        }

        fn pointer(&mut self, _: Point, _: u16) -> Result<(), DisplayLost> {
            Ok(())
        }

        fn share_clipboard(&mut self, _: bool) -> Result<(), DisplayLost> {
            Ok(())
        }

        fn offer_text(&mut self, _: String) -> Result<(), DisplayLost> {
            Ok(())
        }
    }

    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn the_screen_is_captured_once_before_a_viewer_asks() {
        let (still, seen, ..) = Still::new();
        let screen = Screen::start(still).expect("a thread");
        let view = screen.attach();
        let first = seen.recv_timeout(PATIENCE).expect("a look that nobody asked for");
        drop((view, screen));
        let looks: Vec<Rect> = std::iter::once(first).chain(seen).collect();
        let joined: Region = looks.iter().copied().collect();
        assert!(joined.contains_rect(&Rect::of_size(SIZE)), "{looks:?}");
        assert_eq!(looks.iter().map(Rect::area).sum::<usize>(), SIZE.area());
    }

    #[test]
    fn a_viewer_that_comes_while_the_last_one_goes_is_expected_too() {
        let (still, seen, left, go_on) = Still::new();
        let screen = Screen::start(still).expect("a thread");
        let first = screen.attach();
        let whole = || {
            let mut joined = Region::new();
            while !joined.contains_rect(&Rect::of_size(SIZE)) {
                joined.add(seen.recv_timeout(PATIENCE).expect("a look that nobody asked for"));
            }
        };
        whole();
        drop(first);
        left.recv_timeout(PATIENCE)
            .expect("nobody watches when the last one is gone");
        let _second = screen.attach();
        go_on.send(()).expect("the display waits");
        whole();
        drop((left, go_on));
    }

    #[test]
    fn bands_are_small_and_leave_nothing_out() {
        let area = Rect::new(3, 7, 1280, 1024);
        let bands: Vec<Rect> = bands(area).collect();
        assert!(bands.iter().all(|band| band.area() <= LOOK && !band.is_empty()));
        let joined: Region = bands.iter().copied().collect();
        assert_eq!(joined.area(), bands.iter().map(Rect::area).sum::<usize>());
        assert!(joined.contains_rect(&area));
    }

    /// Larger than what is damaged there.
    const FAR: Size = Size::new(4000, 4000);

    #[test]
    fn what_is_near_is_looked_at_together() {
        let lines: Region = (0..10).map(|line| Rect::new(10, 20 * line, 500, 12)).collect();
        assert_eq!(areas(&lines, FAR), [Rect::new(10, 0, 500, 192)]);
        let mut far = lines.clone();
        far.add(Rect::new(3000, 3000, 5, 5));
        assert_eq!(areas(&far, FAR).len(), 2);
    }

    #[test]
    fn the_line_beside_what_scrolled_is_looked_at_with_it() {
        let screen = Size::new(1280, 1024);
        let scrolled = Region::from(Rect::new(0, 20, 1280, 980));
        assert_eq!(areas(&scrolled, screen), [Rect::new(0, 0, 1280, 1024)]);
        let part = Region::from(Rect::new(100, 100, 800, 400));
        assert_eq!(areas(&part, screen), [Rect::new(68, 68, 864, 464)]);
        let small = Region::from(Rect::new(100, 100, 80, 40));
        assert_eq!(areas(&small, screen), small.rects());
    }

    #[test]
    fn no_two_areas_overlap_and_nothing_is_missed() {
        let cross: Region = [
            Rect::new(0, 900, 2000, 3),
            Rect::new(900, 0, 3, 2000),
            Rect::new(1990, 1990, 4, 4),
            Rect::new(0, 0, 4, 4),
        ]
        .into_iter()
        .collect();
        let areas = areas(&cross, FAR);
        let joined: Region = areas.iter().copied().collect();
        assert_eq!(joined.area(), areas.iter().map(Rect::area).sum::<usize>());
        assert!(cross.rects().iter().all(|rect| joined.contains_rect(rect)));
    }
}
