//! The committed pictures of dialogs: each is claimed by exactly its own rule, and those of `none` and `danger` by none.
//!
//! `cargo bench --bench dialogs` judges many more, and `-- --commit` paints what is missing here. A folder that
//! `gatehand snapshot` made of a real window belongs into the folder of its rule as it is.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;
mod corpus;

use std::path::{Path, PathBuf};

use corpus::case::{Case, folders};
use corpus::verdict::{Counted, judge};
use gatehand::dialogs::Catalogue;
use gatehand::vision::{Cache, Reader};

/// Threads that read, each with its own engine.
const READERS: usize = 2;

#[test]
fn every_case_is_claimed_by_exactly_its_own_rule() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/dialogs");
    let all = folders(&root);
    assert!(all.len() >= 150, "the pictures are missing");
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let shares = all.chunks(all.len().div_ceil(READERS));
        let threads: Vec<_> = shares.map(|share| scope.spawn(|| faults(share))).collect();
        let found = threads.into_iter().flat_map(|thread| thread.join().unwrap());
        found.collect()
    });
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        all.len(),
        wrong.join("\n")
    );
}

/// What is wrong with the cases in these folders.
fn faults(folders: &[PathBuf]) -> Vec<String> {
    let catalogue = Catalogue::built_in().unwrap();
    let mut reader = Reader::new(Counted::new(), Cache::new());
    let mut faults = Vec::new();
    for folder in folders {
        let case = Case::load(folder);
        let verdict = judge(&case, &mut reader, &catalogue);
        let sound = verdict.wrong_acts + verdict.buttons_wrong + verdict.boxes_wrong == 0;
        if !verdict.right || !sound {
            faults.push(format!("{}: {}", case.name, verdict.complaints.join("; ")));
        }
    }
    faults
}

#[test]
fn the_folder_of_a_case_is_its_rule() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/dialogs");
    let catalogue = Catalogue::built_in().unwrap();
    for folder in folders(&root) {
        let case = Case::load(&folder);
        let family = folder.parent().unwrap().file_name().unwrap().to_string_lossy();
        match &case.truth.rule {
            Some(rule) => {
                assert_eq!(*rule, family, "{}", case.name);
                assert!(
                    catalogue.rules().iter().any(|other| other.name == *rule),
                    "{rule}"
                );
            }
            None => assert!(["none", "danger"].contains(&&*family), "{}", case.name),
        }
    }
}
