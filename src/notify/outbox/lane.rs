//! What waits for one target.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Bounds, Outcome};
use crate::life::{BackOff, Moment};
use crate::notify::kind::Kind;
use crate::notify::notice::Notice;

/// Notices that wait.
pub(super) const MOST: usize = 64;
/// How often a notice is sent in vain: some twenty minutes.
pub(super) const TRIES: u32 = 8;
const HOUR: Duration = Duration::from_secs(3600);

#[derive(Debug)]
struct Item {
    notice: Arc<Notice>,
    with_picture: bool,
    failures: u32,
}

/// The queue, and what the target is known for.
#[derive(Debug)]
pub(super) struct Lane {
    kinds: Vec<Kind>,
    queue: VecDeque<Item>,
    /// What is being sent.
    under_way: Option<Item>,
    back_off: BackOff,
    not_before: Option<Instant>,
    /// When the last notices arrived, within an hour.
    arrived: VecDeque<Instant>,
    /// Notices that were lost since the last that arrived.
    pub(super) dropped: usize,
    fails: bool,
}

/// What an outcome means for the target.
#[derive(Debug)]
pub(super) enum Taken {
    /// Nothing new.
    AsBefore,
    /// It takes notices again; so many were lost.
    Recovers(usize),
    /// It does not take them, for the first time in a row.
    Fails(String),
    /// One is lost, for the first time in a row.
    Loses(String),
}

impl Lane {
    /// Of a target that is told of these kinds.
    pub(super) fn new(kinds: Vec<Kind>) -> Self {
        Self {
            kinds,
            queue: VecDeque::new(),
            under_way: None,
            back_off: BackOff::default(),
            not_before: None,
            arrived: VecDeque::new(),
            dropped: 0,
            fails: false,
        }
    }

    /// Adds a notice, if the target is told of its kind. Why another is lost for it, for the first time in a row.
    pub(super) fn push(&mut self, notice: &Arc<Notice>) -> Option<String> {
        if !self.kinds.contains(&notice.kind) {
            return None;
        }
        self.queue.push_back(Item {
            with_picture: notice.evidence.is_some(),
            notice: Arc::clone(notice),
            failures: 0,
        });
        if self.queue.len() <= MOST {
            return None;
        }
        let items = self.queue.iter().enumerate();
        let (least, _) = items.min_by_key(|(_, item)| item.notice.kind.severity())?;
        self.queue.remove(least);
        self.lose().then(|| format!("{MOST} wait already"))
    }

    /// What is to be sent now, and whether with its picture: the gravest that is due.
    pub(super) fn send(&mut self, bounds: &Bounds, now: Moment) -> Option<(Arc<Notice>, bool)> {
        if self.under_way.is_some() {
            return None;
        }
        let due = |item: &Item| self.due_of(bounds, item, now) <= now.instant;
        let mut best: Option<usize> = None;
        for (at, item) in self.queue.iter().enumerate().filter(|(_, item)| due(item)) {
            let severity = item.notice.kind.severity();
            if best.is_none_or(|best| self.queue[best].notice.kind.severity() < severity) {
                best = Some(at);
            }
        }
        let item = self.queue.remove(best?)?;
        let sent = (Arc::clone(&item.notice), item.with_picture);
        self.under_way = Some(item);
        Some(sent)
    }

    /// What was sent has arrived, or not.
    pub(super) fn take(&mut self, bounds: &Bounds, now: Moment, outcome: Outcome) -> Taken {
        let Some(mut item) = self.under_way.take() else {
            return Taken::AsBefore;
        };
        let lost = match outcome {
            Outcome::Accepted => return self.accepted(bounds, now),
            // It may be the picture that it does not want.
            Outcome::Refused(_) if item.with_picture => {
                item.with_picture = false;
                self.queue.push_front(item);
                return Taken::AsBefore;
            }
            Outcome::Refused(why) => why,
            Outcome::Failed(why) => {
                item.failures += 1;
                self.not_before = Some(now.instant + self.back_off.fail());
                if item.failures < TRIES {
                    self.queue.push_front(item);
                    return match std::mem::replace(&mut self.fails, true) {
                        true => Taken::AsBefore,
                        false => Taken::Fails(why),
                    };
                }
                why
            }
        };
        match self.lose() {
            true => Taken::Loses(lost),
            false => Taken::AsBefore,
        }
    }

    fn accepted(&mut self, bounds: &Bounds, now: Moment) -> Taken {
        self.arrived.push_back(now.instant);
        while self.arrived.len() > bounds.per_hour.unwrap_or(0) {
            self.arrived.pop_front();
        }
        self.back_off = BackOff::default();
        let dropped = std::mem::take(&mut self.dropped);
        match std::mem::take(&mut self.fails) || dropped > 0 {
            true => Taken::Recovers(dropped),
            false => Taken::AsBefore,
        }
    }

    /// One is lost; true: the first in a row.
    const fn lose(&mut self) -> bool {
        self.dropped += 1;
        self.dropped == 1
    }

    /// When something may be sent next.
    pub(super) fn due(&self, bounds: &Bounds, now: Moment) -> Option<Instant> {
        if self.under_way.is_some() {
            return None;
        }
        let items = self.queue.iter();
        items.map(|item| self.due_of(bounds, item, now)).min()
    }

    fn due_of(&self, bounds: &Bounds, item: &Item, now: Moment) -> Instant {
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
