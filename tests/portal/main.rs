//! `gatehand portal` against a stand-in of the Client Portal Gateway, and against the real one where that is asked for.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod around;
mod beside;
#[path = "../common/mod.rs"]
mod common;
mod factors;
mod house;
mod keeping;
mod real;
mod table;
#[path = "../../fixtures/portal/upstream.rs"]
mod upstream;

use common::certificates::Authority;
use common::outcome::{Home, Outcome, gatehand};
use common::program::free_port;
use serde_json::Value;
use upstream::{Trouble, Upstream};

/// Asks the gateway at this address how its session is.
fn tickle(home: &Home, url: &str, environment: &[(&str, &str)]) -> Outcome {
    let mut all = vec![("GATEHAND_PORTAL_URL", url)];
    all.extend(environment);
    gatehand(home.folder(), &["portal", "tickle"], &all)
}

/// One that answers as a gateway does: authenticated, connected, competing.
fn gateway(flags: [bool; 3]) -> Upstream {
    let gateway = Upstream::start(None);
    gateway.state().is_gateway = true;
    be(&gateway, Some(flags));
    gateway
}

/// Without flags, nobody is logged in.
fn be(gateway: &Upstream, flags: Option<[bool; 3]>) {
    let mut state = gateway.state();
    state.session = flags.is_some();
    [state.authenticated, state.connected, state.competing] = flags.unwrap_or_default();
}

/// All that looks like a login, and only one that is.
#[test]
fn nothing_but_the_three_flags_together_is_ready() {
    let gateway = gateway([false; 3]);
    let home = Home::new();
    let url = format!("http://127.0.0.1:{}", gateway.port);
    for (flags, code, standing) in [
        (None, 69, "no-session"),
        (Some([true, true, false]), 0, "ready"),
        (Some([false, true, false]), 69, "not-authenticated"),
        (Some([true, false, false]), 69, "not-authenticated"),
        (Some([true, true, true]), 69, "competing"),
        (Some([false, false, true]), 69, "competing"),
    ] {
        be(&gateway, flags);
        let outcome = tickle(&home, &url, &[]);
        assert_eq!(
            outcome.code,
            Some(code),
            "{flags:?}: {}{}",
            outcome.stdout,
            outcome.stderr
        );
        let first = outcome.stdout.split_whitespace().next();
        assert_eq!(first, Some(standing), "{flags:?}");
    }
    let requests = gateway.state().requests.clone();
    assert_eq!(requests, ["POST /v1/api/tickle HTTP/1.1"; 6], "one request each");
}

#[test]
fn what_programs_read_is_json() {
    let gateway = gateway([true, true, false]);
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
    let gateway = gateway([true, true, false]);
    let url = format!("http://127.0.0.1:{}", gateway.port);
    gateway.state().trouble = Trouble::Away;
    let silent = tickle(&home, &url, &[("IBEAM_REQUEST_TIMEOUT", "1")]);
    assert!(
        silent.stdout.starts_with("upstream-down") && silent.stdout.contains("within 1 s"),
        "{}",
        silent.stdout
    );
    gateway.state().trouble = Trouble::Denies;
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

/// What is missing is named, with its cure, before anything is started.
#[test]
fn what_is_missing_is_told_with_its_cure() {
    let home = Home::new();
    let run = |environment: &[(&str, &str)]| gatehand(home.folder(), &["portal", "run"], environment);
    let nowhere = home.folder().join("gateway").display().to_string();
    run(&[("IBEAM_GATEWAY_DIR", &nowhere)])
        .refuses(78, &["Gateway not found", &nowhere, "GATEHAND_PORTAL_FOLDER"]);
    let jar = "gateway/dist/ibgroup.web.core.iblink.router.clientportal.gw.jar";
    for part in ["gateway/dist", "gateway/root", "inputs"] {
        std::fs::create_dir_all(home.folder().join(part)).unwrap();
    }
    std::fs::write(home.folder().join(jar), "").unwrap();
    let inputs = home.folder().join("inputs").display().to_string();
    let there = [
        ("IBEAM_GATEWAY_DIR", nowhere.as_str()),
        ("IBEAM_INPUTS_DIR", &inputs),
    ];
    let without_java = [&there[..], &[("PATH", "/nowhere")]].concat();
    run(&without_java).refuses(78, &["needs Java", "GATEHAND_PORTAL_JAVA"]);
    std::fs::write(home.folder().join("inputs/conf.yaml"), "listenPort: none\n").unwrap();
    run(&there).refuses(78, &["conf.yaml", "listenPort", "1 to 65535"]);
}

/// Another's certificate is refused before anything is asked, whatever it is called.
#[test]
fn only_the_certificate_that_is_named_is_believed() {
    let home = Home::new();
    let authority = Authority::new("the gateway's");
    authority.issue("gateway");
    let gateway = Upstream::start(Some((
        &authority.path("gateway.pem"),
        &authority.path("gateway.key"),
    )));
    be(&gateway, Some([true, true, false]));
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
    assert_eq!(gateway.state().requests, [] as [&str; 0]);
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
