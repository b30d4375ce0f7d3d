//! The flight recorder: what the agent was told, and what it did, in a bounded ring of files in the state folder.
//!
//! What is recorded goes to a thread of its own: it masks, compares, packs and writes, and sleeps when nothing is told.
//! Each file stands alone. A recording holds the readings of the pictures, so that [`replay`](replay::replay) needs no
//! text recognition and sees what the agent saw, whatever a newer recognition would read from masked pictures.

mod framing;
mod mask;
mod player;
mod record;
mod replay;
mod ring;
mod tape;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tracing::Span;

use mask::Masks;
pub use player::{PlayError, Played, Recording};
use record::Begin;
pub use record::{Head, Input};
pub use replay::{Difference, ReplayError, Replayed, replay};
use ring::Ring;
use tape::{Moment, Tape};

use crate::agent::{ActResult, Action, Policy, Seen, State};
use crate::dialogs::{Catalogue, RuleFile};

/// Moments with pictures that may wait for the disk.
const BACKLOG: usize = 32;

/// What a recording is made with.
#[derive(Debug)]
pub struct RecorderOptions {
    /// The folder of the files.
    pub folder: PathBuf,
    /// Bytes that all files may take.
    pub limit: u64,
    /// The user names, which may be nowhere on the recording.
    pub users: Vec<String>,
    /// The settings that the agent decides by.
    pub policy: Policy,
    /// The rules that it begins with.
    pub catalogue: Catalogue,
    /// The user's files among them.
    pub rules: Vec<RuleFile>,
}

/// The open recording of one run.
#[derive(Debug)]
pub struct Recorder {
    began: Instant,
    thread: Option<(Sender<Message>, JoinHandle<()>)>,
    /// Observations that wait for the disk.
    waiting: Arc<AtomicUsize>,
    /// Whether the agent was told something since it was last asked for an action.
    told: bool,
}

#[derive(Debug)]
enum Message {
    Moment(u64, Moment),
    /// Something before this is missing.
    Gap,
}

impl Recorder {
    /// Begins a recording of a run that begins `now`.
    ///
    /// # Errors
    /// When its folder cannot be made or its thread not be started.
    pub fn start(options: RecorderOptions, now: Instant, time: SystemTime) -> io::Result<Self> {
        let began = time
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis() as u64);
        let ring = Ring::open(&options.folder, options.limit, began)?;
        let head = Head {
            begin: Begin::Run,
            began,
            policy: options.policy,
            rules: options.rules,
            api_answers: false,
        };
        let tape = Tape::new(head, Masks::new(options.catalogue, &options.users));
        let (sender, inbox) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let mut writer = Writer {
            ring,
            tape,
            begin: Some(Begin::Run),
            waiting: Arc::clone(&waiting),
        };
        let span = Span::current();
        let thread = std::thread::Builder::new()
            .name("recorder".into())
            .spawn(move || {
                let _entered = span.enter();
                if let Err(error) = writer.run(&inbox) {
                    let folder = options.folder.display();
                    tracing::warn!(%error, %folder, "the flight recorder has stopped");
                }
            })?;
        Ok(Self {
            began: now,
            thread: Some((sender, thread)),
            waiting,
            told: false,
        })
    }

    /// The agent was told this.
    pub fn told(&mut self, now: Instant, input: Input) {
        self.tell(now, Moment::Told(input));
    }

    /// The agent observed this.
    pub fn observed(&mut self, now: Instant, screen: &[Seen]) {
        self.tell(now, Moment::Observed(screen.to_vec()));
    }

    /// The agent was told what became of its action.
    pub fn result(&mut self, now: Instant, result: &ActResult) {
        self.tell(now, Moment::Result(result.clone()));
    }

    /// The agent was given these rules.
    pub fn rules(&mut self, now: Instant, rules: Vec<RuleFile>) {
        self.tell(now, Moment::Rules(rules));
    }

    /// The agent was asked for an action.
    pub fn asked(&mut self, now: Instant, action: Option<&Action>, state: State) {
        let told = std::mem::take(&mut self.told);
        match action {
            Some(action) => self.send(
                now,
                Moment::Act {
                    window: action.window(),
                    secret: action.secret_field(),
                    act: action.to_string(),
                },
            ),
            // Asked again without news, it has nothing again.
            None if told => self.send(now, Moment::Idle(state)),
            None => {}
        }
    }

    fn tell(&mut self, now: Instant, moment: Moment) {
        self.told = true;
        self.send(now, moment);
    }

    /// Hands over without ever waiting: a disk that is slow must not hold up the agent.
    fn send(&self, now: Instant, moment: Moment) {
        let Some((sender, _)) = &self.thread else { return };
        let at = now.saturating_duration_since(self.began).as_nanos() as u64;
        let mut message = Message::Moment(at, moment);
        if matches!(message, Message::Moment(_, Moment::Observed(_)))
            && self.waiting.fetch_add(1, Ordering::Relaxed) >= BACKLOG
        {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            message = Message::Gap;
        }
        // A thread that has stopped said why.
        let _ = sender.send(message);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.thread.take() {
            drop(sender);
            if thread.join().is_err() {
                tracing::error!("the recorder's thread panicked");
            }
        }
    }
}

#[derive(Debug)]
struct Writer {
    ring: Ring,
    tape: Tape,
    /// How the next file follows, when one has to be begun.
    begin: Option<Begin>,
    waiting: Arc<AtomicUsize>,
}

impl Writer {
    fn run(&mut self, inbox: &Receiver<Message>) -> io::Result<()> {
        while let Ok(message) = inbox.recv() {
            match message {
                Message::Gap => self.begin = Some(Begin::Gap),
                Message::Moment(at, moment) => {
                    self.write(at, &moment)?;
                    if matches!(moment, Moment::Observed(_)) {
                        self.waiting.fetch_sub(1, Ordering::Relaxed);
                    }
                }
            }
        }
        Ok(())
    }

    fn write(&mut self, at: u64, moment: &Moment) -> io::Result<()> {
        if let Some(begin) = self.begin.take() {
            let head = self.tape.head(begin)?;
            self.ring.begin(&head)?;
        }
        let mut record = self.tape.record(at, moment)?;
        if self.ring.is_full(record.len()) {
            let head = self.tape.head(Begin::Next)?;
            self.ring.begin(&head)?;
            // Once more: this file knows no pictures yet.
            record = self.tape.record(at, moment)?;
        }
        if !self.ring.write(&record)? {
            tracing::warn!(
                "a picture is larger than GATEHAND_RECORDER_SIZE: the flight recorder leaves it out"
            );
            self.begin = Some(Begin::Gap);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::agent::{Agent, Event, View};
    use crate::screen::{Frame, Line, Reading, Rect, Region, RegionKind, Size, Window, WindowId, WindowKind};
    use crate::vision::fingerprint;

    /// A window with a line of text and, if it is not empty, a button.
    fn seen(id: u32, title: &str, text: &str, button: &str) -> Seen {
        let mut frame = Frame::new(Size::new(120, 60));
        let mut hash = 7_u32;
        for (at, byte) in text.bytes().enumerate() {
            hash = hash.wrapping_mul(31).wrapping_add(byte.into());
            frame.fill(Rect::new(2 * at as i32, 4, 2, 8), hash & 0x00ff_ffff);
        }
        let line = |text: &str, y, region| Line {
            text: text.into(),
            bounds: Rect::new(4, y, 60, 10),
            confidence: 95,
            region,
        };
        let mut reading = Reading {
            fingerprint: fingerprint(&frame, &[]),
            size: frame.size(),
            regions: Vec::new(),
            lines: vec![line(text, 4, None)],
            unread: Vec::new(),
        };
        if !button.is_empty() {
            reading.regions.push(Region {
                bounds: Rect::new(2, 38, 70, 16),
                background: 0,
                kind: RegionKind::Button,
            });
            reading.lines.push(line(button, 40, Some(0)));
        }
        Seen {
            window: Window {
                id: WindowId(id),
                title: title.into(),
                class: "java".into(),
                kind: if button.is_empty() {
                    WindowKind::Normal
                } else {
                    WindowKind::Dialog
                },
                transient_for: None,
                geometry: Rect::new(0, 0, 120, 60),
                pid: None,
                client: 1,
                stacking: id,
            },
            view: Some(View {
                frame: Arc::new(frame),
                reading: Arc::new(reading),
            }),
        }
    }

    fn main_window() -> Seen {
        seen(1, "edemo77 IBKR Gateway", "File Configure Help", "")
    }

    /// An agent with a recorder, before hand-made windows, in counted time.
    struct Flight {
        agent: Agent,
        recorder: Recorder,
        now: Instant,
        pressed: Vec<String>,
        /// Whether the disk keeps up.
        paced: bool,
    }

    impl Flight {
        fn start(folder: &Path, limit: u64) -> Self {
            let catalogue = Catalogue::built_in().expect("right");
            let options = RecorderOptions {
                folder: folder.to_path_buf(),
                limit,
                users: vec!["edemo77".into()],
                policy: Policy::default(),
                catalogue: catalogue.clone(),
                rules: Vec::new(),
            };
            let now = Instant::now();
            Self {
                agent: Agent::new(catalogue, Policy::default()),
                recorder: Recorder::start(options, now, UNIX_EPOCH + Duration::from_secs(9))
                    .expect("a recorder"),
                now,
                pressed: Vec::new(),
                paced: true,
            }
        }

        fn show(&mut self, screen: Vec<Seen>) {
            self.now += Duration::from_millis(300);
            self.recorder.observed(self.now, &screen);
            self.agent.observe(self.now, screen);
            loop {
                while let Some(event) = self.agent.poll_event() {
                    if let Event::Pressed { label, .. } = event {
                        self.pressed.push(label);
                    }
                }
                let action = self.agent.poll_action();
                self.recorder.asked(self.now, action.as_ref(), self.agent.state());
                if action.is_none() {
                    break;
                }
                self.now += Duration::from_micros(1_234);
                self.recorder.result(self.now, &ActResult::Done);
                self.agent.handle_result(self.now, &ActResult::Done);
                self.recorder.told(self.now, Input::Timeout);
                self.agent.handle_timeout(self.now);
            }
            while self.paced && self.recorder.waiting.load(Ordering::Relaxed) > 0 {
                std::thread::yield_now();
            }
        }

        fn tips(&mut self, number: u32) {
            for tip in 0..number {
                let subject = ["apples", "bridges", "candles"][tip as usize % 3];
                let dialog = seen(
                    10 + tip,
                    "Tip of the Day",
                    &format!("All about {subject}"),
                    "Close",
                );
                self.show(vec![main_window(), dialog]);
                self.show(vec![main_window()]);
            }
        }
    }

    fn replayed(folder: &Path, rules: Option<&Catalogue>) -> Replayed {
        replay(
            Recording::open(folder).expect("a recording"),
            rules,
            Instant::now(),
        )
        .expect("replayed")
    }

    #[test]
    fn a_recording_replays_as_it_was_and_tells_what_another_rule_changes() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut flight = Flight::start(folder.path(), 1 << 20);
        flight.tips(3);
        assert_eq!(flight.pressed, ["Close"; 3]);
        drop(flight);
        let same = replayed(folder.path(), None);
        assert_eq!((same.runs, same.decisions), (1, 3));
        assert_eq!(same.differences, []);

        let mut rules = Catalogue::built_in().expect("right");
        let rule = "[[rule]]\nname = \"mine\"\ntext = [\"All about bridges\"]\npress = [\"Close\"]\n";
        rules.add(Path::new("mine.toml"), rule).expect("right");
        let other = replayed(folder.path(), Some(&rules));
        let told: Vec<String> = other.differences.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].contains("recorded: click \"Close\"")
                && told[0].contains("today: nothing (claimed by several rules: tip-of-the-day, mine)")
                && told[0].starts_with("ts 9901: \"Tip of the Day\""),
            "{told:?}"
        );
    }

    #[test]
    fn after_a_first_difference_an_act_may_come_earlier_but_not_be_missing() {
        let screen = |dialog: Seen| vec![main_window(), dialog];
        let tip = || screen(seen(11, "Tip of the Day", "All about apples", "Close"));
        let now = Instant::now();
        let mut agent = Agent::new(Catalogue::built_in().expect("right"), Policy::default());
        agent.observe(now, tip());
        let close = agent.poll_action().expect("an action").to_string();
        let played = |close_at: Option<u64>| {
            let head = Head {
                begin: Begin::Run,
                began: 0,
                policy: Policy::default(),
                rules: Vec::new(),
                api_answers: false,
            };
            let second = 1_000_000_000;
            let foreign = seen(
                10,
                "Account Review",
                "Your account will be reviewed.",
                "Remind me",
            );
            let mut played = vec![
                Played::Begin {
                    head: Box::new(head),
                    whole: true,
                },
                Played::Observed {
                    at: second,
                    screen: screen(foreign),
                },
                Played::Act {
                    at: second,
                    window: Some(WindowId(10)),
                    act: "click \"Remind me\" of 0xa at 37,46".into(),
                },
                Played::Told {
                    at: second,
                    input: Input::Result(ActResult::Done),
                },
                Played::Observed {
                    at: 2 * second,
                    screen: tip(),
                },
                Played::Idle {
                    at: 2 * second,
                    state: State::Starting.to_string(),
                },
            ];
            played.extend(close_at.map(|at| Played::Act {
                at: at * second,
                window: Some(WindowId(11)),
                act: close.clone(),
            }));
            let replayed = replay(played.into_iter().map(Ok), None, now).expect("replayed");
            replayed.differences
        };
        let later = played(Some(4));
        assert_eq!(later.len(), 1, "{later:?}");
        assert_eq!(later[0].title.as_deref(), Some("Account Review"));
        let missing = played(None);
        assert_eq!(missing.len(), 2, "{missing:?}");
        assert_eq!(missing[1].today, Some(close.clone()));
    }

    #[test]
    fn a_recording_cut_or_changed_at_any_byte_still_plays_as_far_as_it_is_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut flight = Flight::start(folder.path(), 1 << 20);
        flight.tips(1);
        drop(flight);
        let file = ring::files_of(folder.path()).expect("readable").remove(0);
        let whole = std::fs::read(&file).expect("readable");
        let mut decisions = 0;
        for cut in 0..whole.len() {
            std::fs::write(&file, &whole[..cut]).expect("written");
            let cut_off = replayed(folder.path(), None);
            assert_eq!(cut_off.differences, [], "cut at {cut}");
            assert!(cut_off.decisions >= decisions, "cut at {cut}");
            decisions = cut_off.decisions;
            let mut changed = whole.clone();
            changed[cut] ^= 0x40;
            std::fs::write(&file, &changed).expect("written");
            assert_eq!(replayed(folder.path(), None).differences, [], "changed at {cut}");
        }
        assert_eq!(decisions, 1);
    }

    #[test]
    fn what_is_left_of_a_long_run_replays_without_its_begin() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut flight = Flight::start(folder.path(), 48 << 10);
        flight.tips(120);
        drop(flight);
        let left = replayed(folder.path(), None);
        assert!(left.decisions < 110 && left.decisions > 10, "{left:?}");
        assert_eq!((left.runs, left.differences.len()), (1, 0), "{left:?}");
    }

    #[test]
    fn a_disk_that_does_not_keep_up_costs_moments_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut flight = Flight::start(folder.path(), 1 << 20);
        flight.tips(1);
        flight.paced = false;
        flight.recorder.waiting.store(BACKLOG, Ordering::Relaxed);
        flight.tips(2);
        flight.recorder.waiting.store(0, Ordering::Relaxed);
        flight.paced = true;
        flight.tips(2);
        assert_eq!(flight.pressed, ["Close"; 5]);
        drop(flight);
        let left = replayed(folder.path(), None);
        assert!(left.runs > 1 && left.differences.is_empty(), "{left:?}");
    }

    #[test]
    fn the_user_name_is_nowhere_in_a_recording() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut flight = Flight::start(folder.path(), 1 << 20);
        flight.show(vec![
            main_window(),
            seen(2, "Survey", "How are you, edemo77?", "OK"),
        ]);
        drop(flight);
        let mut titles = Vec::new();
        for file in ring::files_of(folder.path()).expect("readable") {
            let bytes = std::fs::read(file).expect("readable");
            for record in framing::Records::of(bytes).expect("a recording") {
                let text = String::from_utf8_lossy(&record.json).into_owned();
                assert!(!text.contains("edemo77"), "{text}");
                titles.push(text);
            }
        }
        assert!(
            titles
                .iter()
                .any(|text| text.contains("IBKR Gateway") && text.contains("How are you"))
        );
    }
}
