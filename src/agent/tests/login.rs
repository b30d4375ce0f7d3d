//! From the login form to the pressed button, and what comes in between.

use std::time::Duration;

use super::super::{ActResult, Action, Event, Outcome, Policy, Shown, State, Typed};
use super::stage::*;
use crate::screen::{WindowId, WindowKind};

fn denied(retry_after: Option<Duration>) -> ActResult {
    ActResult::Denied {
        why: "it was refused before".into(),
        retry_after,
    }
}

#[test]
fn a_login_is_permitted_chosen_filled_in_written_down_and_then_pressed() {
    let mut stage = Stage::new(policy());
    stage.show(&[form_with(0, 0, 0)]);
    assert_eq!(stage.state(), State::LoginShown);
    stage.expect(&Act::Ask, &ActResult::Permitted);
    stage.expect_done(&click(FORM, "IB API"));
    stage.expect_done(&click(FORM, "Paper Trading"));
    stage.expect(&Act::Fill(FORM, Typed::UserName), &ActResult::Filled);
    stage.expect(&Act::Fill(FORM, Typed::Password), &ActResult::Filled);
    stage.show(&[filled()]);
    stage.expect(&Act::Begin, &ActResult::Permitted);
    stage.expect_done(&click(FORM, "Log In"));
    stage.expect_nothing();
    assert_eq!(stage.state(), State::SubmittedCredentials);
    let verified = stage.events();
    let verified: Vec<&str> = verified
        .iter()
        .filter_map(|event| match event {
            Event::Verified { what } => what.split([':', ',']).next(),
            _ => None,
        })
        .collect();
    assert_eq!(
        verified,
        ["API type IB API", "trading mode Paper", "user name", "password"]
    );
}

/// A form that shows both pairs of fields, whose chosen toggle is this one.
fn fix_form(api: usize) -> Sheet {
    let mut form = Sheet::new(FORM, "IBKR Gateway", WindowKind::Normal).toggles(["IB API", "FIX CTCI"], api);
    for label in ["User", "Password", "User", "Password"] {
        form = form.field(label, 0);
    }
    form.button("Paper Log In")
}

#[test]
fn a_fix_login_fills_in_the_fields_in_their_order() {
    for has_data_credentials in [false, true] {
        let mut stage = Stage::new(Policy {
            fix: true,
            has_data_credentials,
            ..policy()
        });
        stage.show(&[fix_form(0)]);
        let mut filled = Vec::new();
        for _ in 0..50 {
            match stage.act() {
                Some(Act::Ask) => stage.give(&ActResult::Permitted),
                Some(Act::Click(_, label)) => {
                    stage.give(&ActResult::Done);
                    stage.show(&[fix_form(usize::from(label == "FIX CTCI"))]);
                }
                Some(Act::Fill(_, what)) => {
                    stage.give(&ActResult::Filled);
                    filled.push(what);
                }
                // The hand-made form never shows what was typed: nothing is submitted.
                Some(act) => panic!("{act:?}"),
                None if filled.len() >= 4 => break,
                None => stage.pass(0.5),
            }
        }
        let pairs = [
            Typed::UserName,
            Typed::Password,
            Typed::DataUserName,
            Typed::DataPassword,
        ];
        let wanted = if has_data_credentials { 4 } else { 2 };
        assert_eq!(filled[..wanted], pairs[..wanted], "{filled:?}");
        assert_eq!(filled.contains(&Typed::DataPassword), has_data_credentials);
    }
}

#[test]
fn a_fix_login_types_nothing_into_a_form_with_two_fields() {
    let mut stage = Stage::new(Policy {
        fix: true,
        ..policy()
    });
    stage.show(&[form()]);
    let acts = stage.acts_within(30);
    assert!(!acts.iter().any(|act| matches!(act, Act::Fill(..))), "{acts:?}");
}

#[test]
fn nothing_is_clicked_or_typed_when_no_attempt_is_permitted() {
    let mut stage = Stage::new(policy());
    stage.show(&[form()]);
    stage.expect(&Act::Ask, &denied(None));
    assert_eq!(stage.acts_within(120), []);
    assert_eq!(stage.state(), State::LockedOut);
    let why = "it was refused before".to_owned();
    assert!(stage.events().contains(&Event::Denied {
        why,
        retry_after: None
    }));

    let mut stage = Stage::new(policy());
    stage.show(&[form()]);
    stage.expect(&Act::Ask, &denied(Some(Duration::from_secs(100))));
    assert_eq!(stage.acts_within(98), []);
    stage.pass(2.0);
    assert_eq!(stage.act(), Some(Act::Ask));
    assert_eq!(stage.state(), State::LoginShown);
}

#[test]
fn without_credentials_the_form_is_a_humans() {
    let mut stage = Stage::new(Policy {
        has_credentials: false,
        ..policy()
    });
    stage.show(&[form()]);
    assert_eq!(stage.acts_within(60), []);
    assert_eq!(stage.state(), State::HandsOff);
}

#[test]
fn an_interrupted_fill_begins_again_with_the_user_name() {
    let mut stage = Stage::new(policy());
    stage.show(&[form()]);
    stage.expect(&Act::Ask, &ActResult::Permitted);
    stage.choose();
    stage.expect(&Act::Fill(FORM, Typed::UserName), &ActResult::Filled);
    let by = WindowId(DIALOG);
    stage.expect(&Act::Fill(FORM, Typed::Password), &ActResult::Interrupted { by });
    stage.expect_nothing();
    stage.pass(0.8);
    stage.expect(&Act::Fill(FORM, Typed::UserName), &ActResult::Filled);
    stage.expect(&Act::Fill(FORM, Typed::Password), &ActResult::Filled);
}

#[test]
fn a_password_read_in_plain_is_no_proof_of_its_field() {
    for right in [false, true] {
        let mut stage = Stage::new(policy());
        stage.show(&[form()]);
        stage.expect(&Act::Ask, &ActResult::Permitted);
        stage.choose();
        stage.expect(&Act::Fill(FORM, Typed::UserName), &ActResult::Filled);
        stage.expect(&Act::Fill(FORM, Typed::Password), &ActResult::FilledInPlain);
        stage.expect(&Act::Fill(FORM, Typed::UserName), &ActResult::Filled);
        if right {
            stage.show(&[filled()]);
        }
        assert_eq!(stage.acts_within(2).contains(&Act::Begin), right);
    }
}

#[test]
fn what_cannot_be_read_back_is_never_submitted() {
    let unverified = ActResult::NotVerified {
        why: "7 of 9 characters".into(),
        masked: false,
    };
    for wrong in [Typed::UserName, Typed::Password] {
        let mut stage = Stage::new(policy());
        stage.show(&[form()]);
        let mut filled = 0;
        for _ in 0..800 {
            match stage.act() {
                Some(Act::Ask) => stage.give(&ActResult::Permitted),
                Some(Act::Fill(_, what)) if what == wrong => {
                    filled += 1;
                    stage.give(&unverified);
                }
                Some(Act::Fill(..)) => stage.give(&ActResult::Filled),
                Some(Act::Click(_, label)) => {
                    assert_ne!(label, "Log In");
                    stage.give(&ActResult::Done);
                }
                Some(Act::Keep(FORM)) => stage.give(&ActResult::Done),
                Some(other) => panic!("{other:?} although {wrong:?} was not verified"),
                None => stage.pass(0.25),
            }
        }
        assert!(filled > 2, "{wrong:?} was tried {filled} times");
        let given_up = |event: &Event| matches!(event, Event::GivenUp { what } if what.contains("7 of 9"));
        assert!(stage.events().iter().any(given_up), "{wrong:?}");
    }
}

/// What is missing in the password's field may have gone into the user name's.
#[test]
fn after_a_password_that_was_not_verified_the_user_name_is_typed_again() {
    let mut stage = Stage::new(policy());
    stage.show(&[form()]);
    stage.expect(&Act::Ask, &ActResult::Permitted);
    stage.choose();
    stage.expect(&Act::Fill(FORM, Typed::UserName), &ActResult::Filled);
    stage.expect(
        &Act::Fill(FORM, Typed::Password),
        &ActResult::NotVerified {
            why: "7 of 9 characters".into(),
            masked: false,
        },
    );
    stage.pass(0.8);
    stage.expect(&Act::Fill(FORM, Typed::UserName), &ActResult::Filled);
    stage.expect(&Act::Fill(FORM, Typed::Password), &ActResult::Filled);
}

/// Up to the first look at a field that did not answer twice.
fn stage_of_silent_fields() -> Stage {
    let mut stage = Stage::new(policy());
    stage.show(&[form()]);
    stage.expect(&Act::Ask, &ActResult::Permitted);
    stage.choose();
    for _ in 0..2 {
        stage.expect(&Act::Fill(FORM, Typed::UserName), &ActResult::NoAnswer);
        stage.pass(0.8);
    }
    stage.expect(&Act::Fill(FORM, Typed::UserName), &ActResult::Unread);
    stage.expect_nothing();
    stage
}

#[test]
fn fields_that_do_not_answer_are_compared_by_what_they_show() {
    let mut stage = stage_of_silent_fields();
    stage.show(&[form_showing("edemo", "")]);
    let action = stage.action();
    let shown = Shown::Text("edemo".to_owned().into());
    assert!(
        matches!(&action, Some(Action::Compare { what: Typed::UserName, shown: found }) if *found == shown),
        "{action:?}"
    );
    assert!(!format!("{action:?}").contains("edemo"));
    stage.give(&ActResult::Filled);
    stage.expect(&Act::Fill(FORM, Typed::Password), &ActResult::Unread);
    stage.show(&[form_showing("edemo", "\u{2022}\u{2022}\u{2022}\u{2022}")]);
    let action = stage.action();
    let shown = Shown::Dots(4);
    assert!(
        matches!(&action, Some(Action::Compare { what: Typed::Password, shown: found }) if *found == shown),
        "{action:?}"
    );
    stage.give(&ActResult::Filled);
    stage.expect(&Act::Begin, &ActResult::Permitted);
    stage.expect_done(&click(FORM, "Log In"));
}

#[test]
fn a_field_that_shows_something_else_or_nothing_is_never_submitted() {
    let other = ActResult::NotVerified {
        why: "something else".into(),
        masked: false,
    };
    let mut stage = stage_of_silent_fields();
    stage.show(&[form_showing("edemu", "")]);
    stage.expect(&Act::Compare(Typed::UserName), &other);
    stage.expect_nothing();
    stage.pass(1.6);
    stage.pass(0.8);
    stage.expect(&Act::Fill(FORM, Typed::UserName), &ActResult::Unread);
    // The same picture as before says nothing new.
    let acts = stage.acts_within(120);
    assert!(!acts.contains(&Act::Begin), "{acts:?}");
}

#[test]
fn a_password_field_that_looks_empty_again_is_filled_again() {
    let mut stage = Stage::new(policy());
    stage.show(&[form()]);
    let acts = stage.acts_within(10);
    assert!(
        acts.iter()
            .filter(|act| **act == Act::Fill(FORM, Typed::UserName))
            .count()
            > 1
    );
    assert!(!acts.contains(&Act::Begin), "{acts:?}");
}

#[test]
fn fields_the_other_way_round_are_told_by_their_echo() {
    let mut stage = Stage::new(policy());
    stage.show(&[form()]);
    stage.expect(&Act::Ask, &ActResult::Permitted);
    stage.choose();
    let place = |action: Option<Action>| match action {
        Some(Action::Fill { field, what, .. }) => (field, what),
        other => panic!("{other:?}"),
    };
    let (first, what) = place(stage.action());
    assert_eq!(what, Typed::UserName);
    stage.give(&ActResult::NotVerified {
        why: "echo characters".into(),
        masked: true,
    });
    stage.pass(0.8);
    let (second, what) = place(stage.action());
    assert_eq!(what, Typed::UserName);
    assert!(second.y > first.y);
    stage.give(&ActResult::Filled);
    assert_eq!(place(stage.action()), (first, Typed::Password));
}

#[test]
fn a_login_button_that_changed_is_pressed_later_on_the_same_attempt() {
    let mut stage = Stage::new(policy());
    stage.fill_in();
    stage.expect(&click(FORM, "Log In"), &ActResult::Changed);
    stage.show(&[filled()]);
    stage.expect_done(&click(FORM, "Log In"));
    stage.expect_nothing();
    assert_eq!(stage.state(), State::SubmittedCredentials);
}

#[test]
fn an_attempt_that_was_interrupted_is_withdrawn_and_needs_a_new_one() {
    let mut stage = Stage::new(policy());
    stage.fill_in();
    let by = WindowId(DIALOG);
    stage.expect(&click(FORM, "Log In"), &ActResult::Interrupted { by });
    stage.expect_done(&Act::Record(Outcome::Withdrawn));
    stage.pass(0.8);
    stage.expect(&Act::Fill(FORM, Typed::UserName), &ActResult::Filled);
    stage.expect(&Act::Fill(FORM, Typed::Password), &ActResult::Filled);
    stage.show(&[form_with(1, 1, 12)]);
    stage.expect(&Act::Begin, &ActResult::Permitted);
    stage.expect_done(&click(FORM, "Log In"));
}

#[test]
fn an_attempt_that_is_not_permitted_after_all_is_not_made() {
    let mut stage = Stage::new(policy());
    stage.show(&[form()]);
    stage.expect(&Act::Ask, &ActResult::Permitted);
    stage.choose();
    stage.expect(&Act::Fill(FORM, Typed::UserName), &ActResult::Filled);
    stage.expect(&Act::Fill(FORM, Typed::Password), &ActResult::Filled);
    stage.show(&[filled()]);
    stage.expect(&Act::Begin, &denied(None));
    assert_eq!(stage.acts_within(120), []);
    assert_eq!(stage.state(), State::LockedOut);
}

#[test]
fn a_button_that_does_nothing_is_no_reason_to_press_it_without_a_new_attempt() {
    let mut stage = Stage::new(policy());
    stage.submit();
    assert_eq!(stage.acts_within(29), []);
    stage.pass(1.0);
    stage.expect_nothing();
    assert_eq!(stage.acts_within(59), []);
    stage.pass(1.0);
    assert_eq!(stage.act(), Some(Act::Ask));
}

#[test]
fn an_answer_that_comes_late_is_still_about_the_attempt() {
    let unanswered = || {
        let mut stage = Stage::new(policy());
        stage.submit();
        assert_eq!(stage.acts_within(60), []);
        assert_eq!(stage.state(), State::SubmittedCredentials);
        stage
    };
    let mut stage = unanswered();
    stage.show(&[filled(), refusal()]);
    stage.expect_done(&Act::Record(Outcome::Refused));
    assert_eq!(stage.state(), State::LockedOut);

    let mut stage = unanswered();
    stage.show(&[main_window()]);
    stage.expect_done(&Act::Record(Outcome::LoggedIn));
}
