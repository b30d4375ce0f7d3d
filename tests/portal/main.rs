//! `gatehand portal` against a stand-in of the Client Portal Gateway, and against the real one where that is asked for.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod beside;
#[path = "../common/mod.rs"]
mod common;
mod house;
mod keeping;
mod real;
mod stand_in;
mod table;
#[path = "../../fixtures/portal/upstream.rs"]
mod upstream;

use common::certificates::Authority;
use common::outcome::{Home, Outcome, gatehand};
use common::program::free_port;
use serde_json::Value;
use stand_in::{Gateway, Upstream};

/// Asks the gateway at this address how its session is.
fn tickle(home: &Home, url: &str, environment: &[(&str, &str)]) -> Outcome {
    let mut all = vec![("GATEHAND_PORTAL_URL", url)];
    all.extend(environment);
    gatehand(home.folder(), &["portal", "tickle"], &all)
}

/// All that looks like a login, and only one that is.
#[test]
fn nothing_but_the_three_flags_together_is_ready() {
    let gateway = Gateway::start(None);
    let home = Home::new();
    let url = format!("http://127.0.0.1:{}", gateway.port);
    for (upstream, code, standing) in [
        (Upstream::NoSession, 69, "no-session"),
        (Upstream::Session([true, true, false]), 0, "ready"),
        (Upstream::Session([false, true, false]), 69, "not-authenticated"),
        (Upstream::Session([true, false, false]), 69, "not-authenticated"),
        (Upstream::Session([true, true, true]), 69, "competing"),
        (Upstream::Session([false, false, true]), 69, "competing"),
    ] {
        gateway.be(upstream.clone());
        let outcome = tickle(&home, &url, &[]);
        assert_eq!(
            outcome.code,
            Some(code),
            "{upstream:?}: {}{}",
            outcome.stdout,
            outcome.stderr
        );
        let first = outcome.stdout.split_whitespace().next();
        assert_eq!(first, Some(standing), "{upstream:?}");
    }
    let requests = gateway.requests();
    assert!(
        requests
            .iter()
            .all(|request| request == "POST /v1/api/tickle HTTP/1.1"),
        "{requests:?}"
    );
    assert_eq!(requests.len(), 6, "one request each: {requests:?}");
}

#[test]
fn what_programs_read_is_json() {
    let gateway = Gateway::start(None);
    gateway.be(Upstream::Session([true, true, false]));
    let url = format!("http://localhost:{}", gateway.port);
    let home = Home::new();
    let arguments = ["portal", "tickle", "--json", "--portal-url", &url];
    let outcome = gatehand(home.folder(), &arguments, &[]);
    let told: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(told["standing"], "ready", "{told}");
    assert_eq!(told["expires_in_seconds"], 444, "{told}");
    assert_eq!(told["server"], "Build 10.33.1f", "{told}");
}

/// Each is its own state: a login would help none of them.
#[test]
fn what_does_not_answer_is_told_apart() {
    let home = Home::new();
    let gateway = Gateway::start(None);
    let url = format!("http://127.0.0.1:{}", gateway.port);
    gateway.be(Upstream::Away);
    let silent = tickle(&home, &url, &[("IBEAM_REQUEST_TIMEOUT", "1")]);
    assert!(
        silent.stdout.starts_with("upstream-down") && silent.stdout.contains("within 1 s"),
        "{}",
        silent.stdout
    );
    gateway.be(Upstream::Session([true, true, false]));
    gateway.deny();
    let denied = tickle(&home, &url, &[]);
    assert!(
        denied.stdout.starts_with("not-allowed") && denied.stdout.contains("ips.allow"),
        "{}",
        denied.stdout
    );
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let down = tickle(&home, &nobody, &[]);
    assert!(
        down.stdout.starts_with("down") && down.stdout.contains(&nobody),
        "{}",
        down.stdout
    );
    for outcome in [silent, denied, down] {
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(69), ""));
    }
}

/// Another's certificate is refused before anything is asked, whatever it is called.
#[test]
fn only_the_certificate_that_is_named_is_believed() {
    let home = Home::new();
    let authority = Authority::new("the gateway's");
    authority.issue("gateway");
    let gateway = Gateway::start(Some((
        &authority.path("gateway.pem"),
        &authority.path("gateway.key"),
    )));
    gateway.be(Upstream::Session([true, true, false]));
    let url = format!("https://localhost:{}", gateway.port);
    let shipped = tickle(&home, &url, &[]);
    assert!(
        shipped.stdout.starts_with("down") && shipped.stdout.contains("GATEHAND_PORTAL_CERTIFICATE"),
        "{}",
        shipped.stdout
    );
    let stranger = Authority::new("somebody else's");
    let by_stranger = tickle(
        &home,
        &url,
        &[("GATEHAND_PORTAL_CERTIFICATE", &stranger.text("ca.pem"))],
    );
    assert!(by_stranger.stdout.starts_with("down"), "{}", by_stranger.stdout);
    assert_eq!(gateway.requests(), [] as [&str; 0]);
    for file in ["ca.pem", "gateway.pem"] {
        let outcome = tickle(
            &home,
            &url,
            &[("GATEHAND_PORTAL_CERTIFICATE", &authority.text(file))],
        );
        assert_eq!(
            outcome.code,
            Some(0),
            "{file}: {}{}",
            outcome.stdout,
            outcome.stderr
        );
    }
    let no_file = tickle(
        &home,
        &url,
        &[("GATEHAND_PORTAL_CERTIFICATE", &authority.text("gateway.key"))],
    );
    no_file.refuses(78, &["GATEHAND_PORTAL_CERTIFICATE", "gateway.key", "certificate"]);
}
