//! PID 1: stops, restarts, and what is left behind.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::common::printed;
use crate::container::{Container, Demo, HARDENED, podman};

/// States of the processes in the container, from /proc: the image has no `ps`.
pub(crate) fn processes(container: &Container) -> Vec<(String, char)> {
    let told = container.exec(&[
        "sh",
        "-c",
        "for stat in /proc/[0-9]*/stat; do read -r line <$stat && echo \"$line\"; done",
    ]);
    String::from_utf8(told.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| {
            let (head, tail) = line.rsplit_once(") ")?;
            Some((head.split_once('(')?.1.to_owned(), tail.chars().next()?))
        })
        .collect()
}

#[test]
#[ignore = "needs the image: make image-test"]
fn a_stop_is_tidy_and_quick() {
    let container = Demo::new(json!({})).login().options(&HARDENED).start();
    container.wait_for_state("ready");
    let started = Instant::now();
    podman(&["stop", &container.name]);
    let took = started.elapsed();
    assert_eq!(container.exit_code(), 0, "{}", container.log());
    // After this long Docker kills: 10 s unless told otherwise.
    assert!(
        took < Duration::from_secs(5),
        "{took:?}: killed? {}",
        container.log()
    );
    let closed = ["menu", "window_close"]
        .map(|event| container.journal.all(event))
        .concat();
    assert!(!closed.is_empty(), "by its menu or its window, not by a signal");
}

#[test]
#[ignore = "needs the image: make image-test"]
fn gateways_that_were_restarted_leave_no_zombies() {
    let restarts = std::env::var("GATEHAND_TEST_RESTARTS").map_or(5, |number| number.parse().unwrap());
    let container = Demo::new(json!({})).login().options(&HARDENED).start();
    container.wait_for_state("ready");
    for number in 1..=restarts {
        let output = container.exec(&["gatehand", "restart", "--cold"]);
        printed(&output);
        container.wait("another start", || {
            (container.journal.all("started").len() > number).then_some(())
        });
        container.wait_for_state("ready");
    }
    let processes = processes(&container);
    assert!(processes.iter().any(|(name, _)| name == "java"), "{processes:?}");
    assert!(processes.iter().all(|(_, state)| *state != 'Z'), "{processes:?}");
    assert_eq!(container.journal.all("started").len(), restarts + 1);
}

#[test]
#[ignore = "needs the image: make image-test"]
fn a_restarted_container_keeps_its_settings_and_what_the_governor_knows() {
    let container = Demo::new(json!({}))
        .login()
        .options(&HARDENED)
        .environment(&[("READ_ONLY_API", "no"), ("TWS_MASTER_CLIENT_ID", "17")])
        .start();
    container.wait_for_state("ready");
    let settings = "/var/lib/gatehand/settings/configuration.json";
    let kept = container.exec(&["cat", settings]).stdout;
    assert!(
        String::from_utf8_lossy(&kept).contains("17"),
        "{}",
        container.log()
    );
    podman(&["restart", &container.name]);
    container.wait("another login", || (container.submissions() > 1).then_some(()));
    container.wait_for_state("ready");
    assert_eq!(container.exec(&["cat", settings]).stdout, kept);
    let governor = container.exec(&["sh", "-c", "ls /var/lib/gatehand/state"]);
    assert!(!governor.stdout.is_empty());
}
