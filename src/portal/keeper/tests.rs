//! The keeper, event by event, and over weeks against a gateway and an IBKR that are made up.

mod week;

use std::time::{Duration, Instant};

use super::session::{FIRST_PAUSE, HOUR, LOGINS_AN_HOUR, TAKEN_AN_HOUR};
use super::*;
use crate::portal::standing::Session;

pub(super) fn policy() -> Policy {
    Policy {
        interval: Duration::from_secs(60),
        startup_limit: Duration::from_secs(20),
        session_limit: Duration::from_secs(120),
        silence_limit: Duration::from_secs(600),
        reauthentications: 3,
        competing: OnCompeting::Wait,
        failures: 5,
        logs_in: true,
        starts_active: true,
    }
}

/// A keeper with a clock.
struct Bench {
    keeper: Keeper,
    now: Instant,
}

impl Bench {
    /// One whose gateway listens, and who has asked for the session.
    fn serving(policy: Policy) -> Self {
        let now = Instant::now();
        let mut bench = Self {
            keeper: Keeper::new(now, policy),
            now,
        };
        bench.keeper.handle_timeout(now);
        assert_eq!(bench.actions(), [Action::Start]);
        bench.keeper.started(now);
        bench.wait();
        assert_eq!(bench.actions(), [Action::Knock]);
        bench.keeper.knocked(now, Ok(()));
        assert_eq!(bench.actions(), [Action::Tickle]);
        bench
    }

    /// One that is ready.
    fn ready(policy: Policy) -> Self {
        let mut bench = Self::serving(policy);
        assert_eq!(bench.told(&ready()), [Action::Validate]);
        assert_eq!(bench.state(), State::Ready);
        bench
    }

    fn actions(&mut self) -> Vec<Action> {
        std::iter::from_fn(|| self.keeper.poll_action()).collect()
    }

    fn told(&mut self, standing: &Standing) -> Vec<Action> {
        self.keeper.told(self.now, standing);
        self.actions()
    }

    /// Lets time pass until the keeper wants to do something; tells how much.
    fn wait(&mut self) -> Duration {
        let due = self.keeper.poll_timeout().expect("something to come");
        let time = due.saturating_duration_since(self.now);
        self.now += time;
        self.keeper.handle_timeout(self.now);
        time
    }

    /// Lets time pass with this answer to every `/tickle`, until something else is done.
    fn until_something_else(&mut self, standing: &Standing) -> (Duration, Vec<Action>) {
        let began = self.now;
        let mut actions = self.actions();
        loop {
            actions.retain(|action| *action != Action::Tickle);
            if !actions.is_empty() {
                return (self.now - began, actions);
            }
            self.wait();
            assert_eq!(self.actions(), [Action::Tickle]);
            actions = self.told(standing);
        }
    }

    fn state(&self) -> State {
        self.keeper.belief().state
    }

    fn evidence(&self) -> &str {
        &self.keeper.belief().evidence
    }
}

pub(super) fn ready() -> Standing {
    Standing::Ready(Session {
        connected: true,
        ..Session::default()
    })
}

fn not_authenticated() -> Standing {
    Standing::NotAuthenticated(Session {
        connected: true,
        ..Session::default()
    })
}

fn competing() -> Standing {
    Standing::Competing(Session::default())
}

fn upstream_down() -> Standing {
    Standing::UpstreamDown("no answer within 15 s".into())
}

#[test]
fn a_session_that_is_there_needs_no_login() {
    let mut bench = Bench::ready(policy());
    assert_eq!(bench.wait(), Duration::from_secs(60));
    assert_eq!(bench.actions(), [Action::Tickle]);
}

#[test]
fn nobody_logged_in_is_a_login_and_its_end_proves_nothing() {
    let mut bench = Bench::serving(policy());
    assert_eq!(bench.told(&Standing::NoSession), [Action::LogIn]);
    assert_eq!(
        bench.keeper.poll_timeout(),
        None,
        "a login takes the time that it takes"
    );
    bench.keeper.login_ended(bench.now, Ending::Told);
    assert_eq!(bench.actions(), [Action::Tickle]);
    // A redirection back to the login is told as a success as well.
    assert_eq!(bench.told(&Standing::NoSession), []);
    assert_ne!(bench.state(), State::Ready);
    let (after, actions) = bench.until_something_else(&Standing::NoSession);
    assert_eq!(actions, [Action::LogIn], "{after:?}");
    assert!(after >= SETTLE + FIRST_PAUSE, "{after:?}");
}

#[test]
fn logged_in_without_a_brokerage_session_is_asked_for_one_without_a_login() {
    let mut bench = Bench::serving(policy());
    let open = Action::Open { compete: false };
    assert_eq!(bench.told(&not_authenticated()), [open]);
    bench.keeper.asked(bench.now);
    assert_eq!(bench.state(), State::NotAuthenticated);
    for _ in 0..3 {
        let (after, actions) = bench.until_something_else(&not_authenticated());
        assert_eq!(actions, [Action::Reauthenticate]);
        assert!(after >= Duration::from_secs(118), "{after:?}");
        bench.keeper.asked(bench.now);
    }
    let (_, actions) = bench.until_something_else(&not_authenticated());
    assert_eq!(actions, [Action::Stop]);
    assert_eq!(bench.state(), State::Down);
    bench.keeper.ended(bench.now, "stopped");
    bench.wait();
    assert_eq!(bench.actions(), [Action::Start]);
}

#[test]
fn the_gateway_is_given_a_moment_to_ask_by_itself_after_a_login() {
    let mut bench = Bench::serving(policy());
    assert_eq!(bench.told(&Standing::NoSession), [Action::LogIn]);
    bench.keeper.login_ended(bench.now, Ending::Told);
    assert_eq!(bench.actions(), [Action::Tickle]);
    assert_eq!(bench.told(&not_authenticated()), []);
    bench.wait();
    assert_eq!(bench.actions(), [Action::Tickle]);
    assert_eq!(bench.told(&ready()), [Action::Validate]);
}

/// IBeam takes a connection that is refused, and no answer at all, for a gateway that runs and wants a login.
#[test]
fn where_nothing_answers_nobody_logs_in() {
    let mut bench = Bench::serving(policy());
    for _ in 0..10 {
        assert_eq!(bench.told(&upstream_down()), []);
        assert_eq!(bench.state(), State::UpstreamDown);
        assert_eq!(bench.wait(), Duration::from_secs(60));
        assert_eq!(bench.actions(), [Action::Tickle]);
    }
    let down = Standing::Down("connection refused".into());
    for _ in 1..DEAF {
        assert_eq!(bench.told(&down), []);
        bench.wait();
        assert_eq!(bench.actions(), [Action::Tickle]);
    }
    assert_eq!(
        bench.told(&down),
        [Action::Stop],
        "a gateway that takes no connection is started anew"
    );
}

/// Questions that were never answered keep the gateway from asking again; the session has ended by then anyway.
#[test]
fn a_gateway_that_gets_no_answer_for_long_is_started_anew_less_and_less_often() {
    let mut bench = Bench::serving(policy());
    let mut silences = Vec::new();
    for _ in 0..3 {
        let began = bench.now;
        assert_eq!(bench.told(&upstream_down()), []);
        let (_, actions) = bench.until_something_else(&upstream_down());
        assert_eq!(actions, [Action::Stop]);
        silences.push((bench.now - began).as_secs() / 60);
        bench.keeper.ended(bench.now, "stopped");
        bench.wait();
        assert_eq!(bench.actions(), [Action::Start]);
        bench.keeper.started(bench.now);
        bench.wait();
        assert_eq!(bench.actions(), [Action::Knock]);
        bench.keeper.knocked(bench.now, Ok(()));
        assert_eq!(bench.actions(), [Action::Tickle]);
    }
    assert_eq!(silences, [10, 20, 40]);
    assert_eq!(bench.told(&Standing::NoSession), [Action::LogIn]);
}

#[test]
fn a_session_that_seems_to_be_gone_is_asked_for_again_before_a_login() {
    let mut bench = Bench::ready(policy());
    bench.wait();
    assert_eq!(bench.actions(), [Action::Tickle]);
    assert_eq!(bench.told(&Standing::NoSession), []);
    bench.wait();
    assert_eq!(bench.actions(), [Action::Tickle]);
    assert_eq!(bench.told(&ready()), [Action::Validate]);
    bench.wait();
    assert_eq!(bench.actions(), [Action::Tickle]);
    bench.told(&Standing::NoSession);
    let (after, actions) = bench.until_something_else(&Standing::NoSession);
    assert_eq!(actions, [Action::LogIn]);
    assert_eq!(after, SETTLE);
}

#[test]
fn a_refusal_is_the_last_login() {
    let mut bench = Bench::serving(policy());
    assert_eq!(bench.told(&Standing::NoSession), [Action::LogIn]);
    bench
        .keeper
        .login_ended(bench.now, Ending::Refused("wrong password".into()));
    for _ in 0..1000 {
        assert_eq!(bench.state(), State::LockedOut);
        assert_eq!(bench.evidence(), "wrong password");
        bench.wait();
        assert_eq!(bench.actions(), [Action::Tickle]);
        assert_eq!(bench.told(&Standing::NoSession), []);
    }
    // A human logs in at the gateway's page.
    bench.wait();
    assert_eq!(bench.actions(), [Action::Tickle]);
    assert_eq!(bench.told(&ready()), [Action::Validate]);
    assert_eq!(bench.state(), State::Ready);
}

#[test]
fn what_a_human_unlocks_is_tried_again() {
    let mut bench = Bench::serving(policy());
    assert_eq!(bench.told(&Standing::NoSession), [Action::LogIn]);
    bench
        .keeper
        .login_ended(bench.now, Ending::Locked("a refusal before".into()));
    bench.keeper.unlock(bench.now);
    assert_eq!(bench.wait(), Duration::ZERO);
    assert_eq!(bench.actions(), [Action::Tickle]);
    assert_eq!(bench.told(&Standing::NoSession), [Action::LogIn]);
}

#[test]
fn logins_that_come_to_nothing_come_to_an_end_with_growing_pauses() {
    let mut bench = Bench::serving(Policy {
        failures: 3,
        ..policy()
    });
    let mut pauses = Vec::new();
    assert_eq!(bench.told(&Standing::NoSession), [Action::LogIn]);
    for _ in 0..2 {
        bench
            .keeper
            .login_ended(bench.now, Ending::Failed("no form".into()));
        let (after, actions) = bench.until_something_else(&Standing::NoSession);
        assert_eq!(actions, [Action::LogIn]);
        pauses.push(after.as_secs());
    }
    assert_eq!(pauses, [60, 120]);
    bench
        .keeper
        .login_ended(bench.now, Ending::Failed("no form".into()));
    assert_eq!(bench.state(), State::LockedOut);
    assert!(
        bench.evidence().contains("3 logins in a row"),
        "{}",
        bench.evidence()
    );
}

#[test]
fn a_login_that_may_not_be_yet_is_made_later() {
    let mut bench = Bench::serving(policy());
    assert_eq!(bench.told(&Standing::NoSession), [Action::LogIn]);
    let wait = Duration::from_secs(90);
    bench.keeper.login_ended(
        bench.now,
        Ending::Denied {
            why: "quiet hours".into(),
            wait,
        },
    );
    let (after, actions) = bench.until_something_else(&Standing::NoSession);
    assert_eq!((after, actions), (wait, vec![Action::LogIn]));
}

#[test]
fn a_session_elsewhere_is_met_as_the_settings_say() {
    let mut bench = Bench::ready(policy());
    assert_eq!(bench.told(&competing()), []);
    assert_eq!(
        (bench.state(), bench.wait()),
        (State::Competing, Duration::from_secs(60))
    );

    let mut bench = Bench::ready(Policy {
        competing: OnCompeting::GiveUp,
        ..policy()
    });
    assert_eq!(bench.told(&competing()), [Action::LogOut, Action::Stop]);
    assert_eq!(bench.state(), State::Inactive);
    bench.keeper.ended(bench.now, "stopped");
    assert_eq!(bench.keeper.poll_timeout(), None);

    let mut bench = Bench::ready(Policy {
        competing: OnCompeting::TakeOver,
        ..policy()
    });
    for _ in 0..TAKEN_AN_HOUR {
        assert_eq!(bench.told(&competing()), [Action::Open { compete: true }]);
        bench.keeper.asked(bench.now);
        bench.wait();
        assert_eq!(bench.actions(), [Action::Tickle]);
    }
    assert_eq!(
        bench.told(&competing()),
        [],
        "two programs would take it from each other for ever"
    );
    let (after, actions) = bench.until_something_else(&competing());
    assert_eq!(actions, [Action::Open { compete: true }]);
    assert!(after >= HOUR - Duration::from_secs(60), "{after:?}");
}

#[test]
fn a_gateway_that_does_not_listen_is_started_anew_with_growing_pauses() {
    let now = Instant::now();
    let mut bench = Bench {
        keeper: Keeper::new(now, policy()),
        now,
    };
    let mut pauses = Vec::new();
    for _ in 0..3 {
        pauses.push(bench.wait().as_secs());
        assert_eq!(bench.actions(), [Action::Start]);
        bench.keeper.started(bench.now);
        let began = bench.now;
        loop {
            bench.wait();
            assert_eq!(bench.actions(), [Action::Knock]);
            bench.keeper.knocked(bench.now, Err("connection refused".into()));
            if bench.state() == State::Down {
                break;
            }
        }
        assert!(bench.now - began >= policy().startup_limit);
        assert_eq!(bench.actions(), [Action::Stop]);
        assert!(
            bench.evidence().contains("is its port taken"),
            "{}",
            bench.evidence()
        );
        bench.keeper.ended(bench.now, "stopped");
    }
    assert_eq!(pauses, [0, 5, 10]);
}

#[test]
fn a_gateway_that_ends_in_the_middle_of_a_login_ends_that_as_well() {
    let mut bench = Bench::serving(policy());
    assert_eq!(bench.told(&Standing::NoSession), [Action::LogIn]);
    bench.keeper.ended(bench.now, "exit code 1");
    assert_eq!(bench.actions(), [Action::EndLogin]);
    assert_eq!((bench.state(), bench.evidence()), (State::Down, "exit code 1"));
    // What it comes to is not asked for any more.
    bench.keeper.login_ended(bench.now, Ending::Told);
    bench.keeper.told(bench.now, &ready());
    assert_eq!(bench.state(), State::Down);
    bench.wait();
    assert_eq!(bench.actions(), [Action::Start]);
}

#[test]
fn what_rests_is_started_by_an_order_alone() {
    let mut bench = Bench::ready(policy());
    bench.keeper.deactivate();
    assert_eq!(bench.actions(), [Action::LogOut, Action::Stop]);
    bench.keeper.asked(bench.now);
    bench.keeper.ended(bench.now, "stopped");
    assert_eq!(
        (bench.state(), bench.keeper.poll_timeout()),
        (State::Inactive, None)
    );
    bench.keeper.activate(bench.now);
    bench.wait();
    assert_eq!(bench.actions(), [Action::Start]);

    let now = Instant::now();
    let keeper = Keeper::new(
        now,
        Policy {
            starts_active: false,
            ..policy()
        },
    );
    assert_eq!(
        (keeper.belief().state, keeper.poll_timeout()),
        (State::Inactive, None)
    );
}

#[test]
fn without_credentials_the_login_is_a_humans() {
    let mut bench = Bench::serving(Policy {
        logs_in: false,
        ..policy()
    });
    for _ in 0..10 {
        assert_eq!(bench.told(&Standing::NoSession), []);
        assert_eq!(bench.state(), State::NoSession);
        bench.wait();
        assert_eq!(bench.actions(), [Action::Tickle]);
    }
    assert_eq!(bench.told(&ready()), [Action::Validate]);
}

#[test]
fn a_session_that_no_login_holds_is_not_logged_in_to_for_ever() {
    let mut bench = Bench::serving(policy());
    let began = bench.now;
    let mut actions = bench.told(&Standing::NoSession);
    let mut logins = Vec::new();
    while bench.now - began < HOUR * 2 {
        assert_eq!(actions, [Action::LogIn]);
        logins.push(bench.now - began);
        bench.keeper.login_ended(bench.now, Ending::Told);
        assert_eq!(bench.actions(), [Action::Tickle]);
        bench.told(&ready());
        bench.wait();
        bench.actions();
        bench.told(&Standing::NoSession);
        (_, actions) = bench.until_something_else(&Standing::NoSession);
    }
    let within_an_hour = |from: &Duration| {
        logins
            .iter()
            .filter(|at| *at >= from && **at < *from + HOUR)
            .count()
    };
    let most = logins.iter().map(within_an_hour).max();
    assert_eq!(most, Some(LOGINS_AN_HOUR), "{logins:?}");
}
