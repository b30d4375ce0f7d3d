//! What is done through the main window's menus and keys, with the pilot as a library; over the TWS program's look.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use std::ffi::OsString;
use std::time::{Duration, Instant};

use common::gateway::StandIn;
use common::{TestDisplay, wait_for, wait_within};
use gatehand::agent::{Agent, Departure, Errand, Event, Policy, State};
use gatehand::config::{self, Sources};
use gatehand::control::Board;
use gatehand::dialogs::Catalogue;
use gatehand::gateway::WallClock;
use gatehand::journal::{EventLog, Governor, Limits};
use gatehand::pilot::{Command, Eyes, Hands, Pilot, RecordedAgent, Report};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

struct Flight {
    pilot: Pilot,
    reports: UnboundedReceiver<Report>,
    events: Vec<Event>,
    _folder: TempDir,
}

impl Flight {
    /// The agent on `display`, with these settings beside the credentials of the stand-in.
    fn start(display: &TestDisplay, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().display().to_string();
        let basics = [
            ("HOME", home.as_str()),
            ("TWS_USERID", "edemo"),
            ("TWS_PASSWORD", "demouser"),
        ];
        let environment = basics.iter().chain(settings);
        let environment = environment.map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let sources = Sources {
            environment: environment.collect(),
            ..Sources::default()
        };
        let (mut config, warnings) = config::load(sources).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        let agent = Agent::new(Catalogue::built_in().unwrap(), Policy::new(&config));
        let credentials = config.credentials.take().unwrap();
        let governor = Governor::open(
            folder.path(),
            &credentials.user,
            credentials.password.expose(),
            Limits::default(),
        );
        let hands = Hands {
            credentials: Some(credentials),
            governor: Some(governor.unwrap()),
            clock: config.gateway.time_zone.as_deref().and_then(WallClock::of),
            ..Hands::new(folder.path())
        };
        let eyes = Eyes::open(folder.path().to_path_buf()).unwrap();
        let events = EventLog::open(folder.path()).unwrap();
        let (reports_to, reports) = unbounded_channel();
        let pilot = Pilot::start(
            &display.address,
            eyes,
            RecordedAgent::new(agent, None),
            hands,
            events,
            reports_to,
        )
        .unwrap();
        Self {
            pilot,
            reports,
            events: Vec::new(),
            _folder: folder,
        }
    }

    fn wait(&mut self, what: &str, condition: impl Fn(&Event) -> bool) {
        let (reports, events) = (&mut self.reports, &mut self.events);
        wait_for(what, || {
            while let Ok(report) = reports.try_recv() {
                if let Report::Event(event) = report {
                    events.push(event);
                }
            }
            events.iter().any(&condition).then_some(())
        });
    }

    fn wait_for_state(&mut self, wanted: State) {
        self.wait(
            &wanted.to_string(),
            |event| matches!(event, Event::State { state, .. } if *state == wanted),
        );
    }

    fn carry_out(&mut self, errand: Errand) {
        self.pilot.tell(Command::CarryOut(errand));
        let name = format!("{errand:?}");
        self.wait(
            &name,
            |event| matches!(event, Event::CarriedOut { command } if *command == name),
        );
    }
}

fn confirmed(gateway: &StandIn, what: &str) {
    gateway.journal.wait("confirmed", |entry| entry["what"] == what);
}

/// Which questions were answered, and how.
fn answers(gateway: &StandIn) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let dismissed = gateway.journal.all("dismissed").into_iter();
    dismissed
        .filter(|entry| entry["button"] != "self")
        .map(|entry| (text(&entry["dialog"]), text(&entry["button"])))
        .collect()
}

/// A process that does nothing until this goes, also when the test fails: the pilot could not end.
struct Halted(String);

impl Halted {
    fn new(pid: u32) -> Self {
        let halted = Self(pid.to_string());
        halted.signal("-STOP");
        halted
    }

    fn signal(&self, name: &str) {
        let sent = std::process::Command::new("kill").args([name, &self.0]).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Halted {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}

#[test]
fn a_pilot_that_hangs_on_its_display_is_not_live_and_one_that_waits_is() {
    let display = TestDisplay::start(640, 480);
    let flight = Flight::start(&display, &[]);
    let board = Board::new("paper", "/nowhere".into(), "/nowhere/rules".into(), None);
    board.take_pulse(flight.pilot.pulse());
    let is_live_later = || {
        let later = Instant::now() + Duration::from_secs(600);
        board.standing(later).health(0).live.ok
    };
    wait_for("a pilot that waits", || is_live_later().then_some(()));

    let halted = Halted::new(display.server.id());
    let (give, picture) = tokio::sync::oneshot::channel();
    flight.pilot.tell(Command::Picture(give));
    wait_for("a pilot that hangs", || (!is_live_later()).then_some(()));
    let live = board.standing(Instant::now()).health(0).live;
    assert!(live.ok, "not before it has hung for long: {live:?}");
    drop(halted);
    picture.blocking_recv().unwrap();
    wait_for("a pilot that waits again", || is_live_later().then_some(()));
}

#[test]
fn tws_is_logged_in_to_configured_and_led_by_its_menus() {
    let display = TestDisplay::start(1024, 768);
    let gateway = StandIn::start(
        &display,
        json!({"program": "tws", "look": "nimbus", "api_port": 0}),
    );
    let mut flight = Flight::start(
        &display,
        &[("READ_ONLY_API", "no"), ("AUTO_LOGOFF_TIME", "10:30 PM")],
    );
    flight.wait("the settings", |event| matches!(event, Event::Configured { .. }));
    let submitted = gateway.journal.all("submitted");
    assert_eq!(submitted.len(), 1, "{submitted:#?}");
    assert_eq!(submitted[0]["trading_mode"], "paper");
    let text = std::fs::read_to_string(gateway.settings.path().join("configuration.json")).unwrap();
    let kept: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&kept["read_only_api"], &kept["end"]),
        (&json!(false), &json!("logoff"))
    );
    assert_eq!((&kept["time"], &kept["half"]), (&json!("10:30"), &json!("PM")));

    flight.carry_out(Errand::SaveSettings);
    gateway.journal.wait("settings_saved", |_| true);
    flight.carry_out(Errand::ReconnectData);
    confirmed(&gateway, "Reconnect data");
    flight.carry_out(Errand::ReconnectAccount);
    confirmed(&gateway, "Reconnect account");
    flight.pilot.tell(Command::CarryOut(Errand::Restart));
    confirmed(&gateway, "restart");
    let expected = [
        ("reconnect_confirm", "OK"),
        ("reconnect_confirm", "OK"),
        ("restart_confirm", "Yes"),
    ];
    let expected = expected.map(|(dialog, button)| (dialog.to_owned(), button.to_owned()));
    assert_eq!(answers(&gateway), expected);
}

#[test]
fn the_gateway_is_closed_by_its_menu_and_its_question_answered() {
    let display = TestDisplay::start(1024, 768);
    let scenario = json!({"start": "main", "look": "dark", "confirm_exit": true, "api_port": 0});
    let gateway = StandIn::start(&display, scenario);
    let mut flight = Flight::start(&display, &[]);
    flight.wait_for_state(State::LoggedIn);
    flight.pilot.tell(Command::CarryOut(Errand::Close));
    gateway.journal.wait("exit", |entry| entry["tidy"] == true);
    let chosen = gateway.journal.all("menu");
    assert_eq!(chosen.len(), 1, "{chosen:#?}");
    assert_eq!(chosen[0]["item"], "File > Close");
    assert_eq!(answers(&gateway), [("exit_confirm".to_owned(), "Yes".to_owned())]);
}

/// What the configuration window was applied with last: the end of the day.
fn day_end(gateway: &StandIn) -> [String; 3] {
    let text = std::fs::read_to_string(gateway.settings.path().join("configuration.json")).unwrap();
    let kept: Value = serde_json::from_str(&text).unwrap();
    ["end", "time", "half"].map(|name| kept[name].as_str().unwrap().to_owned())
}

#[test]
fn the_gateway_is_restarted_without_a_menu_item_for_it() {
    let display = TestDisplay::start(1024, 768);
    // A zone whose minutes are not those of UTC.
    let zone = "Asia/Kathmandu";
    let scenario = json!({"start": "main", "look": "dark", "api_port": 0, "time_zone": zone});
    let mut gateway = StandIn::start(&display, scenario);
    let mut flight = Flight::start(&display, &[("TIME_ZONE", zone)]);
    flight.wait_for_state(State::LoggedIn);
    flight.pilot.tell(Command::CarryOut(Errand::Restart));
    flight.wait(
        "the time",
        |event| matches!(event, Event::RestartScheduled { before, .. } if before == "auto log-off at 11:45 PM"),
    );
    assert_eq!(day_end(&gateway)[0], "restart");
    wait_within(Duration::from_secs(180), "the minute", || {
        let exits = gateway.journal.all("exit").into_iter();
        exits
            .map(|entry| entry["why"].clone())
            .find(|why| why == "auto restart")
    });
    flight.pilot.tell(Command::GatewayExited(Departure {
        why: "it restarts".into(),
        comes_back: true,
    }));
    flight.wait(
        "the restart",
        |event| matches!(event, Event::CarriedOut { command } if command == "Restart"),
    );

    gateway = gateway.start_again(&display, &["-Drestart=stand-in"]);
    flight.pilot.tell(Command::GatewayStarted(true));
    flight.wait("the time from before", |event| {
        matches!(event, Event::Configured { .. })
    });
    assert_eq!(gateway.journal.all("token_used").len(), 1);
    assert_eq!(day_end(&gateway), ["logoff", "11:45", "PM"]);
    assert!(gateway.journal.all("submitted").is_empty(), "no login was needed");
}

#[test]
fn a_time_that_cannot_be_read_back_restarts_nothing() {
    let display = TestDisplay::start(1024, 768);
    let gateway = StandIn::start(
        &display,
        json!({"start": "main", "api_port": 0, "configuration_window": {"stuck": ["time"]}}),
    );
    let mut flight = Flight::start(&display, &[("TIME_ZONE", "Etc/UTC")]);
    flight.wait_for_state(State::LoggedIn);
    flight.pilot.tell(Command::CarryOut(Errand::Restart));
    flight.wait(
        "the end of it",
        |event| matches!(event, Event::GivenUp { what } if what.starts_with("Restart:")),
    );
    let ends = gateway.journal.all("configuration");
    let pressed: Vec<&Value> = ends.iter().filter(|entry| entry["state"] != "page").collect();
    assert_eq!(pressed.len(), 1, "{pressed:#?}");
    assert_eq!(pressed[0]["state"], "cancel");
    assert!(gateway.journal.all("applied").is_empty());
}

#[test]
fn the_gateway_saves_once_its_menu_allows_it_and_connects_anew() {
    let display = TestDisplay::start(1024, 768);
    let scenario = json!({
        "start": "main", "look": "slate", "api_port": 0, "menus": {"popup": "heavy", "enabled_after_ms": 4000},
    });
    let gateway = StandIn::start(&display, scenario);
    let mut flight = Flight::start(&display, &[]);
    flight.wait_for_state(State::LoggedIn);
    flight.carry_out(Errand::SaveSettings);
    gateway.journal.wait("settings_saved", |_| true);
    flight.carry_out(Errand::ReconnectAccount);
    confirmed(&gateway, "Reconnect account");
    flight.carry_out(Errand::ReconnectData);
    confirmed(&gateway, "Reconnect data");
    let answered = [(); 2].map(|()| ("reconnect_confirm".to_owned(), "OK".to_owned()));
    assert_eq!(answers(&gateway), answered);
}
