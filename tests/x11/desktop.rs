//! Windows, pictures, the window manager's role, and the end of a display.

use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{TestDisplay, take_events, wait_for, wait_for_window};
use crate::painter::Painter;
use gatehand::screen::{Frame, Point, Rect, Size, WindowId, WindowKind};
use gatehand::x11::{Desktop, DesktopEvent, DesktopOptions, DisplayAddress, X11Error, clear_leftovers};
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt as _, PropMode};
use x11rb::wrapper::ConnectionExt as _;

/// A picture with a border and a spot, so that shifts and swapped channels show.
fn paint(painter: &Painter, id: WindowId, size: Size) -> Frame {
    let mut frame = Frame::new(size);
    let parts = [
        (Rect::of_size(size), 0x0010_2030),
        (Rect::of_size(size).inflated(-3), 0x00ff_8000),
        (Rect::new(5, 7, 11, 13), 0x0000_00ff),
    ];
    for (rect, colour) in parts {
        painter.fill(id.0, rect, colour);
        frame.fill(rect, colour);
    }
    frame
}

fn captures(desktop: &mut Desktop, id: WindowId) -> Option<Frame> {
    take_events(desktop);
    desktop.capture(id).ok()
}

#[test]
fn pictures_are_whole_and_equal_by_memory_and_by_wire() {
    let display = TestDisplay::start(400, 300);
    let mut shared = display.desktop();
    let options = DesktopOptions {
        shared_memory: false,
        ..DesktopOptions::default()
    };
    let mut wired = Desktop::connect(&display.address, options, || {}).unwrap();
    let painter = Painter::connect(&display);
    let size = Size::new(201, 99);
    let id = painter.show("picture", Rect::new(20, 30, size.width, size.height), 0);
    wait_for_window(&mut shared, "picture");
    wait_for_window(&mut wired, "picture");
    let drawn = paint(&painter, id, size);
    assert_eq!(captures(&mut shared, id), Some(drawn.clone()));
    assert_eq!(captures(&mut wired, id), Some(drawn.clone()));

    // Covered, in part and as a whole.
    let cover = painter.show("cover", Rect::new(60, 0, 340, 300), 0x00ff_ffff);
    wait_for_window(&mut shared, "cover");
    assert_eq!(captures(&mut shared, id), Some(drawn.clone()));
    shared.move_window(cover, Point::new(0, 0)).unwrap();
    assert_eq!(captures(&mut shared, id), Some(drawn.clone()));
    assert_eq!(captures(&mut wired, id), Some(drawn.clone()));

    // Off the screen on two sides.
    shared.move_window(id, Point::new(-50, 250)).unwrap();
    wait_for("the move", || {
        take_events(&mut shared);
        let window = shared.windows().iter().find(|window| window.id == id)?;
        (window.geometry.x == -50).then_some(())
    });
    let drawn = paint(&painter, id, size);
    assert_eq!(captures(&mut shared, id), Some(drawn.clone()));
    assert_eq!(captures(&mut wired, id), Some(drawn));

    painter.connection.unmap_window(id.0).unwrap();
    painter.sync();
    assert!(matches!(shared.capture(id), Err(X11Error::NoWindow(gone)) if gone == id));
}

#[test]
fn windows_are_listed_as_they_come_change_and_go() {
    let display = TestDisplay::start(400, 300);
    let mut desktop = display.desktop();
    let painter = Painter::connect(&display);
    let first = painter.show("first", Rect::new(10, 20, 100, 80), 0);
    painter.show("dot", Rect::new(0, 0, 1, 1), 0);
    let second = painter.create("second", Rect::new(30, 40, 50, 60), 0);
    painter
        .connection
        .change_property32(
            PropMode::REPLACE,
            second.0,
            AtomEnum::WM_TRANSIENT_FOR,
            AtomEnum::WINDOW,
            &[first.0],
        )
        .unwrap();
    painter.connection.map_window(second.0).unwrap();
    painter.sync();
    let shown = wait_for_window(&mut desktop, "second");
    assert_eq!(shown.kind, WindowKind::Dialog);
    assert_eq!(shown.transient_for, Some(first));
    assert_eq!(shown.geometry, Rect::new(30, 40, 50, 60));
    let ids =
        |desktop: &Desktop| -> Vec<WindowId> { desktop.windows().iter().map(|window| window.id).collect() };
    assert_eq!(ids(&desktop), [first, second]);
    assert_eq!(desktop.windows()[0].client, desktop.windows()[1].client);

    painter.set_title(first, "caf\u{e9}");
    wait_for_window(&mut desktop, "café");
    desktop.activate(first).unwrap();
    wait_for("the raised window", || {
        take_events(&mut desktop);
        (ids(&desktop) == [second, first]).then_some(())
    });

    take_events(&mut desktop);
    painter.fill(first.0, Rect::new(1, 1, 2, 2), 0x00ff_0000);
    wait_for("damage", || {
        let events = take_events(&mut desktop);
        let damaged = DesktopEvent::Damaged { window: first };
        events.contains(&damaged).then(|| assert_eq!(events, [damaged]))
    });

    painter.connection.destroy_window(second.0).unwrap();
    painter.sync();
    wait_for("the end of a window", || {
        let changed = take_events(&mut desktop).contains(&DesktopEvent::WindowsChanged);
        changed.then(|| assert_eq!(ids(&desktop), [first]))
    });
}

#[test]
fn windows_are_kept_on_the_screen_where_they_ask_to_be() {
    let display = TestDisplay::start(400, 300);
    let mut desktop = display.desktop();
    let painter = Painter::connect(&display);
    painter.show("inside", Rect::new(10, 20, 100, 80), 0);
    painter.show("outside", Rect::new(390, -20, 100, 80), 0);
    let inside = wait_for_window(&mut desktop, "inside");
    let outside = wait_for_window(&mut desktop, "outside");
    assert_eq!(inside.geometry, Rect::new(10, 20, 100, 80));
    assert_eq!(outside.geometry, Rect::new(300, 0, 100, 80));
}

#[test]
fn a_click_raises_only_what_is_covered_at_its_point() {
    let display = TestDisplay::start(400, 300);
    let mut desktop = display.desktop();
    let painter = Painter::connect(&display);
    let below = painter.show("below", Rect::new(10, 10, 100, 100), 0);
    wait_for_window(&mut desktop, "below");
    let above = painter.show("above", Rect::new(10, 10, 50, 50), 0);
    wait_for_window(&mut desktop, "above");
    // It is only raised, as it can be.
    desktop.click(below, Point::new(20, 20)).unwrap();
    painter.raise(above);
    desktop.click(below, Point::new(80, 80)).unwrap();
    take_events(&mut desktop);
    let top = desktop.windows().last().map(|window| window.id);
    assert_eq!(top, Some(above), "what does not cover the point stays on top");
    assert!(matches!(
        desktop.click(WindowId(1), Point::new(0, 0)),
        Err(X11Error::NoWindow(_))
    ));
}

/// A program that ends with this value.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn another_window_manager_is_respected_and_followed() {
    let display = TestDisplay::start(400, 300);
    let painter = Painter::connect(&display);
    let size = Size::new(120, 90);
    let id = painter.show("framed", Rect::new(50, 60, size.width, size.height), 0);
    let openbox = || {
        display
            .command("openbox")
            .args(["--sm-disable", "--replace"])
            .spawn()
    };
    let mut first = Program(openbox().unwrap());
    wait_for("a frame", || painter.is_framed(id).then_some(()));
    let mut desktop = display.desktop();
    assert!(!desktop.manages_windows());
    let shown = wait_for_window(&mut desktop, "framed");
    assert_eq!((shown.id, shown.geometry.size()), (id, size));
    let drawn = paint(&painter, id, size);
    assert_eq!(captures(&mut desktop, id), Some(drawn.clone()));

    first.0.kill().unwrap();
    wait_for("the manager's role", || {
        let taken = DesktopEvent::ManagerChanged { ours: true };
        take_events(&mut desktop).contains(&taken).then_some(())
    });
    assert!(desktop.manages_windows());
    wait_for_window(&mut desktop, "framed");
    let drawn = paint(&painter, id, size);
    assert_eq!(captures(&mut desktop, id), Some(drawn));

    let _second = Program(openbox().unwrap());
    wait_for("the end of the manager's role", || {
        let given = DesktopEvent::ManagerChanged { ours: false };
        take_events(&mut desktop).contains(&given).then_some(())
    });
}

#[test]
fn a_still_display_wakes_nobody() {
    let display = TestDisplay::start(400, 300);
    let painter = Painter::connect(&display);
    painter.show("still", Rect::new(10, 10, 100, 100), 0);
    let woken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&woken);
    let count = move || {
        counter.fetch_add(1, Ordering::SeqCst);
    };
    let mut desktop = Desktop::connect(&display.address, DesktopOptions::default(), count).unwrap();
    wait_for_window(&mut desktop, "still");
    // Whatever follows from connecting has happened when a later change was seen.
    painter.set_title(WindowId(desktop.windows()[0].id.0), "settled");
    wait_for_window(&mut desktop, "settled");
    painter.sync();
    take_events(&mut desktop);
    let before = woken.load(Ordering::SeqCst);
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(woken.load(Ordering::SeqCst), before);
}

#[test]
fn a_display_that_goes_away_is_told_once() {
    let mut display = TestDisplay::start(400, 300);
    let mut desktop = display.desktop();
    let painter = Painter::connect(&display);
    let id = painter.show("window", Rect::new(10, 10, 100, 100), 0);
    wait_for_window(&mut desktop, "window");
    display.server.kill().unwrap();
    wait_for("the loss", || {
        let events = take_events(&mut desktop);
        let lost = |event: &DesktopEvent| matches!(event, DesktopEvent::Lost { .. });
        (events.iter().filter(|event| lost(event)).count() == 1).then_some(())
    });
    assert_eq!(take_events(&mut desktop), []);
    assert!(matches!(desktop.capture(id), Err(X11Error::Gone { .. })));
    assert!(matches!(
        desktop.click(id, Point::new(1, 1)),
        Err(X11Error::Gone { .. })
    ));
    assert!(matches!(desktop.park_pointer(), Err(X11Error::Gone { .. })));

    display.server.wait().unwrap();
    // Another server may have taken the number since; what the dead one left is gone either way.
    clear_leftovers().unwrap();
    let lock = format!("/tmp/.X{}-lock", display.address.name.trim_start_matches(':'));
    let holder = std::fs::read_to_string(lock).unwrap_or_default();
    assert_ne!(holder.trim(), display.server.id().to_string());
    let again = Desktop::connect(&display.address, DesktopOptions::default(), || {});
    assert!(matches!(
        again,
        Err(X11Error::Unreachable { .. } | X11Error::Refused { .. })
    ));
}

#[test]
fn without_its_cookie_a_display_refuses() {
    let display = TestDisplay::start(400, 300);
    let directory = tempfile::tempdir().unwrap();
    let wrong = gatehand::x11::VirtualServer::prepare(directory.path(), Size::new(1, 1)).unwrap();
    let address = DisplayAddress {
        authority: Some(wrong.authority().to_owned()),
        ..display.address.clone()
    };
    let refused = Desktop::connect(&address, DesktopOptions::default(), || {})
        .err()
        .unwrap();
    assert!(matches!(refused, X11Error::Refused { .. }), "{refused}");
}
