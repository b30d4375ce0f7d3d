use super::*;

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
    governor.refused().expect("written");
    let again = open(folder.path(), "wrong").may_submit(&clocks(1_000_000));
    assert!(matches!(again, Verdict::Locked { .. }), "{again:?}");

    // Another secret may be tried; the first stays refused, also after that.
    let mut other = open(folder.path(), "wrong too");
    assert_eq!(other.begin(&clocks(1)).expect("written"), Verdict::Permitted);
    other.refused().expect("written");
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
        governor.refused().expect("written");
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

/// The next attempt of a gatehand that was started again.
fn attempt(folder: &Path, password: &str) -> Verdict {
    open(folder, password).begin(&clocks(0)).expect("written")
}

fn is_locked(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Locked { .. })
}

#[test]
fn an_attempt_without_an_answer_is_the_last_of_a_secret_that_never_was_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(attempt(folder.path(), "p"), Verdict::Permitted);
    assert!(is_locked(&attempt(folder.path(), "p")));
    // Another one in between makes it no better.
    assert_eq!(attempt(folder.path(), "q"), Verdict::Permitted);
    open(folder.path(), "q").logged_in().expect("written");
    let verdict = attempt(folder.path(), "p");
    assert!(
        matches!(&verdict, Verdict::Locked { why } if why.contains("may have been refused") && why.contains("unlock")),
        "{verdict:?}"
    );
}

#[test]
fn a_secret_that_was_accepted_before_has_as_many_attempts_without_an_answer_as_the_user_says() {
    for retries in [0, 2] {
        let folder = tempfile::tempdir().expect("a folder");
        let open = || {
            let limits = Limits {
                unanswered_retries: retries,
                ..Limits::default()
            };
            Governor::open(folder.path(), "trader", "p", limits).expect("opens")
        };
        let attempt = || open().begin(&clocks(0)).expect("written");
        assert_eq!(attempt(), Verdict::Permitted);
        // By the question for a second factor: what comes of that says nothing about the password.
        open().accepted().expect("written");
        for _ in 0..2 {
            for _ in 0..=retries {
                assert_eq!(attempt(), Verdict::Permitted);
            }
            assert!(is_locked(&attempt()));
            open().logged_in().expect("written");
        }
        // Until it is refused, also after a second factor was asked for.
        assert_eq!(attempt(), Verdict::Permitted);
        let mut governor = open();
        governor.accepted().expect("written");
        governor.refused().expect("written");
        assert!(is_locked(&attempt()));
    }
}

#[test]
fn what_is_forgotten_is_forgotten_on_the_disk_too_and_of_one_user_name_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut governor = open(folder.path(), "p");
    governor.begin(&clocks(0)).expect("written");
    governor.refused().expect("written");
    assert!(!governor.forget(Some("somebody")).expect("written"));
    assert!(is_locked(&governor.may_submit(&clocks(0))));
    assert!(governor.forget(Some("trader")).expect("written"));
    assert_eq!(attempt(folder.path(), "p"), Verdict::Permitted);
    let mut governor = open(folder.path(), "p");
    assert!(is_locked(&governor.may_submit(&clocks(0))));
    assert!(governor.forget(None).expect("written"));
    assert!(!governor.forget(None).expect("written"));
    assert_eq!(attempt(folder.path(), "p"), Verdict::Permitted);
}

#[test]
fn what_is_sent_away_without_a_word_is_tried_once_more() {
    for by_wait in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        let send_away = |governor: &mut Governor| {
            if by_wait {
                governor.throttled(&clocks(0), Duration::ZERO)
            } else {
                governor.rebuffed()
            }
            .expect("written");
        };
        for _ in 0..2 {
            assert_eq!(attempt(folder.path(), "p"), Verdict::Permitted);
            send_away(&mut open(folder.path(), "p"));
        }
        let verdict = attempt(folder.path(), "p");
        assert!(
            matches!(&verdict, Verdict::Locked { why } if why.contains("2 times") && why.contains("unlock")),
            "{verdict:?}"
        );
        // An error is no word against a password that was accepted before; a wait always is to be heeded.
        assert_eq!(attempt(folder.path(), "q"), Verdict::Permitted);
        open(folder.path(), "q").logged_in().expect("written");
        for _ in 0..2 {
            assert_eq!(attempt(folder.path(), "q"), Verdict::Permitted);
            send_away(&mut open(folder.path(), "q"));
        }
        assert_eq!(is_locked(&attempt(folder.path(), "q")), by_wait);
    }
}

#[test]
fn a_withdrawn_attempt_does_not_count_and_somebody_elses_refusal_is_not_ours() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut governor = open(folder.path(), "p");
    governor.begin(&clocks(0)).expect("written");
    governor.withdraw().expect("written");
    governor.refused().expect("written");
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
        ..Limits::default()
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
    // A clock that is set makes no room.
    for wall in [0, T0 + 1_000_000] {
        let set = Clocks { wall, ..clocks(3601) };
        assert!(matches!(reopened().may_submit(&set), Verdict::Wait { .. }));
    }
    // Nobody knows whether an attempt that ended unseen has sent one.
    reopened().begin(&clocks(4200)).expect("written");
    let verdict = Governor::open(folder.path(), "trader", "q", limits.clone())
        .expect("opens")
        .may_submit(&clocks(4201));
    assert!(matches!(verdict, Verdict::Wait { .. }), "{verdict:?}");
    let none = Limits {
        pushes_per_hour: Some(0),
        ..Limits::default()
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
        ..Limits::default()
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
    let no_salt = "{\"salt\": \"\", \"users\": {}}";
    for damaged in [&text[..text.len() / 2], "", "[]", "{\"accounts\": 5}", no_salt] {
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
    governor.refused().expect("written");
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
    // And it can be written again over what the cut left, by one that reads it.
    drop(governor);
    let verdict = open(folder.path(), "right").begin(&clocks(9)).expect("written");
    assert_eq!(verdict, Verdict::Permitted);
}

/// Nobody can create a file there, not even root.
#[test]
fn a_folder_that_cannot_be_written_is_told_at_the_start() {
    let error = Governor::open(Path::new("/sys/kernel"), "trader", "p", Limits::default());
    let error = error.expect_err("read-only").to_string();
    assert!(
        error.contains("/sys/kernel/governor.json") && error.contains("GATEHAND_STATE_DIR"),
        "{error}"
    );
}

/// `ENOSPC` of a real device.
#[test]
fn a_full_disk_permits_nothing_forgets_nothing_and_may_be_freed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut governor = open(folder.path(), "p");
    let new = folder.path().join("governor.json.new");
    std::os::unix::fs::symlink("/dev/full", &new).expect("a link");
    let error = governor.begin(&clocks(0)).expect_err("not durable").to_string();
    assert!(
        error.contains("No space left") && error.contains("GATEHAND_STATE_DIR"),
        "{error}"
    );
    let error = Governor::open(folder.path(), "trader", "p", Limits::default()).expect_err("full");
    assert!(error.to_string().contains("No space left"), "{error}");
    fs::remove_file(&new).expect("freed");
    // What was not written down was not made.
    assert_eq!(governor.begin(&clocks(1)).expect("written"), Verdict::Permitted);
    // A refusal counts for this gatehand, also while it cannot be written down; and the attempt is, for the next one.
    std::os::unix::fs::symlink("/dev/full", &new).expect("a link");
    governor.refused().expect_err("not durable");
    assert!(is_locked(&governor.may_submit(&clocks(2))));
    fs::remove_file(&new).expect("freed");
    assert!(is_locked(&attempt(folder.path(), "p")));
}

/// A gateway with windows and the Client Portal Gateway of one user ask one governor.
#[test]
fn whoever_has_the_book_open_goes_by_the_same_entries() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut one, mut other) = (open(folder.path(), "wrong"), open(folder.path(), "wrong"));
    assert_eq!(one.begin(&clocks(0)).expect("written"), Verdict::Permitted);
    // What comes of it is not known yet: neither a second one, nor a human's business.
    assert!(matches!(
        other.begin(&clocks(0)).expect("read"),
        Verdict::Wait { .. }
    ));
    one.refused().expect("written");
    assert!(matches!(other.may_submit(&clocks(1)), Verdict::Locked { .. }));
    assert!(matches!(
        other.begin(&clocks(1)).expect("read"),
        Verdict::Locked { .. }
    ));
    // Another user's entries are not written over either.
    let mut third = Governor::open(folder.path(), "somebody", "else", Limits::default()).expect("opens");
    assert_eq!(third.begin(&clocks(2)).expect("written"), Verdict::Permitted);
    drop((one, other, third));
    // One that goes in the middle of an attempt leaves nobody waiting.
    let (mut one, other) = (open(folder.path(), "right"), open(folder.path(), "right"));
    assert_eq!(one.begin(&clocks(2)).expect("written"), Verdict::Permitted);
    drop(one);
    assert!(matches!(other.may_submit(&clocks(3)), Verdict::Locked { .. }));
    let again = open(folder.path(), "wrong").may_submit(&clocks(3));
    assert!(matches!(again, Verdict::Locked { .. }), "{again:?}");
    let again = Governor::open(folder.path(), "somebody", "else", Limits::default()).expect("opens");
    assert!(
        matches!(again.may_submit(&clocks(3)), Verdict::Locked { .. }),
        "its end was not seen"
    );
}
