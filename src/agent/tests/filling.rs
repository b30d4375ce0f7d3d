//! Dialogs whose rule fills fields in, and the password among them.

use super::super::{ActResult, Event, Outcome, Policy, State, Typed};
use super::stage::*;
use crate::screen::WindowId;

const RULES: &str = r#"
[[rule]]
name = "prompt"
title = ["Prompt"]
text = ["Sign in to the proxy"]
fill = [
    { field = ["Username", "User name"], with = "user-name" },
    { field = ["Password"], with = "password" },
]
press = ["Sign in"]

[[rule]]
name = "backup"
title = ["Backup"]
fill = [{ field = ["Folder"], value = "/srv" }]
press = ["Start"]

[[rule]]
name = "welcome"
title = ["Prompt"]
text = ["Welcome"]
"#;

const USER: Act = Act::Fill(DIALOG, Typed::UserName);
const PASSWORD: Act = Act::Fill(DIALOG, Typed::Password);
const REFUSED: Act = Act::Record(Outcome::Refused);

/// The prompt, with so many echo characters in the password's field.
fn prompt_in(window: u32, echo: u32) -> Sheet {
    Sheet::dialog(window, "Prompt")
        .text("Sign in to the proxy")
        .field("Username", echo)
        .field("Password", echo)
        .button("Sign in")
}

fn prompt(echo: u32) -> Sheet {
    prompt_in(DIALOG, echo)
}

fn other_page() -> Sheet {
    Sheet::dialog(DIALOG, "Prompt").text("Welcome")
}

fn stage() -> Stage {
    Stage::with_rules(policy(), RULES)
}

/// A prompt that was filled in and written down: what comes next is the click.
fn permitted() -> Stage {
    let mut stage = stage();
    stage.show(&[prompt(0)]);
    stage.expect(&Act::Ask, &ActResult::Permitted);
    stage.expect(&USER, &ActResult::Filled);
    stage.expect(&PASSWORD, &ActResult::Filled);
    stage.show(&[prompt(8)]);
    stage.expect(&Act::Begin, &ActResult::Permitted);
    stage
}

fn handed_in() -> Stage {
    let mut stage = permitted();
    stage.expect_done(&click(DIALOG, "Sign in"));
    stage.expect_nothing();
    stage
}

#[test]
fn a_prompt_is_permitted_filled_in_written_down_and_then_pressed_once() {
    let mut stage = handed_in();
    assert_eq!(stage.state(), State::SubmittedCredentials);
    let verified = stage.events();
    let verified = verified
        .iter()
        .filter(|event| matches!(event, Event::Verified { .. }));
    assert_eq!(verified.count(), 2);
    // It stays as it was handed in: there is nothing more to do about it.
    assert_eq!(stage.acts_within(1000), [Act::Keep(DIALOG)]);
    let given_up = |event: &Event| matches!(event, Event::GivenUp { what } if what.contains("dialog stays"));
    assert!(stage.events().iter().any(given_up));
}

#[test]
fn a_prompt_that_comes_again_was_refused_and_locks() {
    type Again = fn(&mut Stage);
    let ways: [(&str, Again); 4] = [
        ("empty in the same window", |stage| stage.show(&[prompt(0)])),
        ("in the same window, after another page", |stage| {
            stage.show(&[other_page()]);
            assert_eq!(stage.acts_within(60), []);
            stage.show(&[prompt(0)]);
        }),
        ("in another window", |stage| stage.show(&[prompt_in(9, 0)])),
        ("from a program that was started again", |stage| {
            stage.show(&[]);
            assert_eq!(stage.acts_within(60), []);
            assert_eq!(stage.state(), State::Stopped);
            stage.show(&[prompt_in(9, 0)]);
        }),
    ];
    for (how, again) in ways {
        let mut stage = handed_in();
        again(&mut stage);
        assert_eq!(stage.acts_within(100), [REFUSED], "{how}");
        assert_eq!(stage.state(), State::LockedOut, "{how}");
        stage.show(&[]);
        stage.show(&[prompt_in(10, 0)]);
        assert_eq!(stage.acts_within(5000), [], "{how}");
    }
}

#[test]
fn a_prompt_that_stays_away_was_accepted_and_the_next_one_is_new() {
    let mut stage = handed_in();
    stage.show(&[other_page()]);
    assert_eq!(stage.acts_within(599), []);
    assert_eq!(stage.acts_within(2), [Act::Record(Outcome::LoggedIn)]);
    stage.show(&[prompt(0)]);
    assert_eq!(stage.act(), Some(Act::Ask));
}

#[test]
fn a_login_with_the_same_credentials_is_judged_by_what_becomes_of_itself() {
    let mut stage = handed_in();
    stage.show(&[form()]);
    stage.fill_in();
    stage.expect_done(&click(FORM, "Log In"));
    stage.show(&[connecting()]);
    assert_eq!(stage.acts_within(700), []);
    stage.show(&[refusal()]);
    assert_eq!(stage.act(), Some(REFUSED));
    stage.give(&ActResult::Done);
    assert_eq!(stage.state(), State::LockedOut);
}

#[test]
fn a_prompt_that_showed_all_the_while_is_no_refusal_and_waits() {
    let mut stage = stage();
    stage.show(&[prompt_in(9, 0), prompt(0)]);
    stage.expect(&Act::Ask, &ActResult::Permitted);
    stage.expect(&USER, &ActResult::Filled);
    stage.expect(&PASSWORD, &ActResult::Filled);
    stage.show(&[prompt_in(9, 0), prompt(8)]);
    stage.expect(&Act::Begin, &ActResult::Permitted);
    stage.expect_done(&click(DIALOG, "Sign in"));
    stage.show(&[prompt_in(9, 0)]);
    assert_eq!(stage.acts_within(300), []);
}

#[test]
fn nothing_is_pressed_unless_every_field_was_verified() {
    let unverified = ActResult::NotVerified {
        why: "7 of 8 characters".into(),
        masked: false,
    };
    for wrong in [unverified, ActResult::NoAnswer, ActResult::FilledInPlain] {
        let mut stage = stage();
        stage.show(&[prompt(0)]);
        stage.expect(&Act::Ask, &ActResult::Permitted);
        for _ in 0..400 {
            match stage.act() {
                Some(USER) => stage.give(&ActResult::Filled),
                Some(PASSWORD) => stage.give(&wrong),
                Some(Act::Keep(_)) => stage.give(&ActResult::Done),
                Some(other) => panic!("{other:?} after {wrong:?}"),
                None => stage.pass(0.5),
            }
        }
        let events = stage.events();
        let given_up = |event: &Event| matches!(event, Event::GivenUp { .. });
        assert!(events.iter().any(given_up), "{wrong:?}: {events:?}");
    }
}

/// What is missing in the password's field may have gone into the one before.
#[test]
fn after_a_field_that_was_not_verified_all_are_typed_again() {
    let mut stage = stage();
    stage.show(&[prompt(0)]);
    stage.expect(&Act::Ask, &ActResult::Permitted);
    stage.expect(&USER, &ActResult::Filled);
    stage.expect(
        &PASSWORD,
        &ActResult::NotVerified {
            why: "7 of 8 characters".into(),
            masked: false,
        },
    );
    stage.pass(0.8);
    stage.expect(&USER, &ActResult::Filled);
    stage.expect(&PASSWORD, &ActResult::Filled);
}

#[test]
fn a_field_that_does_not_answer_is_looked_at() {
    let mut stage = stage();
    stage.show(&[prompt(0)]);
    stage.expect(&Act::Ask, &ActResult::Permitted);
    stage.expect(&USER, &ActResult::Filled);
    for _ in 0..2 {
        stage.expect(&PASSWORD, &ActResult::NoAnswer);
        stage.pass(0.8);
    }
    stage.expect(&PASSWORD, &ActResult::Unread);
    stage.expect_nothing();
    let shown = |dots: &str| {
        Sheet::dialog(DIALOG, "Prompt")
            .text("Sign in to the proxy")
            .field("Username", 8)
            .field_showing("Password", dots)
            .button("Sign in")
    };
    stage.show(&[shown("\u{2022}\u{2022}\u{2022}")]);
    stage.expect(&Act::Compare(Typed::Password), &ActResult::Filled);
    stage.expect(&Act::Begin, &ActResult::Permitted);
    stage.expect_done(&click(DIALOG, "Sign in"));
}

#[test]
fn an_attempt_that_was_written_down_and_not_made_is_withdrawn() {
    let mut closed = permitted();
    assert_eq!(closed.act(), Some(click(DIALOG, "Sign in")));
    closed.give(&ActResult::Changed);
    closed.show(&[]);
    assert_eq!(closed.act(), Some(Act::Record(Outcome::Withdrawn)));

    let mut emptied = permitted();
    assert_eq!(emptied.act(), Some(click(DIALOG, "Sign in")));
    emptied.give(&ActResult::Changed);
    emptied.show(&[prompt(0)]);
    emptied.pass(1.0);
    emptied.expect_done(&Act::Record(Outcome::Withdrawn));
    emptied.pass(1.0);
    assert_eq!(emptied.act(), Some(USER));
}

#[test]
fn a_prompt_that_another_page_replaced_keeps_no_other_waiting() {
    let mut stage = permitted();
    assert_eq!(stage.act(), Some(click(DIALOG, "Sign in")));
    stage.give(&ActResult::Changed);
    stage.show(&[other_page(), prompt_in(9, 0)]);
    stage.expect_done(&Act::Record(Outcome::Withdrawn));
    stage.expect(&Act::Ask, &ActResult::Permitted);
    assert_eq!(stage.act(), Some(Act::Fill(9, Typed::UserName)));
}

#[test]
fn two_labels_of_one_field_are_none() {
    let mut stage = stage();
    let one = Sheet::dialog(DIALOG, "Prompt")
        .text("Sign in to the proxy")
        .text("Username")
        .field("Password", 0)
        .button("Sign in");
    stage.show(&[one]);
    stage.expect(&Act::Ask, &ActResult::Permitted);
    assert_eq!(stage.acts_within(100), [Act::Keep(DIALOG)]);
}

#[test]
fn a_press_that_may_have_arrived_counts() {
    let mut stage = permitted();
    let failed = ActResult::Failed {
        why: "covered".into(),
    };
    stage.expect(&click(DIALOG, "Sign in"), &failed);
    stage.show(&[prompt(0)]);
    assert_eq!(stage.acts_within(100), [REFUSED]);
}

#[test]
fn an_interrupted_entry_begins_again_and_so_does_one_that_a_human_touched() {
    let mut stage = stage();
    stage.show(&[prompt(0)]);
    stage.expect(&Act::Ask, &ActResult::Permitted);
    stage.expect(&USER, &ActResult::Filled);
    let by = WindowId(12);
    stage.expect(&PASSWORD, &ActResult::Interrupted { by });
    stage.pass(0.8);
    stage.expect(&USER, &ActResult::Filled);
    stage.agent.human_acted(stage.now);
    assert_eq!(stage.acts_within(14), []);
    stage.pass(2.0);
    stage.expect(&Act::Ask, &ActResult::Permitted);
    stage.expect(&USER, &ActResult::Filled);
}

#[test]
fn without_credentials_or_permission_it_is_a_humans() {
    let mut stage = Stage::with_rules(
        Policy {
            has_credentials: false,
            ..policy()
        },
        RULES,
    );
    stage.show(&[prompt(0)]);
    assert_eq!(stage.acts_within(100), []);
    let left = |event: &Event| matches!(event, Event::LeftToHuman { .. });
    assert!(stage.events().iter().any(left));

    let mut stage = self::stage();
    stage.show(&[prompt(0)]);
    let denied = ActResult::Denied {
        why: "it was refused before".into(),
        retry_after: None,
    };
    stage.expect(&Act::Ask, &denied);
    assert_eq!(stage.acts_within(100), []);
    assert_eq!(stage.state(), State::LockedOut);
}

#[test]
fn a_text_of_the_rule_needs_no_credentials_and_no_permission() {
    let mut stage = Stage::with_rules(
        Policy {
            has_credentials: false,
            ..policy()
        },
        RULES,
    );
    stage.show(&[Sheet::dialog(DIALOG, "Backup")
        .field("Folder:", 0)
        .button("Start")]);
    stage.expect(&Act::Write(DIALOG, "/srv".to_owned()), &ActResult::Filled);
    stage.expect_done(&click(DIALOG, "Start"));
    // Nobody is refused by a second press.
    assert_eq!(stage.acts_within(9), [click(DIALOG, "Start")]);
}
