//! A human at a viewer and the agent: whose turn it is.

use std::time::Duration;

use super::super::{ActResult, Agent, Event, State, TAKEN_OVER, Typed};
use super::stage::*;

fn told_of_take_over(stage: &mut Stage) -> bool {
    let told = |event: &Event| match event {
        Event::State { state, evidence } => *state == State::HandsOff && evidence == TAKEN_OVER,
        _ => false,
    };
    stage.events().iter().any(told)
}

#[test]
fn what_was_about_to_be_pressed_is_not_pressed_under_a_humans_hands() {
    let mut stage = Stage::new(policy());
    stage.show(&[form(), tip()]);
    // The click is decided on, and nobody has carried it out yet.
    stage.agent.human_acted(stage.now);
    assert_eq!(stage.acts_within(14), []);
    assert!(told_of_take_over(&mut stage));
    stage.pass(1.0);
    stage.expect_done(&click(DIALOG, "Close"));
}

#[test]
fn it_goes_back_at_once_when_the_human_says_so() {
    let mut stage = Stage::new(policy());
    stage.agent.human_acted(stage.now);
    stage.show(&[form(), tip()]);
    assert_eq!(stage.acts_within(1), []);
    assert_eq!(stage.state(), State::HandsOff);
    stage.agent.human_left(stage.now);
    stage.expect_done(&click(DIALOG, "Close"));
    // Nobody had taken over.
    stage.agent.human_left(stage.now);
    stage.show(&[form()]);
    assert_eq!(stage.act(), Some(Act::Ask));
}

fn keeps_viewers_waiting(stage: &Stage) -> bool {
    Agent::keeps_viewers_waiting(&stage.agent, stage.now)
}

#[test]
fn viewers_wait_from_the_password_until_it_is_submitted() {
    let mut stage = Stage::new(policy());
    stage.show(&[form()]);
    stage.expect(&Act::Ask, &ActResult::Permitted);
    stage.choose();
    assert!(!keeps_viewers_waiting(&stage));
    stage.expect(&Act::Fill(FORM, Typed::UserName), &ActResult::Filled);
    stage.expect(&Act::Fill(FORM, Typed::Password), &ActResult::Filled);
    assert!(keeps_viewers_waiting(&stage));
    stage.show(&[filled()]);
    stage.expect(&Act::Begin, &ActResult::Permitted);
    assert!(keeps_viewers_waiting(&stage));
    stage.expect_done(&click(FORM, "Log In"));
    assert!(!keeps_viewers_waiting(&stage));
}

#[test]
fn viewers_do_not_wait_for_what_only_they_can_do_nor_for_ever() {
    let mut stage = Stage::new(policy());
    stage.fill_in();
    assert!(keeps_viewers_waiting(&stage));
    // It lies over the form, and waits for a human.
    stage.show(&[filled(), unknown()]);
    assert!(!keeps_viewers_waiting(&stage));

    let mut stage = Stage::new(policy());
    stage.fill_in();
    let due = stage.agent.poll_timeout();
    assert!(due.is_some_and(|due| due <= stage.now + Duration::from_secs(60)));
    stage.pass(60.0);
    assert!(!keeps_viewers_waiting(&stage));
}
