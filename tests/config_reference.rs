//! `docs/settings.md` says what the table of settings says.

use std::path::Path;

#[test]
fn the_reference_page_is_made_from_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/settings.md");
    let made = gatehand::config::markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == made,
        "docs/settings.md differs from the table; run UPDATE_DOCS=1 cargo test --test config_reference"
    );
}
