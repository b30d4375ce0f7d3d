//! The gateway's own settings, through its configuration window: open it from the menu, walk its tree, set what differs,
//! look at it again, confirm.
//!
//! What cannot be found is told and the rest goes on. A page on which anything could not be read back is never
//! confirmed: the window is cancelled, and all the rest done anew. When nothing differs the window is cancelled too.

mod sheet;
mod walk;
mod wish;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::action::{ActResult, Action, Seen, View};
use super::menu::{MenuChoice, MenuStep, Way};
use super::policy::Policy;
use super::state::Event;
use crate::config::DayEnd;
use crate::screen::{Rect, WindowId};
use crate::vision::options;
use crate::vision::tree::{self, Panes};
use sheet::{Fate, Sheet, SheetStep};
use walk::{Walk, WalkStep};
use wish::Page;
pub(super) use wish::{Wish, api_enabled, lock_and_exit, wishes};

/// Where the window is opened, in the Gateway and in TWS.
const WAYS: &[Way] = &[("Configure", "Settings"), ("File", "Global Configuration")];
/// How long the window may take to come after its menu item was clicked.
const OPENING: Duration = Duration::from_secs(3);
/// How long the window may take to go, or to ask something, after its button was pressed.
const CLOSING: Duration = Duration::from_secs(4);
/// How long a question about what was confirmed may take to come once the window is gone.
const ASKING: Duration = Duration::from_secs(2);
/// How long a window that somebody else opened is left alone before it is cancelled.
const FOREIGN: Duration = Duration::from_secs(60);
/// How long the window may stay without a tree and a page.
const READABLE: Duration = Duration::from_secs(5);
/// Pause before looking again at a target that changed or was covered.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Presses of the button that ends the window.
const MAX_PRESSES: u32 = 3;
/// Clicks on it that did not come about.
const MAX_MISSES: u32 = 50;
/// Times that the window is opened.
const MAX_RUNS: u32 = 5;

#[derive(Debug)]
pub(super) enum ConfigurationStep {
    Act(Action),
    Wait(Instant),
    Tell(Event),
    /// All was done, or given up and told.
    Over,
}

/// What became of all wishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The window shows what was wanted.
    Verified,
    /// It was too late to confirm it: nothing was changed.
    Late,
    /// Why one of them did not come true.
    Lost(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Confirm,
    Cancel,
}

impl Ending {
    const fn label(self) -> &'static str {
        match self {
            Self::Confirm => "OK",
            Self::Cancel => "Cancel",
        }
    }
}

#[derive(Debug)]
enum Stage {
    /// Somebody else's window is there, since then.
    Foreign(Option<Instant>),
    Open(MenuChoice),
    /// On the way to the page at the head of the list.
    Walk(Walk),
    Sheet(Sheet),
    /// The button is to be pressed, or was then so many times.
    End {
        ending: Ending,
        pressed: Option<Instant>,
        presses: u32,
        misses: u32,
    },
    /// The window is gone, since then.
    Gone(Instant),
    Over,
}

/// One visit to the configuration window, or several.
#[derive(Debug)]
pub(super) struct Configuration {
    stage: Stage,
    /// The window, once it is ours.
    window: Option<WindowId>,
    /// The wishes that may still come true.
    wishes: Vec<Wish>,
    /// The pages that are still to be visited, in this run.
    pages: Vec<Page>,
    /// What was changed in this run, and is not confirmed yet.
    changed: Vec<&'static str>,
    /// What was confirmed.
    confirmed: Vec<&'static str>,
    /// Buttons with an effect of their own, pressed in an earlier run.
    pressed: Vec<&'static str>,
    /// Vital settings that could not be verified.
    open_vital: Vec<&'static str>,
    /// Why a wish did not come true, the first of them.
    lost: Option<String>,
    /// For a time that is near: when the window may be confirmed last. What it showed before has to be known then.
    confirm_by: Option<Instant>,
    late: bool,
    /// When the gateway ended its day before anything was changed.
    day_end: Option<DayEnd>,
    runs: u32,
    unread: Option<Instant>,
    not_before: Option<Instant>,
    /// A wish failed in this run: nothing of it may be confirmed.
    spoilt: bool,
    told: Vec<Event>,
}

impl Configuration {
    pub(super) fn new(wishes: Vec<Wish>) -> Self {
        let mut configuration = Self {
            stage: Stage::Foreign(None),
            window: None,
            wishes,
            pages: Vec::new(),
            changed: Vec::new(),
            confirmed: Vec::new(),
            pressed: Vec::new(),
            open_vital: Vec::new(),
            lost: None,
            confirm_by: None,
            late: false,
            day_end: None,
            runs: 0,
            unread: None,
            not_before: None,
            spoilt: false,
            told: Vec::new(),
        };
        configuration.begin_run();
        configuration
    }

    /// The same, but nothing is confirmed after `confirm_by`.
    pub(super) fn before(wishes: Vec<Wish>, confirm_by: Instant) -> Self {
        Self {
            confirm_by: Some(confirm_by),
            ..Self::new(wishes)
        }
    }

    /// What became of the wishes, once this is over.
    pub(super) fn verdict(&self) -> Verdict {
        match &self.lost {
            Some(why) => Verdict::Lost(why.clone()),
            None if self.late => Verdict::Late,
            None => Verdict::Verified,
        }
    }

    /// When the gateway ended its day before anything was changed, if that was wanted otherwise and could be read.
    pub(super) const fn day_end(&self) -> Option<DayEnd> {
        self.day_end
    }

    /// A human may have changed anything: all is looked at anew, what was pressed is not pressed again.
    pub(super) fn begin_anew(&mut self) {
        if !matches!(self.stage, Stage::Over) {
            self.window = None;
            self.runs = 0;
            self.begin_run();
        }
    }

    fn begin_run(&mut self) {
        self.runs += 1;
        self.pages = Vec::new();
        for wish in &self.wishes {
            if !self.pages.contains(&wish.page) {
                self.pages.push(wish.page);
            }
        }
        self.pages.reverse();
        self.changed.clear();
        self.spoilt = false;
        self.unread = None;
        self.stage = Stage::Foreign(None);
    }

    /// Whether the button of a setting was pressed.
    pub(super) fn has_pressed(&self, setting: &str) -> bool {
        self.pressed.contains(&setting)
    }

    /// Vital settings that could not be verified.
    pub(super) fn open_vital(&self) -> &[&'static str] {
        &self.open_vital
    }

    /// The window in which a menu is open for this, or may be.
    pub(super) const fn opened_menu_in(&self) -> Option<WindowId> {
        match &self.stage {
            Stage::Open(menu) => menu.opened_in(),
            _ => None,
        }
    }

    /// Whether a question about the new port is about what was confirmed here.
    pub(super) fn moves_port(&self) -> bool {
        matches!(
            self.stage,
            Stage::End {
                ending: Ending::Confirm,
                pressed: Some(_),
                ..
            } | Stage::Gone(_)
        ) && self.changed.contains(&"api_port")
    }

    /// Whether a question about the order ids is about the button that was pressed here.
    pub(super) fn resets_order_ids(&self) -> bool {
        self.has_pressed("reset_order_ids_at_start")
            && matches!(self.stage, Stage::Sheet(_) | Stage::End { .. } | Stage::Gone(_))
    }

    /// What to do next. `main` is the main window, `window` the configuration window, `screen` all windows.
    pub(super) fn next(
        &mut self,
        now: Instant,
        main: Option<(&Seen, &View)>,
        window: Option<(&Seen, &View)>,
        screen: &[Seen],
    ) -> ConfigurationStep {
        if !self.told.is_empty() {
            return ConfigurationStep::Tell(self.told.remove(0));
        }
        if let Some(time) = self.not_before.filter(|&time| now < time) {
            return ConfigurationStep::Wait(time);
        }
        match &mut self.stage {
            Stage::Over => return ConfigurationStep::Over,
            Stage::Gone(at) => {
                if now < *at + ASKING && self.changed.contains(&"api_port") {
                    return ConfigurationStep::Wait(*at + ASKING);
                }
                return self.conclude(now);
            }
            Stage::Foreign(since) => {
                if window.is_none() {
                    self.stage = Stage::Open(MenuChoice::new(WAYS, "configuration"));
                } else {
                    let since = *since.get_or_insert(now);
                    if now < since + FOREIGN {
                        return ConfigurationStep::Wait(since + FOREIGN);
                    }
                    self.window = window.map(|(seen, _)| seen.window.id);
                    self.spoilt = true;
                    self.end(Ending::Cancel);
                }
            }
            _ => {}
        }
        match window {
            Some((seen, view)) => self.inside(now, seen, view),
            None => self.outside(now, main, screen),
        }
    }

    /// The window does not show.
    fn outside(&mut self, now: Instant, main: Option<(&Seen, &View)>, screen: &[Seen]) -> ConfigurationStep {
        match &mut self.stage {
            Stage::Open(menu) => {
                let Some((seen, view)) = main else {
                    return ConfigurationStep::Wait(now + OPENING);
                };
                match menu.next(now, seen, view, screen) {
                    MenuStep::Act(action) => ConfigurationStep::Act(action),
                    MenuStep::Wait(until) => ConfigurationStep::Wait(until),
                    MenuStep::Chosen(at) if now < at + OPENING => ConfigurationStep::Wait(at + OPENING),
                    MenuStep::Chosen(_) => {
                        menu.retry();
                        ConfigurationStep::Wait(now)
                    }
                    MenuStep::Absent { why, .. } => {
                        self.give_up(&format!("the configuration window does not open: {why}"));
                        ConfigurationStep::Wait(now)
                    }
                }
            }
            Stage::End { pressed: Some(_), .. } => {
                self.window = None;
                self.stage = Stage::Gone(now);
                ConfigurationStep::Wait(now)
            }
            // It went without our doing: nothing was confirmed.
            _ => self.again("the configuration window was closed by somebody else", now),
        }
    }

    fn inside(&mut self, now: Instant, seen: &Seen, view: &View) -> ConfigurationStep {
        let window = seen.window.id;
        if let Stage::Open(_) = &self.stage {
            self.window = Some(window);
            self.next_page();
        }
        let Some(panes) = tree::panes(&view.reading) else {
            if let Stage::End { .. } = self.stage {
                return self.press_end(now, window, view);
            }
            let since = *self.unread.get_or_insert(now);
            if now < since + READABLE {
                return ConfigurationStep::Wait(since + READABLE);
            }
            self.give_up("the configuration window shows no tree and no page");
            return ConfigurationStep::Wait(now);
        };
        self.unread = None;
        match &mut self.stage {
            Stage::Walk(walk) => match walk.next(now, window, view, &panes) {
                WalkStep::Act(action) => ConfigurationStep::Act(action),
                WalkStep::Wait(until) => ConfigurationStep::Wait(until),
                WalkStep::Arrived => {
                    self.begin_sheet();
                    ConfigurationStep::Wait(now)
                }
                WalkStep::Absent => {
                    self.miss_page();
                    ConfigurationStep::Wait(now)
                }
            },
            Stage::Sheet(_) => self.set(now, window, view, &panes),
            _ => self.press_end(now, window, view),
        }
    }

    fn next_page(&mut self) {
        match self.pages.last() {
            Some(&page) => self.stage = Stage::Walk(Walk::new(page)),
            None if self.changed.is_empty() => self.end(Ending::Cancel),
            None => self.end(Ending::Confirm),
        }
    }

    fn end(&mut self, ending: Ending) {
        self.stage = Stage::End {
            ending,
            pressed: None,
            presses: 0,
            misses: 0,
        };
    }

    fn begin_sheet(&mut self) {
        let page = self.pages.last().copied();
        let wishes = self
            .wishes
            .iter()
            .filter(|wish| Some(wish.page) == page && !self.pressed.contains(&wish.setting));
        self.stage = Stage::Sheet(Sheet::new(wishes.cloned().collect()));
    }

    /// The tree has no way to the page.
    fn miss_page(&mut self) {
        let Some(page) = self.pages.pop() else { return };
        let why = format!("the configuration window has no page \"{}\"", page.rows()[0]);
        let lost = |wish: &Wish| wish.page == page;
        let wishes: Vec<Wish> = self.wishes.iter().filter(|wish| lost(wish)).cloned().collect();
        for wish in &wishes {
            self.tell_lost(wish, &why);
        }
        self.wishes.retain(|wish| !lost(wish));
        self.next_page();
    }

    fn set(&mut self, now: Instant, window: WindowId, view: &View, panes: &Panes) -> ConfigurationStep {
        let Stage::Sheet(sheet) = &mut self.stage else {
            return ConfigurationStep::Wait(now);
        };
        match sheet.next(now, window, view, panes) {
            SheetStep::Act(action) => {
                self.pressed.extend(sheet.presses());
                ConfigurationStep::Act(action)
            }
            SheetStep::Wait(until) => ConfigurationStep::Wait(until),
            SheetStep::Verified(what) => ConfigurationStep::Tell(Event::Verified { what }),
            SheetStep::Finished => {
                self.leave_page();
                ConfigurationStep::Wait(now)
            }
        }
    }

    /// Takes what came of the page's wishes.
    fn leave_page(&mut self) {
        let Stage::Sheet(sheet) = std::mem::replace(&mut self.stage, Stage::Over) else {
            return;
        };
        let mut lost = Vec::new();
        for (wish, fate, _) in sheet.fates() {
            let name = wish.control.name();
            let why = match fate {
                Fate::Missing => format!("there is no \"{name}\" on its page"),
                Fate::Failed(why) => {
                    self.spoilt = true;
                    format!("\"{name}\": {why}")
                }
                Fate::Pending | Fate::Right => continue,
            };
            lost.push(wish.setting);
            self.tell_lost(wish, &why);
        }
        for (wish, _, _) in sheet.fates().filter(|(_, _, changed)| *changed) {
            // One of several controls of a setting says nothing without the others.
            self.spoilt |= lost.contains(&wish.setting);
            if !self.changed.contains(&wish.setting) {
                self.changed.push(wish.setting);
            }
        }
        self.wishes.retain(|wish| !lost.contains(&wish.setting));
        if self.pages.pop() == Some(Page::LockAndExit) && self.day_end.is_none() {
            self.day_end = wish::day_end(sheet.before());
        }
        if self.spoilt {
            return self.end(Ending::Cancel);
        }
        if self.confirm_by.is_some() && self.day_end.is_none() {
            return self.give_up("the time that is set now cannot be read");
        }
        self.next_page();
    }

    fn tell_lost(&mut self, wish: &Wish, why: &str) {
        if wish.vital {
            self.open_vital.push(wish.setting);
        }
        self.lost.get_or_insert_with(|| why.to_owned());
        let event = Event::NotConfigured {
            setting: wish.setting.to_owned(),
            why: why.to_owned(),
        };
        // A setting may have several controls.
        if !self.told.contains(&event) {
            self.told.push(event);
        }
    }

    fn press_end(&mut self, now: Instant, window: WindowId, view: &View) -> ConfigurationStep {
        let Stage::End {
            ending,
            pressed,
            presses,
            misses,
        } = &mut self.stage
        else {
            return ConfigurationStep::Wait(now);
        };
        if *ending == Ending::Confirm && *presses == 0 && self.confirm_by.is_some_and(|by| now > by) {
            self.late = true;
            self.changed.clear();
            self.end(Ending::Cancel);
            return ConfigurationStep::Wait(now);
        }
        if let Some(at) = pressed
            && now < *at + CLOSING
        {
            return ConfigurationStep::Wait(*at + CLOSING);
        }
        let label = ending.label();
        let place = options::press_place(&view.reading, label);
        let click = place.and_then(|place| click(window, view, place, label));
        match click {
            Some(click) if *presses < MAX_PRESSES && *misses < MAX_MISSES => ConfigurationStep::Act(click),
            _ if *ending == Ending::Confirm => {
                let why = format!("its button \"{label}\" cannot be pressed");
                self.give_up(&why);
                ConfigurationStep::Wait(now)
            }
            _ if *presses <= MAX_PRESSES => ConfigurationStep::Act(Action::CloseWindow { window }),
            _ => {
                self.stage = Stage::Over;
                self.told.push(Event::GivenUp {
                    what: "the configuration window does not close; close it in the viewer".into(),
                });
                ConfigurationStep::Wait(now)
            }
        }
    }

    /// The window is gone: what was confirmed is done; a run that was cancelled for a failure is done anew.
    fn conclude(&mut self, now: Instant) -> ConfigurationStep {
        if std::mem::take(&mut self.spoilt) {
            self.changed.clear();
            if !self.wishes.is_empty() {
                return self.again("a setting could not be verified", now);
            }
        }
        if self.late {
            self.stage = Stage::Over;
            return ConfigurationStep::Wait(now);
        }
        self.confirmed.append(&mut self.changed);
        self.stage = Stage::Over;
        ConfigurationStep::Tell(Event::Configured {
            changed: self.confirmed.iter().map(|&setting| setting.to_owned()).collect(),
        })
    }

    fn again(&mut self, why: &str, now: Instant) -> ConfigurationStep {
        self.window = None;
        if self.runs == MAX_RUNS {
            self.give_up(why);
        } else {
            self.begin_run();
        }
        ConfigurationStep::Wait(now)
    }

    /// Tells that no wish came true, and leaves the window, if it is there, without confirming.
    fn give_up(&mut self, why: &str) {
        for wish in std::mem::take(&mut self.wishes) {
            self.tell_lost(&wish, why);
        }
        self.pages.clear();
        self.changed.clear();
        self.spoilt = false;
        if self.window.is_some() {
            self.end(Ending::Cancel);
        } else {
            self.stage = Stage::Over;
        }
    }

    pub(super) fn handle(&mut self, now: Instant, result: &ActResult) {
        match &mut self.stage {
            Stage::Open(menu) => menu.handle(now, result),
            Stage::Walk(walk) => walk.handle(now, result),
            Stage::Sheet(sheet) => {
                if let Some(SheetStep::Verified(what)) = sheet.handle(now, result) {
                    self.told.push(Event::Verified { what });
                }
            }
            Stage::End {
                pressed,
                presses,
                misses,
                ..
            } => {
                if *result == ActResult::Done {
                    *pressed = Some(now);
                    *presses += 1;
                } else {
                    *misses += 1;
                    self.not_before = Some(now + LOOK_AGAIN);
                }
            }
            Stage::Foreign(_) | Stage::Gone(_) | Stage::Over => {}
        }
    }
}

/// A click on a control of the window; none on a label that even the settings do not allow.
fn click(window: WindowId, view: &View, bounds: Rect, label: &str) -> Option<Action> {
    Some(Action::Click {
        window,
        bounds,
        label: Policy::permit_act("configuration").press(label)?,
        seen: Arc::clone(&view.frame),
        unchanged: Vec::new(),
    })
}
