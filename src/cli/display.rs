//! The display that a subcommand looks at: `--display`, else `DISPLAY`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Failure;
use crate::exit::ExitCode;
use crate::screen::{Frame, Reading, Window, WindowKind};
use crate::vision::{Cache, Reader, Tesseract};
use crate::x11::{Desktop, DesktopOptions, DisplayAddress};

/// How long a window may repaint before its picture is taken all the same.
const SETTLE: Duration = Duration::from_millis(300);

/// The address of the display that is meant.
pub(super) fn address(given: Option<&str>) -> Result<DisplayAddress, Failure> {
    let name = given
        .map(str::to_owned)
        .or_else(|| std::env::var("DISPLAY").ok())
        .filter(|name| !name.is_empty());
    name.map(DisplayAddress::new).ok_or_else(|| {
        Failure::new(
            ExitCode::Usage,
            "no display is named: give --display :N, or set DISPLAY",
        )
    })
}

/// Every window that shows, with its picture and what is read from it.
pub(super) fn look(address: &DisplayAddress) -> Result<Vec<(Window, Frame, Arc<Reading>)>, Failure> {
    let (wake, woken) = std::sync::mpsc::channel();
    let options = DesktopOptions {
        manage_windows: false,
        ..DesktopOptions::default()
    };
    let mut desktop = Desktop::connect(address, options, move || {
        let _ = wake.send(());
    })
    .map_err(Failure::unavailable)?;
    let deadline = Instant::now() + SETTLE;
    while woken
        .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        .is_ok()
    {
        while desktop.poll_event().is_some() {}
    }
    let engine = Tesseract::open(None).map_err(Failure::unavailable)?;
    let mut reader = Reader::new(engine, Cache::new());
    let windows = desktop.windows().to_vec();
    let mut seen = Vec::with_capacity(windows.len());
    for window in windows
        .into_iter()
        .filter(|window| window.kind != WindowKind::Popup)
    {
        let Ok(frame) = desktop.capture(window.id) else {
            continue;
        };
        let reading = reader.read(&frame).map_err(Failure::unavailable)?;
        seen.push((window, frame, reading));
    }
    Ok(seen)
}
