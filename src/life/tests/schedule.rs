//! The machine alone, over weeks: a gateway that enters its states by a script.

use super::super::*;
use jiff::civil::{Time, Weekday};

const SECOND: Duration = Duration::from_secs(1);

/// What a gateway does next.
#[derive(Clone, Debug, PartialEq)]
enum Deed {
    Enter(State),
    Exit { with_token: bool },
}

/// What is wrong with the next login, or start.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mishap {
    /// Nobody confirms the second factor.
    PushMissed,
    /// Confirmed, and then nothing comes.
    Stuck,
    /// No window comes.
    NoWindow,
    /// The process ends before its window comes.
    Crash,
}

/// A world with one gateway: both clocks, what is to come, what has been done.
struct World {
    zero: Instant,
    begin: Timestamp,
    passed: Duration,
    /// By how much the wall clock was set.
    set: SignedDuration,
    life: Life,
    zone: TimeZone,
    auto_restart: Option<Weekly>,
    to_come: Vec<(Duration, Deed)>,
    mishaps: VecDeque<Mishap>,
    running: bool,
    tokens: i32,
    token: Option<RestartToken>,
    /// When credentials were submitted, by the wall clock.
    submissions: Vec<String>,
    /// When the gateway was started, and how.
    starts: Vec<(String, bool)>,
    /// When the gateway was told to save its settings.
    saves: Vec<String>,
    ended: Option<Ending>,
    wake_ups: u32,
}

fn weekly(day: Option<Weekday>, hour: i8, minute: i8) -> Weekly {
    Weekly {
        day,
        time: Time::constant(hour, minute, 0, 0),
    }
}

fn plan() -> Plan {
    Plan {
        zone: TimeZone::get("Europe/Berlin").expect("a zone"),
        log_off: None,
        cold_restart: None,
        closed_down: None,
        saves: Daily::default(),
        login_window_limit: 60 * SECOND,
        second_factor_limit: 180 * SECOND,
        second_factor_grace: 60 * SECOND,
        second_factor_again: false,
        reclaim_after: None,
    }
}

impl World {
    fn new(begin: &str, plan: Plan) -> Self {
        let begin: Timestamp = begin.parse().expect("a time");
        let zero = Instant::now();
        let zone = plan.zone.clone();
        let now = Moment {
            instant: zero,
            wall: begin,
        };
        let mut world = Self {
            zero,
            begin,
            passed: Duration::ZERO,
            set: SignedDuration::ZERO,
            life: Life::new(now, plan, BrokerWeek::new().expect("known")),
            zone,
            auto_restart: None,
            to_come: Vec::new(),
            mishaps: VecDeque::new(),
            running: false,
            tokens: 0,
            token: None,
            submissions: Vec::new(),
            starts: Vec::new(),
            saves: Vec::new(),
            ended: None,
            wake_ups: 0,
        };
        world.life.begin(now, Left::Nothing);
        world.obey();
        world
    }

    fn now(&self) -> Moment {
        let passed = SignedDuration::try_from(self.passed).expect("not for ever");
        Moment {
            instant: self.zero + self.passed,
            wall: self.begin + passed + self.set,
        }
    }

    /// The wall clock in the gateway's zone.
    fn clock(&self) -> String {
        self.zone
            .to_datetime(self.now().wall)
            .strftime("%a %m-%d %H:%M:%S")
            .to_string()
    }

    fn obey(&mut self) {
        while let Some(order) = self.life.poll_order() {
            match order {
                Order::Start { by_token } => {
                    assert!(!self.running, "two gateways at {}", self.clock());
                    self.running = true;
                    self.starts.push((self.clock(), by_token));
                    self.to_come.clear();
                    self.script(by_token);
                }
                Order::Stop { .. } => {
                    assert!(self.running, "nothing to stop at {}", self.clock());
                    self.to_come.clear();
                    self.later(3, Deed::Exit { with_token: false });
                }
                Order::SaveSettings => {
                    assert!(self.running, "nothing to save at {}", self.clock());
                    self.saves.push(self.clock());
                }
                Order::End(ending) => {
                    assert!(!self.running, "ended with a gateway at {}", self.clock());
                    self.ended = Some(ending);
                }
            }
        }
    }

    fn later(&mut self, seconds: u32, deed: Deed) {
        self.to_come.push((self.passed + seconds * SECOND, deed));
        self.to_come.sort_by_key(|(time, _)| *time);
    }

    fn script(&mut self, by_token: bool) {
        let mishap = self.mishaps.pop_front();
        match mishap {
            Some(Mishap::NoWindow) => return,
            Some(Mishap::Crash) => return self.later(2, Deed::Exit { with_token: false }),
            _ => {}
        }
        // The broker's side of it, by its own clock.
        let week = BrokerWeek::new().expect("known");
        let token = self.token.take().filter(|_| by_token);
        if token.is_some_and(|token| week.token_lives(token.written, self.now().wall)) {
            self.later(20, Deed::Enter(State::LoggedIn));
            self.later(25, Deed::Enter(State::Ready));
        } else {
            self.later(5, Deed::Enter(State::LoginShown));
            self.later(10, Deed::Enter(State::SubmittedCredentials));
            self.later(15, Deed::Enter(State::SecondFactor));
            match mishap {
                Some(Mishap::PushMissed) => return,
                Some(Mishap::Stuck) => return self.later(30, Deed::Enter(State::SubmittedCredentials)),
                _ => {}
            }
            self.later(35, Deed::Enter(State::SubmittedCredentials));
            self.later(40, Deed::Enter(State::LoggedIn));
            self.later(45, Deed::Enter(State::Ready));
        }
        if let Some(time) = self
            .auto_restart
            .and_then(|time| time.after(self.now().wall, &self.zone))
        {
            let pause = time.duration_since(self.now().wall).as_secs();
            self.later(
                u32::try_from(pause).expect("within a day"),
                Deed::Exit { with_token: true },
            );
        }
    }

    /// Lets time pass, until `until` by the wall clock.
    fn live(&mut self, until: &str) {
        let until: Timestamp = until.parse().expect("a time");
        while self.now().wall < until && self.ended.is_none() {
            let due = self.life.poll_timeout(self.now()).map(|due| due - self.zero);
            let next = [self.to_come.first().map(|(time, _)| *time), due];
            let left = until.duration_since(self.now().wall).unsigned_abs();
            let end = self.passed + left;
            let next = next.into_iter().flatten().min().unwrap_or(end).max(self.passed);
            if next > end {
                self.passed = end;
                return;
            }
            self.passed = next;
            if due.is_some_and(|due| due <= next) {
                self.wake_ups += 1;
                self.life.handle_timeout(self.now());
                self.obey();
            }
            while self.to_come.first().is_some_and(|(time, _)| *time <= self.passed) {
                let (_, deed) = self.to_come.remove(0);
                self.happen(deed);
            }
        }
    }

    fn happen(&mut self, deed: Deed) {
        match deed {
            Deed::Enter(state) => {
                if state == State::SubmittedCredentials
                    && self
                        .to_come
                        .iter()
                        .any(|(_, deed)| *deed == Deed::Enter(State::SecondFactor))
                {
                    self.submissions.push(self.clock());
                }
                self.life.entered(self.now(), state);
            }
            Deed::Exit { with_token } => self.exit(with_token),
        }
        self.obey();
    }

    fn exit(&mut self, with_token: bool) {
        self.running = false;
        self.to_come.clear();
        if with_token {
            self.tokens += 1;
            self.token = Some(RestartToken {
                id: format!("token-{}", self.tokens),
                path: "autorestart".into(),
                written: self.now().wall,
            });
        }
        let left = self.token.clone().map_or(Left::Nothing, Left::Token);
        self.life.exited(self.now(), left);
    }

    fn by_token(&self) -> usize {
        self.starts.iter().filter(|(_, by_token)| *by_token).count()
    }
}

#[test]
fn a_month_of_daily_restarts_asks_for_a_login_once_a_week() {
    // Clocks go forward in New York on 8 March and in Berlin on the 29th; back in Berlin on 25 October, in New York on
    // 1 November.
    let spring = ("2026-03-04T09:00:00Z", "2026-04-04T09:00:00Z");
    let autumn = ("2026-10-14T09:00:00Z", "2026-11-14T09:00:00Z");
    for (begin, end) in [spring, autumn] {
        let mut world = World::new(
            begin,
            Plan {
                cold_restart: Some(weekly(Some(Weekday::Sunday), 10, 15)),
                ..plan()
            },
        );
        world.auto_restart = Some(weekly(None, 23, 45));
        world.to_come.clear();
        world.script(false);
        world.live(end);
        assert_eq!(world.ended, None);
        let (first, weekly): (Vec<&String>, Vec<&String>) = world
            .submissions
            .iter()
            .partition(|time| !time.starts_with("Sun"));
        // The first, and one on each Sunday in waking hours, whatever the clocks do.
        assert_eq!(first.len(), 1, "{:?}", world.submissions);
        assert_eq!(weekly.len(), 4, "{:?}", world.submissions);
        for time in weekly {
            assert!(time.ends_with("10:15:13"), "{time}");
        }
        // All others came back by their tokens, at the same time by the clock of Berlin.
        assert_eq!(world.by_token(), 31);
        for (time, _) in world.starts.iter().filter(|(_, by_token)| *by_token) {
            assert!(time.ends_with("23:45:00"), "{time}");
        }
        // Beside its own times it sleeps an hour at the longest.
        assert!(world.wake_ups < 31 * 30, "{}", world.wake_ups);
    }
}

#[test]
fn without_a_weekly_restart_the_token_dies_on_sunday_and_one_login_follows() {
    let mut world = World::new("2026-11-18T09:00:00Z", plan());
    world.auto_restart = Some(weekly(None, 23, 45));
    world.to_come.clear();
    world.script(false);
    world.live("2026-11-27T09:00:00Z");
    // What was written on Saturday evening is used at once; nothing is refused before the next restart writes another.
    assert_eq!(world.submissions.len(), 1, "{:?}", world.submissions);

    // A container that was down over Sunday does not try the token of Saturday.
    let saturday = RestartToken {
        id: "old".into(),
        path: "autorestart".into(),
        written: "2026-11-21T22:45:00Z".parse().expect("a time"),
    };
    let now = Moment {
        instant: Instant::now(),
        wall: "2026-11-23T08:00:00Z".parse().expect("a time"),
    };
    let begin = |token: &RestartToken| {
        let mut life = Life::new(now, plan(), BrokerWeek::new().expect("known"));
        life.begin(now, Left::Token(token.clone()));
        life.poll_order()
    };
    assert_eq!(begin(&saturday), Some(Order::Start { by_token: false }));
    let monday = RestartToken {
        written: "2026-11-23T04:45:00Z".parse().expect("a time"),
        ..saturday
    };
    assert_eq!(begin(&monday), Some(Order::Start { by_token: true }));
}

#[test]
fn a_token_is_used_once() {
    let mut world = World::new("2026-11-24T09:00:00Z", plan());
    world.live("2026-11-24T09:05:00Z");
    world.exit(true);
    world.obey();
    assert_eq!(world.starts.last().map(|(_, by_token)| *by_token), Some(true));
    // It ends before it took its token away.
    world.running = false;
    let same = RestartToken {
        id: "token-1".into(),
        path: "autorestart".into(),
        written: world.now().wall,
    };
    world.life.exited(world.now(), Left::Token(same));
    world.obey();
    world.live("2026-11-24T09:10:00Z");
    assert_eq!(
        world.starts.last().map(|(_, by_token)| *by_token),
        Some(false),
        "{:?}",
        world.starts
    );
}

#[test]
fn crashes_are_followed_by_ever_longer_pauses_that_end_when_it_holds() {
    let mut world = World::new("2026-11-24T09:00:00Z", plan());
    world.live("2026-11-24T09:05:00Z");
    world.mishaps = [Mishap::Crash; 9].into();
    world.exit(false);
    world.obey();
    world.live("2026-11-24T11:00:00Z");
    let times: Vec<&str> = world.starts.iter().map(|(time, _)| &time[10..]).collect();
    assert_eq!(
        times,
        [
            "10:00:00", "10:05:05", "10:05:17", "10:05:39", "10:06:21", "10:07:43", "10:10:25", "10:15:47",
            "10:25:49", "10:35:51", "10:45:53"
        ]
    );
    assert_eq!(world.submissions.len(), 2);
    // It held for more than ten minutes: the next pause is the shortest again.
    world.exit(false);
    world.obey();
    world.live("2026-11-24T11:00:30Z");
    assert_eq!(&world.starts.last().expect("some").0[10..], "12:00:05");
}

#[test]
fn a_maintenance_night_is_waited_out() {
    // Friday 23:30 in New York.
    let mut world = World::new("2026-11-28T04:20:00Z", plan());
    world.live("2026-11-28T04:30:00Z");
    world.mishaps = [Mishap::NoWindow; 24].into();
    world.exit(false);
    world.obey();
    world.live("2026-11-28T08:00:00Z");
    assert!(world.starts.len() <= 1 + 210 / 10, "{:?}", world.starts);
    assert_eq!(world.submissions.len(), 1);
    assert_eq!(
        world.life.outage(),
        Some("2026-11-28T08:00:00Z".parse().expect("a time"))
    );
    world.mishaps.clear();
    world.live("2026-11-28T08:30:00Z");
    assert_eq!(world.submissions.len(), 2);
    assert_eq!(world.life.outage(), None);
}

#[test]
fn a_missed_push_ends_all_or_is_sent_once_more() {
    let mut world = World::new("2026-11-24T09:00:00Z", plan());
    world.to_come.clear();
    world.mishaps = [Mishap::PushMissed].into();
    world.script(false);
    world.live("2026-11-24T12:00:00Z");
    assert_eq!(world.ended, Some(Ending::SecondFactor));
    assert_eq!(world.submissions.len(), 1);

    let again = Plan {
        second_factor_again: true,
        ..plan()
    };
    let mut world = World::new("2026-11-24T09:00:00Z", again);
    world.to_come.clear();
    world.mishaps = [Mishap::PushMissed].into();
    world.script(false);
    world.live("2026-11-24T12:00:00Z");
    assert_eq!((world.ended, world.submissions.len()), (None, 2));
    assert_eq!(&world.starts[1].0[10..], "10:03:18");
}

#[test]
fn a_confirmed_second_factor_that_leads_nowhere_is_a_new_start_after_the_grace() {
    let mut world = World::new("2026-11-24T09:00:00Z", plan());
    world.to_come.clear();
    world.mishaps = [Mishap::Stuck].into();
    world.script(false);
    world.live("2026-11-24T12:00:00Z");
    assert_eq!(&world.starts[1].0[10..], "10:01:33");
    assert_eq!(world.submissions.len(), 2);
}

#[test]
fn a_login_window_that_never_comes_is_a_new_start() {
    let mut world = World::new("2026-11-24T09:00:00Z", plan());
    world.to_come.clear();
    world.live("2026-11-24T12:00:00Z");
    assert_eq!(&world.starts[1].0[10..], "10:01:08");
    assert_eq!(world.submissions.len(), 1);
}

#[test]
fn the_session_is_left_and_taken_back() {
    let mut world = World::new("2026-11-24T09:00:00Z", plan());
    world.live("2026-11-24T09:05:00Z");
    world.life.give_way(world.now());
    world.obey();
    world.live("2026-11-25T09:00:00Z");
    assert_eq!((world.running, world.starts.len()), (false, 1));
    world.life.reclaim(world.now());
    world.obey();
    world.live("2026-11-25T09:05:00Z");
    assert_eq!(
        (world.running, world.starts.len(), world.submissions.len()),
        (true, 2, 2)
    );

    let after = Plan {
        reclaim_after: Some(1800 * SECOND),
        ..plan()
    };
    let mut world = World::new("2026-11-24T09:00:00Z", after);
    world.live("2026-11-24T09:05:00Z");
    world.life.give_way(world.now());
    world.obey();
    world.live("2026-11-24T10:00:00Z");
    assert_eq!(&world.starts[1].0[10..], "10:35:00");
}

#[test]
fn closed_down_and_logged_off_are_ends_as_planned() {
    let closed = Plan {
        closed_down: Some(weekly(Some(Weekday::Friday), 22, 0)),
        ..plan()
    };
    let mut world = World::new("2026-11-24T09:00:00Z", closed);
    world.live("2026-11-30T09:00:00Z");
    assert!(matches!(world.ended, Some(Ending::Planned(_))));
    assert_eq!(world.clock(), "Fri 11-27 22:00:03");

    let logged_off = Plan {
        log_off: Some(weekly(None, 22, 0)),
        ..plan()
    };
    let mut world = World::new("2026-11-24T09:00:00Z", logged_off.clone());
    world.live("2026-11-24T21:00:20Z");
    world.exit(false);
    world.obey();
    assert!(matches!(world.ended, Some(Ending::Planned(_))));
    // At any other time it is a crash.
    let mut world = World::new("2026-11-24T09:00:00Z", logged_off);
    world.live("2026-11-24T20:00:20Z");
    world.exit(false);
    world.obey();
    world.live("2026-11-24T20:10:00Z");
    assert_eq!((world.ended, world.starts.len()), (None, 2));
}

#[test]
fn settings_are_saved_at_their_times_while_the_gateway_is_up() {
    let times = [(2, 30), (8, 0), (12, 30), (23, 45)];
    let saving = |day: &str| Plan {
        saves: Daily(
            times
                .map(|(hour, minute)| Time::constant(hour, minute, 0, 0))
                .into(),
        ),
        closed_down: Some(weekly(Some(Weekday::Monday), 12, 30)),
        zone: TimeZone::get(day).expect("a zone"),
        ..plan()
    };
    // Saturday to Monday; clocks go forward on Sunday 29 March at 2:00, and back on 25 October at 3:00.
    for (begin, end, missing) in [
        (
            "2026-03-28T07:30:00Z",
            "2026-03-30T12:00:00Z",
            "Sun 03-29 03:30:00",
        ),
        (
            "2026-10-24T06:30:00Z",
            "2026-10-26T12:00:00Z",
            "Sun 10-25 02:30:00",
        ),
    ] {
        let mut world = World::new(begin, saving("Europe/Berlin"));
        world.live(end);
        let days: Vec<&str> = world.saves.iter().map(|time| &time[..3]).collect();
        // On Monday it is closed at the last of them, and saves by that.
        let expected = ["Sat"; 2].iter().chain(&["Sun"; 4]).chain(&["Mon"; 2]);
        assert_eq!(days, expected.copied().collect::<Vec<_>>(), "{:?}", world.saves);
        assert_eq!(world.saves[2], missing, "{:?}", world.saves);
    }
    // Down at 12:30, up again at 12:45: what was missed is not made up for.
    let mut world = World::new("2026-11-24T09:00:00Z", saving("Europe/Berlin"));
    world.live("2026-11-24T11:00:00Z");
    world.life.give_way(world.now());
    world.obey();
    world.live("2026-11-24T11:45:00Z");
    world.life.reclaim(world.now());
    world.obey();
    world.live("2026-11-24T22:44:00Z");
    assert!(world.saves.is_empty(), "{:?}", world.saves);
    // Set forward over two of them: once.
    world.set = SignedDuration::from_hours(10);
    world.live("2026-11-25T10:00:00Z");
    assert_eq!(world.saves.len(), 1, "{:?}", world.saves);
}

#[test]
fn a_locked_login_is_closed_and_waits_for_a_human() {
    let mut world = World::new("2026-11-24T09:00:00Z", plan());
    world.to_come.clear();
    world.later(5, Deed::Enter(State::LoginShown));
    world.later(20, Deed::Enter(State::LockedOut));
    world.live("2026-12-10T09:00:00Z");
    assert_eq!(
        (world.running, world.starts.len(), world.ended.clone()),
        (false, 1, None)
    );
}

#[test]
fn a_clock_that_is_set_moves_the_schedule_and_no_delay() {
    let plan = Plan {
        cold_restart: Some(weekly(Some(Weekday::Sunday), 10, 15)),
        ..plan()
    };
    // Set back by an hour after the restart: it does not come twice.
    let mut world = World::new("2026-11-28T09:00:00Z", plan.clone());
    world.live("2026-11-29T09:20:00Z");
    assert_eq!(world.starts.len(), 2);
    world.set = SignedDuration::from_hours(-1);
    world.live("2026-11-29T12:00:00Z");
    assert_eq!(world.starts.len(), 2, "{:?}", world.starts);

    // Wrong by years at the start: the right time counts from then on.
    let mut world = World::new("2031-01-01T09:00:00Z", plan.clone());
    world.live("2031-01-01T09:10:00Z");
    world.set = "2026-11-28T09:00:00Z"
        .parse::<Timestamp>()
        .expect("a time")
        .duration_since(world.now().wall);
    world.live("2026-11-29T12:00:00Z");
    assert_eq!(world.starts.len(), 2, "{:?}", world.starts);

    // A pause before a new start is as long as it is.
    let mut world = World::new("2026-11-24T09:00:00Z", plan);
    world.live("2026-11-24T09:05:00Z");
    world.exit(false);
    world.obey();
    world.set = SignedDuration::from_hours(-5);
    world.live("2026-11-24T04:06:00Z");
    assert_eq!(world.starts.len(), 2);
}

#[test]
fn a_gateway_that_never_shows_anything_is_given_up() {
    let mut world = World::new("2026-11-24T09:00:00Z", plan());
    world.to_come.clear();
    world.mishaps = [Mishap::Crash, Mishap::NoWindow].into();
    world.script(false);
    world.live("2026-11-24T09:00:05Z");
    world.mishaps = [Mishap::NoWindow, Mishap::Crash].into();
    world.live("2026-11-24T12:00:00Z");
    assert_eq!((world.ended, world.starts.len()), (Some(Ending::Broken), 3));
}

#[test]
fn tokens_that_contradict_each_other_lead_to_a_full_login_at_once() {
    let mut world = World::new("2026-11-24T09:00:00Z", plan());
    world.live("2026-11-24T09:05:00Z");
    world.running = false;
    world.to_come.clear();
    world.life.exited(world.now(), Left::SeveralTokens(Vec::new()));
    world.obey();
    let (time, by_token) = world.starts.last().expect("some");
    assert_eq!((&time[10..], *by_token), ("10:05:00", false));
}
