//! The login in a real browser, on a display of its own, at a stand-in of IBKR's page.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;
#[path = "../fixtures/portal/upstream.rs"]
mod upstream;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use common::TestDisplay;
use common::certificates::Authority;
use gatehand::config::{self, Credentials, PortalAddress, PortalLoginSettings, Secret, Sources};
use gatehand::control::OneTimeCode;
use gatehand::portal::login::{Ending, Outcome};
use gatehand::portal::{Question, Visit};
use gatehand::supervisor::{Orphans, Reaper};
use gatehand::tls::Trust;
use gatehand::vision::{Cache, Reader, Tesseract, png};
use gatehand::vnc::Gate;
use tokio::sync::mpsc;
use upstream::{Factor, Skin, State, Trouble, Upstream};

const BROWSERS: [&str; 2] = ["surf", "chromium"];

/// What was logged, down to the last detail.
struct Log(Mutex<Vec<u8>>);

static LOG: Log = Log(Mutex::new(Vec::new()));

impl Write for &Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What a login needs, and what became of it.
struct Stage {
    upstream: Upstream,
    authority: Authority,
    display: TestDisplay,
    folder: tempfile::TempDir,
    settings: Vec<(&'static str, String)>,
    codes: Vec<&'static str>,
    permits: bool,
}

/// What was asked during a login.
#[derive(Default)]
struct Asked {
    submissions: u32,
    pushes: u32,
    told_pushes: u32,
    codes: usize,
}

impl Stage {
    fn new(browser: &str, with: impl FnOnce(&mut State)) -> Self {
        let log = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
        // Of the whole test program; somebody before may have begun it.
        let _ = log
            .with_ansi(false)
            .without_time()
            .with_writer(|| &LOG)
            .try_init();
        let authority = Authority::new("the gateway's");
        authority.issue("gateway");
        let upstream = Upstream::start(Some((
            &authority.path("gateway.pem"),
            &authority.path("gateway.key"),
        )));
        {
            let mut state = upstream.state();
            state.is_gateway = true;
            with(&mut state);
        }
        Self {
            upstream,
            authority,
            display: TestDisplay::start(1024, 768),
            folder: tempfile::tempdir().unwrap(),
            settings: vec![("GATEHAND_PORTAL_BROWSER", browser.to_owned())],
            codes: Vec::new(),
            permits: true,
        }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.settings.push((name, value.to_owned()));
        self
    }

    fn settings(&self) -> PortalLoginSettings {
        let named = self
            .settings
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        let home = ("HOME".into(), self.folder.path().as_os_str().to_owned());
        let sources = Sources {
            environment: named.chain([home]).collect(),
            ..Sources::default()
        };
        config::load(sources).unwrap().0.portal_login
    }

    fn browser_folder(&self) -> PathBuf {
        self.folder.path().join("browser")
    }

    /// Logs in with the password `password`.
    fn log_in(&self, password: &str) -> (Outcome, Asked) {
        self.log_in_while(password, |_| {})
    }

    /// The same; `started` is told the browser's process.
    fn log_in_while(&self, password: &str, mut started: impl FnMut(i32)) -> (Outcome, Asked) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let (questions, mut asked) = mpsc::unbounded_channel();
        let settings = self.settings();
        let address = PortalAddress {
            encrypted: true,
            host: "localhost".into(),
            port: self.upstream.port,
        };
        let trust = Trust::File {
            setting: "GATEHAND_PORTAL_CERTIFICATE",
            path: self.authority.path("ca.pem"),
        };
        let environment: Vec<(OsString, OsString)> = std::env::vars_os().collect();
        let mut seen = Asked::default();
        let outcome = runtime.block_on(async {
            let reaper = Reaper::start(Orphans::Leave).unwrap();
            let visit = Visit {
                reaper: &reaper,
                display: &self.display.address,
                gate: Gate::default(),
                address: &address,
                trust: &trust,
                credentials: Arc::new(Credentials {
                    user: "trader01".into(),
                    password: Secret::new(password.into()),
                }),
                settings: &settings,
                code_limit: Duration::from_secs(20),
                push_limit: Duration::from_secs(40),
                folder: self.browser_folder(),
                environment: &environment,
                questions,
            };
            let going = visit.go(std::future::pending());
            tokio::pin!(going);
            loop {
                tokio::select! {
                    outcome = &mut going => return outcome.unwrap(),
                    Some(question) = asked.recv() => match question {
                        Question::Started(identity) => started(identity.pid),
                        Question::Ended(_) => {}
                        Question::Submission(reply) => {
                            seen.submissions += 1;
                            self.look_for_secrets(password);
                            reply.give(self.permits);
                        }
                        Question::Push(reply) => {
                            seen.pushes += 1;
                            reply.give(self.permits);
                        }
                        Question::Pushed => seen.told_pushes += 1,
                        Question::Code(reply) => {
                            let code = self.codes.get(seen.codes).map(|code| (*code).to_owned());
                            seen.codes += 1;
                            reply.give(match code {
                                Some(code) => Ok(OneTimeCode::try_from(code).unwrap()),
                                None => Err("there is none".into()),
                            });
                        }
                    },
                }
            }
        });
        self.expect_nothing_left();
        let log = LOG.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(
            contains(&log, "the login in the browser ended"),
            "the log is looked at"
        );
        assert!(!contains(&log, password), "the log holds the password");
        for code in &self.codes {
            // By itself: other numbers may have its digits among theirs.
            let mut words = log.split(|byte| !byte.is_ascii_alphanumeric());
            assert!(words.all(|word| word != code.as_bytes()), "the log holds a code");
        }
        drop(log);
        (outcome, seen)
    }

    /// No process of this machine has the password in its arguments or environment, but where the test put it itself.
    fn look_for_secrets(&self, password: &str) {
        for process in std::fs::read_dir("/proc").unwrap().flatten() {
            for file in ["cmdline", "environ"] {
                let content = std::fs::read(process.path().join(file)).unwrap_or_default();
                assert!(
                    !contains(&content, password),
                    "{}/{file}",
                    process.path().display()
                );
            }
        }
    }

    /// Neither a process nor a file of the browser.
    fn expect_nothing_left(&self) {
        let folder = self.browser_folder();
        assert!(!folder.exists(), "{} is still there", folder.display());
        let marker = folder.display().to_string();
        common::wait_for("the browser's processes to be gone", || {
            let processes = std::fs::read_dir("/proc").unwrap().flatten();
            let theirs = processes.filter(|process| {
                let content = std::fs::read(process.path().join("environ")).unwrap_or_default();
                contains(&content, &marker)
            });
            (theirs.count() == 0).then_some(())
        });
    }
}

fn contains(content: &[u8], wanted: &str) -> bool {
    content
        .windows(wanted.len())
        .any(|part| part == wanted.as_bytes())
}

const PASSWORD: &str = "Se cret-9€";

#[test]
fn a_plain_login() {
    for (browser, skin) in BROWSERS.into_iter().zip([Skin::Classic, Skin::Labels]) {
        let stage = Stage::new(browser, |state| state.skin = skin);
        let (outcome, asked) = stage.log_in(PASSWORD);
        assert_eq!(outcome.ending, Ending::SuccessText, "{browser}");
        assert_eq!((outcome.submissions, asked.submissions), (1, 1), "{browser}");
        let state = stage.upstream.state();
        assert_eq!(
            state.logins,
            [("trader01".to_owned(), PASSWORD.to_owned(), false)]
        );
        assert!(state.session, "{browser}");
    }
}

/// What IBKR refuses is not tried again, whatever it says about it.
#[test]
fn a_refusal_ends_it_after_one_submission() {
    for browser in BROWSERS {
        let stage = Stage::new(browser, |state| state.skin = Skin::Dark);
        let (outcome, asked) = stage.log_in("wrong!");
        let text = "Invalid username password combination";
        assert_eq!(outcome.ending, Ending::Refused(text.into()), "{browser}");
        assert!(!outcome.is_unclear());
        assert_eq!((outcome.submissions, asked.submissions), (1, 1), "{browser}");
        assert_eq!(stage.upstream.count("/sso/Authenticator"), 1, "{browser}");
        assert_eq!(stage.upstream.count("/sso/Dispatcher"), 0, "{browser}");
    }
}

/// Without permission nothing leaves the form.
#[test]
fn nothing_is_submitted_without_permission() {
    let mut stage = Stage::new("surf", |_| {});
    stage.permits = false;
    let (outcome, asked) = stage.log_in(PASSWORD);
    assert_eq!(outcome.ending, Ending::NotPermitted);
    assert_eq!((outcome.submissions, asked.submissions), (0, 1));
    assert_eq!(stage.upstream.count("/sso/Authenticator"), 0);
}

/// A stale code is refused, and the next one does.
#[test]
fn a_code_is_typed_when_the_page_asks_for_one() {
    for (browser, skin) in BROWSERS.into_iter().zip([Skin::Dark, Skin::Classic]) {
        let mut stage = Stage::new(browser, |state| {
            state.skin = skin;
            state.user.factor = Factor::Code(vec!["123456".into()]);
        });
        stage.codes = vec!["000000", "123456"];
        let (outcome, _) = stage.log_in(PASSWORD);
        assert_eq!(outcome.ending, Ending::SuccessText, "{browser}");
        assert_eq!(outcome.submissions, 1);
        assert_eq!(stage.upstream.state().codes, ["000000", "123456"], "{browser}");
    }
}

#[test]
fn codes_that_are_refused_or_missing_end_it() {
    let code = |state: &mut State| state.user.factor = Factor::Code(vec!["123456".into()]);
    let mut stage = Stage::new("surf", code).with("GATEHAND_PORTAL_CODE_TRIES", "2");
    stage.codes = vec!["000000", "000001", "123456"];
    let (outcome, asked) = stage.log_in(PASSWORD);
    assert!(matches!(outcome.ending, Ending::CodeRefused(_)), "{outcome:?}");
    assert_eq!(asked.codes, 2);
    let stage = Stage::new("surf", code);
    let (outcome, _) = stage.log_in(PASSWORD);
    assert_eq!(outcome.ending, Ending::NeedsCode("there is none".into()));
    let mut stage = Stage::new("surf", code);
    stage.codes = vec!["98765x"];
    let (outcome, _) = stage.log_in(PASSWORD);
    assert!(
        matches!(&outcome.ending, Ending::NeedsCode(why) if why.contains("six digits")),
        "{outcome:?}"
    );
    assert!(
        stage.upstream.state().codes.is_empty(),
        "what is no code is not typed"
    );
}

/// The phone is notified by the login itself, and once more only with permission.
#[test]
fn a_push_is_sent_again_as_often_as_it_may() {
    for browser in BROWSERS {
        let stage = Stage::new(browser, |state| {
            state.user.factor = Factor::Push { confirmed_at: 3 }
        })
        .with("GATEHAND_PORTAL_PUSH_RESENDS", "9")
        .with("GATEHAND_PORTAL_PUSH_RESEND_INTERVAL", "1");
        let (outcome, asked) = stage.log_in(PASSWORD);
        assert_eq!(outcome.ending, Ending::SuccessText, "{browser}");
        // The page may be slow to show that it was confirmed.
        assert!(outcome.pushes >= 3, "{browser}: {outcome:?}");
        assert_eq!(
            (asked.told_pushes, asked.pushes),
            (1, outcome.pushes - 1),
            "{browser}"
        );
        assert_eq!(stage.upstream.state().pushes, outcome.pushes, "{browser}");
    }
}

#[test]
fn a_device_is_chosen_from_the_list() {
    for browser in BROWSERS {
        let mut stage = Stage::new(browser, |state| {
            state.user.factor = Factor::Devices(vec![
                ("Security Card", Factor::Code(vec!["999999".into()])),
                ("IB Key (phone)", Factor::Push { confirmed_at: 1 }),
                ("Mobile Authenticator App", Factor::Code(vec!["123456".into()])),
            ]);
        })
        .with("GATEHAND_PORTAL_DEVICE", "authenticator app");
        stage.codes = vec!["123456"];
        let (outcome, _) = stage.log_in(PASSWORD);
        assert_eq!(outcome.ending, Ending::SuccessText, "{browser}");
        assert_eq!(stage.upstream.state().codes, ["123456"], "{browser}");
    }
    let stage = Stage::new("surf", |state| {
        state.user.factor = Factor::Devices(vec![("A", Factor::None), ("B", Factor::None)]);
    });
    let (outcome, _) = stage.log_in(PASSWORD);
    assert_eq!(outcome.ending, Ending::NoDevice(vec!["A".into(), "B".into()]));
}

/// A paper user is logged in in its own mode: because it is set, or because IBKR says so.
#[test]
fn the_switch_to_paper_is_turned() {
    for browser in BROWSERS {
        let stage =
            Stage::new(browser, |state| state.user.is_paper = true).with("IBEAM_USE_PAPER_ACCOUNT", "True");
        let (outcome, _) = stage.log_in(PASSWORD);
        assert_eq!(
            (outcome.ending, outcome.submissions),
            (Ending::SuccessText, 1),
            "{browser}"
        );
    }
    for skin in [Skin::Classic, Skin::Labels] {
        let stage = Stage::new("surf", |state| {
            state.user.is_paper = true;
            state.skin = skin;
        });
        let (outcome, asked) = stage.log_in(PASSWORD);
        assert_eq!(
            (outcome.ending, outcome.submissions),
            (Ending::SuccessText, 2),
            "{skin:?}"
        );
        assert_eq!(asked.submissions, 2, "each submission needs its permission");
        let logins: Vec<_> = stage
            .upstream
            .state()
            .logins
            .iter()
            .map(|login| login.2)
            .collect();
        assert_eq!(logins, [false, true]);
    }
}

#[test]
fn an_advertisement_is_skipped() {
    for browser in BROWSERS {
        let stage = Stage::new(browser, |state| state.user.promo = true);
        let (outcome, _) = stage.log_in(PASSWORD);
        assert_eq!(outcome.ending, Ending::SuccessText, "{browser}");
    }
}

/// A page that writes reports of its own into its title is not believed.
#[test]
fn a_page_cannot_forge_what_the_script_tells() {
    for browser in BROWSERS {
        let stage = Stage::new(browser, |state| state.trouble = Trouble::Forges);
        let (outcome, _) = stage.log_in("wrong!");
        assert!(
            matches!(outcome.ending, Ending::Refused(_)),
            "{browser}: {outcome:?}"
        );
    }
}

/// What cannot be known is not called a refusal, nor a success.
#[test]
fn endings_that_are_not_known() {
    for (browser, trouble, submissions) in [
        ("surf", Trouble::Hangs, 0),
        ("chromium", Trouble::Hangs, 0),
        ("surf", Trouble::NoForm, 0),
        ("chromium", Trouble::Mute, 1),
        ("surf", Trouble::Away, 0),
        ("chromium", Trouble::Status(503), 0),
    ] {
        let mut stage = Stage::new(browser, |state| state.trouble = trouble)
            .with("IBEAM_PAGE_LOAD_TIMEOUT", "6")
            .with("IBEAM_OAUTH_TIMEOUT", "6");
        // The page may stand still before or after what is typed.
        stage.permits = trouble != Trouble::Hangs;
        let (outcome, _) = stage.log_in(PASSWORD);
        let is_known = matches!(outcome.ending, Ending::TimedOut(_) | Ending::NotPermitted);
        assert!(is_known, "{browser} {trouble:?}: {outcome:?}");
        assert_eq!(outcome.submissions, submissions, "{browser} {trouble:?}");
    }
    let stage = Stage::new("surf", |state| {
        state.trouble = Trouble::BackToLogin;
        state.is_gateway = false;
    });
    let (outcome, _) = stage.log_in(PASSWORD);
    assert!(
        matches!(&outcome.ending, Ending::Broken(what) if what.contains("came back")),
        "{outcome:?}"
    );
    assert!(outcome.is_unclear());
    let stage = Stage::new("surf", |state| {
        state.trouble = Trouble::Says("Our systems are resting.");
    });
    let (outcome, _) = stage.log_in(PASSWORD);
    assert!(
        matches!(&outcome.ending, Ending::Broken(what) if what.contains("resting")),
        "{outcome:?}"
    );
}

#[test]
fn a_browser_that_is_killed_ends_it() {
    for browser in BROWSERS {
        let stage = Stage::new(browser, |_| {});
        let (outcome, _) = stage.log_in_while(PASSWORD, |process| {
            std::thread::spawn(move || {
                common::wait_for("its folder to be used", || Some(()));
                let killed = std::process::Command::new("kill")
                    .args(["-9", &process.to_string()])
                    .status();
                assert!(killed.unwrap().success());
            });
        });
        assert!(
            matches!(outcome.ending, Ending::BrowserDied(_)),
            "{browser}: {outcome:?}"
        );
        assert!(stage.upstream.state().logins.is_empty());
    }
}

/// Another certificate than the gateway's is seen before a browser is started.
#[test]
fn a_stranger_is_not_visited() {
    let mut stage = Stage::new("surf", |_| {});
    stage.authority = Authority::new("somebody else's");
    let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| stage.log_in(PASSWORD)));
    assert!(refused.is_err());
    assert_eq!(stage.upstream.count("/sso/Login"), 0);
}

/// Without the script, what is done goes by the page's picture alone.
#[test]
fn a_page_that_tells_nothing_is_read() {
    for (browser, skin) in [
        ("surf", Skin::Classic),
        ("chromium", Skin::Classic),
        ("surf", Skin::Labels),
        ("chromium", Skin::Dark),
    ] {
        let stage = Stage::new(browser, |state| state.skin = skin).with("GATEHAND_PORTAL_REPORT", "no");
        let (outcome, _) = stage.log_in(PASSWORD);
        assert_eq!(outcome.ending, Ending::SuccessText, "{browser} {skin:?}");
        let state = stage.upstream.state();
        assert_eq!(
            state.logins,
            [("trader01".to_owned(), PASSWORD.to_owned(), false)],
            "{browser} {skin:?}"
        );
    }
}

/// A human has to do something: another try would not be another one.
#[test]
fn a_list_of_devices_that_tells_nothing_is_named() {
    for (browser, skin) in [("surf", Skin::Labels), ("chromium", Skin::Classic)] {
        let stage = Stage::new(browser, |state| {
            state.skin = skin;
            state.user.factor = Factor::Devices(vec![("A", Factor::None), ("B", Factor::None)]);
        })
        .with("GATEHAND_PORTAL_REPORT", "no")
        .with("GATEHAND_PORTAL_DEVICE", "A");
        let (outcome, _) = stage.log_in(PASSWORD);
        assert_eq!(outcome.ending, Ending::NoDevice(Vec::new()), "{browser}");
        assert!(
            outcome.ending.to_string().contains("GATEHAND_PORTAL_REPORT=yes"),
            "{}",
            outcome.ending
        );
    }
}

/// Where the switch is a box that shows whether it is ticked.
#[test]
fn the_switch_to_paper_is_seen() {
    for (browser, skin, paper) in [
        ("surf", Skin::Labels, "yes"),
        ("chromium", Skin::Dark, "yes"),
        ("surf", Skin::Labels, "no"),
    ] {
        let stage = Stage::new(browser, |state| {
            state.skin = skin;
            state.user.is_paper = true;
        })
        .with("GATEHAND_PORTAL_REPORT", "no")
        .with("IBEAM_USE_PAPER_ACCOUNT", paper);
        let (outcome, _) = stage.log_in(PASSWORD);
        assert_eq!(outcome.ending, Ending::SuccessText, "{browser} {skin:?}");
        let logins = stage.upstream.state().logins.clone();
        let modes: Vec<bool> = logins.iter().map(|login| login.2).collect();
        // Without the setting because IBKR says so.
        assert_eq!(
            modes,
            [false, true][usize::from(paper == "yes")..],
            "{browser} {skin:?}"
        );
    }
}

#[test]
fn a_page_that_tells_nothing_gets_its_code_and_its_refusal() {
    for (browser, skin) in [
        ("surf", Skin::Classic),
        ("chromium", Skin::Labels),
        ("surf", Skin::Dark),
    ] {
        let mut stage = Stage::new(browser, |state| {
            state.skin = skin;
            state.user.factor = Factor::Code(vec!["123456".into()]);
        })
        .with("GATEHAND_PORTAL_REPORT", "no");
        stage.codes = vec!["123456"];
        let (outcome, _) = stage.log_in(PASSWORD);
        assert_eq!(outcome.ending, Ending::SuccessText, "{browser} {skin:?}");
        assert_eq!(stage.upstream.state().codes, ["123456"], "{browser} {skin:?}");
    }
    let stage = Stage::new("surf", |_| {}).with("GATEHAND_PORTAL_REPORT", "no");
    let (outcome, _) = stage.log_in("wrong!");
    assert!(matches!(outcome.ending, Ending::Refused(_)), "{outcome:?}");
    assert_eq!(outcome.submissions, 1);
}

/// Only when it is asked for, and without what stands in fields.
#[test]
fn a_picture_of_a_login_that_failed_is_kept() {
    for report in ["yes", "no"] {
        let stage = Stage::new("surf", |_| {}).with("GATEHAND_PORTAL_REPORT", report);
        let pictures = stage.folder.path().join("outputs");
        let stage = stage
            .with("IBEAM_ERROR_SCREENSHOTS", "True")
            .with("IBEAM_OUTPUTS_DIR", &pictures.display().to_string());
        let (outcome, _) = stage.log_in("wrong!");
        assert!(matches!(outcome.ending, Ending::Refused(_)), "{outcome:?}");
        let kept: Vec<_> = std::fs::read_dir(&pictures).unwrap().flatten().collect();
        let [picture] = &kept[..] else {
            panic!("{kept:?}");
        };
        let name = picture.file_name().into_string().unwrap();
        assert!(
            name.starts_with("ibeam__gatehand-") && name.ends_with("__failed_attempt.png"),
            "{name}"
        );
        let frame = png::read(&picture.path()).unwrap();
        let mut reader = Reader::new(Tesseract::open(None).unwrap(), Cache::new());
        let text = reader.read(&frame).unwrap().text();
        assert!(text.contains("Invalid username"), "{text}");
        assert!(!text.contains("rader0") && !text.contains('\u{2022}'), "{text}");
    }
    let stage = Stage::new("surf", |_| {});
    stage.log_in("wrong!");
    assert!(
        !stage
            .folder
            .path()
            .join(".local")
            .join("state/gatehand/portal")
            .exists()
    );
}

#[test]
fn a_page_may_be_shown_larger() {
    for browser in BROWSERS {
        let stage = Stage::new(browser, |_| {}).with("IBEAM_UI_SCALING", "1.5");
        let (outcome, _) = stage.log_in(PASSWORD);
        assert_eq!(outcome.ending, Ending::SuccessText, "{browser}");
    }
}

/// A file of the user's, and IBeam's own way to write it, say where what is.
#[test]
fn parts_of_the_page_are_found_where_the_user_says() {
    let stage = Stage::new("surf", |state| state.skin = Skin::Labels)
        .with(
            "GATEHAND_PORTAL_SELECTORS",
            "user = [\"ID@@nowhere\"]\npassword = [\"ID@@f2\"]",
        )
        .with("IBEAM_USER_NAME_EL", "ID@@f1");
    let (outcome, _) = stage.log_in(PASSWORD);
    assert_eq!(outcome.ending, Ending::SuccessText);
    let stage = Stage::new("surf", |_| {})
        .with("GATEHAND_PORTAL_SELECTORS", "user = [\"ID@@nowhere\"]")
        .with("IBEAM_PAGE_LOAD_TIMEOUT", "6");
    let (outcome, _) = stage.log_in(PASSWORD);
    assert!(matches!(outcome.ending, Ending::TimedOut(_)), "{outcome:?}");
}
