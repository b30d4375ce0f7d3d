//! A restart without a menu item for it: the automatic restart is set to a minute that is about to begin, and set back
//! when nothing comes of it.

use std::time::{Duration, Instant};

use super::action::{ActResult, Action, Seen, View};
use super::configuration::{Configuration, ConfigurationStep, Verdict, Wish, lock_and_exit};
use super::state::Event;
use crate::config::{ClockTime, DayEnd};
use crate::screen::WindowId;

/// How long a visit to the configuration window may take, in seconds: the minute begins no sooner.
const VISIT: u32 = 20;
/// What is confirmed later than this before the minute may come too late: it takes the gateway time to hear of it.
const MARGIN: Duration = Duration::from_secs(4);
/// How long after the minute has begun the gateway may take to go.
const GRACE: Duration = Duration::from_secs(90);
/// Times that a minute is chosen.
const MAX_VISITS: u32 = 3;

const MINUTE: u32 = 60;
const DAY: u32 = 24 * 60;

#[derive(Debug)]
pub(super) enum RestartStep {
    Act(Action),
    Wait(Instant),
    Tell(Event),
    GiveUp(String),
}

#[derive(Debug)]
enum Stage {
    /// The gateway's clock is to be read.
    Clock,
    /// The time is being set.
    Set {
        visit: Box<Configuration>,
        time: ClockTime,
        /// When the clock will show it.
        at: Instant,
    },
    /// It is set: the gateway goes at that time, or does not.
    Scheduled {
        time: ClockTime,
        at: Instant,
    },
    /// It did not. What was set before is put back.
    PutBack {
        visit: Box<Configuration>,
        time: ClockTime,
    },
    Failed(String),
}

/// A restart at a time.
#[derive(Debug)]
pub(super) struct TimedRestart {
    stage: Stage,
    /// Why the menu did not do.
    why: String,
    /// How the gateway ended its day before.
    before: Option<DayEnd>,
    /// It was told otherwise, and that is not put back.
    changed: bool,
    visits: u32,
}

impl TimedRestart {
    pub(super) const fn new(why: String) -> Self {
        Self {
            stage: Stage::Clock,
            why,
            before: None,
            changed: false,
            visits: 0,
        }
    }

    /// Whether the gateway is to go by itself.
    pub(super) const fn is_scheduled(&self) -> bool {
        matches!(self.stage, Stage::Scheduled { .. })
    }

    /// How the gateway ended its day before it was told otherwise, as long as it is.
    pub(super) fn to_put_back(&self) -> Option<DayEnd> {
        self.before.filter(|_| self.changed)
    }

    /// The window in which a menu is open for this, or may be.
    pub(super) fn opened_menu_in(&self) -> Option<WindowId> {
        match &self.stage {
            Stage::Set { visit, .. } | Stage::PutBack { visit, .. } => visit.opened_menu_in(),
            _ => None,
        }
    }

    pub(super) fn human_acted(&mut self) {
        if let Stage::Set { visit, .. } | Stage::PutBack { visit, .. } = &mut self.stage {
            visit.begin_anew();
        }
    }

    /// What to do next. `home` is what the settings want of the day's end; without it, it is put back as it was.
    pub(super) fn next(
        &mut self,
        now: Instant,
        main: Option<(&Seen, &View)>,
        window: Option<(&Seen, &View)>,
        screen: &[Seen],
        home: &[Wish],
    ) -> RestartStep {
        match &mut self.stage {
            Stage::Clock => RestartStep::Act(Action::ReadClock),
            Stage::Failed(why) => RestartStep::GiveUp(std::mem::take(why)),
            Stage::Set { visit, time, at } => match visit.next(now, main, window, screen) {
                ConfigurationStep::Act(action) => RestartStep::Act(action),
                ConfigurationStep::Wait(until) => RestartStep::Wait(until),
                ConfigurationStep::Tell(event @ Event::Verified { .. }) => RestartStep::Tell(event),
                ConfigurationStep::Tell(_) => RestartStep::Wait(now),
                ConfigurationStep::Over => {
                    let (time, at) = (*time, *at);
                    self.before = self.before.or(visit.day_end());
                    match (visit.verdict(), self.before) {
                        (Verdict::Verified, Some(before)) => {
                            self.stage = Stage::Scheduled { time, at };
                            self.changed = true;
                            RestartStep::Tell(Event::RestartScheduled {
                                time: time.to_string(),
                                why: self.why.clone(),
                                before: before.to_string(),
                            })
                        }
                        (Verdict::Late, _) if self.visits < MAX_VISITS => {
                            self.stage = Stage::Clock;
                            RestartStep::Wait(now)
                        }
                        (Verdict::Late, _) => {
                            RestartStep::GiveUp("the configuration window takes too long".to_owned())
                        }
                        (Verdict::Lost(why), _) => RestartStep::GiveUp(why),
                        (Verdict::Verified, None) => {
                            RestartStep::GiveUp("the time that was set before is not known".to_owned())
                        }
                    }
                }
            },
            Stage::Scheduled { time, at } => {
                let until = *at + GRACE;
                if now < until {
                    return RestartStep::Wait(until);
                }
                let own = self.before.iter().flat_map(lock_and_exit);
                let wishes: Vec<Wish> = if home.is_empty() {
                    own.collect()
                } else {
                    home.to_vec()
                };
                self.stage = Stage::PutBack {
                    visit: Box::new(Configuration::new(wishes)),
                    time: *time,
                };
                RestartStep::Wait(now)
            }
            Stage::PutBack { visit, time } => match visit.next(now, main, window, screen) {
                ConfigurationStep::Act(action) => RestartStep::Act(action),
                ConfigurationStep::Wait(until) => RestartStep::Wait(until),
                ConfigurationStep::Tell(event) => RestartStep::Tell(event),
                ConfigurationStep::Over => {
                    self.changed = visit.verdict() != Verdict::Verified;
                    RestartStep::GiveUp(format!(
                        "the gateway did not go at {time}: see whether its time zone is the one of TIME_ZONE"
                    ))
                }
            },
        }
    }

    pub(super) fn handle(&mut self, now: Instant, result: &ActResult) {
        match (&mut self.stage, result) {
            (Stage::Clock, ActResult::Clock { seconds }) => self.choose(now, *seconds),
            (Stage::Clock, ActResult::Failed { why }) => self.stage = Stage::Failed(why.clone()),
            (Stage::Set { visit, .. } | Stage::PutBack { visit, .. }, _) => visit.handle(now, result),
            _ => {}
        }
    }

    /// The next minute that leaves time enough to set it; more time each time that it was not enough.
    fn choose(&mut self, now: Instant, seconds: u32) {
        self.visits += 1;
        let minute = (seconds + VISIT * self.visits) / MINUTE + 1;
        let at = now + Duration::from_secs(u64::from(minute * MINUTE - seconds));
        let time = ClockTime::after_midnight(minute % DAY);
        let wishes = lock_and_exit(&DayEnd::Restart(time)).to_vec();
        self.stage = Stage::Set {
            visit: Box::new(Configuration::before(wishes, at - MARGIN)),
            time,
            at,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minute_leaves_time_enough_and_midnight_is_one() {
        let chosen = |seconds: u32, visits: u32| {
            let now = Instant::now();
            let mut restart = TimedRestart::new(String::new());
            restart.visits = visits;
            restart.handle(now, &ActResult::Clock { seconds });
            let Stage::Set { time, at, .. } = restart.stage else {
                panic!("no time was chosen");
            };
            (time.to_string(), (at - now).as_secs())
        };
        let clock = |hour: u32, minute: u32, second: u32| hour * 3600 + minute * 60 + second;
        assert_eq!(chosen(clock(8, 4, 0), 0), ("08:05 AM".to_owned(), 60));
        assert_eq!(chosen(clock(8, 4, 39), 0), ("08:05 AM".to_owned(), 21));
        assert_eq!(chosen(clock(8, 4, 40), 0), ("08:06 AM".to_owned(), 80));
        assert_eq!(chosen(clock(8, 4, 39), 1), ("08:06 AM".to_owned(), 81));
        assert_eq!(chosen(clock(23, 59, 5), 0), ("12:00 AM".to_owned(), 55));
        assert_eq!(chosen(clock(23, 59, 58), 0), ("12:01 AM".to_owned(), 62));
        assert_eq!(chosen(clock(11, 59, 58), 0), ("12:01 PM".to_owned(), 62));
    }

    #[test]
    fn without_a_clock_nothing_is_set() {
        let now = Instant::now();
        let mut restart = TimedRestart::new(String::new());
        let why = "no zone".to_owned();
        assert!(matches!(
            restart.next(now, None, None, &[], &[]),
            RestartStep::Act(Action::ReadClock)
        ));
        restart.handle(now, &ActResult::Failed { why: why.clone() });
        assert!(matches!(
            restart.next(now, None, None, &[], &[]),
            RestartStep::GiveUp(told) if told == why
        ));
    }
}
