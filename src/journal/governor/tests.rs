use super::*;
use book::MAX_OPEN_ATTEMPTS;

const T0: u64 = 1_795_000_000;

fn clocks(seconds: u64) -> Clocks {
    Clocks {
        wall: T0 + seconds,
        up: 5_000 + seconds,
        boot: "first".into(),
    }
}

fn open(folder: &Path, password: &str) -> Governor {
    Governor::open(folder, "trader", password, Limits::default()).expect("the book opens")
}

#[test]
fn a_refusal_outlives_a_restart_and_ends_with_a_new_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut governor = open(folder.path(), "wrong");
    assert_eq!(governor.begin(&clocks(0)).expect("written"), Verdict::Permitted);
    governor.refused(&clocks(0)).expect("written");
    let again = open(folder.path(), "wrong").may_submit(&clocks(1_000_000));
    assert!(matches!(again, Verdict::Locked { .. }), "{again:?}");

    // Another secret may be tried; the first stays refused, also after that.
    let mut other = open(folder.path(), "wrong too");
    assert_eq!(other.begin(&clocks(1)).expect("written"), Verdict::Permitted);
    other.refused(&clocks(1)).expect("written");
    for refused in ["wrong", "wrong too"] {
        let verdict = open(folder.path(), refused).may_submit(&clocks(2));
        assert!(
            matches!(verdict, Verdict::Locked { .. }),
            "{refused}: {verdict:?}"
        );
    }
    assert_eq!(
        open(folder.path(), "right").may_submit(&clocks(2)),
        Verdict::Permitted
    );
}

#[test]
fn unlock_forgets_a_refusal_of_one_user_or_of_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let refuse = |user: &str| {
        let mut governor = Governor::open(folder.path(), user, "wrong", Limits::default()).expect("opens");
        governor.begin(&clocks(0)).expect("written");
        governor.refused(&clocks(0)).expect("written");
    };
    refuse("trader");
    refuse("other");
    assert!(!Governor::unlock(folder.path(), Some("nobody")).expect("read"));
    assert!(Governor::unlock(folder.path(), Some("other")).expect("unlocked"));
    let locked = open(folder.path(), "wrong").may_submit(&clocks(0));
    assert!(matches!(locked, Verdict::Locked { .. }));
    assert!(Governor::unlock(folder.path(), None).expect("unlocked"));
    assert!(!Governor::unlock(folder.path(), None).expect("nothing there"));
    assert_eq!(
        open(folder.path(), "wrong").may_submit(&clocks(0)),
        Verdict::Permitted
    );
}

#[test]
fn attempts_without_an_answer_are_bounded_and_success_clears_them() {
    let folder = tempfile::tempdir().expect("a folder");
    for _ in 0..MAX_OPEN_ATTEMPTS {
        let verdict = open(folder.path(), "p").begin(&clocks(0)).expect("written");
        assert_eq!(verdict, Verdict::Permitted);
    }
    let mut governor = open(folder.path(), "p");
    assert!(matches!(
        governor.begin(&clocks(0)).expect("read"),
        Verdict::Locked { .. }
    ));
    governor.logged_in().expect("written");
    assert_eq!(governor.may_submit(&clocks(0)), Verdict::Permitted);
}

#[test]
fn a_withdrawn_attempt_does_not_count_and_somebody_elses_refusal_is_not_ours() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut governor = open(folder.path(), "p");
    governor.begin(&clocks(0)).expect("written");
    governor.withdraw().expect("written");
    governor.refused(&clocks(0)).expect("written");
    assert_eq!(governor.may_submit(&clocks(0)), Verdict::Permitted);
}

#[test]
fn a_wait_is_obeyed_to_the_second_whatever_the_secret_and_whatever_the_clock_is_set_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut governor = open(folder.path(), "p");
    governor.begin(&clocks(0)).expect("written");
    governor
        .throttled(&clocks(100), Duration::from_secs(50))
        .expect("written");
    let other = open(folder.path(), "q");
    let left = |now: &Clocks| match other.may_submit(now) {
        Verdict::Wait { remaining, .. } => remaining.as_secs(),
        verdict => {
            assert_eq!(verdict, Verdict::Permitted);
            0
        }
    };
    assert_eq!((left(&clocks(149)), left(&clocks(150))), (1, 0));
    let set = |clocks: Clocks, wall: u64| Clocks { wall, ..clocks };
    assert_eq!(left(&set(clocks(120), T0 + 1_000_000)), 30);
    assert_eq!(left(&set(clocks(120), 0)), 30);
    assert_eq!(left(&set(clocks(150), 0)), 0);
    // After a start of the machine only the clock can tell; one that went back makes the wait no longer than it was.
    let again = |wall: u64| Clocks {
        wall,
        up: 3,
        boot: "second".into(),
    };
    assert_eq!(
        (left(&again(T0 + 149)), left(&again(T0 + 150)), left(&again(0))),
        (1, 0, 50)
    );
}

#[test]
fn pushes_have_a_budget_that_outlives_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let limits = Limits {
        pushes_per_hour: Some(2),
        quiet_hours: None,
    };
    let reopened = || Governor::open(folder.path(), "trader", "p", limits.clone()).expect("opens");
    for at in [0, 600] {
        let mut governor = reopened();
        assert_eq!(governor.begin(&clocks(at)).expect("written"), Verdict::Permitted);
        governor.pushed(&clocks(at)).expect("written");
        governor.withdraw().expect("written");
    }
    let left = |at: u64| match reopened().may_submit(&clocks(at)) {
        Verdict::Wait { remaining, why } => {
            assert!(why.contains("pushes of this hour"), "{why}");
            remaining.as_secs()
        }
        verdict => {
            assert_eq!(verdict, Verdict::Permitted);
            0
        }
    };
    assert_eq!((left(700), left(3599), left(3600)), (2900, 1, 0));
    reopened().pushed(&clocks(3600)).expect("written");
    assert_eq!(left(3601), 599);
    let none = Limits {
        pushes_per_hour: Some(0),
        quiet_hours: None,
    };
    let governor = Governor::open(folder.path(), "other", "p", none).expect("opens");
    assert!(matches!(governor.may_submit(&clocks(0)), Verdict::Wait { .. }));
}

#[test]
fn a_code_that_was_typed_is_known_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut governor = open(folder.path(), "p");
    assert_eq!(governor.code_step(), None);
    governor.code_typed(7).expect("written");
    // Also with another password, and whatever became of the login.
    let mut again = open(folder.path(), "q");
    again.logged_in().expect("written");
    assert_eq!(open(folder.path(), "q").code_step(), Some(7));
    let other = Governor::open(folder.path(), "other", "p", Limits::default()).expect("opens");
    assert_eq!(other.code_step(), None);
}

#[test]
fn nobody_is_asked_in_quiet_hours() {
    let zone = TimeZone::get("Europe/Berlin").expect("a zone");
    let limits = |from: i8, until: i8| Limits {
        pushes_per_hour: None,
        quiet_hours: Some(QuietHours {
            from: Time::constant(from, 0, 0, 0),
            until: Time::constant(until, 30, 0, 0),
            zone: zone.clone(),
        }),
    };
    let at = |time: &str| {
        time.parse::<Timestamp>()
            .expect("a time")
            .as_second()
            .unsigned_abs()
    };
    let night = limits(22, 6);
    assert_eq!(night.quiet_for(at("2026-11-26T20:59:59Z")), None);
    assert_eq!(night.quiet_for(at("2026-11-26T21:00:00Z")), Some(8 * 3600 + 1800));
    assert_eq!(night.quiet_for(at("2026-11-27T05:29:59Z")), Some(1));
    assert_eq!(night.quiet_for(at("2026-11-27T05:30:00Z")), None);
    let noon = limits(12, 13);
    assert_eq!(noon.quiet_for(at("2026-11-26T11:15:00Z")), Some(75 * 60));
    assert_eq!(noon.quiet_for(at("2026-11-26T21:00:00Z")), None);
}

#[test]
fn nothing_readable_is_kept_and_damage_is_not_taken_for_a_clean_sheet() {
    let folder = tempfile::tempdir().expect("a folder");
    open(folder.path(), "secret-word")
        .begin(&clocks(0))
        .expect("written");
    let path = folder.path().join("governor.json");
    let text = fs::read_to_string(&path).expect("readable");
    assert!(
        !text.contains("secret-word") && !text.contains("trader"),
        "{text}"
    );
    for damaged in [&text[..text.len() / 2], "", "[]", "{\"accounts\": 5}"] {
        fs::write(&path, damaged).expect("cut");
        let error = Governor::open(folder.path(), "trader", "p", Limits::default()).expect_err("damaged");
        let error = error.to_string();
        assert!(
            error.contains("governor.json") && error.contains("damaged") && error.contains("gatehand unlock"),
            "{error}"
        );
    }
}

/// A power cut leaves the old book and any part of a new one, or the new book: the attempt is in it, or was not made.
#[test]
fn a_cut_at_any_byte_of_writing_loses_no_refusal() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut governor = open(folder.path(), "wrong");
    governor.begin(&clocks(0)).expect("written");
    governor.refused(&clocks(0)).expect("written");
    let path = folder.path().join("governor.json");
    let old = fs::read(&path).expect("readable");
    governor
        .throttled(&clocks(5), Duration::from_secs(60))
        .expect("written");
    let new = fs::read(&path).expect("readable");
    fs::write(&path, &old).expect("as before");
    for length in 0..=new.len() {
        fs::write(folder.path().join("governor.json.new"), &new[..length]).expect("a part");
        let book = Book::read(&path).expect("the old book").expect("there");
        assert!(book.users.values().any(|record| {
            let wrong = &governor.fingerprint;
            matches!(
                record.may_submit(&clocks(9), wrong, &Limits::default()),
                Verdict::Locked { .. }
            )
        }));
    }
    // And it can be written again over what the cut left.
    let verdict = open(folder.path(), "right").begin(&clocks(9)).expect("written");
    assert_eq!(verdict, Verdict::Permitted);
}

#[test]
fn a_disk_that_takes_nothing_permits_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut governor = open(folder.path(), "p");
    // A folder where the new file should be: as a full disk, it cannot be written.
    fs::create_dir(folder.path().join("governor.json.new")).expect("in the way");
    let error = governor.begin(&clocks(0)).expect_err("not durable").to_string();
    assert!(error.contains("GATEHAND_STATE_DIR"), "{error}");
}

/// A deterministic lot, so that a failure can be repeated.
struct Lot(u64);

impl Lot {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

/// One more attempt in a row with the same secret.
fn in_a_row(row: &mut (usize, u32), secret: usize) -> u32 {
    *row = (secret, if row.0 == secret { row.1 + 1 } else { 1 });
    row.1
}

/// 1000 schedules of submissions, crashes before and after the answer, restarts, clocks that are set, and changes of the
/// password on either side.
#[test]
fn no_schedule_submits_what_was_refused_or_while_it_is_locked() {
    for seed in 1..=1000 {
        let mut lot = Lot(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        let mut record = Record::default();
        let mut now = clocks(0);
        let secrets = ["a", "b", "c"];
        let (mut ours, mut theirs) = (0, lot.next(3) as usize);
        // What the broker saw, and what was shown to us.
        let mut refusals_seen: Vec<usize> = Vec::new();
        // The secret of the last attempts without an answer, and how many there were.
        let mut row = (0, 0);
        let mut locked_until_up: Option<(u64, String)> = None;
        for _ in 0..60 {
            match lot.next(9) {
                0 => now.wall = T0 + lot.next(2_000_000),
                1 => {
                    // A start of the machine.
                    now.boot = format!("boot {}", lot.next(1 << 40));
                    now.up = lot.next(100);
                    now.wall += 60;
                    locked_until_up = None;
                }
                2 => ours = lot.next(3) as usize,
                3 if lot.next(4) == 0 => {
                    theirs = lot.next(3) as usize;
                }
                4 => {
                    let text = serde_json::to_vec(&record).expect("written");
                    record = serde_json::from_slice(&text).expect("read");
                }
                _ => {
                    let pass = lot.next(200);
                    now.wall += pass;
                    now.up += pass;
                    if record.may_submit(&now, secrets[ours], &Limits::default()) != Verdict::Permitted {
                        continue;
                    }
                    assert!(
                        !refusals_seen.contains(&ours),
                        "seed {seed}: refused secret submitted again"
                    );
                    if let Some((until, boot)) = &locked_until_up {
                        assert!(
                            now.boot != *boot || now.up >= *until,
                            "seed {seed}: submitted while locked"
                        );
                    }
                    record.begin(&now, secrets[ours]);
                    assert!(
                        in_a_row(&mut row, ours) <= MAX_OPEN_ATTEMPTS,
                        "seed {seed}: attempts without an answer"
                    );
                    let right = ours == theirs;
                    match lot.next(6) {
                        // Killed before the answer was written down.
                        0 => continue,
                        1 => {
                            record.throttled(&now, Duration::from_secs(300));
                            locked_until_up = Some((now.up + 300, now.boot.clone()));
                        }
                        2 => record.withdraw(),
                        _ if right => record.logged_in(),
                        _ => {
                            record.refused(&now);
                            refusals_seen.push(ours);
                        }
                    }
                    row.1 = 0;
                }
            }
        }
    }
}
