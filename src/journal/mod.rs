//! What is kept on disk, in the state folder: the governor's book, evidence, events.

mod events;
mod evidence;
mod governor;
pub mod recorder;

pub use events::EventLog;
pub use evidence::{CaseError, Evidence, read_case, write_case};
pub use governor::{Governor, GovernorError, Verdict};
