//! What is sent to whom, and when: a pure machine. Notices and `now` go in, deliveries come out.
//!
//! Each target has a queue of its own, so that a slow one holds up nobody else. Notices wait there for the end of the
//! quiet hours, for room within the hour's number, and for a target that does not answer. A full queue loses what
//! matters least, which is told once in the log and with the next notice that arrives.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::kind::Kind;
use super::notice::Notice;
use crate::journal::QuietHours;
use crate::life::{BackOff, Moment};

/// Notices that wait for one target.
const MOST: usize = 64;
/// How often a notice is sent in vain: some twenty minutes.
const TRIES: u32 = 8;
/// How long an unknown dialog waits for its picture.
const PICTURE_PATIENCE: Duration = Duration::from_secs(5);
const HOUR: Duration = Duration::from_secs(3600);

/// When nobody is told, and how much.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    /// How many notices a target is sent in an hour.
    pub per_hour: Option<usize>,
    /// When notices wait.
    pub quiet_hours: Option<QuietHours>,
    /// Those that do not.
    pub in_quiet_hours: Vec<Kind>,
    /// Whether pictures stay here.
    pub without_pictures: bool,
}

/// Something to send now.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The target's number.
    pub target: usize,
    /// What.
    pub notice: Arc<Notice>,
    /// Whether its picture goes with it.
    pub with_picture: bool,
    /// Notices that were lost since the last that arrived.
    pub dropped: usize,
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The target took it.
    Accepted,
    /// It did not, and may later.
    Failed(String),
    /// It does not want this one.
    Refused(String),
}

/// Something for the log, about the target of this number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It does not take notices, for the first time in a row.
    Fails(usize, String),
    /// Notices to it are lost, for the first time in a row.
    Loses(usize, String),
    /// It takes them again; so many were lost.
    Recovers(usize, usize),
}

#[derive(Debug)]
struct Item {
    notice: Arc<Notice>,
    with_picture: bool,
    failures: u32,
}

#[derive(Debug, Default)]
struct Lane {
    kinds: Vec<Kind>,
    queue: VecDeque<Item>,
    /// What is being sent.
    under_way: Option<Item>,
    back_off: BackOff,
    not_before: Option<Instant>,
    /// When the last notices arrived, within an hour.
    arrived: VecDeque<Instant>,
    dropped: usize,
    fails: bool,
}

/// The machine.
#[derive(Debug)]
pub struct Outbox {
    bounds: Bounds,
    lanes: Vec<Lane>,
    /// Unknown dialogs that wait for their pictures, and how long.
    unpictured: VecDeque<(Notice, Instant)>,
    news: VecDeque<News>,
}

impl Outbox {
    /// A machine for targets that are told of these kinds.
    #[must_use]
    pub fn new(bounds: Bounds, targets: impl IntoIterator<Item = Vec<Kind>>) -> Self {
        let lane = |kinds| Lane {
            kinds,
            ..Lane::default()
        };
        Self {
            bounds,
            lanes: targets.into_iter().map(lane).collect(),
            unpictured: VecDeque::new(),
            news: VecDeque::new(),
        }
    }

    /// Something is to be told.
    pub fn tell(&mut self, now: Moment, notice: Notice) {
        if notice.kind == Kind::UnknownDialog && !self.bounds.without_pictures {
            let until = now.instant + PICTURE_PATIENCE;
            self.unpictured.push_back((notice, until));
        } else {
            self.queue(notice);
        }
    }

    /// The evidence of a dialog was kept: the picture of the unknown one that waits.
    pub fn evidence(&mut self, folder: &Path) {
        let is_unknown = folder.to_string_lossy().ends_with("unknown-dialog");
        if let Some((mut notice, _)) = is_unknown.then(|| self.unpictured.pop_front()).flatten() {
            notice.evidence = Some(folder.to_owned());
            self.queue(notice);
        }
    }

    /// The time of [`poll_timeout`](Self::poll_timeout) has come.
    pub fn handle_timeout(&mut self, now: Moment) {
        while self
            .unpictured
            .front()
            .is_some_and(|(_, until)| *until <= now.instant)
        {
            self.queue_unpictured();
        }
    }

    /// No more will come: nothing waits for a picture any longer.
    pub fn close(&mut self) {
        while !self.unpictured.is_empty() {
            self.queue_unpictured();
        }
    }

    /// What is to be sent now; each target gets one at a time.
    pub fn poll_delivery(&mut self, now: Moment) -> Option<Delivery> {
        for (target, lane) in self.lanes.iter_mut().enumerate() {
            if lane.under_way.is_some() {
                continue;
            }
            let due = |item: &Item| lane.due(&self.bounds, item, now) <= now.instant;
            let mut best: Option<usize> = None;
            for (at, item) in lane.queue.iter().enumerate().filter(|(_, item)| due(item)) {
                let severity = item.notice.kind.severity();
                if best.is_none_or(|best| lane.queue[best].notice.kind.severity() < severity) {
                    best = Some(at);
                }
            }
            if let Some(item) = best.and_then(|at| lane.queue.remove(at)) {
                let delivery = Delivery {
                    target,
                    notice: Arc::clone(&item.notice),
                    with_picture: item.with_picture,
                    dropped: lane.dropped,
                };
                lane.under_way = Some(item);
                return Some(delivery);
            }
        }
        None
    }

    /// What was sent to this target has arrived, or not.
    pub fn handle_outcome(&mut self, now: Moment, target: usize, outcome: Outcome) {
        let Some(lane) = self.lanes.get_mut(target) else {
            return;
        };
        let Some(mut item) = lane.under_way.take() else {
            return;
        };
        match outcome {
            Outcome::Accepted => {
                lane.arrived.push_back(now.instant);
                while lane.arrived.len() > self.bounds.per_hour.unwrap_or(0) {
                    lane.arrived.pop_front();
                }
                lane.back_off = BackOff::default();
                let dropped = std::mem::take(&mut lane.dropped);
                if std::mem::take(&mut lane.fails) || dropped > 0 {
                    self.news.push_back(News::Recovers(target, dropped));
                }
            }
            // It may be the picture that it does not want.
            Outcome::Refused(_) if item.with_picture => {
                item.with_picture = false;
                lane.queue.push_front(item);
            }
            Outcome::Refused(why) => self.lose(target, why),
            Outcome::Failed(why) => {
                item.failures += 1;
                lane.not_before = Some(now.instant + lane.back_off.fail());
                if item.failures < TRIES {
                    lane.queue.push_front(item);
                    if !std::mem::replace(&mut lane.fails, true) {
                        self.news.push_back(News::Fails(target, why));
                    }
                } else {
                    self.lose(target, why);
                }
            }
        }
    }

    /// Something for the log.
    pub fn poll_news(&mut self) -> Option<News> {
        self.news.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called, and deliveries are to be asked for again.
    #[must_use]
    pub fn poll_timeout(&self, now: Moment) -> Option<Instant> {
        let idle = self.lanes.iter().filter(|lane| lane.under_way.is_none());
        let dues = idle.flat_map(|lane| lane.queue.iter().map(|item| lane.due(&self.bounds, item, now)));
        let pictures = self.unpictured.front().map(|(_, until)| *until);
        dues.chain(pictures).min()
    }

    fn queue_unpictured(&mut self) {
        if let Some((notice, _)) = self.unpictured.pop_front() {
            self.queue(notice);
        }
    }

    fn queue(&mut self, notice: Notice) {
        let notice = Arc::new(notice);
        for target in 0..self.lanes.len() {
            let lane = &mut self.lanes[target];
            if !lane.kinds.contains(&notice.kind) {
                continue;
            }
            lane.queue.push_back(Item {
                with_picture: notice.evidence.is_some(),
                notice: Arc::clone(&notice),
                failures: 0,
            });
            if lane.queue.len() <= MOST {
                continue;
            }
            let least = lane
                .queue
                .iter()
                .enumerate()
                .min_by_key(|(_, item)| item.notice.kind.severity());
            if let Some((at, _)) = least {
                lane.queue.remove(at);
                self.lose(target, format!("{MOST} wait already"));
            }
        }
    }

    fn lose(&mut self, target: usize, why: String) {
        let lane = &mut self.lanes[target];
        lane.dropped += 1;
        if lane.dropped == 1 {
            self.news.push_back(News::Loses(target, why));
        }
    }
}

impl Lane {
    /// When `item` may be sent.
    fn due(&self, bounds: &Bounds, item: &Item, now: Moment) -> Instant {
        let mut due = self.not_before.unwrap_or(now.instant);
        if let (Some(limit), Some(first)) = (bounds.per_hour, self.arrived.front())
            && self.arrived.len() >= limit
        {
            due = due.max(*first + HOUR);
        }
        let quiet = bounds.quiet_hours.as_ref();
        if let Some(remaining) = quiet.and_then(|quiet| quiet.remaining(now.wall))
            && !bounds.in_quiet_hours.contains(&item.notice.kind)
        {
            due = due.max(now.instant + remaining);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::time;
    use jiff::tz::TimeZone;

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
}
