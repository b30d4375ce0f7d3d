//! A month of a gateway, with all that it brings: every submission and every start at its time.

use std::time::Duration;

use jiff::civil::{Time, Weekday};

use super::super::Weekly;
use super::world::{Answer, World};
use crate::agent::State;
use crate::dialogs::Catalogue;
use crate::journal::Limits;

const MINUTE: Duration = Duration::from_secs(60);

const fn weekly(day: Option<Weekday>, hour: i8, minute: i8) -> Weekly {
    Weekly {
        day,
        time: Time::constant(hour, minute, 0, 0),
    }
}

/// A world that restarts every night, and logs in anew on Sundays in waking hours.
fn world(begin: &str) -> World {
    let catalogue = Catalogue::built_in().expect("the built-in catalogue is right");
    let mut world = World::new(begin, &catalogue);
    world.auto_restart = Some(weekly(None, 23, 45));
    world.plan.cold_restart = Some(weekly(Some(Weekday::Sunday), 10, 15));
    world.limits = Limits {
        pushes_per_hour: Some(5),
        ..Limits::default()
    };
    world.start();
    world
}

/// Submissions, to the minute by the clock of the gateway's zone.
fn submissions(world: &World) -> Vec<&str> {
    let submissions = world.submissions.iter();
    submissions.map(|submission| &submission.clock[..15]).collect()
}

fn starts(world: &World, by_token: bool) -> Vec<&str> {
    let starts = world.starts.iter().filter(|(_, other)| *other == by_token);
    starts.map(|(clock, _)| &clock[..15]).collect()
}

/// Clocks go forward in New York on 8 March and in Berlin on the 29th; back in Berlin on 25 October, in New York on
/// 1 November.
#[test]
fn a_quiet_month_asks_somebody_once_a_week() {
    for (begin, end, logins) in [
        (
            "2026-03-04T09:00:00Z",
            "2026-04-04T09:00:00Z",
            [
                "Wed 03-04 10:00",
                "Sun 03-08 10:15",
                "Sun 03-15 10:15",
                "Sun 03-22 10:15",
                "Sun 03-29 10:15",
            ],
        ),
        (
            "2026-10-14T09:00:00Z",
            "2026-11-14T09:00:00Z",
            [
                "Wed 10-14 11:00",
                "Sun 10-18 10:15",
                "Sun 10-25 10:15",
                "Sun 11-01 10:15",
                "Sun 11-08 10:15",
            ],
        ),
    ] {
        let mut world = world(begin);
        world.live_until(end);
        assert_eq!(submissions(&world), logins);
        assert_eq!(starts(&world, false), logins);
        assert_eq!(world.pushes.len(), logins.len());
        let nightly = starts(&world, true);
        assert_eq!(nightly.len(), 31);
        assert!(
            nightly.iter().all(|clock| clock.ends_with("23:45")),
            "{nightly:?}"
        );
        assert_eq!(world.states["ready"], logins.len() + nightly.len());
        assert_eq!(world.ended, None);
    }
}

#[test]
fn a_month_with_everything_that_can_come_between() {
    let mut world = world("2026-03-04T09:00:00Z");

    // A crash: one login, five seconds later.
    world.live_until("2026-03-05T14:00:00Z");
    world.gateway_dies();
    world.live(MINUTE);
    assert_eq!(world.state(), Some(State::Ready));

    // The maintenance of the weekend, Friday 23:00 to Saturday 3:00 in New York: the gateway does not come up.
    world.live_until("2026-03-07T04:30:00Z");
    world.stillborn = 20;
    world.gateway_dies();
    world.live_until("2026-03-07T12:00:00Z");
    assert_eq!(world.state(), Some(State::Ready));

    // Nobody confirms on Sunday at 10:15: another push after the limit, and no third.
    world.live_until("2026-03-15T09:00:00Z");
    world.answers = [Answer::PushMissed].into();
    world.live_until("2026-03-16T09:00:00Z");

    // A token that the broker does not take any more: its refusal says nothing about the password.
    world.live_until("2026-03-18T09:00:00Z");
    world.refuses_tokens = true;
    world.live_until("2026-03-19T09:00:00Z");
    world.refuses_tokens = false;
    assert_eq!(world.states["token refused"], 1);
    assert!(world.refused.is_empty());

    // The machine was off from Saturday night until Sunday noon: the token has died meanwhile, and is not tried.
    world.live_until("2026-03-21T23:00:00Z");
    world.reboot();
    world.leave_token("2026-03-21T22:45:00Z");
    world.live_until("2026-03-22T12:00:00Z");
    world.start();

    // Another program takes the session five times in ten minutes: then it is left to a human.
    world.live_until("2026-03-24T10:00:00Z");
    for _ in 0..4 {
        world.take_session();
        world.live(MINUTE);
    }
    assert!(!world.states.contains_key("fight"));
    world.take_session();
    world.live(30 * MINUTE);
    assert_eq!(world.states["fight"], 1);
    assert!(world.is_taken());
    world.reclaim();
    world.live(MINUTE);
    assert!(!world.is_taken());

    world.live_until("2026-04-04T09:00:00Z");
    assert_eq!(
        submissions(&world),
        [
            "Wed 03-04 10:00",
            "Thu 03-05 15:00",
            "Sat 03-07 09:00",
            "Sun 03-08 10:15",
            "Sun 03-15 10:15",
            "Sun 03-15 10:18",
            "Wed 03-18 23:45",
            "Sun 03-22 13:00",
            "Sun 03-29 10:15",
        ]
    );
    assert_eq!(world.pushes.len(), 9);
    // All nights but that of Saturday the 21st, when the machine was off.
    let nightly = starts(&world, true);
    assert_eq!(nightly.len(), 31);
    // Each login was one start, but for the one after the token; and those of the maintenance came to nothing, ten
    // minutes apart from each other.
    let anew = starts(&world, false);
    let night: Vec<&str> = anew
        .iter()
        .copied()
        .filter(|clock| clock.starts_with("Sat 03-07"))
        .collect();
    assert_eq!(night.len(), 21, "{night:?}");
    assert_eq!(anew.len(), 8 + 20);
    assert_eq!(world.ended, None);
}

/// No login is tried in quiet hours: the one that a crash made necessary waits until somebody is awake.
#[test]
fn a_crash_at_night_is_logged_in_to_in_the_morning() {
    let mut world = world("2026-11-24T09:00:00Z");
    world.limits.quiet_hours = Some(crate::journal::QuietHours {
        from: Time::constant(22, 0, 0, 0),
        until: Time::constant(7, 30, 0, 0),
        zone: world.plan.zone.clone(),
    });
    world.start();
    world.live_until("2026-11-25T01:00:00Z");
    world.gateway_dies();
    world.live_until("2026-11-25T09:00:00Z");
    assert_eq!(submissions(&world), ["Tue 11-24 10:00", "Wed 11-25 07:30"]);
    assert_eq!(world.state(), Some(State::Ready));
}
