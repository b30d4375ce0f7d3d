//! The login against a page that is made up: every answer of the page, in every order that matters.

use std::time::{Duration, Instant};

use super::*;
use crate::screen::Rect;

const ORIGIN: &str = "https://localhost:5000";
const LENGTHS: [usize; 2] = [8, 10];

fn policy() -> Policy {
    Policy {
        origin: ORIGIN.into(),
        paper: false,
        fill_limit: Duration::from_secs(30),
        silence: Duration::from_secs(10),
        pause: Duration::ZERO,
        oauth_limit: Duration::from_secs(15),
        ask_limit: Duration::from_secs(60),
        code_limit: Duration::from_secs(300),
        code_tries: 2,
        device: None,
        push_limit: Duration::from_secs(180),
        resends: 2,
        resend_interval: Duration::from_secs(10),
    }
}

/// A page, and a login at it. Time passes by itself: a quarter of a second between two reports.
struct Stage {
    now: Instant,
    login: Login,
    page: Page,
    /// What was done, in order.
    acts: Vec<Act>,
    /// Whether typed characters arrive.
    takes_keys: bool,
    outcome: Option<Outcome>,
}

impl Stage {
    fn new(policy: Policy) -> Self {
        let now = Instant::now();
        let mut stage = Self {
            now,
            login: Login::new(now, policy, Selectors::default(), LENGTHS),
            page: Page {
                document: 1,
                origin: ORIGIN.into(),
                path: "/sso/Login".into(),
                complete: true,
                ..Page::default()
            },
            acts: Vec::new(),
            takes_keys: true,
            outcome: None,
        };
        for (row, part) in [
            (1, Part::User),
            (2, Part::Password),
            (3, Part::Submit),
            (4, Part::Paper),
        ] {
            stage.show(row, part);
        }
        stage.page.elements.get_mut(&Part::Paper).unwrap().checked = Some(false);
        stage
    }

    fn show(&mut self, row: i32, part: Part) {
        let element = Element {
            bounds: Rect::new(0, row * 100, 200, 40),
            length: matches!(part, Part::User | Part::Password | Part::Code).then_some(0),
            enabled: true,
            focused: false,
            checked: None,
            reachable: true,
        };
        self.page.elements.insert(part, element);
    }

    fn only(&mut self, part: Part) {
        self.page.elements.clear();
        self.show(5, part);
    }

    /// Reports, and does what comes of it, until nothing does for a second or something is asked.
    fn run(&mut self) -> Option<Act> {
        for _ in 0..4 {
            self.now += Duration::from_millis(250);
            self.login.observe(self.now, Duration::ZERO, self.page.clone());
            self.login.handle_timeout(self.now);
            if let Some(asked) = self.obey() {
                return Some(asked);
            }
        }
        None
    }

    /// The same, until something is asked.
    fn run_until_asked(&mut self) -> Act {
        (0..1000).find_map(|_| self.run()).expect("something is asked")
    }

    fn obey(&mut self) -> Option<Act> {
        while let Some(act) = self.login.poll_act() {
            self.acts.push(act.clone());
            match act {
                Act::Click(bounds) => self.click(bounds),
                Act::Type(what) => {
                    let (part, length) = match what {
                        What::User => (Part::User, LENGTHS[0]),
                        What::Password => (Part::Password, LENGTHS[1]),
                        What::Code => (Part::Code, 6),
                    };
                    self.field(part).length = Some(if self.takes_keys { length } else { 1 });
                }
                Act::Clear => {
                    for element in self.page.elements.values_mut().filter(|element| element.focused) {
                        element.length = Some(0);
                    }
                }
                Act::End(outcome) => {
                    self.outcome = Some(outcome.clone());
                    return Some(Act::End(outcome));
                }
                Act::Screenshot(_) | Act::TellPush | Act::Return | Act::Pick(_) => {}
                asked => return Some(asked),
            }
        }
        None
    }

    fn field(&mut self, part: Part) -> &mut Element {
        self.page.elements.get_mut(&part).unwrap()
    }

    fn click(&mut self, bounds: Rect) {
        for (part, element) in &mut self.page.elements {
            element.focused = element.bounds == bounds;
            if element.focused && *part == Part::Paper {
                element.checked = element.checked.map(|checked| !checked);
            }
        }
    }

    fn answer(&mut self, answer: Answer) -> Option<Act> {
        self.now += Duration::from_millis(10);
        self.login.answered(self.now, answer);
        self.obey()
    }

    /// Fills in the form and submits it.
    fn submit(&mut self) {
        assert_eq!(self.run_until_asked(), Act::AskSubmission);
        assert_eq!(self.answer(Answer::Submission(true)), None);
    }

    /// Lets time pass without a word of the page.
    fn wait(&mut self) -> Outcome {
        for _ in 0..50 {
            if let Some(due) = self.login.poll_timeout() {
                assert!(due > self.now, "what is due is due later");
                self.now = due;
                self.login.handle_timeout(self.now);
            }
            self.obey();
            if let Some(outcome) = self.outcome.clone() {
                return outcome;
            }
        }
        panic!("it never ends");
    }

    fn ending(&mut self) -> Ending {
        match self.run_until_asked() {
            Act::End(outcome) => outcome.ending,
            other => panic!("{other:?}"),
        }
    }

    fn count(&self, wanted: &Act) -> usize {
        self.acts.iter().filter(|act| *act == wanted).count()
    }
}

#[test]
fn the_form_is_filled_in_and_submitted_once() {
    let mut stage = Stage::new(policy());
    stage.submit();
    let button = stage.page.element(Part::Submit).unwrap().bounds;
    assert_eq!(stage.acts.last(), Some(&Act::Click(button)));
    assert_eq!(stage.count(&Act::Type(What::Password)), 1);
    for _ in 0..8 {
        assert_eq!(stage.run(), None, "nothing is done while IBKR decides");
    }
    assert_eq!(stage.count(&Act::Click(button)), 1);
    stage.only(Part::Success);
    assert_eq!(stage.ending(), Ending::SuccessText);
}

#[test]
fn what_did_not_arrive_is_never_submitted() {
    let mut stage = Stage::new(policy());
    stage.takes_keys = false;
    let Act::End(outcome) = stage.run_until_asked() else {
        panic!("it ends");
    };
    assert_eq!(outcome.submissions, 0);
    assert!(!outcome.is_unclear());
    assert!(
        matches!(outcome.ending, Ending::TimedOut(_) | Ending::Broken(_)),
        "{outcome:?}"
    );
    assert_eq!(stage.count(&Act::AskSubmission), 0);
}

/// Nothing tells whether the page has taken the keys: what is typed again would stand there twice.
#[test]
fn a_page_that_is_looked_at_has_time_to_show_what_was_typed() {
    let mut stage = Stage::new(policy());
    let mut page = stage.page.clone();
    let look = |stage: &mut Stage, page: &Page, seconds: u64| {
        stage.now += Duration::from_secs(seconds);
        stage.login.look(stage.now, page.clone());
        std::iter::from_fn(|| stage.login.poll_act()).collect::<Vec<_>>()
    };
    let user = page.element(Part::User).unwrap().bounds;
    assert_eq!(look(&mut stage, &page, 0), [Act::Click(user)]);
    page.elements.get_mut(&Part::User).unwrap().focused = true;
    assert_eq!(look(&mut stage, &page, 1), [Act::Type(What::User)]);
    for _ in 0..4 {
        assert_eq!(look(&mut stage, &page, 1), [], "it is as it was");
    }
    page.elements.get_mut(&Part::User).unwrap().length = Some(LENGTHS[0]);
    let password = page.element(Part::Password).unwrap().bounds;
    assert_eq!(look(&mut stage, &page, 1), [Act::Click(password)]);
}

/// A page may change what its fields hold while permission is asked for.
#[test]
fn what_changed_before_it_was_permitted_is_not_submitted() {
    let mut stage = Stage::new(policy());
    assert_eq!(stage.run_until_asked(), Act::AskSubmission);
    stage.field(Part::Password).length = Some(3);
    stage.run();
    let Some(Act::End(outcome)) = stage.answer(Answer::Submission(true)) else {
        panic!("it ends");
    };
    assert_eq!(outcome.submissions, 0);
}

#[test]
fn what_stood_there_already_is_cleared() {
    let mut stage = Stage::new(policy());
    stage.field(Part::User).length = Some(LENGTHS[0]);
    stage.submit();
    assert_eq!(stage.count(&Act::Clear), 1, "another name may be as long");
    assert_eq!(stage.count(&Act::Type(What::User)), 1);
}

#[test]
fn nothing_is_typed_elsewhere() {
    let mut stage = Stage::new(policy());
    stage.page.origin = "https://localhost.example.org".into();
    assert!(matches!(stage.ending(), Ending::Broken(_)));
    assert_eq!(stage.count(&Act::Type(What::User)), 0);
}

#[test]
fn a_refusal_is_one_whatever_was_shown_before() {
    let mut stage = Stage::new(policy());
    stage.page.error = Some("Your last login failed".into());
    stage.submit();
    assert_eq!(stage.run(), None, "it was there before");
    stage.page.error = Some("Invalid username password combination".into());
    assert!(matches!(stage.ending(), Ending::Refused(_)));
}

#[test]
fn a_user_of_the_other_mode_is_tried_in_it_once() {
    let mut stage = Stage::new(policy());
    stage.submit();
    stage.page.error = Some("please select the correct login mode".into());
    assert_eq!(stage.run_until_asked(), Act::AskSubmission);
    assert_eq!(stage.page.element(Part::Paper).unwrap().checked, Some(true));
    stage.page.error = None;
    assert_eq!(stage.answer(Answer::Submission(true)), None);
    stage.run();
    stage.page.error = Some("please select the correct login mode".into());
    assert!(matches!(stage.ending(), Ending::WrongMode(_)));
    assert_eq!(stage.outcome.as_ref().map(|outcome| outcome.submissions), Some(2));
}

#[test]
fn silence_is_no_answer() {
    let mut stage = Stage::new(policy());
    let outcome = stage.wait();
    assert!(
        matches!(outcome.ending, Ending::TimedOut(_)) && !outcome.is_unclear(),
        "{outcome:?}"
    );
    let mut stage = Stage::new(policy());
    stage.submit();
    let outcome = stage.wait();
    assert!(
        matches!(outcome.ending, Ending::TimedOut(_)) && outcome.is_unclear(),
        "{outcome:?}"
    );
}

/// The same error stays on the page while the next code is waited for, however long that takes.
#[test]
fn codes_are_tried_as_often_as_allowed() {
    let mut stage = Stage::new(policy());
    stage.submit();
    stage.only(Part::Code);
    for try_number in 1..=2 {
        assert_eq!(stage.run_until_asked(), Act::AskCode, "try {try_number}");
        for _ in 0..100 {
            assert_eq!(stage.run(), None, "the code is waited for");
        }
        stage.page.error = None;
        assert_eq!(stage.answer(Answer::Code(Code::Ready { length: 6 })), None);
        while stage.count(&Act::Return) < try_number {
            assert_eq!(stage.run(), None);
        }
        stage.page.error = Some("Invalid code".into());
    }
    assert_eq!(stage.ending(), Ending::CodeRefused("Invalid code".into()));
    assert_eq!(stage.count(&Act::Type(What::Code)), 2);
}

#[test]
fn a_phone_is_notified_again_with_permission() {
    let mut stage = Stage::new(policy());
    stage.submit();
    stage.only(Part::Push);
    stage.show(6, Part::Resend);
    let link = stage.page.element(Part::Resend).unwrap().bounds;
    assert_eq!(stage.run_until_asked(), Act::AskPush);
    assert_eq!(stage.count(&Act::TellPush), 1);
    stage.answer(Answer::Push(true));
    assert_eq!(stage.count(&Act::Click(link)), 1);
    assert_eq!(stage.run_until_asked(), Act::AskPush);
    stage.answer(Answer::Push(false));
    assert_eq!(stage.count(&Act::Click(link)), 1, "not without permission");
    let Act::End(outcome) = stage.run_until_asked() else {
        panic!("it ends");
    };
    assert_eq!((outcome.ending, outcome.pushes), (Ending::NotConfirmed, 2));
}

#[test]
fn a_device_is_picked_from_the_open_list_only() {
    let mut stage = Stage::new(Policy {
        device: Some("ib key".into()),
        ..policy()
    });
    stage.submit();
    stage.only(Part::Device);
    stage.page.devices = vec!["Card".into(), "IB Key".into()];
    for _ in 0..3 {
        stage.run();
    }
    assert_eq!(
        stage.count(&Act::Pick(1)),
        0,
        "keys on a closed list would choose what they pass"
    );
    stage.now += Duration::from_millis(10);
    stage.login.list_shown(stage.now, true);
    stage.obey();
    assert_eq!(stage.count(&Act::Pick(1)), 1);
    stage.page.chosen = Some(1);
    stage.login.list_shown(stage.now, false);
    stage.show(6, Part::Push);
    stage.run();
    assert_eq!(stage.count(&Act::TellPush), 1);
}

#[test]
fn a_form_that_comes_back_is_not_filled_in_again() {
    let mut stage = Stage::new(policy());
    stage.submit();
    stage.page.document = 2;
    stage.field(Part::User).length = Some(0);
    stage.field(Part::Password).length = Some(0);
    let typed = stage.acts.len();
    assert!(matches!(stage.ending(), Ending::Broken(_)));
    let outcome = stage.outcome.unwrap();
    assert!(outcome.is_unclear());
    let more = stage.acts[typed..]
        .iter()
        .filter(|act| matches!(act, Act::Type(_)));
    assert_eq!(more.count(), 0);
}

#[test]
fn the_end_is_told_once() {
    let mut stage = Stage::new(policy());
    stage.submit();
    stage.login.browser_ended("SIGKILL".into());
    stage.login.stopped();
    let Some(Act::End(outcome)) = stage.obey() else {
        panic!("it ends");
    };
    assert_eq!(outcome.ending, Ending::BrowserDied("SIGKILL".into()));
    assert!(outcome.is_unclear());
    stage.only(Part::Success);
    assert_eq!(stage.run(), None);
    assert_eq!(stage.login.poll_timeout(), None);
}

/// A form without its scripts would send itself, with all that stands in it in the address.
#[test]
fn nothing_is_typed_before_the_page_is_complete() {
    let mut stage = Stage::new(policy());
    stage.page.complete = false;
    for _ in 0..8 {
        assert_eq!(stage.run(), None);
    }
    assert_eq!(stage.acts, []);
    stage.page.complete = true;
    assert_eq!(stage.run_until_asked(), Act::AskSubmission);
}

#[test]
fn a_submission_that_could_not_be_pressed_is_none() {
    let mut stage = Stage::new(policy());
    assert_eq!(stage.run_until_asked(), Act::AskSubmission);
    stage.login.answered(stage.now, Answer::Submission(true));
    assert!(matches!(stage.login.poll_act(), Some(Act::Click(_))));
    stage.login.not_done("the window is covered");
    stage.obey();
    let outcome = stage.outcome.expect("an end");
    assert_eq!(outcome.submissions, 0);
    assert!(
        matches!(&outcome.ending, Ending::Broken(why) if why.contains("covered")),
        "{outcome:?}"
    );
}
