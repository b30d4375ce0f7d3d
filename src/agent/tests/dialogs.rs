//! Dialogs: pressed, left alone, unknown.

use super::super::{ActResult, Event, State};
use super::stage::*;

fn unknown_told(events: &[Event]) -> usize {
    events
        .iter()
        .filter(|event| matches!(event, Event::UnknownDialog { .. }))
        .count()
}

fn left(events: &[Event]) -> Vec<&str> {
    let rules = events.iter().filter_map(|event| match event {
        Event::LeftToHuman { rule, .. } => Some(rule.as_str()),
        _ => None,
    });
    rules.collect()
}

#[test]
fn the_modal_whose_ok_cancels_the_login_is_never_touched() {
    let mut stage = Stage::new(policy());
    stage.submit();
    stage.show(&[filled(), connecting()]);
    assert_eq!(stage.acts_within(120), []);
    assert_eq!(stage.state(), State::SubmittedCredentials);

    // The button had no visible effect for long, but the modal was one: no second attempt at once.
    stage.show(&[filled()]);
    assert_eq!(stage.acts_within(25), []);
}

/// Not even by a user's rule that names its button.
#[test]
fn what_works_for_the_login_is_left_alone_whatever_its_rule_presses() {
    for meaning in ["connecting", "login-progress", "shutdown"] {
        let rules = format!(
            "[[rule]]\nname = \"mine\"\nmeaning = \"{meaning}\"\ntitle = [\"Survey\"]\npress = [\"OK\"]\n"
        );
        let mut stage = Stage::with_rules(policy(), &rules);
        stage.submit();
        stage.show(&[filled(), unknown()]);
        assert_eq!(stage.acts_within(120), [], "{meaning}");
    }
}

#[test]
fn an_unknown_dialog_is_told_and_kept_once_and_holds_up_the_login() {
    let mut stage = Stage::new(policy());
    stage.show(&[form(), unknown()]);
    assert_eq!(stage.acts_within(2), []);
    assert_eq!(unknown_told(&stage.events()), 0);
    assert_eq!(stage.acts_within(60), [Act::Keep(DIALOG)]);
    let events = stage.events();
    assert_eq!(unknown_told(&events), 1);
    assert!(events.contains(&Event::UnknownDialog {
        title: "Survey".into(),
        why: "no rule knows it".into()
    }));
    assert_eq!(stage.state(), State::UnknownDialog);

    stage.show(&[form()]);
    assert_eq!(stage.act(), Some(Act::Ask));
    assert_eq!(stage.state(), State::LoginShown);
}

#[test]
fn a_dialog_that_two_rules_claim_is_unknown() {
    let rules = "[[rule]]\nname = \"mine\"\ntitle = [\"Tip of\"]\npress = [\"Close\"]\n";
    let mut stage = Stage::with_rules(policy(), rules);
    stage.show(&[main_window(), tip()]);
    assert_eq!(stage.acts_within(60), [Act::Keep(DIALOG)]);
    let events = stage.events();
    let claimed = events.iter().find_map(|event| match event {
        Event::UnknownDialog { why, .. } => Some(why.as_str()),
        _ => None,
    });
    assert_eq!(claimed, Some("claimed by several rules: tip-of-the-day, mine"));
}

#[test]
fn a_dialog_that_was_not_read_yet_holds_up_the_login() {
    let mut stage = Stage::new(policy());
    stage.fill_in();
    stage.show(&[filled(), unknown().moving()]);
    assert_eq!(stage.acts_within(9), []);
    stage.show(&[filled()]);
    stage.expect_done(&click(FORM, "Log In"));
}

#[test]
fn a_dialog_that_nobody_can_take_a_picture_of_is_told_and_holds_up_the_login() {
    let mut stage = Stage::new(policy());
    stage.fill_in();
    stage.show(&[filled(), unknown().moving()]);
    assert_eq!(stage.acts_within(60), [Act::Keep(DIALOG)]);
    let told = |event: &Event| matches!(event, Event::UnknownDialog { title, .. } if title == "Survey");
    assert_eq!(stage.events().into_iter().filter(told).count(), 1);
    assert_eq!(stage.state(), State::UnknownDialog);
}

#[test]
fn a_notice_is_pressed_and_its_end_is_told() {
    let mut stage = Stage::new(policy());
    stage.show(&[main_window(), tip()]);
    stage.expect_done(&click(DIALOG, "Close"));
    let pressed = Event::Pressed {
        rule: "tip-of-the-day".into(),
        label: "Close".into(),
    };
    assert!(stage.events().contains(&pressed));
    stage.pass(1.0);
    stage.show(&[main_window()]);
    let answered = Event::Answered {
        rule: "tip-of-the-day".into(),
        after: std::time::Duration::from_secs(1),
    };
    assert_eq!(stage.events(), [answered]);
    assert_eq!(stage.acts_within(30), []);
}

#[test]
fn a_notice_over_the_form_is_pressed_before_the_login_goes_on() {
    let mut stage = Stage::new(policy());
    stage.show(&[form(), tip()]);
    stage.expect_done(&click(DIALOG, "Close"));
    stage.pass(5.0);
    stage.expect_nothing();
    stage.show(&[form()]);
    assert_eq!(stage.act(), Some(Act::Ask));
}

#[test]
fn a_dialog_that_stays_is_pressed_again_after_a_while_and_given_up_after_three() {
    let mut stage = Stage::new(policy());
    stage.show(&[main_window(), tip()]);
    for _ in 0..3 {
        stage.expect_done(&click(DIALOG, "Close"));
        assert_eq!(stage.acts_within(7), []);
        stage.pass(1.0);
    }
    stage.expect_done(&Act::Keep(DIALOG));
    assert_eq!(stage.acts_within(120), []);
    let given_up = |event: &&Event| matches!(event, Event::GivenUp { what } if what.contains("3 times"));
    assert_eq!(stage.events().iter().filter(given_up).count(), 1);
}

#[test]
fn a_press_that_did_not_happen_does_not_count() {
    let mut stage = Stage::new(policy());
    stage.show(&[main_window(), tip()]);
    for _ in 0..5 {
        stage.expect(&click(DIALOG, "Close"), &ActResult::Changed);
        stage.pass(0.2);
    }
    stage.expect_done(&click(DIALOG, "Close"));
    stage.expect_nothing();
}

#[test]
fn a_known_dialog_without_its_button_is_given_up() {
    let mut stage = Stage::new(policy());
    stage.show(&[
        main_window(),
        Sheet::dialog(DIALOG, "Tip of the Day").button("Next tip"),
    ]);
    assert_eq!(stage.acts_within(2), []);
    assert_eq!(stage.acts_within(60), [Act::Keep(DIALOG)]);
}

#[test]
fn a_notice_that_the_settings_leave_alone_is_told_once() {
    let notice = || {
        Sheet::dialog(DIALOG, " ")
            .text("This is not a brokerage account")
            .button("I understand and accept")
    };
    let mut stage = Stage::new(policy_with(&[("paper-notice", "no")]));
    stage.show(&[form(), notice()]);
    assert_eq!(stage.acts_within(60), []);
    stage.show(&[form(), notice()]);
    assert_eq!(left(&stage.events()), ["paper-notice"]);

    let mut stage = Stage::new(policy_with(&[("paper-notice", "yes")]));
    stage.show(&[form(), notice()]);
    stage.expect_done(&click(DIALOG, "I understand and accept"));
    assert_eq!(left(&stage.events()), Vec::<&str>::new());
}

#[test]
fn a_dialog_that_no_setting_may_answer_is_left_alone() {
    let mut stage = Stage::new(policy());
    stage.show(&[
        main_window(),
        Sheet::dialog(DIALOG, "Cryptocurrency order confirmation").button("OK"),
    ]);
    assert_eq!(stage.acts_within(60), []);
    assert_eq!(left(&stage.events()), ["crypto-order"]);
}

fn sizes(ticked: bool) -> Sheet {
    Sheet::dialog(DIALOG, " ")
        .text("Bid, Ask and Last Size Display Update")
        .check("Don't display this message again.", ticked)
        .button("I understand - display market data")
}

#[test]
fn the_sizes_notice_is_ticked_before_it_is_accepted() {
    let tick = click(DIALOG, "Don't display this message again.");
    let accept = click(DIALOG, "I understand - display market data");
    let mut stage = Stage::new(policy_with(&[("sizes-notice", "accept")]));
    stage.show(&[main_window(), sizes(false)]);
    stage.expect_done(&tick);
    stage.show(&[main_window(), sizes(true)]);
    stage.pass(0.2);
    stage.expect_done(&accept);
    stage.expect_nothing();

    let mut stage = Stage::new(policy_with(&[("sizes-notice", "accept")]));
    stage.show(&[main_window(), sizes(true)]);
    stage.expect_done(&accept);

    let mut stage = Stage::new(policy_with(&[("sizes-notice", "defer")]));
    stage.show(&[main_window(), sizes(false)]);
    stage.expect_done(&accept);

    let mut stage = Stage::new(policy_with(&[("sizes-notice", "ignore")]));
    stage.show(&[main_window(), sizes(false)]);
    assert_eq!(stage.acts_within(30), []);
}

fn session() -> Sheet {
    Sheet::dialog(DIALOG, "Existing session detected")
        .button("Cancel")
        .button("Continue Login")
}

/// What the setting does with another session: while logging in, and once logged in.
#[test]
fn another_session_is_treated_as_the_setting_says() {
    let table = [
        ("primary", Some("Continue Login"), Some("Continue Login")),
        ("secondary", Some("Cancel"), Some("Cancel")),
        ("manual", None, None),
        ("primaryoverride", Some("Continue Login"), Some("Cancel")),
    ];
    for (value, before, after) in table {
        let policy = || policy_with(&[("existing-session", value)]);
        let pressed = |label: Option<&str>| label.map(|label| click(DIALOG, label));
        let mut stage = Stage::new(policy());
        stage.submit();
        stage.show(&[filled(), session()]);
        assert_eq!(stage.act(), pressed(before), "{value} before the login");

        let mut stage = Stage::new(policy());
        stage.show(&[main_window()]);
        stage.expect_nothing();
        stage.show(&[main_window(), session()]);
        assert_eq!(stage.act(), pressed(after), "{value} after the login");
    }
}
