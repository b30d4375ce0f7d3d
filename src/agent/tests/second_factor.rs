//! The second factor: a device's row, a code, a push.

use std::time::Duration;

use super::super::{ActResult, Outcome, Policy, State, Typed};
use super::stage::*;

fn devices() -> Sheet {
    Sheet::dialog(DIALOG, "Second Factor Authentication")
        .text("Select second factor device")
        .text("IB Key")
        .text("Mobile Authenticator App")
        .button("OK")
}

fn code(echo: u32) -> Sheet {
    Sheet::dialog(DIALOG, "Second Factor Authentication")
        .text("Enter the code of your app")
        .field("Code", echo)
        .button("OK")
}

fn with_code() -> Policy {
    Policy {
        has_code: true,
        second_factor_device: Some("Mobile Authenticator App".into()),
        ..policy()
    }
}

#[test]
fn the_device_is_chosen_and_its_code_typed() {
    let mut stage = Stage::new(with_code());
    stage.submit();
    stage.show(&[filled(), devices()]);
    stage.expect_done(&Act::Record(Outcome::Accepted));
    stage.expect_done(&click(DIALOG, "Mobile Authenticator App"));
    assert_eq!(stage.state(), State::SecondFactor);
    stage.expect_nothing();
    stage.pass(0.8);
    stage.expect_done(&click(DIALOG, "OK"));
    stage.expect_nothing();
    stage.show(&[filled(), code(0)]);
    stage.pass(0.8);
    let fill = Act::Fill(DIALOG, Typed::Code);
    let retry_after = Duration::from_secs(4);
    stage.expect(&fill, &ActResult::NotYet { retry_after });
    assert_eq!(stage.acts_within(3), []);
    stage.pass(1.0);
    stage.expect(&fill, &ActResult::Filled);
    stage.show(&[filled(), code(6)]);
    stage.expect_done(&click(DIALOG, "OK"));
    assert_eq!(stage.acts_within(30), []);
    stage.show(&[main_window()]);
    assert_eq!(stage.act(), Some(Act::Record(Outcome::LoggedIn)));
}

#[test]
fn a_code_that_was_not_verified_is_not_sent() {
    let mut stage = Stage::new(with_code());
    stage.show(&[form(), code(0)]);
    for _ in 0..20 {
        stage.expect(
            &Act::Fill(DIALOG, Typed::Code),
            &ActResult::NotVerified {
                why: "5 of 6".into(),
                masked: false,
            },
        );
        stage.pass(0.8);
    }
    assert_eq!(stage.acts_within(60), []);
}

#[test]
fn three_codes_at_most_are_sent_to_one_window() {
    let mut stage = Stage::new(with_code());
    stage.show(&[form(), code(0)]);
    let acts = stage.acts_within(600);
    let once = [Act::Fill(DIALOG, Typed::Code), click(DIALOG, "OK")];
    assert_eq!(acts, [&once[..]; 3].concat());
}

#[test]
fn a_push_and_a_choice_that_nobody_made_are_left_to_a_human() {
    let push = Sheet::dialog(DIALOG, "Second Factor Authentication")
        .text("Confirm on your phone")
        .button("OK");
    let unnamed = Policy {
        second_factor_device: None,
        ..with_code()
    };
    let another = Policy {
        second_factor_device: Some("Security Card".into()),
        ..with_code()
    };
    for (policy, sheet, pushed) in [
        (policy(), push.clone(), true),
        (with_code(), push, false),
        (policy(), code(0), true),
        (unnamed, devices(), false),
        (another, devices(), false),
    ] {
        let mut stage = Stage::new(policy);
        stage.submit();
        stage.show(&[filled(), sheet]);
        let acts = [Act::Record(Outcome::Pushed), Act::Record(Outcome::Accepted)];
        assert_eq!(stage.acts_within(120), acts[usize::from(!pushed)..]);
        assert_eq!(stage.state(), State::SecondFactor);
    }
}

fn told(stage: &mut Stage) -> Vec<(String, bool)> {
    let asked = stage.events().into_iter().filter_map(|event| match event {
        super::super::Event::SecondFactorAsked { rule, by_hand } => Some((rule, by_hand)),
        _ => None,
    });
    asked.collect()
}

/// No code is made for a card or an SMS, and a passkey is nothing that could be typed.
#[test]
fn what_only_a_human_can_give_is_named_and_left() {
    let asks = |text: &str| {
        Sheet::dialog(DIALOG, "Second Factor Authentication")
            .text(text)
            .field("Code", 0)
            .button("OK")
    };
    for (sheet, rule) in [
        (asks("Enter the code that was sent by SMS"), "second-factor-sms"),
        (
            asks("Security Code Card: enter the values 12 and 57"),
            "second-factor-card",
        ),
        (asks("Use your passkey to go on"), "second-factor-passkey"),
    ] {
        let mut stage = Stage::new(with_code());
        stage.submit();
        stage.show(&[filled(), sheet]);
        assert_eq!(stage.acts_within(120), [Act::Record(Outcome::Accepted)], "{rule}");
        assert_eq!(told(&mut stage), [(rule.to_owned(), true)]);
        assert_eq!(stage.state(), State::SecondFactor);
    }
}

#[test]
fn a_push_to_another_device_is_changed_once() {
    let push = || {
        Sheet::dialog(DIALOG, "Second Factor Authentication")
            .text("A notification was sent to your IB Key")
            .text("Change security device")
    };
    let mut stage = Stage::new(with_code());
    stage.submit();
    stage.show(&[filled(), push()]);
    stage.expect_done(&Act::Record(Outcome::Accepted));
    stage.expect_done(&click(DIALOG, "Change security device"));
    stage.show(&[filled(), devices()]);
    stage.pass(0.8);
    stage.expect_done(&click(DIALOG, "Mobile Authenticator App"));
    stage.pass(0.8);
    stage.expect_done(&click(DIALOG, "OK"));
    stage.show(&[filled(), push()]);
    assert_eq!(stage.acts_within(120), []);

    // It went to the right one.
    let device = Some("IB Key".into());
    let mut stage = Stage::new(Policy {
        second_factor_device: device,
        ..policy()
    });
    stage.show(&[filled(), push()]);
    assert_eq!(stage.acts_within(120), []);
}

#[test]
fn read_only_is_entered_when_its_setting_says_so() {
    let offer = || {
        Sheet::dialog(DIALOG, "Second Factor Authentication")
            .text("Confirm on your phone")
            .button("Enter Read Only")
    };
    for (value, act) in [("yes", Some(click(DIALOG, "Enter Read Only"))), ("no", None)] {
        let mut stage = Stage::new(policy_with(&[("read-only-login", value)]));
        stage.show(&[form(), offer()]);
        stage.expect_done(&Act::Record(Outcome::Pushed));
        assert_eq!(stage.act(), act, "{value}");
    }
}

#[test]
fn a_code_that_a_human_gives_is_typed_once_whatever_its_kind() {
    let sms = |typed: u32| {
        Sheet::dialog(DIALOG, "Second Factor Authentication")
            .text("Enter the code that was sent to you by SMS.")
            .field("Security code", typed)
            .button("OK")
    };
    // Also with a key, whose codes are of another kind.
    let mut stage = Stage::new(with_code());
    stage.submit();
    stage.show(&[filled(), sms(0)]);
    assert_eq!(stage.acts_within(60), [Act::Record(Outcome::Accepted)]);
    stage.agent.code_given(stage.now);
    stage.expect(&Act::Fill(DIALOG, Typed::GivenCode), &ActResult::Filled);
    stage.show(&[filled(), sms(6)]);
    stage.expect_done(&click(DIALOG, "OK"));
    // It was refused: without another one nothing is typed.
    stage.show(&[filled(), sms(0)]);
    assert_eq!(stage.acts_within(120), []);
    stage.agent.code_given(stage.now);
    assert_eq!(stage.act(), Some(Act::Fill(DIALOG, Typed::GivenCode)));
}

/// How often a code was asked for elsewhere.
fn wanted(stage: &mut Stage) -> usize {
    let wanted = |event: &super::super::Event| *event == super::super::Event::CodeWanted;
    stage.events().iter().filter(|event| wanted(event)).count()
}

#[test]
fn a_code_that_no_key_makes_is_asked_for_once_and_again_when_one_was_not_taken() {
    let mut stage = Stage::new(policy());
    stage.submit();
    stage.show(&[filled(), code(0)]);
    stage.acts_within(120);
    assert_eq!(wanted(&mut stage), 1);
    for times in [1, 1, 0, 0] {
        stage.agent.code_given(stage.now);
        stage.expect(&Act::Fill(DIALOG, Typed::GivenCode), &ActResult::Filled);
        stage.show(&[filled(), code(6)]);
        stage.expect_done(&click(DIALOG, "OK"));
        stage.show(&[filled(), code(0)]);
        stage.acts_within(120);
        assert_eq!(wanted(&mut stage), times, "three for one window");
    }
    // One is made from the key; none can be given to a passkey, or be typed without a field.
    let dialog = || Sheet::dialog(DIALOG, "Second Factor Authentication");
    for sheet in [
        code(0),
        dialog()
            .text("Use your passkey to go on")
            .field("Code", 0)
            .button("OK"),
        dialog().text("Confirm on your phone").button("OK"),
    ] {
        let mut stage = Stage::new(with_code());
        stage.submit();
        stage.show(&[filled(), sheet]);
        stage.acts_within(600);
        assert_eq!(wanted(&mut stage), 0);
    }
}
