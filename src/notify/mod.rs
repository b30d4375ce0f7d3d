//! Notifications: who is told of what happens, by a webhook, a topic of ntfy or a command.
//!
//! # Reading order
//!
//! [`Kind`] is what may be told, [`Notice`] one of them and the forms in which it is sent. [`Outbox`] is the pure machine
//! that decides what is sent to whom and when; `delivery` sends one notice to one target; [`Notifier`] is the shell around
//! both, a task of its own: nobody ever waits for a target.

mod delivery;
mod kind;
mod notice;
mod notifier;
mod outbox;

pub use delivery::{Courier, Refusal};
pub use kind::{Kind, Severity};
pub use notice::{Codes, Notice};
pub use notifier::{Notices, Notifier};
pub use outbox::{Bounds, Delivery, News, Outbox, Outcome};
