//! The agent before a display of hand-made windows, in counted time.

mod dialogs;
mod filling;
mod life;
mod login;
mod outcome;
mod restart;
mod second_factor;
pub(crate) mod stage;
mod take_over;
mod upkeep;
