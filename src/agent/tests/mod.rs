//! The agent before a display of hand-made windows, in counted time.

mod login;
mod stage;
