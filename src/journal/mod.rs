//! What is kept on disk, in the state folder: the governor's book, evidence, events, keys.

mod events;
mod evidence;
mod governor;
mod private_file;
pub mod recorder;
mod state_folder;

pub use events::{EVENTS, EventLog};
pub use evidence::{BLANK, CaseError, EVIDENCE, Evidence, read_case, without_fields, write_case};
pub use governor::{Clocks, Governor, GovernorError, Limits, QuietHours, Verdict};
pub use private_file::{make_private_folder, write_private};
pub use state_folder::StateFolder;
