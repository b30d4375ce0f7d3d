//! Dialogs: pressed, left alone, unknown.

use std::path::Path;

use super::super::{ActResult, Action, Chord, Errand, Event, Outcome, State, Typed};
use super::stage::*;
use crate::dialogs::Catalogue;

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
    assert_eq!(stage.acts_within(7), [Act::Keep(DIALOG)]);
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

/// Field pain 2: whether the dialog is modal tells only the form. It is tried once, with all that is verified otherwise.
#[test]
fn a_form_that_answers_beside_an_unknown_dialog_is_filled_in() {
    let mut stage = Stage::new(policy());
    stage.show(&[form(), unknown()]);
    assert_eq!(stage.acts_within(9), [Act::Keep(DIALOG)]);
    stage.pass(1.0);
    stage.expect(&Act::Ask, &ActResult::Permitted);
    stage.choose();
    stage.expect(&Act::Fill(FORM, Typed::UserName), &ActResult::Filled);
    stage.expect(&Act::Fill(FORM, Typed::Password), &ActResult::Filled);
    stage.show(&[filled(), unknown()]);
    stage.expect(&Act::Begin, &ActResult::Permitted);
    stage.expect_done(&click(FORM, "Log In"));
    assert_eq!(stage.acts_within(60), []);
}

#[test]
fn a_form_that_does_not_answer_beside_an_unknown_dialog_is_tried_no_more() {
    let mut stage = Stage::new(policy());
    stage.show(&[form(), unknown()]);
    assert_eq!(stage.acts_within(9), [Act::Keep(DIALOG)]);
    stage.pass(1.0);
    let mut acts = Vec::new();
    for _ in 0..400 {
        match stage.act() {
            Some(act @ (Act::Ask | Act::Keep(_))) => {
                stage.give(&ActResult::Permitted);
                acts.push(act);
            }
            // The click goes through, and nothing comes of it.
            Some(act) => {
                assert_ne!(act, click(FORM, "Log In"));
                stage.give(&ActResult::NotVerified {
                    why: "no answer".into(),
                    masked: false,
                });
            }
            None => stage.pass(0.5),
        }
    }
    assert_eq!(acts, [Act::Ask, Act::Keep(FORM)]);
    // When the dialog is gone the login begins anew.
    stage.show(&[form()]);
    assert!(stage.acts_within(20).contains(&Act::Ask));
}

/// It may be the answer to the attempt in words that no rule knows: another one could lock the account.
#[test]
fn after_an_attempt_an_unknown_dialog_holds_up_the_login_for_good() {
    let mut stage = Stage::new(policy());
    stage.submit();
    stage.show(&[filled(), unknown()]);
    assert_eq!(stage.acts_within(3600), [Act::Keep(DIALOG)]);
    stage.show(&[form(), unknown()]);
    assert_eq!(stage.acts_within(3600), []);
}

fn catalogue_with(rules: &str) -> Catalogue {
    let mut catalogue = Catalogue::built_in().expect("the built-in catalogue is right");
    catalogue.add(Path::new("test.toml"), rules).expect("right");
    catalogue
}

const SURVEY: &str = "[[rule]]\nname = \"survey\"\ntitle = [\"Survey\"]\npress = [\"OK\"]\n";

#[test]
fn a_new_rule_answers_the_dialog_that_is_on_the_screen() {
    let mut stage = Stage::new(policy());
    stage.show(&[main_window(), unknown()]);
    assert_eq!(stage.acts_within(60), [Act::Keep(DIALOG)]);
    stage.agent.set_catalogue(stage.now, catalogue_with(SURVEY));
    stage.expect_done(&click(DIALOG, "OK"));
    stage.show(&[main_window()]);
    assert_eq!(stage.acts_within(60), []);

    // Without its rule the dialog is unknown again.
    stage.agent.set_catalogue(stage.now, catalogue_with(""));
    stage.show(&[main_window(), unknown()]);
    assert_eq!(stage.acts_within(60), [Act::Keep(DIALOG)]);
}

#[test]
fn what_was_pressed_is_not_pressed_again_for_a_rule_of_another_dialog() {
    let mut stage = Stage::new(policy());
    stage.show(&[main_window(), tip()]);
    stage.expect_done(&click(DIALOG, "Close"));
    stage.agent.set_catalogue(stage.now, catalogue_with(SURVEY));
    assert_eq!(stage.acts_within(2), []);
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
        Sheet::dialog(DIALOG, "Re-login is required").button("Go away"),
    ]);
    assert_eq!(stage.acts_within(2), []);
    assert_eq!(stage.acts_within(60), [Act::Keep(DIALOG)]);
}

#[test]
fn a_second_best_button_is_not_pressed_where_the_best_may_have_been_read_badly() {
    let offer = |button| {
        Sheet::dialog(DIALOG, "IBKR Gateway")
            .text("A newer version is available")
            .button(button)
            .button("OK")
    };
    let mut stage = Stage::new(policy());
    stage.show(&[main_window(), offer("Details")]);
    stage.expect_done(&click(DIALOG, "OK"));
    let mut stage = Stage::new(policy());
    stage.show(&[main_window(), offer("Ne")]);
    assert_eq!(stage.acts_within(60), [Act::Keep(DIALOG)]);
}

#[test]
fn a_notice_without_its_button_is_closed_where_its_rule_says_so() {
    let mut stage = Stage::new(policy());
    stage.show(&[
        main_window(),
        Sheet::dialog(DIALOG, "Tip of the Day").button("Next tip"),
    ]);
    assert_eq!(stage.acts_within(2), []);
    stage.pass(1.0);
    stage.expect_done(&Act::Close(DIALOG));
    stage.show(&[main_window()]);
    assert_eq!(stage.acts_within(60), []);
}

/// The press relies on all that the dialog says, not on its button alone.
#[test]
fn a_press_takes_the_text_to_be_unchanged() {
    let mut stage = Stage::new(policy());
    let notice = Sheet::dialog(DIALOG, "Gateway")
        .text("Connection to server failed")
        .text("12")
        .field("Note", 3)
        .button("OK");
    stage.show(&[form(), notice]);
    let Some(Action::Click { unchanged, label, .. }) = stage.action() else {
        panic!("no click");
    };
    assert_eq!(label.label(), "OK");
    // The sentence and the field's name; not a figure that counts, not the button, which is compared anyway.
    assert_eq!(unchanged.len(), 2, "{unchanged:?}");
}

#[test]
fn a_dialog_that_changes_for_long_whenever_it_is_pressed_is_given_up() {
    let mut stage = Stage::new(policy());
    stage.show(&[main_window(), tip()]);
    let mut clicks = 0;
    loop {
        match stage.act() {
            Some(Act::Click(..)) => {
                clicks += 1;
                stage.give(&ActResult::Changed);
            }
            Some(act) => {
                assert_eq!(act, Act::Keep(DIALOG));
                break;
            }
            None => stage.pass(0.5),
        }
        assert!(clicks < 100, "no end of clicks");
    }
    assert!(clicks > 20, "{clicks}");
}

#[test]
fn a_known_sentence_with_another_question_is_unknown() {
    let look_alikes = [
        Sheet::dialog(DIALOG, "Password Notice")
            .text("Your password will expire. Do you sign the new terms?")
            .button("OK"),
        Sheet::dialog(DIALOG, "Warning")
            .text("This is not a brokerage account. Turn it into one for 10 USD?")
            .button("I understand and accept"),
        Sheet::dialog(DIALOG, "Gateway")
            .text("Accept incoming connection from 10.1.2.3?")
            .text("Sell everything?")
            .button("Yes"),
        Sheet::dialog(DIALOG, "Gateway")
            .text("Newer Version")
            .text("BUY 100 XYZ at market")
            .button("No"),
        Sheet::dialog(DIALOG, "Financial Advisor Warning")
            .text("Transmit the order of your client")
            .button("OK"),
    ];
    for sheet in look_alikes {
        let everything = [
            ("password-notice", "yes"),
            ("paper-notice", "yes"),
            ("incoming-connection", "accept"),
        ];
        let mut stage = Stage::new(policy_with(&everything));
        stage.show(&[main_window(), sheet]);
        assert_eq!(stage.acts_within(60), [Act::Keep(DIALOG)]);
        assert_eq!(unknown_told(&stage.events()), 1);
    }
}

/// What it says of the login counts; its button waits for a human.
#[test]
fn a_refusal_that_asks_something_is_taken_for_one_and_not_pressed() {
    let mut stage = Stage::new(policy());
    stage.submit();
    let refusal = Sheet::dialog(DIALOG, "Login failed")
        .text("Unrecognized Username or Password. Shall your account be closed?")
        .button("OK");
    stage.show(&[filled(), refusal]);
    stage.expect_done(&Act::Record(Outcome::Refused));
    assert_eq!(stage.state(), State::LockedOut);
    assert_eq!(stage.acts_within(60), [Act::Keep(DIALOG)]);
}

#[test]
fn a_setting_of_ones_own_answers_a_rule_of_ones_own() {
    let rules = "[[rule]]\nname = \"mine\"\ntext = [\"Agree to the survey\"]\nsetting = \"survey\"\nanswers.yes = [\"I agree\"]\n";
    let survey = || {
        Sheet::dialog(DIALOG, "Survey")
            .text("Agree to the survey")
            .button("I agree")
    };
    for (value, act) in [("yes", Some(click(DIALOG, "I agree"))), ("no", None)] {
        let mut stage = Stage::with_rules(policy_with(&[("survey", value)]), rules);
        stage.show(&[main_window(), survey()]);
        assert_eq!(stage.act(), act, "{value}");
    }
}

fn orders() -> [(Sheet, &'static str, &'static str, &'static str); 4] {
    [
        (
            Sheet::dialog(DIALOG, "Order Preview")
                .text("No quote: blind trading. BUY 100 XYZ")
                .button("Override and Transmit")
                .button("Cancel"),
            "blind-trading",
            "yes",
            "Override and Transmit",
        ),
        (
            Sheet::dialog(DIALOG, "Confirmation")
                .text("This is blind trading. Are you sure you want to submit this order?")
                .button("Yes")
                .button("No"),
            "blind-trading",
            "yes",
            "Yes",
        ),
        (
            Sheet::dialog(DIALOG, "Cryptocurrency order confirmation")
                .text("BUY 1 BTC")
                .button("Transmit")
                .button("Cancel"),
            "crypto-order",
            "transmit",
            "Transmit",
        ),
        (
            Sheet::dialog(DIALOG, "Cryptocurrency order confirmation")
                .text("BUY 1 BTC")
                .button("Transmit")
                .button("Cancel"),
            "crypto-order",
            "cancel",
            "Cancel",
        ),
    ]
}

#[test]
fn an_order_is_answered_by_its_own_setting_only() {
    for (sheet, setting, value, label) in orders() {
        let mut stage = Stage::new(policy_with(&[(setting, value)]));
        stage.show(&[main_window(), sheet.clone()]);
        stage.expect_done(&click(DIALOG, label));
        for other in ["no", "manual"] {
            let mut stage = Stage::new(policy_with(&[(setting, other)]));
            stage.show(&[main_window(), sheet.clone()]);
            assert_eq!(stage.acts_within(60), [], "{setting}={other}");
            assert_eq!(left(&stage.events()).len(), 1);
        }
    }
}

#[test]
fn a_day_that_the_gateway_names_is_told() {
    let mut stage = Stage::new(policy());
    stage.show(&[
        main_window(),
        Sheet::dialog(DIALOG, "IBKR Gateway")
            .text("This version will be desupported on 31 December 2026.")
            .button("OK"),
    ]);
    stage.expect_done(&click(DIALOG, "OK"));
    let named = stage.events().into_iter().find_map(|event| match event {
        Event::Expires { rule, day, .. } => Some((rule, day)),
        _ => None,
    });
    let day = Some("2026-12-31".to_owned());
    assert_eq!(named, Some(("version-desupported".to_owned(), day)));
}

fn handoff() -> Sheet {
    Sheet::dialog(DIALOG, "Trading Login Handoff")
        .text("Another platform of yours holds the session.")
        .button("Disconnect Other Session")
        .button("Cancel")
}

/// What is left alone now may be ours to answer later.
#[test]
fn a_dialog_that_was_left_alone_is_answered_once_the_circumstances_allow_it() {
    let mut stage = Stage::new(policy());
    let question = Sheet::dialog(DIALOG, " ")
        .text("Are you sure you want to exit?")
        .button("Yes");
    stage.show(&[main_window(), question]);
    assert_eq!(stage.acts_within(60), []);
    assert!(stage.agent.carry_out(stage.now, Errand::Close));
    stage.expect_done(&Act::Close(MAIN));
    stage.expect_done(&click(DIALOG, "Yes"));
}

#[test]
fn a_hand_off_that_the_setting_has_no_answer_to_is_an_error() {
    for (value, pressed, state) in [
        ("primary", true, State::SubmittedCredentials),
        ("manual", false, State::SubmittedCredentials),
        ("secondary", false, State::Failed),
        ("primaryoverride", false, State::Failed),
    ] {
        let mut stage = Stage::new(policy_with(&[("existing-session", value)]));
        stage.submit();
        stage.show(&[filled(), handoff()]);
        let acts = stage.acts_within(5);
        let wanted = [
            Act::Record(Outcome::Accepted),
            click(DIALOG, "Disconnect Other Session"),
        ];
        assert_eq!(acts, wanted[..1 + usize::from(pressed)], "{value}");
        assert_eq!(stage.state(), state, "{value}");
        // A human answered it.
        stage.show(&[filled()]);
        assert_eq!(stage.state(), State::SubmittedCredentials, "{value}");
    }
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
    assert_eq!(stage.acts_within(9), []);
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
        stage.expect_done(&Act::Record(Outcome::Accepted));
        assert_eq!(stage.act(), pressed(before), "{value} before the login");

        let mut stage = Stage::new(policy());
        stage.show(&[main_window()]);
        stage.expect_nothing();
        stage.show(&[main_window(), session()]);
        assert_eq!(stage.act(), pressed(after), "{value} after the login");
    }
}

/// A text of which a part shows: the first line that does, and its button.
fn message(subject: &str, from: u32) -> Sheet {
    // Each line is of another length.
    let lines = (from..from + 3).map(|line| format!("{subject}{}", " on".repeat(line as usize)));
    lines
        .fold(Sheet::dialog(DIALOG, "Login Messages"), |sheet, line| {
            sheet.text(&line)
        })
        .button("Accept")
}

/// Scrolls from `message` to its end, where nothing moves any more.
fn read_to_the_end(stage: &mut Stage, subject: &str) {
    read_to_the_end_from(stage, subject, 0);
}

fn read_to_the_end_from(stage: &mut Stage, subject: &str, first: u32) {
    for from in [first, first + 3, first + 6] {
        stage.show(&[main_window(), message(subject, from)]);
        stage.pass(0.2);
        stage.expect_done(&Act::Wheel(DIALOG, true));
    }
    stage.expect_nothing();
    stage.pass(1.0);
}

#[test]
fn a_text_is_scrolled_to_its_end_before_it_is_accepted_and_so_is_the_next() {
    let mut stage = Stage::new(policy_with(&[("login-messages", "accept")]));
    read_to_the_end(&mut stage, "Maintenance");
    stage.expect_done(&click(DIALOG, "Accept"));
    read_to_the_end(&mut stage, "Trading hours");
    stage.expect_done(&click(DIALOG, "Accept"));
    stage.show(&[main_window()]);
    stage.expect_nothing();
}

#[test]
fn a_text_that_nothing_moves_is_tried_by_its_key_and_accepted() {
    let mut stage = Stage::new(policy_with(&[("login-messages", "accept")]));
    stage.show(&[main_window(), message("Maintenance", 0)]);
    let acts = [
        Act::Wheel(DIALOG, true),
        Act::Press(DIALOG, Chord::End),
        click(DIALOG, "Accept"),
    ];
    assert_eq!(stage.acts_within(3), acts);
    // It does not answer: it is read and tried again, then told and kept.
    let again = [acts.as_slice(), acts.as_slice(), &[Act::Keep(DIALOG)]].concat();
    assert_eq!(stage.acts_within(60), again);
}

#[test]
fn a_text_that_stood_still_for_a_while_is_scrolled_on_when_its_button_did_nothing() {
    let mut stage = Stage::new(policy_with(&[("login-messages", "accept")]));
    stage.show(&[main_window(), message("Maintenance", 0)]);
    stage.pass(0.2);
    stage.expect_done(&Act::Wheel(DIALOG, true));
    stage.show(&[main_window(), message("Maintenance", 2)]);
    stage.pass(0.2);
    stage.expect_done(&Act::Wheel(DIALOG, true));
    // The program is busy, and takes this for the end.
    assert_eq!(stage.acts_within(2), [click(DIALOG, "Accept")]);
    stage.pass(10.0);
    read_to_the_end_from(&mut stage, "Maintenance", 2);
    stage.expect_done(&click(DIALOG, "Accept"));
}

#[test]
fn a_text_that_is_a_humans_to_read_is_not_scrolled() {
    let mut stage = Stage::new(policy_with(&[("login-messages", "manual")]));
    stage.show(&[main_window(), message("Maintenance", 0)]);
    assert_eq!(stage.acts_within(60), []);
}

/// Taken back once and again, the session is somebody else's: nothing is pressed any more before a human says so.
#[test]
fn a_fight_for_the_session_ends_with_the_fifth_time() {
    let mut stage = Stage::new(policy_with(&[("existing-session", "primary")]));
    stage.show(&[main_window()]);
    for _ in 0..4 {
        stage.show(&[main_window(), session()]);
        stage.expect_done(&click(DIALOG, "Continue Login"));
        stage.show(&[main_window()]);
        stage.pass(60.0);
    }
    stage.events();
    stage.show(&[main_window(), session()]);
    assert_eq!(stage.acts_within(60), []);
    let events = stage.events();
    assert!(events.contains(&Event::SessionFight), "{events:?}");
    assert!(!events.contains(&Event::GaveWay), "{events:?}");
    stage.agent.reclaim(stage.now);
    assert_eq!(stage.act(), Some(click(DIALOG, "Continue Login")));
}

#[test]
fn giving_way_is_told() {
    let mut stage = Stage::new(policy_with(&[("existing-session", "secondary")]));
    stage.submit();
    stage.show(&[filled(), session()]);
    stage.expect_done(&Act::Record(Outcome::Accepted));
    stage.expect_done(&click(DIALOG, "Cancel"));
    assert!(stage.events().contains(&Event::GaveWay));
}
