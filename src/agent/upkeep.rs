//! What is done through the main window once the gateway is logged in: its settings, and errands.

use std::time::{Duration, Instant};

use super::action::{ActResult, Action, Seen, View};
use super::configuration::{Configuration, ConfigurationStep, Verdict, Wish, lock_and_exit};
use super::errand::{Errand, ErrandStep, Running};
use super::state::Event;
use super::{Agent, Asker, is_dialog, is_inner};
use crate::config::DayEnd;
use crate::dialogs::{Meaning, Rule};
use crate::screen::WindowId;

/// How long the API may take to answer on the wanted port before the port is looked up in the window.
const HANDSHAKE: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) enum UpkeepStep {
    Act(Action),
    Wait(Instant),
    Tell(Event),
    Idle,
}

#[derive(Debug)]
enum Settings {
    /// Not looked at; since when the main window stands free.
    Pending(Option<Instant>),
    Open(Box<Configuration>),
    /// As wanted, but for those that were told.
    Known {
        /// Vital ones that are not as wanted.
        open: Vec<&'static str>,
    },
}

/// The errands and the settings of one gateway.
#[derive(Debug)]
pub(super) struct Upkeep {
    wishes: Vec<Wish>,
    settings: Settings,
    errand: Option<Running>,
    /// What a restart by its time changed, and is to be put back.
    put_back: Option<DayEnd>,
    /// The order ids were reset since the gateway was started.
    reset: bool,
    /// The last action was the errand's.
    running: bool,
}

impl Upkeep {
    pub(super) const fn new(wishes: Vec<Wish>) -> Self {
        Self {
            wishes,
            settings: Settings::Pending(None),
            errand: None,
            put_back: None,
            reset: false,
            running: false,
        }
    }

    /// A login begins or ends: what was known of the settings is not any more.
    pub(super) fn forget(&mut self) {
        self.settings = Settings::Pending(None);
        self.errand = None;
    }

    /// What an errand meant the gateway to do is told.
    pub(super) fn gateway_exited(&mut self) -> Option<Event> {
        let errand = self.errand.take().filter(Running::ends_the_gateway);
        self.forget();
        self.reset = false;
        errand.map(|running| running.carried_out())
    }

    /// A human may have changed anything.
    pub(super) fn human_acted(&mut self) {
        if let Some(running) = &mut self.errand {
            running.human_acted();
        }
        match &mut self.settings {
            Settings::Open(configuration) => configuration.begin_anew(),
            Settings::Known { open } if !open.is_empty() => self.settings = Settings::Pending(None),
            _ => {}
        }
    }

    /// Begins an errand; what another one came to by that.
    pub(super) fn run(&mut self, now: Instant, errand: Errand) -> Option<Event> {
        let before = self.errand.replace(Running::new(now, errand));
        before
            .filter(|running| running.errand != errand)
            .map(|running| running.replaced())
    }

    pub(super) fn close_otherwise_at(&self) -> Option<Instant> {
        self.errand.as_ref().and_then(Running::close_otherwise_at)
    }

    /// The window in which a menu was opened and is not closed yet.
    pub(super) fn opened_menu_in(&self) -> Option<WindowId> {
        let errand = self.errand.as_ref().and_then(Running::opened_menu_in);
        errand.or(match &self.settings {
            Settings::Open(configuration) => configuration.opened_menu_in(),
            _ => None,
        })
    }

    pub(super) fn drop_errand(&mut self) {
        self.errand = None;
    }

    /// Whether a restart by its time is under way, which nothing else may disturb.
    pub(super) fn is_restarting(&self) -> bool {
        self.errand.as_ref().is_some_and(Running::is_timed)
    }

    /// What is wanted of the gateway now.
    fn wanted(&self) -> Vec<Wish> {
        let once = |wish: &Wish| wish.setting == "reset_order_ids_at_start";
        let mut wishes = self.wishes.clone();
        wishes.retain(|wish| !(self.reset && once(wish)));
        wishes.extend(self.put_back.iter().flat_map(lock_and_exit));
        wishes
    }

    /// Whether the port is all that is wanted: a handshake on it proves it.
    fn only_port(&self) -> bool {
        self.put_back.is_none() && self.wishes.iter().all(|wish| wish.setting == "api_port")
    }

    /// What keeps the gateway from being ready, if its settings do.
    pub(super) fn obstacle(&self) -> Option<String> {
        match &self.settings {
            _ if self.wishes.is_empty() => None,
            // A handshake is waited for, as it is without any settings.
            Settings::Pending(_) if self.only_port() => None,
            Settings::Pending(_) | Settings::Open(_) => {
                Some("the gateway's settings are not verified yet".to_owned())
            }
            Settings::Known { open } if open.is_empty() => None,
            Settings::Known { open } => Some(format!(
                "{} could not be verified, and no client is admitted without: set it in the viewer",
                open.join(", ")
            )),
        }
    }

    /// Whether a question of the rules' `setting` is about something that was done from here.
    pub(super) fn explains(&mut self, now: Instant, setting: &str) -> bool {
        let configuration = match &self.settings {
            Settings::Open(configuration) => Some(configuration),
            _ => None,
        };
        match setting {
            "socket-port" => configuration.is_some_and(|configuration| configuration.moves_port()),
            "order-id-reset" => configuration.is_some_and(|configuration| configuration.resets_order_ids()),
            _ => self
                .errand
                .as_mut()
                .is_some_and(|running| running.explains(now, setting)),
        }
    }

    /// What to do next, with no dialog in the way. `api_answers`: on the port that is wanted.
    pub(super) fn next(
        &mut self,
        now: Instant,
        known: &[(Seen, View, Rule)],
        screen: &[Seen],
        api_answers: bool,
    ) -> UpkeepStep {
        let shown = |meaning: Meaning| {
            let found = known.iter().rev().find(|(_, _, rule)| rule.meaning == meaning);
            found.map(|(seen, view, _)| (seen, view))
        };
        let (main, window) = (shown(Meaning::Main), shown(Meaning::Configuration));
        if let (Some(running), Some(main)) = (&mut self.errand, main)
            && (window.is_none() || running.is_timed() || running.is_visit())
            && !(running.is_visit() && matches!(self.settings, Settings::Open(_)))
        {
            self.running = true;
            let home = |wish: &&Wish| wish.is_day_end();
            let home: Vec<Wish> = self.wishes.iter().filter(home).cloned().collect();
            let step = running.next(now, main, window, screen, &home);
            if home.is_empty() && running.is_timed() {
                self.put_back = running.to_put_back();
            }
            return match step {
                ErrandStep::Act(action) => UpkeepStep::Act(action),
                ErrandStep::Wait(until) => UpkeepStep::Wait(until),
                ErrandStep::Tell(event) => UpkeepStep::Tell(event),
                ErrandStep::Done => {
                    let told = running.carried_out();
                    self.errand = None;
                    UpkeepStep::Tell(told)
                }
                ErrandStep::GiveUp(what) => {
                    self.errand = None;
                    UpkeepStep::Tell(Event::GivenUp { what })
                }
            };
        }
        self.running = false;
        let only_port = self.only_port();
        match &mut self.settings {
            Settings::Pending(_) if self.wishes.is_empty() && self.put_back.is_none() => UpkeepStep::Idle,
            Settings::Pending(since) => {
                let since = *since.get_or_insert(now);
                if only_port {
                    if api_answers {
                        self.settings = Settings::Known { open: Vec::new() };
                        let what = "api_port, by a handshake on it".to_owned();
                        return UpkeepStep::Tell(Event::Verified { what });
                    }
                    if now < since + HANDSHAKE {
                        return UpkeepStep::Wait(since + HANDSHAKE);
                    }
                }
                let wishes = self.wanted();
                self.settings = Settings::Open(Box::new(Configuration::new(wishes)));
                UpkeepStep::Wait(now)
            }
            Settings::Open(configuration) => match configuration.next(now, main, window, screen) {
                ConfigurationStep::Act(action) => UpkeepStep::Act(action),
                ConfigurationStep::Wait(until) => UpkeepStep::Wait(until),
                ConfigurationStep::Tell(event) => UpkeepStep::Tell(event),
                ConfigurationStep::Over => {
                    self.reset |= configuration.has_pressed("reset_order_ids_at_start");
                    if configuration.verdict() == Verdict::Verified {
                        self.put_back = None;
                    }
                    let open = configuration.open_vital().to_vec();
                    self.settings = Settings::Known { open };
                    UpkeepStep::Wait(now)
                }
            },
            Settings::Known { .. } => UpkeepStep::Idle,
        }
    }

    pub(super) fn handle(&mut self, now: Instant, result: &ActResult) {
        match (&mut self.errand, &mut self.settings) {
            (Some(running), _) if self.running => running.handle(now, result),
            (_, Settings::Open(configuration)) => configuration.handle(now, result),
            _ => {}
        }
    }
}

impl Agent {
    /// Has something done through the main window, as soon as no dialog is in the way. A gateway that does not close
    /// through its menu is closed through its window. False when there is no window for that, or while a restart is under way.
    pub fn carry_out(&mut self, now: Instant, errand: Errand) -> bool {
        let known = self.known();
        let closes = errand == Errand::Close;
        if closes {
            self.closing = true;
            self.abandon_login();
        }
        let main = known.iter().any(|(_, _, rule)| rule.meaning == Meaning::Main);
        let free = !known
            .iter()
            .any(|(_, _, rule)| is_dialog(rule.meaning) || is_inner(rule.meaning));
        if !closes && self.upkeep.is_restarting() {
            return false;
        }
        if main && (!closes || self.logged_in && free && self.hands_off_until.is_none()) {
            let replaced = self.upkeep.run(now, errand);
            self.events.extend(replaced);
            self.wake_at(now);
            return true;
        }
        closes && self.close_window()
    }

    /// Asks the gateway's windows to close, the innermost first.
    pub(super) fn close_window(&mut self) -> bool {
        self.upkeep.drop_errand();
        let known = self.known();
        let inner = known.iter().filter(|(_, _, rule)| is_inner(rule.meaning));
        let main = known.iter().find(|(_, _, rule)| {
            matches!(
                rule.meaning,
                Meaning::Main | Meaning::Login | Meaning::LoginProgress | Meaning::SecondFactor
            )
        });
        for (seen, ..) in inner.chain(main) {
            let window = seen.window.id;
            self.queue
                .push_back((Asker::Nobody, Action::CloseWindow { window }));
        }
        main.is_some()
    }

    /// Settings and errands, with no dialog in the way.
    pub(super) fn keep_up(&mut self, now: Instant, known: &[(Seen, View, Rule)]) {
        // A step leads to the next at once; each advances, so that this ends.
        for _ in 0..64 {
            match self.upkeep.next(now, known, &self.screen, self.api_answers) {
                UpkeepStep::Act(action) => return self.queue.push_back((Asker::Upkeep, action)),
                UpkeepStep::Wait(until) if until > now => return self.wake_at(until),
                UpkeepStep::Wait(_) => {}
                UpkeepStep::Tell(event) => self.events.push_back(event),
                UpkeepStep::Idle => return,
            }
        }
        self.wake_at(now);
    }
}
