//! The task that tells: it hears of events, keeps the [`Outbox`], and waits for the targets.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tracing::Instrument;

use super::delivery::Courier;
use super::kind::Kind;
use super::notice::{Codes, Notice};
use super::outbox::{Bounds, Delivery, News, Outbox, Outcome};
use crate::agent::Event;
use crate::config::{Notify, NotifyTarget};
use crate::life::Moment;

/// What is told and not yet heard of; the task always listens, so it is never much.
const UNHEARD: usize = 256;

/// The way to the notifier, of anybody who has something to tell. Telling never waits.
#[derive(Clone, Debug)]
pub struct Notices {
    told: Option<Sender<Told>>,
}

#[derive(Debug)]
enum Told {
    Event(Event),
    Notice(Kind, String),
    /// No more will come.
    End,
}

impl Notices {
    /// Something happened.
    pub fn event(&self, event: &Event) {
        self.put(|| Told::Event(event.clone()));
    }

    /// Something happened that is no event of the agent's.
    pub fn tell(&self, kind: Kind, text: impl Into<String>) {
        self.put(|| Told::Notice(kind, text.into()));
    }

    fn put(&self, told: impl FnOnce() -> Told) {
        if let Some(sender) = &self.told
            && let Err(error) = sender.try_send(told())
        {
            tracing::warn!(%error, "a notification is lost");
        }
    }
}

/// The running task.
#[derive(Debug)]
pub struct Notifier {
    notices: Notices,
    task: Option<JoinHandle<()>>,
}

fn now() -> Moment {
    Moment {
        instant: Instant::now(),
        wall: Timestamp::now(),
    }
}

impl Notifier {
    /// Starts it on the current runtime. Without targets there is nothing to run.
    #[must_use]
    pub fn start(targets: &[Notify], bounds: Bounds, codes: Codes, courier: Courier) -> Self {
        if targets.is_empty() {
            return Self {
                notices: Notices { told: None },
                task: None,
            };
        }
        let (sender, heard) = mpsc::channel(UNHEARD);
        let outbox = Outbox::new(bounds, targets.iter().map(|target| target.kinds.clone()));
        let desk = Desk {
            outbox,
            targets: targets.iter().map(|target| Arc::clone(&target.target)).collect(),
            codes,
            courier,
            under_way: JoinSet::new(),
        };
        Self {
            notices: Notices { told: Some(sender) },
            task: Some(tokio::spawn(desk.run(heard).in_current_span())),
        }
    }

    /// A way to it.
    #[must_use]
    pub fn notices(&self) -> Notices {
        self.notices.clone()
    }

    /// Sends what can be sent at once, for no longer than `limit`, and ends.
    pub async fn close(self, limit: Duration) {
        self.notices.put(|| Told::End);
        if let Some(mut task) = self.task
            && timeout(limit, &mut task).await.is_err()
        {
            tracing::warn!("notifications are lost: they could not be sent before the end");
            task.abort();
        }
    }
}

struct Desk {
    outbox: Outbox,
    targets: Vec<Arc<NotifyTarget>>,
    codes: Codes,
    courier: Courier,
    under_way: JoinSet<(usize, Outcome)>,
}

impl Desk {
    async fn run(mut self, mut heard: Receiver<Told>) {
        let mut is_open = true;
        loop {
            self.send();
            if !is_open && self.under_way.is_empty() {
                return;
            }
            let due = self.outbox.poll_timeout(now());
            let due = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                told = heard.recv(), if is_open => match told {
                    Some(Told::Event(event)) => self.hear(&event),
                    Some(Told::Notice(kind, text)) => {
                        let now = now();
                        self.outbox.tell(now, Notice::new(now.wall, kind, text));
                    }
                    Some(Told::End) | None => {
                        is_open = false;
                        self.outbox.close();
                    }
                },
                Some(finished) = self.under_way.join_next() => match finished {
                    Ok((target, outcome)) => self.outbox.handle_outcome(now(), target, outcome),
                    Err(fault) => tracing::error!(%fault, "a notification"),
                },
                () = due => self.outbox.handle_timeout(now()),
            }
        }
    }

    fn hear(&mut self, event: &Event) {
        if let Event::Evidence { folder } = event {
            return self.outbox.evidence(folder);
        }
        let now = now();
        if let Some(notice) = Notice::of(now.wall, event, self.codes) {
            self.outbox.tell(now, notice);
        }
    }

    fn send(&mut self) {
        while let Some(delivery) = self.outbox.poll_delivery(now()) {
            let Delivery {
                target,
                notice,
                with_picture,
                dropped,
            } = delivery;
            let courier = self.courier.clone();
            let to = Arc::clone(&self.targets[target]);
            let bringing = async move {
                let brought = courier.bring(to, notice, with_picture, dropped).await;
                (target, brought.map_or_else(Outcome::from, |_| Outcome::Accepted))
            };
            self.under_way.spawn(bringing.in_current_span());
        }
        while let Some(news) = self.outbox.poll_news() {
            let name = |target: usize| self.targets[target].name();
            match news {
                News::Fails(target, why) => tracing::warn!(
                    target = name(target),
                    why,
                    "a notification was not taken; it is tried again"
                ),
                News::Loses(target, why) => tracing::warn!(
                    target = name(target),
                    why,
                    "notifications are lost; see `gatehand notify test`"
                ),
                News::Recovers(target, lost) => {
                    tracing::info!(target = name(target), lost, "notifications are taken again");
                }
            }
        }
    }
}
