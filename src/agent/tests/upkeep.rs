//! After the login: the gateway's own settings, and errands.

use super::super::{ActResult, Chord, Errand, Event, Policy, State};
use super::stage::*;
use crate::config::GatewayOptions;
use crate::screen::WindowKind;

fn read_only(on: bool) -> GatewayOptions {
    GatewayOptions {
        read_only_api: Some(on),
        ..GatewayOptions::default()
    }
}

fn port() -> GatewayOptions {
    GatewayOptions {
        socket_port: Some(4001),
        ..GatewayOptions::default()
    }
}

fn master() -> GatewayOptions {
    GatewayOptions {
        master_client_id: Some(7),
        ..GatewayOptions::default()
    }
}

fn wanting(configuration: GatewayOptions) -> Stage {
    let mut stage = Stage::new(Policy {
        configuration,
        ..policy()
    });
    stage.show(&[main_window()]);
    stage
}

/// The configuration window before any of its rows was clicked.
fn first_page() -> Sheet {
    Sheet::dialog(CONFIGURATION, "IBKR Gateway Configuration")
        .with_tree()
        .row("General")
        .text("General page")
        .row("API")
        .text("Nothing to set here")
        .row("Settings")
        .text("")
        .row("Lock and Exit")
        .button("OK")
        .button("Cancel")
}

/// Its page `API > Settings`.
fn page(read_only: bool, localhost: bool, master: u32) -> Sheet {
    Sheet::dialog(CONFIGURATION, "IBKR Gateway Configuration")
        .with_tree()
        .row("General")
        .text("Settings page")
        .row("API")
        .check("Read-Only API", read_only)
        .row("Settings")
        .check("Allow connections from localhost only", localhost)
        .row("Lock and Exit")
        .field("Master API client ID", master)
        .button("OK")
        .button("Cancel")
}

/// Opens the window from the menu, and the page in it.
fn open(stage: &mut Stage, page: Sheet) {
    assert_eq!(stage.state(), State::Configuring);
    stage.expect_done(&click(MAIN, "Configure"));
    stage.show(&[main_window().text("Settings")]);
    stage.expect_done(&click(MAIN, "Settings"));
    stage.show(&[main_window(), first_page()]);
    stage.expect_done(&click(CONFIGURATION, "Settings"));
    stage.show(&[main_window(), page]);
}

fn lost(stage: &mut Stage) -> Vec<String> {
    let events = stage.events().into_iter();
    events
        .filter_map(|event| match event {
            Event::NotConfigured { setting, .. } => Some(setting),
            _ => None,
        })
        .collect()
}

#[test]
fn what_differs_is_set_read_back_and_confirmed() {
    let mut stage = wanting(GatewayOptions {
        read_only_api: Some(false),
        ..master()
    });
    stage.agent.api_answered(stage.now, true);
    open(&mut stage, page(true, true, 0));
    stage.expect_done(&click(CONFIGURATION, "Read-Only API"));
    stage.show(&[main_window(), page(false, true, 0)]);
    stage.expect(&Act::Write(CONFIGURATION, "7".into()), &ActResult::Filled);
    stage.show(&[main_window(), page(false, true, 1)]);
    stage.pass(0.7);
    stage.expect(&Act::Read(CONFIGURATION), &ActResult::Holds("7".into()));
    assert_eq!(stage.state(), State::Configuring);
    stage.expect_done(&click(CONFIGURATION, "OK"));
    stage.show(&[main_window()]);
    stage.expect_nothing();
    assert_eq!(stage.state(), State::Ready);
    let changed = vec!["read_only_api".to_owned(), "master_client_id".to_owned()];
    assert!(stage.events().contains(&Event::Configured { changed }));
}

/// The main window as no rule knows it, as when a menu covers the words that tell it apart.
fn behind_a_menu(items: &[&str]) -> Sheet {
    let window = Sheet::new(MAIN, "IBKR Gateway", WindowKind::Normal).text("File Help");
    items.iter().fold(window, |window, item| window.text(item))
}

#[test]
fn a_window_that_its_own_menu_makes_unknown_is_still_the_main_one() {
    let mut stage = wanting(read_only(true));
    stage.expect_done(&click(MAIN, "Configure"));
    stage.show(&[behind_a_menu(&["Settings", "API"])]);
    stage.expect_done(&click(MAIN, "Settings"));
    stage.show(&[behind_a_menu(&[]), first_page()]);
    stage.expect_done(&click(CONFIGURATION, "Settings"));
    assert!(
        !stage
            .events()
            .iter()
            .any(|event| matches!(event, Event::UnknownDialog { .. }))
    );
}

#[test]
fn a_menu_without_the_item_is_closed_though_no_rule_knows_the_window_behind_it() {
    let mut stage = wanting(read_only(true));
    stage.expect_done(&click(MAIN, "Configure"));
    stage.show(&[behind_a_menu(&["S?tt!", "API"])]);
    stage.expect_nothing();
    stage.pass(1.6);
    let escape = Act::Press(MAIN, Chord::Escape);
    stage.expect(&escape, &ActResult::Changed);
    stage.pass(0.2);
    stage.expect_done(&escape);
    stage.show(&[main_window()]);
    stage.pass(1.1);
    stage.expect_done(&click(MAIN, "File"));
    // Once it is closed, whatever hides the words is no menu of ours.
    stage.show(&[behind_a_menu(&["S?tt!", "API"])]);
    stage.pass(1.6);
    stage.expect_done(&escape);
    assert_eq!(stage.acts_within(60), [Act::Keep(MAIN)]);
}

#[test]
fn a_menu_that_cannot_be_closed_is_given_up() {
    let mut stage = wanting(read_only(true));
    stage.expect_done(&click(MAIN, "Configure"));
    stage.show(&[behind_a_menu(&["S?tt!", "API"])]);
    stage.pass(1.6);
    let escape = Act::Press(MAIN, Chord::Escape);
    let mut presses = 0;
    while stage.act().as_ref() == Some(&escape) {
        stage.give(&ActResult::Changed);
        stage.pass(0.2);
        presses += 1;
        assert!(presses < 100, "no end of it");
    }
    assert!(presses > 1);
}

#[test]
fn what_is_right_already_is_left_by_cancel() {
    let mut stage = wanting(read_only(true));
    open(&mut stage, page(true, false, 0));
    stage.expect_done(&click(CONFIGURATION, "Cancel"));
    stage.show(&[main_window()]);
    stage.expect_nothing();
    assert_eq!(stage.state(), State::LoggedIn);
    assert!(stage.events().contains(&Event::Configured { changed: vec![] }));
}

#[test]
fn a_branch_that_cannot_be_read_is_done_without() {
    let mut stage = wanting(read_only(true));
    stage.expect_done(&click(MAIN, "Configure"));
    stage.show(&[main_window().text("Settings")]);
    stage.expect_done(&click(MAIN, "Settings"));
    let page = || {
        Sheet::dialog(CONFIGURATION, "IBKR Gateway Configuration")
            .with_tree()
            .row("General")
            .text("General page")
            .row("Settings")
            .text("")
            .button("OK")
            .button("Cancel")
    };
    stage.show(&[main_window(), page()]);
    let wheel = |down| Act::Wheel(CONFIGURATION, down);
    let acts = [wheel(true), wheel(false), click(CONFIGURATION, "Settings")];
    assert_eq!(stage.acts_within(3), acts);
}

#[test]
fn nothing_wanted_touches_nothing() {
    let mut stage = wanting(GatewayOptions::default());
    assert_eq!(stage.acts_within(60), []);
    assert_eq!(stage.state(), State::LoggedIn);
}

#[test]
fn a_missing_control_is_told_and_the_rest_confirmed() {
    let mut stage = wanting(GatewayOptions {
        read_only_api: Some(false),
        ..port()
    });
    open(&mut stage, page(true, true, 0));
    stage.expect_done(&click(CONFIGURATION, "Read-Only API"));
    stage.show(&[main_window(), page(false, true, 0)]);
    let acts = stage.acts_within(4);
    // Both ends of the page are looked at, and what was set is seen once more before it is confirmed.
    let wheel = |down| Act::Wheel(CONFIGURATION, down);
    assert_eq!(acts, [wheel(true), wheel(false), click(CONFIGURATION, "OK")]);
    assert_eq!(lost(&mut stage), ["api_port"]);
}

#[test]
fn a_box_that_does_not_answer_is_never_confirmed() {
    let mut stage = wanting(read_only(false));
    open(&mut stage, page(true, true, 0));
    let acts = stage.acts_within(20);
    let tries = [(); 3].map(|()| click(CONFIGURATION, "Read-Only API"));
    assert_eq!(acts[..3], tries);
    assert_eq!(acts[3], click(CONFIGURATION, "Cancel"));
    assert_eq!(lost(&mut stage), ["read_only_api"]);
}

#[test]
fn a_page_without_a_sign_of_the_click_is_not_clicked_again_at_once() {
    let mut stage = wanting(read_only(false));
    open(&mut stage, page(true, true, 0));
    stage.expect_done(&click(CONFIGURATION, "Read-Only API"));
    assert_eq!(stage.acts_within(4), [], "a second click would undo the first");
    stage.show(&[main_window(), page(false, true, 0)]);
    stage.pass(0.7);
    stage.expect_done(&click(CONFIGURATION, "OK"));
}

#[test]
fn a_field_that_tells_nothing_is_never_confirmed() {
    let mut stage = wanting(master());
    open(&mut stage, page(true, true, 0));
    let silent = ActResult::NotVerified {
        why: "the field did not say what it holds".into(),
        masked: false,
    };
    for _ in 0..3 {
        stage.expect(&Act::Write(CONFIGURATION, "7".into()), &silent);
    }
    stage.expect_done(&click(CONFIGURATION, "Cancel"));
    assert_eq!(lost(&mut stage), ["master_client_id"]);
}

#[test]
fn a_click_that_changes_another_box_is_never_confirmed() {
    let mut stage = wanting(read_only(false));
    open(&mut stage, page(true, true, 0));
    stage.expect_done(&click(CONFIGURATION, "Read-Only API"));
    stage.show(&[main_window(), page(false, false, 0)]);
    assert_eq!(stage.act(), None, "it may be half painted");
    stage.pass(0.7);
    stage.expect_done(&click(CONFIGURATION, "Cancel"));
    assert_eq!(lost(&mut stage), ["read_only_api"]);
}

#[test]
fn another_box_that_was_half_painted_has_not_changed() {
    let mut stage = wanting(read_only(false));
    open(&mut stage, page(true, true, 0));
    stage.expect_done(&click(CONFIGURATION, "Read-Only API"));
    stage.show(&[main_window(), page(false, false, 0)]);
    assert_eq!(stage.act(), None);
    stage.show(&[main_window(), page(false, true, 0)]);
    stage.pass(0.7);
    stage.expect_done(&click(CONFIGURATION, "OK"));
    assert!(lost(&mut stage).is_empty());
}

#[test]
fn a_value_that_did_not_stay_is_never_confirmed() {
    let mut stage = wanting(GatewayOptions {
        read_only_api: Some(false),
        ..master()
    });
    open(&mut stage, page(true, true, 0));
    stage.expect_done(&click(CONFIGURATION, "Read-Only API"));
    stage.show(&[main_window(), page(false, true, 0)]);
    stage.expect(&Act::Write(CONFIGURATION, "7".into()), &ActResult::Filled);
    // Filling the field in ticked the box again.
    stage.show(&[main_window(), page(true, true, 1)]);
    stage.pass(0.7);
    stage.expect(&Act::Read(CONFIGURATION), &ActResult::Holds("7".into()));
    stage.expect_done(&click(CONFIGURATION, "Cancel"));
    assert_eq!(lost(&mut stage), ["read_only_api"]);
}

#[test]
fn without_the_read_only_api_that_is_wanted_nothing_is_ready() {
    let mut stage = wanting(read_only(true));
    stage.agent.api_answered(stage.now, true);
    open(&mut stage, page(false, true, 0));
    stage.acts_within(8);
    stage.show(&[main_window()]);
    stage.pass(200.0);
    stage.acts_within(200);
    assert_eq!(stage.state(), State::Configuring);
    // A human at the viewer may have set it: it is looked at again.
    stage.agent.human_acted(stage.now);
    stage.pass(16.0);
    stage.expect_done(&click(MAIN, "Configure"));
}

#[test]
fn a_port_that_answers_needs_no_window() {
    let mut stage = wanting(port());
    stage.agent.api_answered(stage.now, true);
    stage.expect_nothing();
    assert_eq!(stage.state(), State::Ready);

    let mut stage = wanting(port());
    stage.expect_nothing();
    stage.pass(5.0);
    assert_eq!(stage.act(), Some(click(MAIN, "Configure")));
}

#[test]
fn a_window_that_a_human_opened_is_left_to_him_for_a_while() {
    let mut stage = wanting(GatewayOptions::default());
    stage.show(&[main_window(), first_page()]);
    assert_eq!(stage.acts_within(300), [], "nothing is wanted");

    let mut stage = Stage::new(Policy {
        configuration: read_only(true),
        ..policy()
    });
    stage.show(&[main_window(), first_page()]);
    assert_eq!(stage.acts_within(59), []);
    assert_eq!(stage.acts_within(2), [click(CONFIGURATION, "Cancel")]);
}

#[test]
fn questions_are_answered_only_for_what_was_done_here() {
    let questions = [
        ("apply the new socket port setting?", "Yes"),
        ("Are you sure you would like to restart the application?", "Yes"),
        (
            "Are you sure you want to execute \"simulate connection loss\"?",
            "OK",
        ),
    ];
    for (text, label) in questions {
        let question = Sheet::dialog(DIALOG, "IBKR Gateway")
            .text(text)
            .button(label)
            .button("No");
        let mut stage = wanting(GatewayOptions::default());
        stage.show(&[main_window(), question]);
        assert_eq!(stage.acts_within(30), [], "{text}");
        let left = |event: &Event| matches!(event, Event::LeftToHuman { .. });
        assert!(stage.events().iter().any(left), "{text}");
    }
}

#[test]
fn a_menu_that_does_not_open_is_tried_again() {
    let mut stage = wanting(read_only(true));
    stage.expect_done(&click(MAIN, "Configure"));
    let acts = stage.acts_within(10);
    assert!(acts.len() >= 3, "{acts:?}");
    let titles = [click(MAIN, "Configure"), click(MAIN, "File")];
    assert!(acts.iter().all(|act| titles.contains(act)), "{acts:?}");
}

#[test]
fn an_item_that_does_nothing_is_clicked_again() {
    let mut stage = wanting(read_only(true));
    let menu = || main_window().text("Settings");
    stage.expect_done(&click(MAIN, "Configure"));
    stage.show(&[menu()]);
    stage.expect_done(&click(MAIN, "Settings"));
    let acts = stage.acts_within(3);
    assert_eq!(acts, [Act::Press(MAIN, Chord::Escape)]);
    stage.show(&[main_window()]);
    stage.pass(1.0);
    stage.expect_done(&click(MAIN, "Configure"));
}

#[test]
fn a_gateway_that_does_not_close_by_its_menu_is_closed_by_its_window() {
    let mut stage = wanting(GatewayOptions::default());
    assert!(stage.agent.carry_out(stage.now, Errand::Close));
    assert_eq!(stage.acts_within(3), [click(MAIN, "File"), Act::Close(MAIN)]);
}

#[test]
fn connecting_anew_presses_the_keys_and_confirms_its_own_question() {
    let mut stage = wanting(GatewayOptions::default());
    assert!(stage.agent.carry_out(stage.now, Errand::ReconnectData));
    stage.expect_done(&Act::Press(MAIN, Chord::ControlAltF));
    let question = Sheet::dialog(DIALOG, "IBKR Gateway")
        .text("Are you sure you want to execute \"simulate connection loss\"?")
        .button("OK")
        .button("Cancel");
    stage.show(&[main_window(), question]);
    stage.expect_done(&click(DIALOG, "OK"));
    stage.show(&[main_window()]);
    stage.expect_nothing();
    let command = "ReconnectData".to_owned();
    assert!(stage.events().contains(&Event::CarriedOut { command }));

    let mut stage = wanting(GatewayOptions::default());
    assert!(stage.agent.carry_out(stage.now, Errand::ReconnectAccount));
    let tries = [(); 3].map(|()| Act::Press(MAIN, Chord::ControlAltR));
    assert_eq!(stage.acts_within(30), tries);
}

#[test]
fn settings_are_saved_when_the_menu_has_closed() {
    let menu = || main_window().text("Save Settings").text("Close");
    let saved = Event::CarriedOut {
        command: "SaveSettings".to_owned(),
    };
    let mut stage = wanting(GatewayOptions::default());
    assert!(stage.agent.carry_out(stage.now, Errand::SaveSettings));
    stage.expect_done(&click(MAIN, "File"));
    stage.show(&[menu()]);
    stage.expect_done(&click(MAIN, "Save Settings"));
    stage.expect_nothing();
    assert!(!stage.events().contains(&saved), "the menu is still there");
    // A disabled item leaves it there: it is closed, and the item tried again.
    stage.pass(3.0);
    stage.expect_done(&Act::Press(MAIN, Chord::Escape));
    stage.show(&[main_window()]);
    stage.pass(1.0);
    stage.expect_done(&click(MAIN, "File"));
    stage.show(&[menu()]);
    stage.expect_done(&click(MAIN, "Save Settings"));
    stage.show(&[main_window()]);
    stage.expect_nothing();
    assert!(stage.events().contains(&saved));
}

#[test]
fn nothing_can_be_done_without_a_main_window() {
    let mut stage = Stage::new(policy());
    assert!(!stage.agent.carry_out(stage.now, Errand::Restart));
}
