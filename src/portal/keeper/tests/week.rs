//! A week of virtual time: a gateway, an IBKR and a user with a phone that are made up, and what they go through.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::super::*;
use super::policy;
use crate::portal::standing::Session;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
/// How long IBKR keeps a login that nobody asks for.
const IDLE: Duration = Duration::from_secs(6 * 60);

/// What happens to the world.
#[derive(Clone, Copy, Debug)]
enum Turn {
    /// IBKR cannot be reached.
    Outage,
    /// It can be reached again.
    Back,
    /// IBKR ends every login, as at midnight.
    Reset,
    /// The brokerage session is lost, the login stays.
    Drop,
    /// The brokerage session comes back once it was asked for so often.
    Stubborn(u32),
    /// Another program has the brokerage session, or gives it back.
    Elsewhere(bool),
    /// The gateway's process dies.
    Crash,
    /// The page tells of success, and IBKR knows of no login.
    Pretends(bool),
    /// Logins come to no end.
    Hangs(bool),
}

/// What was counted.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    logins: u32,
    pushes: u32,
    starts: u32,
    requests: u32,
    tickles: u32,
}

struct World {
    keeper: Keeper,
    now: Instant,
    began: Instant,
    turns: VecDeque<(Duration, Turn)>,
    runs: bool,
    reachable: bool,
    login: Option<Instant>,
    brokerage: bool,
    elsewhere: bool,
    stubborn: u32,
    pretends: bool,
    hangs: bool,
    count: Count,
    ready_since: Option<Instant>,
    ready_for: Duration,
    states: Vec<State>,
}

impl World {
    fn new(turns: &[(Duration, Turn)]) -> Self {
        let now = Instant::now();
        Self {
            keeper: Keeper::new(now, policy()),
            now,
            began: now,
            turns: turns.iter().copied().collect(),
            runs: false,
            reachable: true,
            login: None,
            brokerage: false,
            elsewhere: false,
            stubborn: 0,
            pretends: false,
            hangs: false,
            count: Count::default(),
            ready_since: None,
            ready_for: Duration::ZERO,
            states: Vec::new(),
        }
    }

    /// Lets so much time pass.
    fn run(&mut self, time: Duration) {
        let end = self.began + time;
        loop {
            while let Some(action) = self.keeper.poll_action() {
                self.carry_out(action);
            }
            self.note();
            let turn = self.turns.front().map(|(at, _)| self.began + *at);
            let due = [self.keeper.poll_timeout(), turn].into_iter().flatten().min();
            let next = due.unwrap_or(end).min(end).max(self.now);
            if let Some(since) = self.ready_since {
                self.ready_for += next - since.max(self.now);
            }
            self.now = next;
            if self.now == end {
                return;
            }
            if turn.is_some_and(|at| at <= self.now) {
                let (_, turn) = self.turns.pop_front().expect("it is there");
                self.turn(turn);
            } else {
                self.keeper.handle_timeout(self.now);
            }
        }
    }

    fn note(&mut self) {
        let state = self.keeper.belief().state;
        if self.states.last() != Some(&state) {
            self.states.push(state);
        }
        self.ready_since = (state == State::Ready).then_some(self.now);
    }

    fn turn(&mut self, turn: Turn) {
        match turn {
            Turn::Outage => self.reachable = false,
            Turn::Back => self.reachable = true,
            Turn::Reset => (self.login, self.brokerage) = (None, false),
            Turn::Drop => self.brokerage = false,
            Turn::Stubborn(times) => (self.brokerage, self.stubborn) = (false, times),
            Turn::Elsewhere(elsewhere) => {
                (self.elsewhere, self.brokerage) = (elsewhere, self.brokerage && !elsewhere);
            }
            Turn::Pretends(pretends) => self.pretends = pretends,
            Turn::Hangs(hangs) => self.hangs = hangs,
            Turn::Crash => {
                // The cookies live in the gateway.
                (self.runs, self.login, self.brokerage) = (false, None, false);
                self.keeper.ended(self.now, "signal 9");
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Start => {
                self.count.starts += 1;
                self.runs = true;
                self.keeper.started(self.now);
            }
            Action::Stop => {
                (self.runs, self.login, self.brokerage) = (false, None, false);
                self.keeper.ended(self.now, "stopped");
            }
            Action::Knock => {
                let listens = if self.runs { Ok(()) } else { Err("refused".into()) };
                self.keeper.knocked(self.now, listens);
            }
            Action::Tickle => {
                self.count.tickles += 1;
                let standing = self.standing();
                self.keeper.told(self.now, &standing);
            }
            Action::Open { .. } | Action::Reauthenticate => {
                self.count.requests += 1;
                if self.reachable && self.login.is_some() {
                    self.stubborn = self.stubborn.saturating_sub(1);
                    self.brokerage = self.stubborn == 0 && !self.elsewhere;
                }
                self.keeper.asked(self.now);
            }
            Action::LogIn => {
                self.count.logins += 1;
                self.pass(Duration::from_secs(30));
                let ending = if !self.reachable || self.hangs {
                    Ending::Failed("no form".into())
                } else {
                    self.count.pushes += 1;
                    if !self.pretends {
                        (self.login, self.brokerage) = (Some(self.now), !self.elsewhere);
                    }
                    Ending::Told
                };
                self.keeper.login_ended(self.now, ending);
            }
            Action::LogOut => {
                (self.login, self.brokerage) = (None, false);
                self.keeper.asked(self.now);
            }
            Action::Validate | Action::EndLogin => {}
        }
    }

    fn standing(&mut self) -> Standing {
        if !self.runs {
            return Standing::Down("refused".into());
        }
        if !self.reachable {
            self.pass(Duration::from_secs(15));
            return Standing::UpstreamDown("no answer within 15 s".into());
        }
        match self.login {
            Some(asked) if self.now - asked < IDLE => self.login = Some(self.now),
            _ => {
                (self.login, self.brokerage) = (None, false);
                return Standing::NoSession;
            }
        }
        let session = Session {
            connected: true,
            ..Session::default()
        };
        match (self.elsewhere, self.brokerage) {
            (true, _) => Standing::Competing(session),
            (false, true) => Standing::Ready(session),
            (false, false) => Standing::NotAuthenticated(session),
        }
    }
}

fn at(day: u32, hour: u32, minute: u32) -> Duration {
    DAY * day + MINUTE * (hour * 60 + minute)
}

#[test]
fn a_quiet_week_is_one_login_and_a_tickle_a_minute() {
    let mut world = World::new(&[]);
    world.run(DAY * 7);
    assert_eq!((world.count.logins, world.count.starts), (1, 1));
    let minutes = 7 * 24 * 60;
    assert!(
        (minutes - 5..=minutes + 5).contains(&world.count.tickles),
        "{:?}",
        world.count
    );
    assert!(world.ready_for > DAY * 7 - MINUTE, "{:?}", world.ready_for);
}

/// Seven midnights, an outage of an hour in the day and one over midnight, drops, a session elsewhere, two crashes.
#[test]
fn a_hard_week_is_as_many_logins_as_sessions_were_lost() {
    let mut turns: Vec<(Duration, Turn)> = (1..7).map(|day| (at(day, 0, 0), Turn::Reset)).collect();
    turns.extend([
        (at(0, 10, 0), Turn::Outage),
        (at(0, 10, 4), Turn::Back),
        (at(1, 12, 0), Turn::Drop),
        (at(1, 15, 0), Turn::Stubborn(3)),
        // Longer than a login lasts.
        (at(2, 9, 0), Turn::Outage),
        (at(2, 10, 0), Turn::Back),
        (at(3, 14, 0), Turn::Elsewhere(true)),
        (at(3, 18, 0), Turn::Elsewhere(false)),
        (at(4, 11, 0), Turn::Crash),
        (at(4, 23, 50), Turn::Outage),
        (at(5, 0, 30), Turn::Back),
        (at(5, 16, 0), Turn::Crash),
    ]);
    turns.sort_by_key(|(at, _)| *at);
    let mut world = World::new(&turns);
    world.run(DAY * 7);
    // The first, six midnights, the long outage by day, two crashes; the outage over midnight adds none to it.
    assert_eq!(world.count.logins, 10, "{:?} {:?}", world.count, world.states);
    assert_eq!(world.count.pushes, 10, "{:?}", world.count);
    // The first, two crashes, and two in each outage that outlives the session.
    assert_eq!(world.count.starts, 7, "{:?}", world.count);
    // One for the drop, three for the stubborn one, one after the session elsewhere.
    assert_eq!(world.count.requests, 5, "{:?}", world.count);
    let away = Duration::from_secs((4 + 60 + 4 * 60 + 40) * 60);
    let lost = DAY * 7 - world.ready_for;
    assert!(lost < away + MINUTE * 40, "{lost:?}: {:?}", world.states);
}

/// Nobody is asked on a phone while logins come to nothing.
#[test]
fn a_page_that_pretends_is_given_up_after_some_logins() {
    let mut world = World::new(&[(Duration::ZERO, Turn::Pretends(true))]);
    world.run(DAY * 7);
    assert_eq!(
        (world.count.logins, world.count.pushes),
        (5, 5),
        "{:?}",
        world.states
    );
    assert_eq!(world.keeper.belief().state, State::LockedOut);
}

#[test]
fn logins_that_hang_for_a_while_cost_no_push_and_end_well() {
    let mut world = World::new(&[
        (Duration::ZERO, Turn::Hangs(true)),
        (at(0, 0, 5), Turn::Hangs(false)),
    ]);
    world.run(DAY);
    assert_eq!(world.count.pushes, 1, "{:?} {:?}", world.count, world.states);
    assert!(world.count.logins <= 4, "{:?}", world.count);
    assert_eq!(world.keeper.belief().state, State::Ready);
}
