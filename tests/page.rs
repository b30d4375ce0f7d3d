//! The viewer page in Chromium: signing in, the gateway's pixels, a dialog that is taught, a code that completes a login.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

#[expect(dead_code, reason = "the viewers' tests need more of it")]
#[path = "viewers/browser.rs"]
mod browser;
mod common;

use browser::Browser;
use common::program::{Program, free_port};
use common::totp::totp;
use common::{novnc, wait_for};
use serde_json::json;

const TOKEN: &str = "a-token-for-this-test";

/// A gatehand with a page, and the page's address.
fn program(scenario: serde_json::Value) -> (Program, String) {
    let address = format!("127.0.0.1:{}", free_port());
    let program = Program::prepare(scenario)
        .with("GATEHAND_HTTP_LISTEN", &address)
        .with("GATEHAND_HTTP_TOKEN", TOKEN);
    (program, format!("http://{address}/"))
}

/// Opens the page and types the token.
fn signed_in(url: &str) -> Browser {
    let mut browser = opened(url);
    sign_in(&mut browser, TOKEN);
    until(&mut browser, "!document.getElementById('signed-in').hidden");
    browser
}

fn opened(url: &str) -> Browser {
    let port = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    wait_for("the HTTP port", || std::net::TcpStream::connect(&port).ok());
    let mut browser = Browser::open(url);
    let hears = "document.readyState === 'complete' && !document.getElementById('sign-in').hidden";
    until(&mut browser, hears);
    browser.evaluate("window.refused = []; addEventListener('securitypolicyviolation', e => refused.push(e.blockedURI + e.violatedDirective))");
    browser
}

fn sign_in(browser: &mut Browser, token: &str) {
    submit(browser, "token", token, "sign-in");
}

/// Puts a text into a field and sends its form.
fn submit(browser: &mut Browser, field: &str, text: &str, form: &str) {
    let text = json!(text);
    browser.evaluate(&format!(
        "document.getElementById('{field}').value = {text}; document.getElementById('{form}').requestSubmit()"
    ));
}

fn until(browser: &mut Browser, condition: &str) {
    wait_for(condition, || (browser.evaluate(condition) == true).then_some(()));
}

fn reload(browser: &mut Browser) {
    browser.evaluate("window.isOld = true; location.reload()");
    until(browser, "window.isOld === undefined");
}

fn refused(browser: &mut Browser) -> serde_json::Value {
    browser.evaluate("refused")
}

#[test]
fn without_the_token_only_the_sign_in_shows_and_the_token_is_kept_out_of_scripts_reach() {
    let (program, url) = program(json!({}));
    let mut program = program.start(&["-v", "run"]);
    let mut browser = opened(&url);
    assert_eq!(
        browser.evaluate("document.getElementById('signed-in').hidden"),
        true
    );
    sign_in(&mut browser, "a-wrong-token-of-some-length");
    until(
        &mut browser,
        "document.getElementById('sign-in-error').textContent.includes('wrong')",
    );
    // By the keyboard alone: the field has the focus.
    until(&mut browser, "document.activeElement.id === 'token'");
    browser.insert(TOKEN);
    browser.press("Enter");
    until(&mut browser, "!document.getElementById('signed-in').hidden");
    assert_eq!(browser.evaluate("document.cookie"), "");
    assert_eq!(browser.evaluate("document.getElementById('token').value"), "");
    program.wait_for_state("ready");
    until(
        &mut browser,
        "document.getElementById('state').textContent.startsWith('ready')",
    );
    until(
        &mut browser,
        "document.getElementById('events').textContent.includes('ready')",
    );
    all_is_reached_by_tab(&mut browser);
    // It holds over a reload, until one signs out.
    reload(&mut browser);
    until(
        &mut browser,
        "document.getElementById('signed-in')?.hidden === false",
    );
    browser.evaluate("document.getElementById('sign-out').click()");
    until(&mut browser, "!document.getElementById('sign-in').hidden");
    reload(&mut browser);
    until(
        &mut browser,
        "document.getElementById('sign-in')?.hidden === false",
    );
}

/// Every control has the focus once, in the page's order, and shows it.
fn all_is_reached_by_tab(browser: &mut Browser) {
    browser.evaluate("document.activeElement.blur(); getSelection().empty(); scrollTo(0, 0)");
    let visible = "[...document.querySelectorAll('#signed-in :is(button, input, select)')].filter(one => one.offsetParent)";
    let count = browser.evaluate(&format!("{visible}.length")).as_u64().unwrap();
    assert!(count > 8, "{count}");
    for at in 0..count {
        browser.press("Tab");
        let is_there = format!("document.activeElement === {visible}[{at}]");
        assert_eq!(
            browser.evaluate(&is_there),
            true,
            "{at}: {}",
            browser.evaluate("document.activeElement.outerHTML")
        );
        let outline = browser.evaluate("getComputedStyle(document.activeElement).outlineStyle");
        assert_eq!(outline, "solid", "{at}");
    }
}

/// Nothing is cut off on a phone, and dark colours are dark.
fn fits_a_dark_phone(browser: &mut Browser) {
    browser.become_a_dark_phone();
    until(browser, "innerWidth === 390");
    assert_eq!(browser.evaluate("document.documentElement.scrollWidth"), 390);
    let picture = browser.screenshot_named("-phone");
    let size = picture.size();
    let dark = picture
        .pixels()
        .iter()
        .filter(|pixel| pixel.to_be_bytes().iter().all(|part| *part < 80))
        .count();
    assert!(
        dark * 2 > size.width as usize * size.height as usize,
        "{dark} of {size:?}"
    );
}

#[test]
fn the_screen_shows_the_pixels_of_the_gateway_through_tls() {
    let (program, url) = program(json!({}));
    let program = program
        .with("GATEHAND_VNC_TLS", "yes")
        .with("GATEHAND_VNC_LISTEN", &free_port().to_string());
    let mut program = program.with("VNC_SERVER_PASSWORD", "look").start(&["-v", "run"]);
    // Whoever forgets the `s` gets there.
    let mut browser = signed_in(&url);
    assert_eq!(browser.evaluate("location.protocol"), "https:");
    program.wait_for_state("ready");
    submit(&mut browser, "viewer-password", "wrong", "screen-form");
    until(
        &mut browser,
        "document.getElementById('screen-note').textContent.startsWith('Not connected')",
    );
    submit(&mut browser, "viewer-password", "look", "screen-form");
    until(
        &mut browser,
        "document.querySelector('#screen canvas')?.width === 1024",
    );
    // Coarse colours are allowed; the picture of the agent has no desktop around the windows.
    let same = "new Promise(async done => {
        const image = new Image();
        image.src = '/screenshot.png';
        await image.decode();
        const other = document.createElement('canvas');
        [other.width, other.height] = [image.width, image.height];
        other.getContext('2d').drawImage(image, 0, 0);
        const read = canvas => canvas.getContext('2d').getImageData(0, 0, image.width, image.height).data;
        const [a, b] = [read(other), read(document.querySelector('#screen canvas'))];
        let [lit, near] = [0, 0];
        for (let i = 0; i < a.length; i += 4) {
            if (a[i] + a[i + 1] + a[i + 2] < 60) continue;
            lit += 1;
            near += [0, 1, 2].every(k => Math.abs(a[i + k] - b[i + k]) < 48);
        }
        window.compared = {lit, near};
        done();
    })";
    wait_for("the same pixels", || {
        browser.evaluate("window.compared = null");
        browser.evaluate(same);
        until(&mut browser, "window.compared !== null");
        let [lit, near] =
            ["lit", "near"].map(|key| browser.evaluate(&format!("compared.{key}")).as_u64().unwrap());
        (lit > 20_000 && near * 100 > lit * 97).then_some(())
    });
    browser.screenshot();
    assert_eq!(refused(&mut browser), json!([]));
}

#[test]
fn the_screen_shows_by_a_long_password_without_tls_on_this_machine() {
    const SECRET: &str = "more than eight bytes";
    let (program, url) = program(json!({}));
    let mut program = program
        .with("GATEHAND_NOVNC", &novnc().display().to_string())
        .with("GATEHAND_VNC_LISTEN", &free_port().to_string())
        .with("VNC_SERVER_PASSWORD", SECRET)
        .start(&["-v", "run"]);
    let mut browser = signed_in(&url);
    program.wait_for_state("ready");
    submit(&mut browser, "viewer-password", &SECRET[..8], "screen-form");
    until(
        &mut browser,
        "document.getElementById('screen-note').textContent === 'Not connected: wrong password.'",
    );
    submit(&mut browser, "viewer-password", SECRET, "screen-form");
    until(
        &mut browser,
        "document.querySelector('#screen canvas')?.width === 1024",
    );
    assert_eq!(refused(&mut browser), json!([]));
}

#[test]
fn a_dialog_that_is_taught_at_the_page_is_answered() {
    let (program, url) = program(json!({"after_login": ["unknown"]}));
    let mut program = program.start(&["-v", "run"]);
    let mut browser = signed_in(&url);
    until(
        &mut browser,
        "document.querySelectorAll('#buttons input').length > 0",
    );
    until(
        &mut browser,
        "document.getElementById('unknown-picture').naturalWidth > 0",
    );
    browser.screenshot();
    fits_a_dark_phone(&mut browser);
    browser.evaluate("document.querySelector('#buttons input[value^=\"Remind me\"]').checked = true; document.getElementById('teach-form').requestSubmit()");
    program.wait_for_event("the answer", |event| {
        event["event"] == "answered" && event["rule"] == "account-review"
    });
    program.wait_for_state("ready");
    until(&mut browser, "document.getElementById('unknown').hidden");
    assert_eq!(refused(&mut browser), json!([]));
    // The next time nobody is asked.
    program.stop();
    program.restart(&["-v", "run"]);
    program.wait_for_event("the second answer", |event| {
        event["event"] == "answered" && event["rule"] == "account-review"
    });
}

#[test]
fn a_code_that_is_typed_into_the_page_completes_the_login() {
    const KEY: &str = "JBSWY3DPEHPK3PXP";
    let factor = json!({"kind": "totp", "secret": KEY, "approved_after_ms": -1});
    let scenario = json!({"second_factor": factor});
    let (program, url) = program(scenario);
    let mut program = program.start(&["-v", "run"]);
    let mut browser = signed_in(&url);
    until(&mut browser, "!document.getElementById('second-factor').hidden");
    browser.screenshot();
    submit(&mut browser, "code", &totp(KEY), "code-form");
    program.wait_for_state("ready");
    until(&mut browser, "document.getElementById('second-factor').hidden");
}
