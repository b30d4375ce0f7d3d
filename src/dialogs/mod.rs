//! Which dialog is this, and what may be done about it: rules as data. Pure.
//!
//! To add a dialog, add a `[[rule]]` to a file of `catalogue/` and a row to `tests/dialogs.rs`.
//!
//! # What a rule says
//!
//! ```toml
//! [[rule]]
//! name = "backup"
//! # What tells the window apart: every condition must hold; within a list, any entry will do.
//! title = ["Backup"]
//! text = ["Where should the backup go?"]
//! # What is done, in this order. `scroll` brings a text to its end: some buttons answer only then. `value` is no secret; `with` takes "user-name" or "password" of the settings.
//! scroll = true
//! tick.now = "Do not ask again"
//! fill = [{ field = ["Folder"], value = "/srv/backup" }]
//! setting = "backup"
//! answers.now = ["Start"]
//! answers.later = ["Later"]
//! ```
//!
//! Further conditions: `title-match = "equals"`, `title-or-text`, `also`, `words`, `buttons`, `no-title`, `no-buttons`, `no-text`,
//! `questions`, `about-orders`. Further answers: `press` in place of `setting` and `answers`; `errors`, `close`. `meaning`
//! gives a window a part in the login. `built-in-rules = false` at the head of one of a folder's files leaves out the
//! built-in ones.

mod catalogue;
mod danger;
mod fill;
mod judgement;
mod lesson;
mod phrase;
mod press;
mod rule;
mod said;

pub use catalogue::{Catalogue, Recognition, RuleError, RuleFile};
pub use danger::{DANGERS, Danger, is_built_in};
pub use fill::{Fill, FillText};
pub use judgement::{Condition, Judgement};
pub use lesson::{Lesson, labels};
pub use press::{Permit, Press};
pub use rule::{Meaning, Reply, Rule};
