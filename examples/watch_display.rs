//! Prints what is read from every window of a display, whenever something changes. It touches nothing.
//!
//!     cargo run --release --example watch_display -- :1
//!
//! What was read once is kept in a folder of the system's temporary ones, and known at the next start.

use std::error::Error;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use gatehand::pilot::Eyes;
use gatehand::vision::controls;
use gatehand::x11::{Desktop, DesktopOptions, DisplayAddress};

/// A display that is still wakes nobody: this only bounds the wait.
const LONG: Duration = Duration::from_secs(3600);

fn main() -> Result<(), Box<dyn Error>> {
    let display = std::env::args().nth(1).ok_or("usage: watch_display :N")?;
    let folder = std::env::temp_dir().join("watch_display");
    std::fs::create_dir_all(&folder)?;

    let (wake, woken) = mpsc::channel();
    let options = DesktopOptions {
        manage_windows: false,
        ..DesktopOptions::default()
    };
    let mut desktop = Desktop::connect(&DisplayAddress::new(display), options, move || {
        // Nobody listens any more when the program ends.
        let _ = wake.send(());
    })?;
    let mut eyes = Eyes::open(folder)?;
    loop {
        while let Some(windows) = eyes.observe(&mut desktop)? {
            println!("--- {} windows", windows.len());
            for seen in windows {
                println!("{} \"{}\"", seen.window.id, seen.window.title);
                let Some(view) = seen.view else {
                    println!("  it moves");
                    continue;
                };
                for line in view.reading.text().lines() {
                    println!("  {line}");
                }
                for button in controls::buttons(&view.reading) {
                    println!("  [{}]", button.label);
                }
            }
        }
        let pause = eyes
            .due()
            .map_or(LONG, |due| due.saturating_duration_since(Instant::now()));
        if woken.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
            return Ok(());
        }
    }
}
