//! The login in a real browser, on a display of its own, at a stand-in of IBKR's page.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;
#[path = "portal/upstream.rs"]
mod upstream;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use common::TestDisplay;
use common::certificates::Authority;
use gatehand::config::{self, Credentials, PortalAddress, PortalLoginSettings, Secret, Sources};
use gatehand::control::OneTimeCode;
use gatehand::portal::login::{Ending, Outcome};
use gatehand::portal::{Question, Visit};
use gatehand::supervisor::{Orphans, Reaper};
use gatehand::tls::Trust;
use tokio::sync::mpsc;
use upstream::{Factor, Skin, State, Trouble, Upstream};

const BROWSERS: [&str; 2] = ["surf", "chromium"];

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
