//! What is kept on disk, in the state folder: the governor's book, evidence, events.

mod evidence;
mod events;
mod governor;

pub use evidence::{Evidence, write_case, write_png};
pub use events::EventLog;
pub use governor::{Governor, GovernorError, Verdict};
