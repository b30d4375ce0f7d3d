//! Which dialog is this, and what may be done about it: rules as data. Pure.
//!
//! To add a dialog, add a `[[rule]]` to a file of `catalogue/` and a row to `tests/dialogs.rs`.

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
