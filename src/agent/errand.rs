//! What somebody asks for between times: closing, restarting, saving, connecting anew; through menus and keys.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::action::{ActResult, Action, Chord, Seen, View};
use super::configuration::{Configuration, ConfigurationStep, Verdict, Wish, api_enabled};
use super::menu::{MenuChoice, MenuStep, Way};
use super::restart::{RestartStep, TimedRestart};
use super::state::Event;
use crate::config::DayEnd;
use crate::screen::WindowId;

/// How long the effect may take to show: a question, a window that goes.
const EFFECT: Duration = Duration::from_secs(3);
/// How long a question that was asked for is still answered.
const ASKED: Duration = Duration::from_secs(15);
/// How long the menu may take before a gateway that is to close is closed through its window.
const CLOSING: Duration = Duration::from_secs(2);
/// How long an errand may take.
const LIMIT: Duration = Duration::from_secs(60);
/// Times that the keys are pressed.
const MAX_PRESSES: u32 = 3;

/// Something to be done through the main window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Errand {
    /// End the gateway tidily: `File > Close` or `File > Exit`.
    Close,
    /// Connect to the account server anew: Ctrl+Alt+R.
    ReconnectAccount,
    /// Connect to the market data anew: Ctrl+Alt+F.
    ReconnectData,
    /// Have TWS serve its API: `API > Settings > Enable ActiveX and Socket Clients`.
    EnableApi,
    /// Restart the program: `File > Restart...`, which TWS has; else by its automatic restart, within two minutes.
    Restart,
    /// Save the settings: `File > Save Settings`.
    SaveSettings,
}

impl Errand {
    const fn ways(self) -> &'static [Way] {
        match self {
            Self::Close => &[("File", "Close"), ("File", "Exit")],
            Self::Restart => &[("File", "Restart")],
            Self::SaveSettings => &[("File", "Save Settings")],
            Self::EnableApi | Self::ReconnectAccount | Self::ReconnectData => &[],
        }
    }

    /// The built-in setting that allows what it presses.
    const fn setting(self) -> &'static str {
        match self {
            Self::Close => "closing",
            Self::Restart => "restarting",
            Self::ReconnectAccount | Self::ReconnectData => "reconnecting",
            Self::EnableApi | Self::SaveSettings => "configuration",
        }
    }

    const fn keys(self) -> Option<Chord> {
        match self {
            Self::ReconnectAccount => Some(Chord::ControlAltR),
            Self::ReconnectData => Some(Chord::ControlAltF),
            _ => None,
        }
    }

    /// The setting of the rules whose question this errand makes the gateway ask.
    fn question(self) -> Option<&'static str> {
        (self.setting() != "configuration").then(|| self.setting())
    }
}

#[derive(Debug)]
pub(super) enum ErrandStep {
    Act(Action),
    Wait(Instant),
    Tell(Event),
    Done,
    GiveUp(String),
}

/// An errand that is under way.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) errand: Errand,
    menu: MenuChoice,
    began: Instant,
    /// When the item was chosen, or the keys were pressed.
    made: Option<Instant>,
    presses: u32,
    /// Its question came.
    asked: bool,
    /// The menus have no item for a restart.
    timed: Option<TimedRestart>,
    /// It is done in the configuration window.
    visit: Option<Box<Configuration>>,
}

impl Running {
    pub(super) fn new(now: Instant, errand: Errand) -> Self {
        Self {
            errand,
            menu: MenuChoice::new(errand.ways(), errand.setting()),
            began: now,
            made: None,
            presses: 0,
            asked: false,
            timed: None,
            visit: (errand == Errand::EnableApi).then(|| Box::new(Configuration::new(vec![api_enabled()]))),
        }
    }

    /// Something else was asked for before it was done.
    pub(super) fn replaced(&self) -> Event {
        let what = format!("{:?}: something else was asked for", self.errand);
        Event::GivenUp { what }
    }

    pub(super) fn carried_out(&self) -> Event {
        let command = format!("{:?}", self.errand);
        Event::CarriedOut { command }
    }

    /// Whether it is a restart by its time, which is not to be disturbed.
    pub(super) const fn is_timed(&self) -> bool {
        self.timed.is_some()
    }

    /// Whether it is done in the configuration window.
    pub(super) const fn is_visit(&self) -> bool {
        self.visit.is_some()
    }

    /// What it changed of the day's end, and is to be put back.
    pub(super) fn to_put_back(&self) -> Option<DayEnd> {
        self.timed.as_ref().and_then(TimedRestart::to_put_back)
    }

    /// The gateway's end is what was asked for.
    pub(super) fn ends_the_gateway(&self) -> bool {
        let ends = matches!(self.errand, Errand::Close | Errand::Restart);
        let scheduled = self.timed.as_ref().is_some_and(TimedRestart::is_scheduled);
        ends && (self.made.is_some() || scheduled)
    }

    /// The window in which a menu is open for this, or may be.
    pub(super) fn opened_menu_in(&self) -> Option<WindowId> {
        let timed = self.timed.as_ref().and_then(TimedRestart::opened_menu_in);
        let visit = self.visit.as_ref().and_then(|visit| visit.opened_menu_in());
        timed.or(visit).or(self.menu.opened_in())
    }

    pub(super) fn human_acted(&mut self) {
        if let Some(timed) = &mut self.timed {
            timed.human_acted();
        }
        if let Some(visit) = &mut self.visit {
            visit.begin_anew();
        }
    }

    /// Whether a question of the rules' `setting` is about this errand. It is taken as its effect.
    pub(super) fn explains(&mut self, now: Instant, setting: &str) -> bool {
        let scheduled = self.timed.as_ref().is_some_and(TimedRestart::is_scheduled);
        let expected = scheduled || self.made.is_some_and(|made| now < made + ASKED);
        let explains = self.errand.question() == Some(setting) && expected;
        self.asked |= explains;
        explains
    }

    /// A gateway that does not close through its menu in time is to be closed through its window.
    pub(super) fn close_otherwise_at(&self) -> Option<Instant> {
        let unmade = self.made.is_none() && self.errand == Errand::Close;
        unmade.then(|| self.began + CLOSING)
    }

    /// What to do next. `main` is the main window, `window` the configuration window, `screen` all windows, `home` what
    /// the settings want of the day's end.
    pub(super) fn next(
        &mut self,
        now: Instant,
        (main, view): (&Seen, &View),
        window: Option<(&Seen, &View)>,
        screen: &[Seen],
        home: &[Wish],
    ) -> ErrandStep {
        if self.asked {
            // Its question was answered: no dialog is there any more.
            return ErrandStep::Done;
        }
        if let Some(timed) = &mut self.timed {
            return match timed.next(now, Some((main, view)), window, screen, home) {
                RestartStep::Act(action) => ErrandStep::Act(action),
                RestartStep::Wait(until) => ErrandStep::Wait(until),
                RestartStep::Tell(event) => ErrandStep::Tell(event),
                RestartStep::GiveUp(why) => ErrandStep::GiveUp(format!("{:?}: {why}", self.errand)),
            };
        }
        if let Some(visit) = &mut self.visit {
            return match visit.next(now, Some((main, view)), window, screen) {
                ConfigurationStep::Act(action) => ErrandStep::Act(action),
                ConfigurationStep::Wait(until) => ErrandStep::Wait(until),
                ConfigurationStep::Tell(event) => ErrandStep::Tell(event),
                ConfigurationStep::Over => match visit.verdict() {
                    Verdict::Verified => ErrandStep::Done,
                    Verdict::Late => ErrandStep::GiveUp(format!("{:?}: it took too long", self.errand)),
                    Verdict::Lost(why) => ErrandStep::GiveUp(format!("{:?}: {why}", self.errand)),
                },
            };
        }
        if now >= self.began + LIMIT {
            return ErrandStep::GiveUp(format!("{:?}: nothing came of it", self.errand));
        }
        if let Some(keys) = self.errand.keys() {
            return match self.made {
                Some(made) if now < made + EFFECT => ErrandStep::Wait(made + EFFECT),
                _ if self.presses == MAX_PRESSES => {
                    ErrandStep::GiveUp(format!("{:?}: the gateway does not ask back", self.errand))
                }
                _ => {
                    let window = main.window.id;
                    ErrandStep::Act(Action::Press { window, keys })
                }
            };
        }
        match self.menu.next(now, main, view, screen) {
            MenuStep::Act(action) => ErrandStep::Act(action),
            MenuStep::Wait(until) => ErrandStep::Wait(until),
            MenuStep::Absent { why, certain: true } if self.errand == Errand::Restart => {
                self.timed = Some(TimedRestart::new(why));
                ErrandStep::Wait(now)
            }
            MenuStep::Absent { why, .. } => ErrandStep::GiveUp(format!("{:?}: {why}", self.errand)),
            MenuStep::Chosen(at) => {
                self.made = Some(at);
                // Nothing tells of it but the menu, which an item that is disabled leaves open.
                if self.errand == Errand::SaveSettings && !self.menu.is_still_open(main, view, screen) {
                    return ErrandStep::Done;
                }
                if now < at + EFFECT {
                    return ErrandStep::Wait(at + EFFECT);
                }
                self.made = None;
                self.menu.retry();
                ErrandStep::Wait(now)
            }
        }
    }

    pub(super) fn handle(&mut self, now: Instant, result: &ActResult) {
        if let Some(timed) = &mut self.timed {
            return timed.handle(now, result);
        }
        if let Some(visit) = &mut self.visit {
            return visit.handle(now, result);
        }
        if self.errand.keys().is_none() {
            return self.menu.handle(now, result);
        }
        self.presses += 1;
        if *result == ActResult::Done {
            self.made = Some(now);
        }
    }
}
