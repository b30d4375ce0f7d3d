//! A restart without a menu item for it, by the time of the automatic restart.

use super::super::{ActResult, Chord, Errand, Event, Policy, State};
use super::stage::*;
use crate::config::{ClockTime, DayEnd, GatewayOptions};

/// 08:03:50 by the gateway's clock: the minute that is taken begins in 70 s.
const MORNING: ActResult = ActResult::Clock {
    seconds: 8 * 3600 + 3 * 60 + 50,
};

fn menu() -> Sheet {
    main_window().text("Save Settings").text("Close")
}

/// The page `Lock and Exit`; `time` is how much ink its field has.
fn page(restart: bool, time: u32, morning: bool) -> Sheet {
    Sheet::dialog(CONFIGURATION, "IBKR Gateway Configuration")
        .with_tree()
        .row("General")
        .check("Auto logoff", !restart)
        .row("API")
        .check("Auto restart", restart)
        .row("Lock and Exit")
        .field("Set Auto Restart Time (HH:MM)", time)
        .check("AM", morning)
        .check("PM", !morning)
        .button("OK")
        .button("Cancel")
}

fn first_page() -> Sheet {
    Sheet::dialog(CONFIGURATION, "IBKR Gateway Configuration")
        .with_tree()
        .row("General")
        .text("General page")
        .row("API")
        .text("")
        .row("Lock and Exit")
        .text("")
        .button("OK")
        .button("Cancel")
}

fn logged_in(configuration: GatewayOptions) -> Stage {
    let mut stage = Stage::new(Policy {
        configuration,
        ..policy()
    });
    stage.show(&[main_window()]);
    stage.agent.api_answered(stage.now, true);
    stage.acts_within(1);
    stage
}

/// Looks into the menu, twice, and finds no item.
fn look_for_the_item(stage: &mut Stage) {
    assert!(stage.agent.carry_out(stage.now, Errand::Restart));
    for _ in 0..2 {
        stage.expect_done(&click(MAIN, "File"));
        stage.show(&[menu()]);
        stage.pass(1.5);
        stage.expect_done(&Act::Press(MAIN, Chord::Escape));
        stage.show(&[main_window()]);
        stage.pass(1.0);
    }
}

/// Opens the window on `page`.
fn open(stage: &mut Stage, page: Sheet) {
    stage.expect_done(&click(MAIN, "Configure"));
    stage.show(&[main_window().text("Settings")]);
    stage.expect_done(&click(MAIN, "Settings"));
    stage.show(&[main_window(), first_page()]);
    stage.expect_done(&click(CONFIGURATION, "Lock and Exit"));
    stage.show(&[main_window(), page]);
}

/// Sets the restart, up to the button that confirms it.
fn set(stage: &mut Stage) {
    look_for_the_item(stage);
    stage.expect(&Act::Clock, &MORNING);
    open(stage, page(false, 4, false));
    stage.expect_done(&click(CONFIGURATION, "Auto restart"));
    stage.show(&[main_window(), page(true, 4, false)]);
    stage.expect(&Act::Read(CONFIGURATION), &ActResult::Holds("11:45".into()));
    stage.expect(&Act::Write(CONFIGURATION, "08:05".into()), &ActResult::Filled);
    stage.show(&[main_window(), page(true, 5, false)]);
    stage.expect_done(&click(CONFIGURATION, "AM"));
    stage.show(&[main_window(), page(true, 5, true)]);
    stage.pass(0.7);
    stage.expect(&Act::Read(CONFIGURATION), &ActResult::Holds("08:05".into()));
}

fn scheduled(stage: &mut Stage) -> Vec<(String, String)> {
    let events = stage.events().into_iter();
    events
        .filter_map(|event| match event {
            Event::RestartScheduled { time, before, .. } => Some((time, before)),
            _ => None,
        })
        .collect()
}

fn given_up(stage: &mut Stage) -> Vec<String> {
    let events = stage.events().into_iter();
    events
        .filter_map(|event| match event {
            Event::GivenUp { what } => Some(what),
            _ => None,
        })
        .collect()
}

/// What puts back the time that was there before.
fn put_back(stage: &mut Stage) {
    open(stage, page(true, 5, true));
    stage.expect_done(&click(CONFIGURATION, "Auto logoff"));
    stage.show(&[main_window(), page(false, 5, true)]);
    stage.expect(&Act::Read(CONFIGURATION), &ActResult::Holds("08:05".into()));
    stage.expect(&Act::Write(CONFIGURATION, "11:45".into()), &ActResult::Filled);
    stage.show(&[main_window(), page(false, 4, true)]);
    stage.expect_done(&click(CONFIGURATION, "PM"));
    stage.show(&[main_window(), page(false, 4, false)]);
    stage.pass(0.7);
    stage.expect(&Act::Read(CONFIGURATION), &ActResult::Holds("11:45".into()));
    stage.expect_done(&click(CONFIGURATION, "OK"));
    stage.show(&[main_window()]);
    stage.acts_within(1);
}

#[test]
fn the_time_is_set_the_gateway_goes_and_the_time_is_put_back() {
    let mut stage = logged_in(GatewayOptions::default());
    set(&mut stage);
    stage.expect_done(&click(CONFIGURATION, "OK"));
    stage.show(&[main_window()]);
    stage.expect_nothing();
    let told = ("08:05 AM".to_owned(), "auto log-off at 11:45 PM".to_owned());
    assert_eq!(scheduled(&mut stage), [told]);
    assert!(
        !stage.agent.carry_out(stage.now, Errand::SaveSettings),
        "not in between"
    );
    stage.pass(70.0);
    stage.expect_nothing();
    stage.agent.gateway_exited(&departure("it ended"));
    let command = "Restart".to_owned();
    assert!(stage.events().contains(&Event::CarriedOut { command }));

    stage.agent.gateway_started(true);
    stage.show(&[main_window()]);
    put_back(&mut stage);
    stage.agent.api_answered(stage.now, true);
    assert_eq!(stage.state(), State::Ready);
    stage.agent.gateway_exited(&departure("it ended"));
    stage.show(&[main_window()]);
    assert_eq!(stage.acts_within(60), [], "it was put back once");
}

#[test]
fn what_the_settings_want_of_the_day_is_what_is_put_back() {
    let wanted = DayEnd::LogOff(ClockTime::after_midnight(22 * 60));
    let mut stage = Stage::new(Policy {
        configuration: GatewayOptions {
            day_end: Some(wanted),
            ..GatewayOptions::default()
        },
        ..policy()
    });
    stage.show(&[main_window()]);
    let as_wanted = |stage: &mut Stage| {
        open(stage, page(false, 4, false));
        stage.expect(&Act::Read(CONFIGURATION), &ActResult::Holds("10:00".into()));
        stage.expect_done(&click(CONFIGURATION, "Cancel"));
        stage.show(&[main_window()]);
        stage.acts_within(1);
    };
    as_wanted(&mut stage);
    set(&mut stage);
    stage.expect_done(&click(CONFIGURATION, "OK"));
    stage.show(&[main_window()]);
    stage.expect_nothing();
    stage.agent.gateway_exited(&departure("it ended"));
    stage.show(&[main_window()]);
    as_wanted(&mut stage);
    assert_eq!(stage.acts_within(60), []);
}

#[test]
fn a_gateway_that_does_not_go_gets_its_time_back() {
    let mut stage = logged_in(GatewayOptions::default());
    set(&mut stage);
    stage.expect_done(&click(CONFIGURATION, "OK"));
    stage.show(&[main_window()]);
    stage.expect_nothing();
    stage.pass(170.0);
    put_back(&mut stage);
    let given_up = given_up(&mut stage);
    assert!(
        given_up
            .iter()
            .any(|what| what.contains("did not go at 08:05 AM")),
        "{given_up:?}"
    );
}

#[test]
fn what_cannot_be_read_back_restarts_nothing() {
    // The field that was written to says nothing.
    let mut stage = logged_in(GatewayOptions::default());
    look_for_the_item(&mut stage);
    stage.expect(&Act::Clock, &MORNING);
    open(&mut stage, page(true, 4, true));
    stage.expect(&Act::Read(CONFIGURATION), &ActResult::Holds("11:45".into()));
    for _ in 0..3 {
        stage.expect(&Act::Write(CONFIGURATION, "08:05".into()), &ActResult::NoAnswer);
    }
    assert_eq!(stage.acts_within(2), [click(CONFIGURATION, "Cancel")]);
    stage.show(&[main_window()]);
    assert_eq!(stage.acts_within(200), []);
    assert_eq!(scheduled(&mut stage), []);

    // What was set before says nothing: it could not be put back.
    let mut stage = logged_in(GatewayOptions::default());
    look_for_the_item(&mut stage);
    stage.expect(&Act::Clock, &MORNING);
    open(&mut stage, page(true, 4, true));
    for _ in 0..2 {
        stage.expect(&Act::Read(CONFIGURATION), &ActResult::NoAnswer);
    }
    stage.expect(&Act::Write(CONFIGURATION, "08:05".into()), &ActResult::Filled);
    stage.show(&[main_window(), page(true, 5, true)]);
    stage.pass(0.7);
    stage.expect(&Act::Read(CONFIGURATION), &ActResult::Holds("08:05".into()));
    assert_eq!(stage.acts_within(2), [click(CONFIGURATION, "Cancel")]);
    stage.show(&[main_window()]);
    assert_eq!(stage.acts_within(200), []);
    assert_eq!(scheduled(&mut stage), []);
}

#[test]
fn a_minute_that_is_about_to_begin_is_not_confirmed_any_more() {
    let mut stage = logged_in(GatewayOptions::default());
    set(&mut stage);
    stage.pass(66.0);
    stage.expect_done(&click(CONFIGURATION, "Cancel"));
    stage.show(&[main_window()]);
    stage.expect_done(&Act::Clock);
    assert_eq!(scheduled(&mut stage), []);
}

#[test]
fn a_menu_that_may_have_the_item_is_no_reason_to_set_a_time() {
    let mut stage = logged_in(GatewayOptions::default());
    assert!(stage.agent.carry_out(stage.now, Errand::Restart));
    for _ in 0..4 {
        stage.expect_done(&click(MAIN, "File"));
        stage.show(&[menu().text("Auto Restart now")]);
        stage.pass(1.5);
        stage.expect_done(&Act::Press(MAIN, Chord::Escape));
        stage.show(&[main_window()]);
        stage.pass(1.0);
    }
    assert_eq!(stage.acts_within(60), []);
    let given_up = given_up(&mut stage);
    assert!(
        given_up.iter().any(|what| what.contains("File > Restart")),
        "{given_up:?}"
    );
}
