use jiff::Timestamp;
use jiff::civil::time;
use jiff::tz::TimeZone;

use super::lane::{MOST, TRIES};
use super::*;

/// Both clocks, `seconds` after a Tuesday's 21:59:00 in New York.
struct Clock(Instant);

impl Clock {
    fn at(&self, seconds: u64) -> Moment {
        let start: Timestamp = "2026-06-02T21:59:00-04:00".parse().expect("a time");
        Moment {
            instant: self.0 + Duration::from_secs(seconds),
            wall: start + Duration::from_secs(seconds),
        }
    }
}

fn clock() -> Clock {
    Clock(Instant::now())
}

fn notice(kind: Kind, text: &str) -> Notice {
    Notice::new(Timestamp::UNIX_EPOCH, kind, text)
}

fn outbox(bounds: Bounds) -> Outbox {
    Outbox::new(bounds, [Kind::all().collect()])
}

/// The text of what is to be sent now, which arrives.
fn arrives(outbox: &mut Outbox, now: Moment) -> Option<String> {
    let delivery = outbox.poll_delivery(now)?;
    outbox.handle_outcome(now, delivery.target, Outcome::Accepted);
    Some(delivery.notice.text.clone())
}

fn news(outbox: &mut Outbox) -> Vec<News> {
    std::iter::from_fn(|| outbox.poll_news()).collect()
}

#[test]
fn each_target_gets_what_it_is_told_of_one_at_a_time() {
    let clock = clock();
    let mut outbox = Outbox::new(
        Bounds::default(),
        [vec![Kind::Ready], Kind::all().collect(), Vec::new()],
    );
    outbox.tell(clock.at(0), notice(Kind::GivenUp, "a"));
    outbox.tell(clock.at(0), notice(Kind::Ready, "b"));
    let polled: Vec<(usize, String)> = std::iter::from_fn(|| outbox.poll_delivery(clock.at(0)))
        .map(|delivery| (delivery.target, delivery.notice.text.clone()))
        .collect();
    assert_eq!(polled, [(0, "b".to_owned()), (1, "a".to_owned())]);
    assert_eq!(outbox.poll_timeout(clock.at(0)), None, "both are under way");
    outbox.handle_outcome(clock.at(1), 1, Outcome::Accepted);
    assert_eq!(arrives(&mut outbox, clock.at(1)).as_deref(), Some("b"));
}

#[test]
fn a_target_that_fails_is_tried_again_after_longer_pauses() {
    let clock = clock();
    let mut outbox = outbox(Bounds::default());
    outbox.tell(clock.at(0), notice(Kind::Ready, "a"));
    let mut at = 0;
    for pause in [5, 10, 20] {
        let delivery = outbox.poll_delivery(clock.at(at)).expect("due");
        outbox.handle_outcome(clock.at(at), delivery.target, Outcome::Failed("no".into()));
        at += pause;
        assert_eq!(outbox.poll_timeout(clock.at(at - 1)), Some(clock.at(at).instant));
        assert_eq!(outbox.poll_delivery(clock.at(at - 1)), None);
    }
    assert_eq!(arrives(&mut outbox, clock.at(at)).as_deref(), Some("a"));
    let told = [News::Fails(0, "no".into()), News::Recovers(0, 0)];
    assert_eq!(news(&mut outbox), told);
}

#[test]
fn what_is_lost_is_told_once_and_with_the_next_that_arrives() {
    let clock = clock();
    let mut outbox = outbox(Bounds::default());
    let mut at = 0;
    for text in ["a", "b"] {
        outbox.tell(clock.at(at), notice(Kind::Ready, text));
        for _ in 0..TRIES {
            let delivery = outbox.poll_delivery(clock.at(at)).expect("due");
            outbox.handle_outcome(clock.at(at), delivery.target, Outcome::Failed("no".into()));
            at += 600;
        }
        assert_eq!(outbox.poll_timeout(clock.at(at)), None);
    }
    outbox.tell(clock.at(at), notice(Kind::Ready, "c"));
    let delivery = outbox.poll_delivery(clock.at(at)).expect("due");
    assert_eq!((delivery.notice.text.as_str(), delivery.dropped), ("c", 2));
    outbox.handle_outcome(clock.at(at), 0, Outcome::Accepted);
    let told = [
        News::Fails(0, "no".into()),
        News::Loses(0, "no".into()),
        News::Recovers(0, 2),
    ];
    assert_eq!(news(&mut outbox), told);
}

#[test]
fn a_full_queue_loses_what_matters_least() {
    let clock = clock();
    let mut outbox = outbox(Bounds::default());
    outbox.tell(clock.at(0), notice(Kind::LockedOut, "grave"));
    for _ in 0..2 * MOST {
        outbox.tell(clock.at(0), notice(Kind::Ready, "light"));
    }
    assert_eq!(news(&mut outbox).len(), 1);
    let delivery = outbox.poll_delivery(clock.at(0)).expect("due");
    assert_eq!(
        (delivery.notice.text.as_str(), delivery.dropped),
        ("grave", MOST + 1)
    );
    outbox.handle_outcome(clock.at(0), 0, Outcome::Accepted);
    let left = std::iter::from_fn(|| arrives(&mut outbox, clock.at(0))).count();
    assert_eq!(left, MOST - 1);
}

#[test]
fn beyond_the_hours_number_notices_wait_the_gravest_first() {
    let clock = clock();
    let mut outbox = outbox(Bounds {
        per_hour: Some(2),
        ..Bounds::default()
    });
    for (at, text) in [(0, "a"), (60, "b")] {
        outbox.tell(clock.at(at), notice(Kind::Ready, text));
        assert_eq!(arrives(&mut outbox, clock.at(at)).as_deref(), Some(text));
    }
    outbox.tell(clock.at(61), notice(Kind::Ready, "light"));
    outbox.tell(clock.at(62), notice(Kind::LockedOut, "grave"));
    assert_eq!(outbox.poll_timeout(clock.at(62)), Some(clock.at(3600).instant));
    assert_eq!(arrives(&mut outbox, clock.at(3599)), None);
    assert_eq!(arrives(&mut outbox, clock.at(3600)).as_deref(), Some("grave"));
    assert_eq!(arrives(&mut outbox, clock.at(3659)), None);
    assert_eq!(arrives(&mut outbox, clock.at(3660)).as_deref(), Some("light"));
}

#[test]
fn in_quiet_hours_notices_wait_but_for_those_that_may_not() {
    let clock = clock();
    let mut outbox = outbox(Bounds {
        quiet_hours: Some(QuietHours {
            from: time(22, 0, 0, 0),
            until: time(7, 0, 0, 0),
            zone: TimeZone::get("America/New_York").expect("a zone"),
        }),
        in_quiet_hours: vec![Kind::LockedOut],
        ..Bounds::default()
    });
    outbox.tell(clock.at(59), notice(Kind::Ready, "before"));
    assert_eq!(arrives(&mut outbox, clock.at(59)).as_deref(), Some("before"));
    outbox.tell(clock.at(60), notice(Kind::UnknownDialog, "waits"));
    outbox.evidence(Path::new("/state/evidence/1-unknown-dialog"));
    outbox.tell(clock.at(61), notice(Kind::LockedOut, "at once"));
    assert_eq!(arrives(&mut outbox, clock.at(61)).as_deref(), Some("at once"));
    assert_eq!(arrives(&mut outbox, clock.at(61)), None);
    let end = 60 + 9 * 3600;
    assert_eq!(outbox.poll_timeout(clock.at(61)), Some(clock.at(end).instant));
    assert_eq!(arrives(&mut outbox, clock.at(end - 1)), None);
    assert_eq!(arrives(&mut outbox, clock.at(end)).as_deref(), Some("waits"));
}

#[test]
fn an_unknown_dialog_waits_for_its_picture_and_not_for_ever() {
    let clock = clock();
    let mut outbox = outbox(Bounds::default());
    for text in ["a", "b"] {
        outbox.tell(clock.at(0), notice(Kind::UnknownDialog, text));
    }
    assert_eq!(outbox.poll_delivery(clock.at(0)), None);
    outbox.evidence(Path::new("/state/evidence/1-gave-up-tip"));
    assert_eq!(outbox.poll_delivery(clock.at(0)), None, "of something else");
    outbox.evidence(Path::new("/state/evidence/2-unknown-dialog"));
    let first = outbox.poll_delivery(clock.at(0)).expect("due");
    assert_eq!((first.notice.text.as_str(), first.with_picture), ("a", true));
    outbox.handle_outcome(clock.at(0), 0, Outcome::Accepted);
    assert_eq!(outbox.poll_timeout(clock.at(0)), Some(clock.at(5).instant));
    outbox.handle_timeout(clock.at(4));
    assert_eq!(outbox.poll_delivery(clock.at(4)), None);
    outbox.handle_timeout(clock.at(5));
    let second = outbox.poll_delivery(clock.at(5)).expect("due");
    assert_eq!((second.notice.text.as_str(), second.with_picture), ("b", false));
}

#[test]
fn a_notice_that_is_refused_with_its_picture_goes_without() {
    let clock = clock();
    let mut outbox = outbox(Bounds::default());
    outbox.tell(clock.at(0), notice(Kind::UnknownDialog, "a"));
    outbox.evidence(Path::new("/state/evidence/1-unknown-dialog"));
    let refused = || Outcome::Refused("413".into());
    for with_picture in [true, false] {
        let delivery = outbox.poll_delivery(clock.at(0)).expect("due");
        assert_eq!(delivery.with_picture, with_picture);
        outbox.handle_outcome(clock.at(0), 0, refused());
    }
    assert_eq!(outbox.poll_delivery(clock.at(0)), None);
    assert_eq!(news(&mut outbox), [News::Loses(0, "413".into())]);
}
