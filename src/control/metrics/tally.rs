//! What is counted as it happens. Nobody has to ask for it.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts};

use super::catalogue::{
    API, DIALOG_TIME, DIALOGS, DISCONNECTIONS, FACTORS, GIVEN_UP, Kind, LOGIN_TIME, LOGINS, Metric, OUTAGES,
    RESTARTS, SESSIONS_LOST, SUBMISSIONS, UNKNOWN,
};
use crate::agent::{Event, Outcome, State};
use crate::logging::mask_accounts;

/// Rules with a label of their own: whoever changes rule files for ever must not fill memory.
const MAX_RULES: usize = 200;
/// The label of the others.
const OTHER: &str = "other";

/// The counters of one gateway. They stay when it is started anew.
#[derive(Debug)]
pub struct Tally {
    restarts: IntCounterVec,
    disconnections: IntCounterVec,
    sessions_lost: IntCounterVec,
    outages: HistogramVec,
    api: HistogramVec,
    submissions: IntCounterVec,
    logins: IntCounterVec,
    login_time: HistogramVec,
    factors: IntCounterVec,
    dialogs: IntCounterVec,
    dialog_time: HistogramVec,
    unknown: IntCounterVec,
    given_up: IntCounterVec,
    course: Mutex<Course>,
}

/// What lasts.
#[derive(Debug, Default)]
struct Course {
    is_ready: bool,
    /// When readiness ended.
    away: Option<Instant>,
    /// When the login button was pressed.
    submitted: Option<Instant>,
    /// Those with a label.
    rules: BTreeSet<String>,
}

impl Tally {
    /// Nothing yet, of the gateway with this name.
    #[must_use]
    pub fn new(gateway: &str) -> Self {
        let counter = |metric| counter(metric, gateway, &[]);
        let by_outcome = |metric, outcomes| self::counter(metric, gateway, outcomes);
        let histogram = |metric| histogram(metric, gateway);
        Self {
            restarts: counter(RESTARTS),
            disconnections: counter(DISCONNECTIONS),
            sessions_lost: counter(SESSIONS_LOST),
            outages: histogram(OUTAGES),
            api: histogram(API),
            submissions: counter(SUBMISSIONS),
            logins: by_outcome(
                LOGINS,
                &[
                    "logged-in",
                    "refused",
                    "rebuffed",
                    "throttled",
                    "withdrawn",
                    "denied",
                ],
            ),
            login_time: histogram(LOGIN_TIME),
            factors: by_outcome(FACTORS, &["asked", "pushed", "code-wanted", "missed"]),
            dialogs: self::counter(DIALOGS, gateway, &[]),
            dialog_time: histogram(DIALOG_TIME),
            unknown: counter(UNKNOWN),
            given_up: counter(GIVEN_UP),
            course: Mutex::default(),
        }
    }

    /// Something happened.
    pub fn event(&self, event: &Event, now: Instant) {
        match event {
            Event::State { state, .. } => self.entered(*state, now),
            Event::Answered { rule, after } => {
                self.dialog(rule, "answered");
                observe(&self.dialog_time, *after);
            }
            Event::LeftToHuman { rule, .. } => self.dialog(rule, "left-to-human"),
            Event::UnknownDialog { .. } => count(&self.unknown, &[]),
            Event::GivenUp { .. } => count(&self.given_up, &[]),
            Event::SecondFactorAsked { .. } => count(&self.factors, &["asked"]),
            Event::CodeWanted => count(&self.factors, &["code-wanted"]),
            Event::SecondFactorMissed => count(&self.factors, &["missed"]),
            Event::GaveWay => count(&self.sessions_lost, &[]),
            Event::Denied { .. } => count(&self.logins, &["denied"]),
            Event::CarriedOut { .. }
            | Event::Configured { .. }
            | Event::Evidence { .. }
            | Event::Expires { .. }
            | Event::NotConfigured { .. }
            | Event::Pressed { .. }
            | Event::RestartScheduled { .. }
            | Event::RulesKept { .. }
            | Event::RulesRead { .. }
            | Event::SessionFight
            | Event::TokenRefused { .. }
            | Event::Verified { .. } => {}
        }
    }

    /// An attempt to log in went on, or ended.
    pub fn login(&self, outcome: Outcome, now: Instant) {
        let word = match outcome {
            Outcome::Accepted => return,
            Outcome::Pushed => return count(&self.factors, &["pushed"]),
            Outcome::LoggedIn => "logged-in",
            Outcome::Refused => "refused",
            Outcome::Rebuffed => "rebuffed",
            Outcome::Throttled(_) => "throttled",
            Outcome::Withdrawn => "withdrawn",
        };
        count(&self.logins, &[word]);
        let submitted = self.with_course(|course| course.submitted.take());
        if let Some(submitted) = submitted.filter(|_| outcome == Outcome::LoggedIn) {
            observe(&self.login_time, now.saturating_duration_since(submitted));
        }
    }

    /// The API answered after so long.
    pub fn api_answered(&self, after: Duration) {
        observe(&self.api, after);
    }

    fn entered(&self, state: State, now: Instant) {
        match state {
            State::Restarting => count(&self.restarts, &[]),
            State::Disconnected => count(&self.disconnections, &[]),
            State::SubmittedCredentials => {
                count(&self.submissions, &[]);
                self.with_course(|course| course.submitted = Some(now));
            }
            _ => {}
        }
        let away = self.with_course(|course| course.entered(state, now));
        if let Some(away) = away {
            observe(&self.outages, away);
        }
    }

    fn dialog(&self, rule: &str, outcome: &str) {
        let rule = self.with_course(|course| course.label(rule));
        count(&self.dialogs, &[&rule, outcome]);
    }

    fn with_course<T>(&self, look: impl FnOnce(&mut Course) -> T) -> T {
        look(&mut self.course.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What was counted so far.
    pub(super) fn collect(&self) -> Vec<MetricFamily> {
        let all: [&dyn Collector; 13] = [
            &self.restarts,
            &self.disconnections,
            &self.sessions_lost,
            &self.outages,
            &self.api,
            &self.submissions,
            &self.logins,
            &self.login_time,
            &self.factors,
            &self.dialogs,
            &self.dialog_time,
            &self.unknown,
            &self.given_up,
        ];
        all.iter().flat_map(|collector| collector.collect()).collect()
    }
}

impl Course {
    /// How long it was not ready, when that is over.
    fn entered(&mut self, state: State, now: Instant) -> Option<Duration> {
        match state {
            State::Ready => {
                self.is_ready = true;
                self.away.take().map(|since| now.saturating_duration_since(since))
            }
            // The API goes on answering behind a human's back.
            State::HandsOff => None,
            _ => {
                if std::mem::take(&mut self.is_ready) {
                    self.away = Some(now);
                }
                None
            }
        }
    }

    fn label(&mut self, rule: &str) -> String {
        let rule = mask_accounts(rule).into_owned();
        if self.rules.contains(&rule) {
            return rule;
        }
        if self.rules.len() >= MAX_RULES {
            return OTHER.to_owned();
        }
        self.rules.insert(rule.clone());
        rule
    }
}

/// A counter that begins with 0 for each of these outcomes.
fn counter(metric: Metric, gateway: &str, outcomes: &[&str]) -> IntCounterVec {
    let opts = Opts::new(metric.name, metric.help).const_label("gateway", gateway);
    let counter = IntCounterVec::new(opts, metric.labels).expect("its name and labels are valid");
    if metric.labels.is_empty() {
        counter.with_label_values::<&str>(&[]);
    }
    for outcome in outcomes {
        counter.with_label_values(&[outcome]);
    }
    counter
}

fn histogram(metric: Metric, gateway: &str) -> HistogramVec {
    let opts = HistogramOpts::new(metric.name, metric.help).const_label("gateway", gateway);
    let opts = match metric.kind {
        Kind::Histogram(bounds) => opts.buckets(bounds.to_vec()),
        Kind::Counter | Kind::Gauge => opts,
    };
    let histogram = HistogramVec::new(opts, metric.labels).expect("its name and bounds are valid");
    histogram.with_label_values::<&str>(&[]);
    histogram
}

fn count(counter: &IntCounterVec, labels: &[&str]) {
    counter.with_label_values(labels).inc();
}

fn observe(histogram: &HistogramVec, duration: Duration) {
    histogram
        .with_label_values::<&str>(&[])
        .observe(duration.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a counter stands at, or how many a histogram has seen and their sum.
    fn value(tally: &Tally, metric: Metric, labels: &[&str]) -> (f64, f64) {
        let families = tally.collect();
        let family = families.iter().find(|family| family.name() == metric.name);
        let mut samples = family.expect(metric.name).get_metric().iter();
        let sample = samples.find(|sample| {
            let has = |label: &&str| sample.get_label().iter().any(|pair| pair.value() == *label);
            labels.iter().all(has)
        });
        let Some(sample) = sample else {
            return (0.0, 0.0);
        };
        match metric.kind {
            Kind::Histogram(_) => {
                let histogram = sample.get_histogram();
                (histogram.get_sample_count() as f64, histogram.get_sample_sum())
            }
            Kind::Counter | Kind::Gauge => (sample.get_counter().get_value(), 0.0),
        }
    }

    fn state(state: State) -> Event {
        let evidence = "seen".to_owned();
        Event::State { state, evidence }
    }

    #[test]
    fn each_event_counts_as_what_it_is() {
        let title = || "Something".to_owned();
        let why = || "nobody knows".to_owned();
        let cases: [(Event, Metric, &[&str]); 9] = [
            (state(State::Restarting), RESTARTS, &[]),
            (state(State::Disconnected), DISCONNECTIONS, &[]),
            (state(State::SubmittedCredentials), SUBMISSIONS, &[]),
            (Event::GaveWay, SESSIONS_LOST, &[]),
            (Event::SecondFactorMissed, FACTORS, &["missed"]),
            (Event::CodeWanted, FACTORS, &["code-wanted"]),
            (
                Event::UnknownDialog {
                    title: title(),
                    why: why(),
                },
                UNKNOWN,
                &[],
            ),
            (
                Event::LeftToHuman {
                    rule: "tip".into(),
                    title: title(),
                },
                DIALOGS,
                &["tip", "left-to-human"],
            ),
            (
                Event::Denied {
                    why: why(),
                    retry_after: None,
                },
                LOGINS,
                &["denied"],
            ),
        ];
        for (event, metric, labels) in cases {
            let tally = Tally::new("paper");
            assert_eq!(value(&tally, metric, labels).0, 0.0, "{event:?}");
            tally.event(&event, Instant::now());
            assert_eq!(value(&tally, metric, labels).0, 1.0, "{event:?}");
        }
        let tally = Tally::new("paper");
        let now = Instant::now();
        tally.login(Outcome::Pushed, now);
        tally.login(Outcome::Throttled(Duration::from_secs(60)), now);
        assert_eq!(value(&tally, FACTORS, &["pushed"]).0, 1.0);
        assert_eq!(value(&tally, LOGINS, &["throttled"]).0, 1.0);
        assert_eq!(value(&tally, LOGINS, &["logged-in"]).0, 0.0);
    }

    #[test]
    fn what_lasts_is_measured_from_its_begin_to_its_end() {
        let tally = Tally::new("paper");
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        tally.event(&state(State::SubmittedCredentials), at(0));
        tally.login(Outcome::Accepted, at(2));
        tally.event(&state(State::SecondFactor), at(2));
        tally.login(Outcome::LoggedIn, at(40));
        assert_eq!(value(&tally, LOGIN_TIME, &[]), (1.0, 40.0));
        tally.event(&state(State::Ready), at(50));
        assert_eq!(value(&tally, OUTAGES, &[]), (0.0, 0.0), "it was not there before");
        tally.event(&state(State::HandsOff), at(60));
        tally.event(&state(State::Ready), at(70));
        assert_eq!(
            value(&tally, OUTAGES, &[]),
            (0.0, 0.0),
            "it answered all the while"
        );
        tally.event(&state(State::Disconnected), at(100));
        tally.event(&state(State::Restarting), at(110));
        tally.event(&state(State::Ready), at(190));
        assert_eq!(value(&tally, OUTAGES, &[]), (1.0, 90.0));
        // One without credentials of its own, as after an automatic restart.
        tally.login(Outcome::LoggedIn, at(190));
        assert_eq!(value(&tally, LOGIN_TIME, &[]), (1.0, 40.0));
    }

    #[test]
    fn labels_are_bounded_and_hold_no_account() {
        let tally = Tally::new("paper");
        let answered = |rule: String| Event::Answered {
            rule,
            after: Duration::from_millis(300),
        };
        for number in 0..2 * MAX_RULES {
            tally.event(&answered(format!("rule-{number}")), Instant::now());
        }
        let families = tally.collect();
        let dialogs = families.iter().find(|family| family.name() == DIALOGS.name);
        assert_eq!(dialogs.expect("counted").get_metric().len(), MAX_RULES + 1);
        assert_eq!(value(&tally, DIALOGS, &[OTHER]).0, MAX_RULES as f64);
        let tally = Tally::new("paper");
        tally.event(&answered("of U1234567".into()), Instant::now());
        assert_eq!(value(&tally, DIALOGS, &["of U****567", "answered"]).0, 1.0);
    }
}
