//! What is measured of one server in one round.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::decode::{JPEG, RAW, TIGHT, ZRLE};
use crate::peers::{PASSWORD, Peer, Served};
use crate::stage::{DIALOG, Stage, key_cell, mark};
use crate::table::{Row, Table};

/// New viewers whose first frames are looked at.
const FIRST_FRAMES: usize = 5;
const DIALOGS: usize = 15;
/// Lines of the log come at 20 a second.
const LINE_PAUSE: Duration = Duration::from_millis(50);
/// When nothing has come for this long, nothing is on its way.
const QUIET: Duration = Duration::from_millis(150);
/// What began before it is measured comes to rest.
const REST: Duration = Duration::from_secs(1);
const KEY: u32 = b'a' as u32;

type Case = fn(&mut Round<'_>);

/// What can be measured alone, by its name.
const CASES: [(&str, Case); 11] = [
    ("first frame, ZRLE", |round| {
        round.first_frames(&[ZRLE], [Row::ZrleMs, Row::ZrleKb, Row::ZrleCpu]);
    }),
    ("first frame, Tight", |round| {
        round.first_frames(&[TIGHT], [Row::TightMs, Row::TightKb, Row::TightCpu]);
    }),
    ("one viewer", |round| round.one_viewer()),
    ("keys", |round| round.keys()),
    ("dialogs", |round| round.dialogs()),
    ("log", |round| {
        let rows = [Row::LogKb, Row::LogCpu, Row::LogAllCpu, Row::LogLag, Row::LogP95];
        round.log(1, &[ZRLE], rows.map(Some));
    }),
    ("log, JPEG", |round| {
        let rows = [Some(Row::LogJpegKb), Some(Row::LogJpegCpu), None, None, None];
        round.log(1, &[TIGHT, JPEG], rows);
    }),
    ("log, 4 viewers", |round| {
        let rows = [Row::FourCpu, Row::FourAllCpu].map(Some);
        round.log(4, &[ZRLE], [None, rows[0], rows[1], None, Some(Row::FourP95)]);
    }),
    ("log, 16 viewers", |round| {
        let rows = [Row::ManyCpu, Row::ManyAllCpu].map(Some);
        round.log(16, &[ZRLE], [None, rows[0], rows[1], None, Some(Row::ManyP95)]);
    }),
    ("full screen, Raw", |round| {
        round.full_screen(true, &[RAW], [Row::RawFps, Row::RawCpu, Row::RawMb]);
    }),
    ("full screen, JPEG", |round| {
        round.full_screen(false, &[TIGHT, JPEG], [Row::JpegFps, Row::JpegCpu, Row::JpegMb]);
    }),
];

/// Starts `peer` and measures the cases whose names have `case` in them; `time` is how long things that go on are looked
/// at.
pub fn round(peer: Peer, mapped: &Path, case: &str, time: Duration, table: &mut Table) {
    let served = Served::start(peer, mapped);
    let mut round = Round {
        peer,
        served,
        time,
        table,
    };
    round.start();
    for (_, measure) in CASES.iter().filter(|(name, _)| name.contains(case)) {
        measure(&mut round);
    }
}

struct Round<'a> {
    peer: Peer,
    served: Served,
    time: Duration,
    table: &'a mut Table,
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

impl Round<'_> {
    fn note(&mut self, row: Row, value: f64) {
        self.table.add(row, self.peer, value);
    }

    fn connect(&self, encodings: &[i32]) -> Client {
        Client::connect(self.served.port, PASSWORD, encodings)
    }

    /// Pixels that a viewer shows wrongly after all has come to rest.
    fn check(&mut self, client: &mut Client, stage: &Stage) {
        client.settle(QUIET);
        let truth = stage.screenshot();
        let wrong = client
            .picture
            .pixels()
            .iter()
            .zip(&truth)
            .filter(|(shown, there)| shown != there);
        let wrong = wrong.count() as f64;
        self.note(Row::Wrong, wrong);
    }

    /// From the start of the process to a viewer that is in, and the cost of waiting for the next.
    fn start(&mut self) {
        let client = self.connect(&[ZRLE]);
        self.note(Row::Start, ms(self.served.started.elapsed()));
        drop(client);
        thread::sleep(REST);
        self.note(Row::Memory, self.served.server.memory());
        let sleeps = self.served.server.sleeps();
        thread::sleep(self.time);
        let sleeps = (self.served.server.sleeps() - sleeps) as f64;
        self.note(Row::IdleWakeUps, sleeps / self.time.as_secs_f64());
    }

    fn first_frames(&mut self, encodings: &[i32], rows: [Row; 3]) {
        let stage = Stage::set(&self.served.display);
        for _ in 0..FIRST_FRAMES {
            let mut client = self.connect(encodings);
            thread::sleep(QUIET);
            let (bytes, cpu) = (client.bytes(), self.served.server.cpu());
            let time = client.first_frame();
            let kilobytes = (client.bytes() - bytes) as f64 / 1e3;
            self.check(&mut client, &stage);
            self.note(rows[0], ms(time));
            self.note(rows[1], kilobytes);
            self.note(rows[2], ms(self.served.server.cpu() - cpu));
        }
    }

    /// What a viewer costs that sees nothing happen.
    fn one_viewer(&mut self) {
        let _stage = Stage::set(&self.served.display);
        let mut client = self.connect(&[ZRLE]);
        client.first_frame();
        client.settle(REST);
        self.note(Row::MemoryOne, self.served.server.memory());
        let (sleeps, cpu) = (self.served.server.sleeps(), self.served.server.cpu());
        thread::sleep(self.time);
        let sleeps = (self.served.server.sleeps() - sleeps) as f64;
        let cpu = self.served.server.cpu() - cpu;
        self.note(Row::OneWakeUps, sleeps / self.time.as_secs_f64());
        self.note(Row::OneCpu, 100.0 * cpu.as_secs_f64() / self.time.as_secs_f64());
    }

    /// From a key that is pressed in the viewer to its letter in the viewer.
    fn keys(&mut self) {
        let count = (self.time.as_millis() / 50) as usize;
        let typing = Stage::take_keys(&self.served.display, count);
        let mut client = self.connect(&[ZRLE]);
        client.first_frame();
        client.settle(REST);
        let (bytes, cpu) = (client.bytes(), self.served.server.cpu());
        let mut times = Vec::with_capacity(count);
        for number in 0..count {
            let cell = key_cell(number);
            let before = client.picture.crop(cell);
            let pressed = Instant::now();
            client.key(KEY, true);
            client.wait(|picture| picture.crop(cell) != before);
            times.push(pressed.elapsed());
            client.key(KEY, false);
            // Another phase of a server's timers each time.
            client.settle(Duration::from_millis(20 + (number as u64 * 37) % 41));
        }
        let cpu = self.served.server.cpu() - cpu;
        let bytes = (client.bytes() - bytes) as f64;
        let stage = typing.join().unwrap();
        self.check(&mut client, &stage);
        times.sort_unstable();
        self.note(Row::Key, ms(times[count / 2]));
        self.note(Row::KeyP95, ms(times[count * 95 / 100]));
        self.note(Row::KeyBytes, bytes / count as f64);
        self.note(Row::KeyCpu, ms(cpu) / count as f64);
    }

    /// A dialog opens and closes again.
    fn dialogs(&mut self) {
        let stage = Stage::set(&self.served.display);
        let dialog = stage.dialog();
        let mut client = self.connect(&[ZRLE]);
        client.first_frame();
        client.settle(REST);
        let without = client.picture.crop(DIALOG);
        stage.show(dialog);
        client.settle(REST);
        let with = client.picture.crop(DIALOG);
        stage.hide(dialog);
        client.wait(|picture| picture.crop(DIALOG) == without);
        client.settle(QUIET);
        let cpu = self.served.server.cpu();
        let mut times = Vec::with_capacity(DIALOGS);
        for number in 0..DIALOGS {
            let began = Instant::now();
            stage.show(dialog);
            client.wait(|picture| picture.crop(DIALOG) == with);
            times.push(began.elapsed());
            client.settle(Duration::from_millis(30 + (number as u64 * 37) % 41));
            stage.hide(dialog);
            client.wait(|picture| picture.crop(DIALOG) == without);
        }
        let cpu = self.served.server.cpu() - cpu;
        self.check(&mut client, &stage);
        times.sort_unstable();
        self.note(Row::Dialog, ms(times[DIALOGS / 2]));
        self.note(Row::DialogCpu, ms(cpu) / DIALOGS as f64);
    }

    /// A log scrolls before `viewers`: what each gets, CPU of the server, CPU with the X server's, how late lines are.
    fn log(&mut self, viewers: usize, encodings: &[i32], rows: [Option<Row>; 5]) {
        let stage = Stage::set(&self.served.display);
        let log = stage.open_log();
        let mut clients: Vec<Client> = (0..viewers).map(|_| self.connect(encodings)).collect();
        for client in &mut clients {
            client.first_frame();
            client.settle(QUIET);
        }
        let lines = (self.time.as_millis() / LINE_PAUSE.as_millis()) as u32;
        let bytes: usize = clients.iter().map(Client::bytes).sum();
        let (cpu, all_cpu) = (self.served.server.cpu(), self.served.cpu_of_all());
        let began = Instant::now();
        let (shown, seen) = thread::scope(|scope| {
            let watching: Vec<_> = clients
                .iter_mut()
                .map(|client| scope.spawn(|| watch(client, lines)))
                .collect();
            let shown = stage.scroll(&log, lines, LINE_PAUSE);
            let seen: Vec<_> = watching
                .into_iter()
                .map(|watching| watching.join().unwrap())
                .collect();
            (shown, seen)
        });
        let seconds = began.elapsed().as_secs_f64();
        let share = |cpu: Duration| 100.0 * cpu.as_secs_f64() / seconds;
        let cpus = [self.served.server.cpu() - cpu, self.served.cpu_of_all() - all_cpu].map(share);
        let received = clients.iter().map(Client::bytes).sum::<usize>() - bytes;
        if !encodings.contains(&JPEG) {
            self.check(&mut clients[0], &stage);
        }
        let mut lags: Vec<Duration> = seen.iter().flat_map(|seen| lags(&shown, seen)).collect();
        lags.sort_unstable();
        let values = [
            received as f64 / 1e3 / seconds / viewers as f64,
            cpus[0],
            cpus[1],
            ms(lags[lags.len() / 2]),
            ms(lags[lags.len() * 95 / 100]),
        ];
        for (row, value) in rows.into_iter().zip(values) {
            if let Some(row) = row {
                self.note(row, value);
            }
        }
        if viewers == 16 {
            self.note(Row::MemoryMany, self.served.server.memory());
        }
    }

    /// All pixels change 60 times a second.
    fn full_screen(&mut self, noise: bool, encodings: &[i32], rows: [Row; 3]) {
        let stage = Stage::set(&self.served.display);
        let mut client = self.connect(encodings);
        client.first_frame();
        let stop = AtomicBool::new(false);
        let (frames, seconds, cpu, bytes) = thread::scope(|scope| {
            scope.spawn(|| stage.play(noise, &stop));
            client.wait(|picture| mark(picture) > 5);
            let (bytes, cpu) = (client.bytes(), self.served.server.cpu());
            let (began, mut last, mut frames) = (Instant::now(), mark(&client.picture), 0);
            while began.elapsed() < self.time {
                client.update();
                let now = mark(&client.picture);
                frames += u32::from(now != last);
                last = now;
            }
            let cpu = self.served.server.cpu() - cpu;
            stop.store(true, Ordering::Relaxed);
            (frames, began.elapsed().as_secs_f64(), cpu, client.bytes() - bytes)
        });
        self.note(rows[0], f64::from(frames) / seconds);
        self.note(rows[1], ms(cpu) / f64::from(frames.max(1)));
        self.note(rows[2], bytes as f64 / 1e6 / f64::from(frames.max(1)));
    }
}

/// Every number that the viewer came to show, and when, up to `last`.
fn watch(client: &mut Client, last: u32) -> Vec<(u32, Instant)> {
    let mut seen = Vec::new();
    while seen.last().is_none_or(|(number, _)| *number < last) {
        client.update();
        let number = mark(&client.picture);
        // Where it is painted in parts, a number may be neither the one nor the other.
        if number <= last && seen.last().is_none_or(|(before, _)| *before < number) {
            seen.push((number, Instant::now()));
        }
    }
    seen
}

/// How long after it was shown each line, or a later one, was seen.
fn lags(shown: &[Instant], seen: &[(u32, Instant)]) -> Vec<Duration> {
    let seen_at = |line: usize| seen.iter().find(|(number, _)| *number as usize >= line);
    let lines = shown.iter().enumerate().skip(1);
    lines
        .filter_map(|(line, shown)| Some(seen_at(line)?.1.saturating_duration_since(*shown)))
        .collect()
}
