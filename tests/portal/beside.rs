//! `gatehand run` with the Client Portal Gateway beside the one with windows.

use serde_json::Value;

use super::common::program::free_port;
use super::common::wait_for;
use super::house::{House, Kind, WEBSOCKET, curl};
use super::upstream::Trouble;

/// One program, one HTTP port, one order to stop.
#[test]
fn both_gateways_run_in_one_process() {
    let http = free_port();
    let vnc = free_port();
    let mut house = House::new(Kind::StandIn)
        .with("GATEHAND_HTTP_LISTEN", &format!("127.0.0.1:{http}"))
        .with("GATEHAND_VNC_LISTEN", &format!("127.0.0.1:{vnc}"))
        .with("VNC_SERVER_PASSWORD", "look-in")
        .start_beside();
    house.program.wait_for_state("ready");
    wait_for("the portal to be ready", || {
        house
            .beliefs_beside()
            .iter()
            .any(|belief| belief.starts_with("ready: "))
            .then_some(())
    });
    let (status, told) = curl(&[&format!("http://127.0.0.1:{http}/readyz")]);
    assert_eq!(status, 200, "{told}");
    assert!(told.contains("paper: ") && told.contains("portal: "), "{told}");
    let token = "Authorization: Bearer a-token-for-the-portals-test";
    let (status, told) = curl(&["--header", token, &format!("http://127.0.0.1:{http}/status")]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (status, told["gateways"].as_array().unwrap().len()),
        (200, 2),
        "{told}"
    );
    let (status, told) = curl(&["--header", token, &format!("http://127.0.0.1:{http}/metrics")]);
    let counts = |of: &str| told.lines().any(|line| line.contains(of) && line.ends_with(" 1"));
    assert!(
        status == 200 && counts(r#"gateway="paper""#) && counts(r#"gateway="portal""#),
        "{told}"
    );
    // Each has its screen there; the viewers' own port is that of the gateway with windows.
    for of in ["paper", "portal"] {
        let protocol = ["--header", "Sec-WebSocket-Protocol: binary"];
        let url = format!("http://127.0.0.1:{http}/websockify?of={of}");
        assert_eq!(
            curl(&[&WEBSOCKET[..], &protocol, &[&url]].concat()).0,
            101,
            "{of}"
        );
    }
    // What ends one leaves the other as it is.
    house.program.ask(&["portal", "stop"]).unwrap();
    wait_for("the portal to rest", || {
        house
            .beliefs_beside()
            .last()
            .is_some_and(|belief| belief.starts_with("inactive: "))
            .then_some(())
    });
    let told = house.program.ask(&["status"]).unwrap();
    let begins = |name: &str| told.lines().any(|line| line.starts_with(name));
    assert!(
        begins("paper             Ready") && begins("portal            Stopped"),
        "{told}"
    );
    let told = house.program.ask(&["status", "--json"]).unwrap();
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["gateways"].as_array().unwrap().len(), 2, "{told}");
    let told = house.program.ask(&["portal", "status"]).unwrap();
    assert!(told.contains("inactive") && !told.contains("paper"), "{told}");
    let told = house.program.ask(&["--of", "paper", "status"]).unwrap();
    assert!(!told.contains("portal"), "{told}");
    let told = house.program.ask(&["health"]).unwrap();
    assert!(told.contains("paper: ") && told.contains("portal: "), "{told}");
    let told = house.program.ask(&["events"]).unwrap();
    assert!(told.contains("paper: {") && told.contains("portal: {"), "{told}");
    house.program.ask(&["portal", "start"]).unwrap();
    wait_for("the portal to be ready again", || {
        house
            .beliefs_beside()
            .last()
            .is_some_and(|belief| belief.starts_with("ready: "))
            .then_some(())
    });
    assert_eq!(house.program.stop(), Some(0));
    assert_eq!(house.upstream.count("/v1/api/logout"), 2);
}

/// IBKR would lock the user for the sum of both.
#[test]
fn a_password_that_is_refused_at_one_is_not_submitted_at_the_other() {
    let mut house = House::new(Kind::StandIn).ibkr(|ibkr| ibkr.trouble = Trouble::Away);
    house.program.set("TWS_PASSWORD", "not this one");
    let mut house = house.with("IBEAM_PASSWORD", "not this one").start_beside();
    house.program.wait_for_state("locked-out");
    wait_for("the portal to wait for IBKR", || {
        house
            .beliefs_beside()
            .iter()
            .any(|belief| belief.starts_with("upstream-down: "))
            .then_some(())
    });
    house.upstream.state().trouble = Trouble::None;
    wait_for("the portal to be locked out", || {
        house
            .beliefs_beside()
            .iter()
            .any(|belief| belief.starts_with("locked-out: "))
            .then_some(())
    });
    assert_eq!(house.logins(), 0);
}
