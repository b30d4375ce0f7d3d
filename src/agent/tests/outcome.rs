//! How an attempt ends, and what that means for the next.

use std::time::Duration;

use super::super::{ActResult, Errand, Event, Outcome, Policy, State, Typed};
use super::stage::*;

fn touches_login(act: &Act) -> bool {
    matches!(act, Act::Ask | Act::Begin | Act::Fill(..) | Act::Click(FORM, _))
}

#[test]
fn a_refused_attempt_locks_until_a_human_comes() {
    let mut stage = Stage::new(policy());
    stage.submit();
    stage.show(&[filled(), refusal()]);
    stage.expect_done(&Act::Record(Outcome::Refused));
    assert_eq!(stage.state(), State::LockedOut);
    stage.expect_done(&click(DIALOG, "OK"));
    stage.show(&[form()]);
    assert_eq!(stage.acts_within(3600), []);
    assert_eq!(stage.state(), State::LockedOut);

    // A new window of the gateway is no new password.
    stage.agent.gateway_exited(&departure("it was restarted"));
    stage.show(&[]);
    assert_eq!(stage.acts_within(30), []);
    stage.show(&[form()]);
    assert_eq!(stage.acts_within(60), []);
    assert_eq!(stage.state(), State::LockedOut);
}

#[test]
fn the_refusal_of_what_a_human_typed_locks_nothing() {
    let mut stage = Stage::new(policy());
    stage.show(&[form(), refusal()]);
    // The book knows that there is no open attempt.
    stage.expect_done(&Act::Record(Outcome::Refused));
    stage.expect_done(&click(DIALOG, "OK"));
    assert_ne!(stage.state(), State::LockedOut);
    stage.show(&[form()]);
    assert_eq!(stage.act(), Some(Act::Ask));
}

/// Field pain 7: a refusal right after a start with a restart token is the token's fault, not the credentials'.
#[test]
fn the_refusal_of_a_restart_token_locks_no_credentials() {
    let expired = Sheet::dialog(DIALOG, "Gateway")
        .text("The security tokens associated with your login credentials have expired.")
        .button("OK");
    for said in [refusal(), expired] {
        let mut stage = Stage::new(policy());
        stage.agent.gateway_started(true);
        stage.show(&[form(), said]);
        stage.expect_done(&click(DIALOG, "OK"));
        let told = |event: &Event| matches!(event, Event::TokenRefused { .. });
        assert!(stage.events().iter().any(told));
        assert_ne!(stage.state(), State::LockedOut);
        // The login is a full one now; what is refused then is the credentials.
        stage.submit();
        stage.show(&[filled(), refusal()]);
        stage.expect_done(&Act::Record(Outcome::Refused));
        assert_eq!(stage.state(), State::LockedOut);
    }
}

/// Field pain 1: a release that shows the refusal in the form, not in a dialog.
#[test]
fn a_refusal_in_the_form_itself_is_one() {
    let mut stage = Stage::new(policy());
    stage.submit();
    let refused = form_with(1, 1, 0).text("Invalid username or password");
    stage.show(std::slice::from_ref(&refused));
    stage.expect_done(&Act::Record(Outcome::Refused));
    assert_eq!(stage.acts_within(3600), []);
    assert_eq!(stage.state(), State::LockedOut);

    // Of what a human typed: ours have not been tried.
    let mut stage = Stage::new(policy());
    stage.show(&[refused]);
    stage.expect_done(&Act::Record(Outcome::Refused));
    assert_eq!(stage.act(), Some(Act::Ask));
}

#[test]
fn an_account_that_cannot_be_used_is_not_tried_again() {
    let mut stage = Stage::new(policy());
    stage.submit();
    let users = Sheet::dialog(DIALOG, "Gateway")
        .text("The user has multiple Paper Trading users associated with it")
        .button("OK");
    stage.show(&[filled(), users]);
    stage.expect_done(&Act::Record(Outcome::Withdrawn));
    assert_eq!(stage.state(), State::LockedOut);
    stage.expect_done(&click(DIALOG, "OK"));
    stage.show(&[form()]);
    assert_eq!(stage.acts_within(3600), []);
}

#[test]
fn too_many_attempts_wait_as_long_as_the_gateway_says_and_three_seconds() {
    let mut stage = Stage::new(policy());
    stage.submit();
    let throttled = Sheet::dialog(DIALOG, "Login failed")
        .text("Too many failed login attempts. Please wait 53 seconds")
        .button("OK");
    stage.show(&[filled(), throttled]);
    let wait = Duration::from_secs(56);
    stage.expect_done(&Act::Record(Outcome::Throttled(wait)));
    stage.expect_done(&click(DIALOG, "OK"));
    stage.show(&[form()]);
    assert_eq!(stage.acts_within(55), []);
    stage.pass(1.0);
    assert_eq!(stage.act(), Some(Act::Ask));
}

fn error() -> Sheet {
    Sheet::dialog(DIALOG, "Login Error")
        .text("The server is down.")
        .button("OK")
}

fn unavailable() -> Sheet {
    Sheet::dialog(DIALOG, "Login")
        .text("The server is not currently available.")
        .button("OK")
}

#[test]
fn a_server_without_logins_is_no_attempt_and_the_pauses_double() {
    let mut stage = Stage::new(policy());
    for pause in [10, 20, 40, 80, 160, 320, 600, 600] {
        stage.submit();
        stage.show(&[filled(), unavailable()]);
        stage.expect_done(&Act::Record(Outcome::Withdrawn));
        stage.expect_done(&click(DIALOG, "OK"));
        stage.show(&[form()]);
        assert_eq!(stage.acts_within(pause - 1), [], "within {pause} s");
        stage.pass(1.0);
    }
}

#[test]
fn a_login_makes_the_next_pause_short_again() {
    let mut stage = Stage::new(policy());
    for _ in 0..2 {
        stage.submit();
        stage.show(&[filled(), error()]);
        stage.expect_done(&Act::Record(Outcome::Rebuffed));
        stage.expect_done(&click(DIALOG, "OK"));
        stage.show(&[form()]);
        stage.pass(21.0);
    }
    stage.submit();
    stage.show(&[main_window()]);
    stage.expect_done(&Act::Record(Outcome::LoggedIn));
    stage.submit();
    stage.show(&[filled(), error()]);
    stage.expect_done(&Act::Record(Outcome::Rebuffed));
    stage.expect_done(&click(DIALOG, "OK"));
    stage.show(&[form()]);
    assert_eq!(stage.acts_within(9), []);
    stage.pass(1.0);
    assert_eq!(stage.act(), Some(Act::Ask));
}

/// It may be a refusal in words that no rule knows: the attempt stays in the book.
#[test]
fn an_error_that_speaks_of_the_password_is_an_attempt_without_an_answer() {
    let mut stage = Stage::new(policy());
    stage.submit();
    let error = Sheet::dialog(DIALOG, "Login Error")
        .text("Check your user name and your password.")
        .button("OK");
    stage.show(&[filled(), error]);
    stage.expect_done(&click(DIALOG, "OK"));
    stage.show(&[form()]);
    assert_eq!(stage.acts_within(9), []);
    stage.pass(1.0);
    assert_eq!(stage.act(), Some(Act::Ask));
}

#[test]
fn an_error_without_an_attempt_of_ours_withdraws_nothing() {
    let mut stage = Stage::new(policy());
    stage.show(&[form(), error()]);
    assert_eq!(stage.act(), Some(click(DIALOG, "OK")));
}

#[test]
fn a_written_attempt_that_comes_to_nothing_is_withdrawn() {
    // An error covers the form before its button was pressed.
    let mut stage = Stage::new(policy());
    stage.fill_in();
    stage.expect(&click(FORM, "Log In"), &ActResult::Changed);
    stage.show(&[filled(), error()]);
    assert_eq!(
        stage.acts_within(1),
        [Act::Record(Outcome::Withdrawn), click(DIALOG, "OK")]
    );

    // The form is closed.
    let mut stage = Stage::new(policy());
    stage.fill_in();
    stage.expect(&click(FORM, "Log In"), &ActResult::Changed);
    stage.show(&[]);
    assert_eq!(stage.acts_within(1), [Act::Record(Outcome::Withdrawn)]);

    // The gateway is asked to close.
    let mut stage = Stage::new(policy());
    stage.fill_in();
    stage.expect(&click(FORM, "Log In"), &ActResult::Changed);
    assert!(stage.agent.carry_out(stage.now, Errand::Close));
    assert_eq!(
        stage.acts_within(1),
        [Act::Record(Outcome::Withdrawn), Act::Close(FORM)]
    );

    // The button never stands still.
    let mut stage = Stage::new(policy());
    stage.fill_in();
    assert_eq!(
        until_asked_again(&mut stage, &ActResult::Changed),
        [Act::Record(Outcome::Withdrawn), Act::Keep(FORM)]
    );
}

/// The actions up to the next login, when every press of the login button has this result.
fn until_asked_again(stage: &mut Stage, result: &ActResult) -> Vec<Act> {
    let mut acts = Vec::new();
    for _ in 0..400 {
        match stage.act() {
            Some(Act::Click(FORM, _)) => {
                stage.give(result);
                stage.pass(0.25);
            }
            Some(Act::Ask) => return acts,
            Some(act) => {
                acts.push(act);
                stage.give(&ActResult::Done);
            }
            None => stage.pass(0.25),
        }
    }
    panic!("the login did not begin again: {acts:?}");
}

/// A press that failed may have arrived: the window may have closed because of it.
#[test]
fn a_press_that_failed_may_have_been_one() {
    let failed = || ActResult::Failed {
        why: "the pointer could not be parked".into(),
    };
    let mut stage = Stage::new(policy());
    stage.fill_in();
    assert_eq!(until_asked_again(&mut stage, &failed()), [Act::Keep(FORM)]);

    let mut stage = Stage::new(policy());
    stage.fill_in();
    stage.expect(&click(FORM, "Log In"), &failed());
    stage.show(&[filled(), refusal()]);
    stage.expect_done(&Act::Record(Outcome::Refused));
    assert_eq!(stage.state(), State::LockedOut);
}

#[test]
fn hands_off_while_a_human_acts_and_on_afterwards() {
    let mut stage = Stage::new(policy());
    stage.agent.human_acted(stage.now);
    stage.show(&[form(), tip()]);
    assert_eq!(stage.acts_within(14), []);
    assert_eq!(stage.state(), State::HandsOff);
    stage.agent.human_acted(stage.now);
    assert_eq!(stage.acts_within(14), []);
    stage.pass(1.0);
    stage.expect_done(&click(DIALOG, "Close"));
    stage.show(&[form()]);
    assert_eq!(stage.act(), Some(Act::Ask));
    assert_eq!(stage.state(), State::LoginShown);
}

/// A human may have changed any field, or pressed the button: the attempt stays written.
#[test]
fn a_human_in_the_form_makes_the_login_begin_again() {
    let mut stage = Stage::new(policy());
    stage.fill_in();
    stage.expect(&click(FORM, "Log In"), &ActResult::Changed);
    stage.agent.human_acted(stage.now);
    let acts = stage.acts_within(20);
    let first: Vec<&Act> = acts.iter().filter(|act| touches_login(act)).take(1).collect();
    assert_eq!(first, [&Act::Ask], "{acts:?}");
}

#[test]
fn a_missed_second_factor_is_told_once_and_sends_no_new_push_unless_wanted() {
    let push = || Sheet::dialog(DIALOG, "Second Factor Authentication").text("Check your phone");
    for relogin in [false, true] {
        let mut stage = Stage::new(Policy { relogin, ..policy() });
        stage.submit();
        stage.show(&[filled(), push()]);
        // It counts against the hour's budget, once.
        assert_eq!(
            stage.acts_within(60),
            [Act::Record(Outcome::Pushed), Act::Record(Outcome::Accepted)]
        );
        assert_eq!(stage.state(), State::SecondFactor);
        stage.show(&[form()]);
        let acts = stage.acts_within(4);
        assert!(!acts.iter().any(touches_login), "{acts:?}");
        let acts = stage.acts_within(60);
        assert_eq!(acts.iter().any(touches_login), relogin, "{acts:?}");
        let missed = stage.events();
        let missed = missed.iter().filter(|event| **event == Event::SecondFactorMissed);
        assert_eq!(missed.count(), 1);
    }
}

#[test]
fn a_form_that_shows_for_a_moment_on_the_way_to_the_main_window_is_no_missed_second_factor() {
    let push = Sheet::dialog(DIALOG, "Second Factor Authentication").text("Check your phone");
    let mut stage = Stage::new(policy());
    stage.submit();
    stage.show(&[filled(), push]);
    assert_eq!(
        stage.acts_within(2),
        [Act::Record(Outcome::Pushed), Act::Record(Outcome::Accepted)]
    );
    for _ in 0..2 {
        stage.show(&[filled()]);
        assert_eq!(stage.acts_within(4), []);
        stage.show(&[]);
        assert_eq!(stage.acts_within(2), []);
    }
    stage.show(&[main_window()]);
    stage.expect_done(&Act::Record(Outcome::LoggedIn));
    assert!(!stage.events().contains(&Event::SecondFactorMissed));
}

/// No click on the login button without an attempt that was written down and not withdrawn, whatever comes between.
#[test]
fn whatever_comes_between_the_button_is_pressed_only_for_a_written_attempt() {
    let screens = [
        vec![form()],
        vec![filled()],
        vec![form_with(1, 1, 12)],
        vec![filled(), tip()],
        vec![filled(), connecting()],
        vec![filled(), unknown()],
        vec![filled(), unknown().moving()],
        vec![form(), error()],
        vec![main_window()],
        vec![],
    ];
    let mut seed = 7_u32;
    let mut roll = |sides: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) % sides
    };
    let mut pressed = 0;
    for _ in 0..20 {
        let mut stage = Stage::new(policy());
        let mut open = false;
        let mut username = false;
        stage.show(&[form()]);
        for _ in 0..300 {
            let smooth = roll(8) != 0;
            match stage.act() {
                Some(act) => {
                    let result = match &act {
                        Act::Begin => {
                            assert!(!open, "two attempts are written for one");
                            assert!(username, "nothing was filled in");
                            open = smooth;
                            if smooth {
                                ActResult::Permitted
                            } else {
                                ActResult::Denied {
                                    why: "wait".into(),
                                    retry_after: Some(Duration::from_secs(5)),
                                }
                            }
                        }
                        Act::Ask => ActResult::Permitted,
                        Act::Click(FORM, label) if label == "Log In" => {
                            assert!(open, "pressed without a written attempt");
                            if smooth {
                                open = false;
                                username = false;
                                pressed += 1;
                                ActResult::Done
                            } else {
                                [
                                    ActResult::Changed,
                                    ActResult::Interrupted {
                                        by: crate::screen::WindowId(9),
                                    },
                                ][roll(2) as usize]
                                    .clone()
                            }
                        }
                        Act::Fill(_, what) if smooth => {
                            username |= *what == Typed::UserName;
                            ActResult::Filled
                        }
                        Act::Fill(..) => ActResult::Interrupted {
                            by: crate::screen::WindowId(9),
                        },
                        Act::Record(Outcome::Withdrawn) => {
                            open = false;
                            ActResult::Done
                        }
                        _ => ActResult::Done,
                    };
                    let filled_now = result == ActResult::Filled;
                    stage.give(&result);
                    if filled_now {
                        stage.show(&screens[1..2].concat());
                    }
                }
                None if roll(3) == 0 => {
                    let at = roll(screens.len() as u32) as usize;
                    stage.show(&screens[at]);
                }
                None => stage.pass(0.8),
            }
        }
    }
    assert!(pressed > 5, "the button was pressed {pressed} times only");
}
