//! Which dialog is this, and what may be done about it: rules as data. Pure.
//!
//! To add a dialog, add a `[[rule]]` to a file of `catalogue/` and a row to `tests/dialogs.rs`.

mod catalogue;
mod rule;

pub use catalogue::{Catalogue, Recognition, RuleError};
pub use rule::{Meaning, Rule};
