//! `gatehand portal run` through what happens to a gateway and its session, with the stand-in of the gateway and, where that is
//! asked for, with the real one.

use std::fs;
use std::process::Command;
use std::time::Instant;

use super::common::program::family;
use super::common::totp::TOTP;
use super::common::{printed, wait_for};
use super::house::{House, Kind, curl};
use super::upstream::{Factor, Trouble};

/// Each for the stand-in; with `GATEHAND_TEST_CPG=1` for the real gateway as well.
macro_rules! with_both {
    ($($name:ident)+) => {
        mod stand_in {
            $(#[test] fn $name() { super::$name(House::new(Kind::StandIn)); })+
            use super::{House, Kind};
        }
        mod real {
            $(#[test] fn $name() {
                match std::env::var_os("GATEHAND_TEST_CPG") {
                    Some(_) => super::$name(House::new(Kind::Real)),
                    None => eprintln!("skipped: GATEHAND_TEST_CPG=1 fetches the real gateway and tries it"),
                }
            })+
            use super::{House, Kind};
        }
    };
}

with_both! {
    it_logs_in_serves_and_logs_out
    credentials_that_are_refused_are_submitted_once
    a_redirection_back_to_the_login_is_no_success
    a_code_of_the_users_key_is_typed
    a_device_is_chosen_and_its_push_sent_again
    what_does_not_reach_ibkr_logs_in_once_it_does
    a_session_that_is_lost_is_one_login_more
    a_lost_brokerage_session_comes_back_without_a_browser
    a_session_elsewhere_is_waited_for
    a_session_elsewhere_is_taken_over_where_that_is_wanted
    a_session_elsewhere_is_left_to_whom_it_is_where_that_is_wanted
    a_gateway_that_is_killed_comes_back
    a_port_that_is_taken_is_told
    a_wrong_password_of_the_key_store_is_told
    a_configuration_with_an_unknown_key_is_told
    a_key_store_of_the_users_own_is_verified
    it_works_without_tls_of_the_gateway
    who_is_in_no_list_is_told_so
    it_rests_and_comes_back_by_order
    orders_need_no_token_where_that_is_wanted
}

/// From the start to the end: a login by browser, a session that every client shares, no trace of secrets, a tidy end.
fn it_logs_in_serves_and_logs_out(house: House) {
    let began = Instant::now();
    let mut house = house.start();
    house.wait_for("ready", "authenticated, connected, not competing");
    eprintln!("ready after {:.1} s", began.elapsed().as_secs_f32());
    assert_eq!(house.logins(), 1);
    let (status, body) = house.curl(&[&format!("{}/v1/api/one/user", house.url)]);
    assert_eq!(status, 200, "{body}");
    let (status, _) = curl(&[&format!("{}/readyz", house.health)]);
    assert_eq!(status, 200);
    let tickles = house.upstream.count("/v1/api/tickle");
    wait_for("the session to be asked for again", || {
        (house.upstream.count("/v1/api/tickle") > tickles + 2).then_some(())
    });
    wait_for("the browser to be gone", || {
        let names = family(house.program.pid())
            .into_iter()
            .filter_map(|pid| fs::read_to_string(format!("/proc/{pid}/comm")).ok());
        (!names
            .into_iter()
            .any(|name| name.contains("surf") || name.contains("Xvfb") || name.contains("WebKit")))
        .then_some(())
    });
    let password = house.upstream.state().user.password.clone();
    let processes = house.program.processes();
    for pid in &processes {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let of = |name| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .unwrap_or_default()
        };
        eprintln!(
            "with the browser gone: {} has {} resident",
            of("Name:").trim(),
            of("VmRSS:").trim()
        );
    }
    for pid in &processes {
        for file in ["cmdline", "environ"] {
            let bytes = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            assert!(
                !String::from_utf8_lossy(&bytes).contains(&password),
                "{file} of {pid}"
            );
        }
    }
    let log = house.program.log();
    for line in [
        "Gateway not found",
        "started with pid",
        "No active sessions",
        "Authentication process succeeded",
        "Gateway running and authenticated",
    ] {
        assert!(log.contains(line), "{line:?} is not in {log}");
    }
    assert_eq!(house.program.stop(), Some(0));
    assert_eq!(house.upstream.count("/v1/api/logout"), 1);
    let log = house.program.log();
    for secret in [password.as_str(), "XYZAB", "c3d4", "mywebapi"] {
        assert!(!log.contains(secret), "{secret:?} is in {log}");
    }
    let left = processes
        .iter()
        .filter(|pid| fs::metadata(format!("/proc/{pid}")).is_ok());
    assert_eq!(left.count(), 0);
}

fn credentials_that_are_refused_are_submitted_once(house: House) {
    let mut house = house.with("IBEAM_PASSWORD", "not this one").start();
    house.wait_for("locked-out", "Invalid username password combination");
    let tickles = house.upstream.count("/v1/api/tickle");
    wait_for("five more questions", || {
        (house.upstream.count("/v1/api/tickle") >= tickles + 5).then_some(())
    });
    assert_eq!(house.logins(), 1);
    // Also not by another one.
    assert_eq!(house.program.stop(), Some(0));
    house.program.restart(&["-v", "portal", "run"]);
    house.wait_for_times("locked-out", 2);
    assert_eq!(house.logins(), 1);
    // A human knows that it is right now.
    house.upstream.state().user.password = "not this one".into();
    house.program.ask(&["portal", "login"]).unwrap();
    house.wait_for("ready", "");
    assert_eq!(house.logins(), 2);
}

/// The gateway tells of a success for every redirection; IBeam counts that.
fn a_redirection_back_to_the_login_is_no_success(house: House) {
    let mut house = house.ibkr(|ibkr| ibkr.trouble = Trouble::BackToLogin).start();
    house.program.wait_for_log("Authentication process succeeded");
    house
        .program
        .wait_for_log("the page told of success, and no session came");
    assert_eq!(house.times("ready"), 0);
    let (status, _) = curl(&[&format!("{}/readyz", house.health)]);
    assert_eq!(status, 503);
    assert_eq!(house.logins(), 1);
}

fn a_code_of_the_users_key_is_typed(house: House) {
    let key = "JBSWY3DPEHPK3PXP";
    let codes = codes_of_the_next_minutes(key);
    let mut house = house
        .ibkr(|ibkr| ibkr.user.factor = Factor::Code(codes))
        .with("GATEHAND_TOTP_KEY", key)
        .start();
    house.wait_for("ready", "");
    let state = house.upstream.state();
    assert_eq!((state.logins.len(), state.codes.len()), (1, 1));
}

/// The phone hears it the second time.
fn a_device_is_chosen_and_its_push_sent_again(house: House) {
    let push = Factor::Push { confirmed_at: 2 };
    let devices = vec![("Card", Factor::Code(vec!["1".into()])), ("IB Key (phone)", push)];
    let mut house = house
        .ibkr(|ibkr| ibkr.user.factor = Factor::Devices(devices))
        .with("IBEAM_TWO_FA_SELECT_TARGET", "IB Key")
        .with("IBEAM_TWO_FA_HANDLER", "NOTIFICATION_RESEND")
        .with("IBEAM_NOTIFICATION_RESEND_INTERVAL", "2")
        .start();
    house.wait_for("ready", "");
    let state = house.upstream.state();
    assert_eq!((state.logins.len(), state.pushes, state.codes.len()), (1, 2, 0));
}

fn codes_of_the_next_minutes(key: &str) -> Vec<String> {
    let from_now_on = TOTP.replace("int(time.time())", "(int(time.time())+30*int(sys.argv[2]))");
    let code = |step: u32| {
        let mut python = Command::new("python3");
        printed(
            &python
                .args(["-c", &from_now_on, key, &step.to_string()])
                .output()
                .unwrap(),
        )
    };
    (0..6).map(|step| code(step).trim().to_owned()).collect()
}

fn what_does_not_reach_ibkr_logs_in_once_it_does(house: House) {
    let mut house = house
        .ibkr(|ibkr| ibkr.trouble = Trouble::Away)
        .with("GATEHAND_PORTAL_SILENCE_LIMIT", "20")
        .start();
    house.wait_for("upstream-down", "no answer within 3 s");
    wait_for("a third question", || {
        (house.upstream.count("/v1/api/tickle") >= 3).then_some(())
    });
    assert_eq!(
        house.upstream.count("/sso/Login"),
        0,
        "a login would not be answered either"
    );
    house.upstream.state().trouble = Trouble::None;
    house.wait_for("ready", "");
    assert_eq!(house.logins(), 1);
    house.upstream.state().trouble = Trouble::Away;
    house.wait_for_times("upstream-down", 2);
    house.upstream.state().trouble = Trouble::None;
    house.wait_for_times("ready", 2);
    assert_eq!(house.logins(), 1, "the session was there all the time");
}

fn a_session_that_is_lost_is_one_login_more(house: House) {
    let mut house = house.start();
    house.wait_for("ready", "");
    house.end_session();
    house.wait_for_times("ready", 2);
    assert_eq!(house.logins(), 2);
}

/// Logged in, and not authenticated: IBeam's login succeeds.
fn a_lost_brokerage_session_comes_back_without_a_browser(house: House) {
    let mut house = house.start();
    house.wait_for("ready", "");
    let before = house.upstream.count("/v1/api/iserver/auth/ssodh/init");
    house.upstream.state().authenticated = false;
    house.wait_for("not-authenticated", "");
    house.wait_for_times("ready", 2);
    assert_eq!(
        house.upstream.count("/v1/api/iserver/auth/ssodh/init"),
        before + 1
    );
    assert_eq!(house.logins(), 1);
}

fn a_session_elsewhere_is_waited_for(house: House) {
    let mut house = house.start();
    house.wait_for("ready", "");
    let before = house.upstream.count("/v1/api/iserver/auth/ssodh/init");
    house.upstream.state().competing = true;
    house.wait_for("competing", "elsewhere");
    let tickles = house.upstream.count("/v1/api/tickle");
    wait_for("three more questions", || {
        (house.upstream.count("/v1/api/tickle") >= tickles + 3).then_some(())
    });
    house.upstream.state().competing = false;
    house.wait_for_times("ready", 2);
    assert_eq!(
        (
            house.logins(),
            house.upstream.count("/v1/api/iserver/auth/ssodh/init")
        ),
        (1, before)
    );
}

fn a_session_elsewhere_is_taken_over_where_that_is_wanted(house: House) {
    let mut house = house.with("GATEHAND_PORTAL_COMPETING", "take-over").start();
    house.wait_for("ready", "");
    house.upstream.state().competing = true;
    house.wait_for("competing", "elsewhere");
    house.wait_for_times("ready", 2);
    assert_eq!(house.logins(), 1);
}

fn a_session_elsewhere_is_left_to_whom_it_is_where_that_is_wanted(house: House) {
    let mut house = house.with("GATEHAND_PORTAL_COMPETING", "give-up").start();
    house.wait_for("ready", "");
    let before = house.upstream.count("/v1/api/iserver/auth/ssodh/init");
    house.upstream.state().competing = true;
    house.wait_for("inactive", "the session is left to it");
    wait_for("the gateway to be gone", || {
        (house.program.processes().len() == 1).then_some(())
    });
    let asked = house.upstream.count("/v1/api/iserver/auth/ssodh/init");
    assert_eq!((house.logins(), asked), (1, before));
}

fn a_gateway_that_is_killed_comes_back(house: House) {
    let mut house = house.start();
    house.wait_for("ready", "");
    let first = house.gateway_pid();
    // The cookies of the session live in it; IBKR ends it as well, without them.
    house.end_session();
    printed(
        &Command::new("kill")
            .args(["-KILL", &first.to_string()])
            .output()
            .unwrap(),
    );
    house.wait_for("down", "SIGKILL");
    house.wait_for_times("ready", 2);
    assert_ne!(house.gateway_pid(), first);
    assert_eq!(house.logins(), 2);
}

/// The gateway stays alive, and deaf.
fn a_port_that_is_taken_is_told(house: House) {
    let taken = std::net::TcpListener::bind(("0.0.0.0", house.port)).unwrap();
    let mut house = house.with("IBEAM_GATEWAY_STARTUP", "4").start();
    house.wait_for("down", "is its port taken");
    assert_eq!(house.upstream.count("/sso/Login"), 0);
    drop(taken);
    house.wait_for("ready", "");
}

fn a_wrong_password_of_the_key_store_is_told(house: House) {
    let conf = house.conf("127.0.0.1", "sslPwd: \"wrong one\"\n");
    let mut house = house
        .with_input("conf.yaml", &conf)
        .with("IBEAM_GATEWAY_STARTUP", "4")
        .start();
    house.wait_for("down", "is the password of its key store right");
    assert!(
        !house.program.log().contains("wrong one"),
        "{}",
        house.program.log()
    );
}

fn a_configuration_with_an_unknown_key_is_told(house: House) {
    let conf = format!("listenPort: {}\nlistnSsl: true\n", house.port);
    let mut house = house.with_input("conf.yaml", &conf).start();
    house.wait_for("down", "ended (exit code 1)");
    house.program.wait_for_log("Cannot create property=listnSsl");
}

fn a_key_store_of_the_users_own_is_verified(house: House) {
    let inputs = house.inputs();
    let keytool = |arguments: &[&str]| {
        let mut command = Command::new("keytool");
        command.args(arguments).args([
            "-alias",
            "own",
            "-keystore",
            "own.jks",
            "-storepass",
            "own-secret",
        ]);
        printed(&command.current_dir(&inputs).output().unwrap())
    };
    keytool(&[
        "-genkeypair",
        "-keyalg",
        "RSA",
        "-keysize",
        "2048",
        "-dname",
        "CN=localhost",
        "-ext",
        "san=dns:localhost,ip:127.0.0.1",
        "-storetype",
        "JKS",
        "-keypass",
        "own-secret",
    ]);
    let conf = house.conf("127.0.0.1", "sslCert: own.jks\nsslPwd: own-secret\n");
    let house = house
        .with_input("conf.yaml", &conf)
        .with("GATEHAND_PORTAL_CERTIFICATE", "");
    let mut house = house.start();
    assert_eq!(house.program.ended().code(), Some(78), "{}", house.program.log());
    assert!(
        house.program.log().contains("cacert.pem"),
        "{}",
        house.program.log()
    );
    let certificate = keytool(&["-exportcert", "-rfc"]);
    let mut house = house.with_input("cacert.pem", &certificate).start();
    house.wait_for("ready", "");
    let log = house.program.log();
    assert!(!log.contains("own-secret"), "{log}");
}

fn it_works_without_tls_of_the_gateway(house: House) {
    let url = format!("http://localhost:{}", house.port);
    let mut house = house.with("GATEHAND_PORTAL_URL", &url).start();
    house.wait_for("ready", "");
    assert_eq!(house.logins(), 1);
}

fn who_is_in_no_list_is_told_so(house: House) {
    let conf = house.conf("10.1.2.3", "");
    let mut house = house.with_input("conf.yaml", &conf).start();
    house.wait_for("down", "ips.allow");
    house.program.wait_for_log("docker_gwbridge");
    assert_eq!(house.upstream.count("/sso/Login"), 0);
}

/// As IBeam takes it, from everybody who reaches the port.
fn orders_need_no_token_where_that_is_wanted(house: House) {
    let mut house = house.with("GATEHAND_PORTAL_OPEN_ACTIVATION", "yes").start();
    house.wait_for("ready", "");
    assert_eq!(curl(&[&format!("{}/deactivate", house.health)]).0, 200);
    house.wait_for("inactive", "asked to rest");
    assert_eq!(curl(&[&format!("{}/livez", house.health)]).0, 200);
    assert_eq!(curl(&[&format!("{}/activate", house.health)]).0, 200);
    house.wait_for_times("ready", 2);
}

/// As IBeam's routes have it, and by the program.
fn it_rests_and_comes_back_by_order(house: House) {
    let mut house = house.start();
    house.wait_for("ready", "");
    let at = |path: &str| format!("{}{path}", house.health);
    let (activate, deactivate, ready) = (at("/activate"), at("/deactivate"), at("/readyz"));
    let token = ["--header", "Authorization: Bearer a-token-for-the-portals-test"];
    for arguments in [vec![deactivate.as_str()], vec!["--request", "POST", &deactivate]] {
        let (status, body) = curl(&arguments);
        assert!([401, 403, 405].contains(&status), "{status} {body}");
    }
    let by_post = |url: &str| curl(&[&token[..], &["--request", "POST", url]].concat());
    assert_eq!(by_post(&deactivate).0, 200);
    house.wait_for("inactive", "asked to rest");
    wait_for("the gateway to be gone", || {
        let running = house.program.processes().len();
        (running == 1).then_some(())
    });
    assert_eq!(house.upstream.count("/v1/api/logout"), 1);
    assert_eq!(curl(&[&ready]).0, 503);
    assert_eq!(by_post(&activate).0, 200);
    house.wait_for_times("ready", 2);
    assert_eq!(house.logins(), 2);
    house.program.ask(&["portal", "stop"]).unwrap();
    house.wait_for_times("inactive", 2);
    house.program.ask(&["portal", "start"]).unwrap();
    house.wait_for_times("ready", 3);
    let told = house.program.ask(&["portal", "status"]).unwrap();
    assert!(told.contains("ready"), "{told}");
}
