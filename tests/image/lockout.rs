//! A wrong password, and a runtime that starts the container again and again.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::container::{Demo, HARDENED};

/// How long it is watched: a few restarts' worth, and ten minutes where GATEHAND_TEST_WATCH says so.
fn watched() -> Duration {
    let seconds = std::env::var("GATEHAND_TEST_WATCH").map_or(30, |seconds| seconds.parse().unwrap());
    Duration::from_secs(seconds)
}

fn one_submission(restart: &str) {
    let container = Demo::new(json!({"password": "another one"}))
        .login()
        .options(&HARDENED)
        .options(&["--restart", restart])
        .start();
    container.wait("a refusal", || container.journal.all("login").into_iter().next());
    // The container is not restarted by itself while it is locked: somebody does it, as a watchdog would.
    let (begun, mut restarts) = (Instant::now(), 0);
    while begun.elapsed() < watched() {
        container.wait("it to be told of", || {
            container
                .status()
                .filter(|status| status["state"] == "locked-out")
        });
        assert_eq!(container.submissions(), 1, "{}", container.log());
        crate::container::podman(&["restart", &container.name]);
        restarts += 1;
    }
    container.wait_for_state("locked-out");
    assert!(restarts > 0);
    assert_eq!(
        container.submissions(),
        1,
        "{restarts} restarts: {}",
        container.log()
    );
}

#[test]
#[ignore = "needs the image: make image-test"]
fn a_wrong_password_is_submitted_once_where_containers_are_always_restarted() {
    one_submission("always");
}

#[test]
#[ignore = "needs the image: make image-test"]
fn a_wrong_password_is_submitted_once_where_they_are_never() {
    one_submission("no");
}
