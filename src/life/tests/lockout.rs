//! The lock-out proof: whatever crashes, whatever the gateway says, whatever clock is set and password is changed.

use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::SignedDuration;

use super::world::{Answer, World};
use crate::dialogs::Catalogue;
use crate::journal::Limits;

/// With the usual limits; those after have a user who allows attempts after one that nobody saw.
const SCHEDULES: u64 = 1000;
const BOLD_SCHEDULES: u64 = 200;
const HOUR: Duration = Duration::from_secs(3600);

/// A deterministic lot, so that a failure can be repeated.
struct Lot(u64);

impl Lot {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn secret(&mut self) -> usize {
        self.below(3) as usize
    }

    fn unseen(&mut self) -> Answer {
        let all = [Answer::Strange, Answer::Worded, Answer::Crash, Answer::Silence];
        all[self.below(4) as usize]
    }

    fn answer(&mut self) -> Answer {
        let all = [
            Answer::Plain,
            Answer::PushMissed,
            Answer::InPlace,
            Answer::Strange,
            Answer::Worded,
            Answer::Crash,
            Answer::TooMany,
            Answer::Error,
            Answer::Unavailable,
            Answer::Silence,
        ];
        all[self.below(all.len() as u64) as usize]
    }
}

/// One thing that happens to the world.
fn disturb(world: &mut World, lot: &mut Lot) {
    match lot.below(10) {
        0 => {
            // A human sets another password, and starts the container again.
            world.ours = lot.secret();
            world.start();
        }
        1 => world.right = lot.secret(),
        2 => world.set = SignedDuration::from_secs(lot.below(400_000) as i64 - 200_000),
        3 => {
            world.reboot();
            if lot.below(2) == 0 {
                world.set = SignedDuration::from_secs(lot.below(400_000) as i64 - 200_000);
            }
        }
        4 => world.kill(),
        5 => world.gateway_dies(),
        6 => world.fatal = Some((lot.below(16) as u32, lot.below(2) == 0)),
        _ => world.answers.push_back(lot.answer()),
    }
}

/// A schedule of its own for each seed.
fn live_through(seed: u64, catalogue: &Catalogue) -> World {
    let mut lot = Lot(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
    let mut world = World::new("2026-11-24T09:00:00Z", catalogue);
    world.limits = Limits {
        pushes_per_hour: Some(1 + lot.below(4) as u32),
        quiet_hours: None,
        unanswered_retries: if seed > SCHEDULES {
            1 + lot.below(2) as u32
        } else {
            0
        },
    };
    world.policy.relogin = lot.below(2) == 0;
    (world.ours, world.right) = (lot.secret(), lot.secret());
    if lot.below(4) == 0 {
        // A password that was right, is changed at the broker, and is refused in ways that nobody sees.
        world.right = world.ours;
        world.start();
        world.live(Duration::from_secs(60));
        world.right = 3;
        world.answers = (0..8).map(|_| lot.unseen()).collect();
    }
    for _ in 0..15 {
        disturb(&mut world, &mut lot);
        // A container's restart policy.
        if !world.is_running() {
            world.start();
        }
        world.live(Duration::from_secs(lot.below(900)));
    }
    world
}

/// Holds what the broker saw against what may happen.
fn judge(world: &World, seed: u64) {
    for (at, submission) in world.submissions.iter().enumerate() {
        assert!(
            !submission.was_refused,
            "seed {seed}: refused before: {submission:?}"
        );
        assert!(
            !submission.is_forbidden,
            "seed {seed}: locked, or told to wait: {submission:?}"
        );
        // Those with the same password that were refused, be it unseen, since it was last known to be right.
        let same = world.submissions[..=at].iter().rev();
        let row = same
            .filter(|other| other.secret == submission.secret)
            .take_while(|other| other.was_accepted == submission.was_accepted)
            .filter(|other| other.is_judged && !other.is_right)
            .count();
        let retries = if submission.was_accepted {
            world.limits.unanswered_retries
        } else {
            0
        };
        let limit = 1 + retries as usize;
        assert!(
            row <= limit,
            "seed {seed}: {row} refusals in a row: {submission:?}"
        );
    }
    if let Some(budget) = world.limits.pushes_per_hour {
        for (at, push) in world.pushes.iter().enumerate() {
            let recent = world.pushes[..=at].iter().filter(|other| {
                // The governor counts whole seconds.
                other.is_comparable(push) && push.at - other.at + Duration::from_secs(1) < HOUR
            });
            assert!(
                recent.count() <= budget as usize,
                "seed {seed}: pushes: {:?}",
                world.pushes
            );
        }
    }
}

#[test]
fn no_schedule_submits_what_was_refused_nor_while_it_is_locked_nor_pushes_beyond_its_budget() {
    let catalogue = Catalogue::built_in().expect("the built-in catalogue is right");
    let half = |seeds: RangeInclusive<u64>| {
        let mut sum = [0; 4];
        for seed in seeds {
            let world = live_through(seed, &catalogue);
            judge(&world, seed);
            let ready = world.states.get("ready").copied().unwrap_or_default();
            let counts = [
                world.submissions.len(),
                world.refused.len(),
                world.pushes.len(),
                ready,
            ];
            sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        sum
    };
    let [submissions, refusals, pushes, logins] = std::thread::scope(|scope| {
        let first = scope.spawn(|| half(1..=SCHEDULES / 2));
        let second = half(SCHEDULES / 2 + 1..=SCHEDULES + BOLD_SCHEDULES);
        let first = first.join().expect("its own panic says why");
        std::array::from_fn(|at| first[at] + second[at])
    });
    // The schedules are about something.
    assert!(
        submissions > 2000 && refusals > 200 && pushes > 500 && logins > 500,
        "{submissions} submissions, {refusals} refusals, {pushes} pushes, {logins} logins"
    );
}
