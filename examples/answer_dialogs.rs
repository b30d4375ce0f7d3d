//! Answers the dialogs of any program by a folder of rule files, and prints what it does.
//!
//!     cargo run --release --example answer_dialogs -- :1 tests/other_programs/rules STATE_FOLDER [USER PASSWORD_FILE]
//!
//! What it cannot answer it keeps in the state folder, as pictures and text. User name and password are for rules that
//! fill them in; a password that was refused is written down in the state folder, and never handed in again.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use gatehand::agent::{Agent, Policy};
use gatehand::config::{Credentials, Secret};
use gatehand::dialogs::{Catalogue, RuleFile};
use gatehand::journal::{EventLog, Governor, Limits};
use gatehand::pilot::{Eyes, Hands, Pilot, RecordedAgent, Report};
use gatehand::x11::DisplayAddress;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (display, rules, folder, credentials) = match arguments.as_slice() {
        [display, rules, folder] => (display, rules, folder, None),
        [display, rules, folder, user, file] => {
            let password = std::fs::read_to_string(file)?.trim_end().to_owned();
            let password = Secret::new(password);
            let user = user.clone();
            (display, rules, folder, Some(Credentials { user, password }))
        }
        _ => return Err("usage: answer_dialogs :N RULES STATE_FOLDER [USER PASSWORD_FILE]".into()),
    };
    let folder = Path::new(folder);
    std::fs::create_dir_all(folder)?;

    let catalogue = Catalogue::with_files(&RuleFile::of_folder(Path::new(rules))?)?;
    let policy = Policy {
        has_credentials: credentials.is_some(),
        ..Policy::default()
    };
    let mut hands = Hands::new(folder);
    if let Some(Credentials { user, password }) = &credentials {
        hands.governor = Some(Governor::open(
            folder,
            user,
            password.expose(),
            Limits::default(),
        )?);
    }
    hands.credentials = credentials.map(Arc::new);

    let (reports, mut told) = tokio::sync::mpsc::unbounded_channel();
    let pilot = Pilot::start(
        &DisplayAddress::new(display.clone()),
        Eyes::open(folder.to_path_buf())?,
        RecordedAgent::new(Agent::new(catalogue, policy), None),
        hands,
        EventLog::open(folder)?,
        reports,
    )?;
    while let Some(report) = told.blocking_recv() {
        match report {
            Report::Event(event) => println!("{event:?}"),
            Report::DisplayLost(why) => return Err(why.into()),
            Report::Attempts(_) | Report::Begun(..) | Report::Login(_) | Report::Unlocked(_) => {}
        }
    }
    drop(pilot);
    Ok(())
}
