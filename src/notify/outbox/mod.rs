//! What is sent to whom, and when: a pure machine. Notices and `now` go in, deliveries come out.
//!
//! Each target has a queue of its own, so that a slow one holds up nobody else. Notices wait there for the end of the
//! quiet hours, for room within the hour's number, and for a target that does not answer. A full queue loses what
//! matters least, which is told once in the log and with the next notice that arrives.

mod lane;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::kind::Kind;
use super::notice::Notice;
use crate::journal::QuietHours;
use crate::life::Moment;
use lane::{Lane, Taken};

/// How long an unknown dialog waits for its picture.
const PICTURE_PATIENCE: Duration = Duration::from_secs(5);

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
        Self {
            bounds,
            lanes: targets.into_iter().map(Lane::new).collect(),
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
        let mut lanes = self.lanes.iter_mut().enumerate();
        lanes.find_map(|(target, lane)| {
            let (notice, with_picture) = lane.send(&self.bounds, now)?;
            Some(Delivery {
                target,
                notice,
                with_picture,
                dropped: lane.dropped,
            })
        })
    }

    /// What was sent to this target has arrived, or not.
    pub fn handle_outcome(&mut self, now: Moment, target: usize, outcome: Outcome) {
        let Some(lane) = self.lanes.get_mut(target) else {
            return;
        };
        let news = match lane.take(&self.bounds, now, outcome) {
            Taken::AsBefore => return,
            Taken::Recovers(dropped) => News::Recovers(target, dropped),
            Taken::Fails(why) => News::Fails(target, why),
            Taken::Loses(why) => News::Loses(target, why),
        };
        self.news.push_back(news);
    }

    /// Something for the log.
    pub fn poll_news(&mut self) -> Option<News> {
        self.news.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called, and deliveries are to be asked for again.
    #[must_use]
    pub fn poll_timeout(&self, now: Moment) -> Option<Instant> {
        let dues = self.lanes.iter().filter_map(|lane| lane.due(&self.bounds, now));
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
        for (target, lane) in self.lanes.iter_mut().enumerate() {
            if let Some(why) = lane.push(&notice) {
                self.news.push_back(News::Loses(target, why));
            }
        }
    }
}

#[cfg(test)]
mod tests;
