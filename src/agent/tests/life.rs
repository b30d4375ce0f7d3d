//! From the first window to the last.

use std::time::Duration;

use super::super::{Errand, Event, Outcome, State};
use super::stage::*;

#[test]
fn ready_takes_the_main_window_and_an_answer_of_the_api() {
    let mut stage = Stage::new(policy());
    stage.agent.api_answered(stage.now, true);
    assert_eq!(stage.state(), State::Starting);
    stage.show(&[form()]);
    assert_eq!(stage.state(), State::LoginShown);

    let mut stage = Stage::new(policy());
    stage.submit();
    stage.show(&[main_window()]);
    stage.expect_done(&Act::Record(Outcome::LoggedIn));
    stage.expect_nothing();
    assert_eq!(stage.state(), State::LoggedIn);
    stage.agent.api_answered(stage.now, true);
    assert_eq!(stage.state(), State::Ready);
    // The attempt ended once.
    assert_eq!(stage.acts_within(30), []);
}

#[test]
fn the_main_window_behind_a_login_form_is_no_login() {
    let mut stage = Stage::new(policy());
    stage.agent.api_answered(stage.now, true);
    stage.show(&[main_window(), form()]);
    assert_eq!(stage.state(), State::LoginShown);
    stage.show(&[main_window(), connecting()]);
    assert_eq!(stage.state(), State::LoginShown);
}

#[test]
fn an_api_that_falls_silent_is_disconnected_and_may_come_back() {
    let mut stage = Stage::new(policy());
    stage.show(&[main_window()]);
    stage.agent.api_answered(stage.now, true);
    stage.agent.api_answered(stage.now, false);
    assert_eq!(stage.state(), State::Disconnected);
    stage.agent.api_answered(stage.now, true);
    assert_eq!(stage.state(), State::Ready);
}

#[test]
fn an_api_that_falls_silent_while_a_human_acts_is_disconnected_afterwards() {
    let mut stage = Stage::new(policy());
    stage.show(&[main_window()]);
    stage.agent.api_answered(stage.now, true);
    stage.agent.human_acted(stage.now);
    stage.agent.api_answered(stage.now, false);
    assert_eq!(stage.state(), State::HandsOff);
    stage.pass(15.0);
    assert_eq!(stage.state(), State::Disconnected);
}

#[test]
fn a_display_that_stays_empty_is_a_stopped_gateway() {
    let mut stage = Stage::new(policy());
    stage.show(&[]);
    stage.pass(60.0);
    assert_eq!(stage.state(), State::Starting);
    stage.show(&[main_window()]);
    stage.show(&[]);
    stage.pass(9.0);
    assert_eq!(stage.state(), State::LoggedIn);
    // A window in between begins the count anew.
    stage.show(&[main_window()]);
    stage.show(&[]);
    stage.pass(9.0);
    assert_eq!(stage.state(), State::LoggedIn);
    assert_eq!(
        stage.agent.poll_timeout(),
        Some(stage.now + Duration::from_secs(1))
    );
    stage.pass(1.0);
    assert_eq!(stage.state(), State::Stopped);
}

#[test]
fn a_gateway_that_ends_in_the_middle_of_a_login_is_stopped() {
    let mut stage = Stage::new(policy());
    stage.submit();
    stage.agent.gateway_exited(&departure("exit status 1"));
    assert_eq!(stage.state(), State::Stopped);
    stage.show(&[]);
    assert_eq!(stage.state(), State::Stopped);

    // The next one is logged in by a human: that is not the answer to our attempt.
    stage.show(&[form(), refusal()]);
    stage.expect_done(&Act::Record(Outcome::Refused));
    assert_ne!(stage.state(), State::LockedOut);
}

#[test]
fn the_exit_is_confirmed_only_when_it_is_ours() {
    let question = || {
        Sheet::dialog(DIALOG, " ")
            .text("Are you sure you want to exit?")
            .button("Yes")
            .button("No")
    };
    let mut stage = Stage::new(policy());
    stage.show(&[main_window(), question()]);
    assert_eq!(stage.acts_within(30), []);
    let left = Event::LeftToHuman {
        rule: "exit-confirmation".into(),
        title: " ".into(),
    };
    assert!(stage.events().contains(&left));

    let mut stage = Stage::new(policy());
    stage.show(&[main_window()]);
    assert!(stage.agent.carry_out(stage.now, Errand::Close));
    stage.expect_done(&click(MAIN, "File"));
    stage.show(&[main_window().text("Save Settings").text("Close")]);
    stage.expect_done(&click(MAIN, "Close"));
    stage.show(&[main_window(), question()]);
    stage.expect_done(&click(DIALOG, "Yes"));
}

#[test]
fn a_closing_gateway_is_not_logged_in() {
    let mut stage = Stage::new(policy());
    stage.show(&[form()]);
    stage.expect(&Act::Ask, &super::super::ActResult::Permitted);
    assert!(stage.agent.carry_out(stage.now, Errand::Close));
    assert_eq!(stage.acts_within(60), [Act::Close(FORM)]);

    let mut stage = Stage::new(policy());
    assert!(!stage.agent.carry_out(stage.now, Errand::Close));
}

#[test]
fn a_gateway_that_is_started_after_it_was_closed_is_logged_in_to() {
    let mut stage = Stage::new(policy());
    stage.show(&[main_window()]);
    stage.agent.carry_out(stage.now, Errand::Close);
    stage.show(&[]);
    stage.agent.gateway_exited(&departure("closed"));
    stage.agent.gateway_started(false);
    stage.show(&[form()]);
    assert_eq!(stage.act(), Some(Act::Ask));
}
