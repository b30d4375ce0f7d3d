//! A window manager's decisions, without the wire: where a window goes, and who gets the focus.

use crate::screen::{Point, Rect, Size, Window, WindowId, WindowKind};

/// How much of a window is shown around a point that is to be seen, in pixels.
const AROUND: i32 = 48;

/// Where to put a window that asks for `asked`. A place that its program chose is kept as far as the window stays on
/// the screen; without one it is centred on its `owner`, else on the screen. What is larger than the screen starts at
/// its edge, so that titles and menus can be seen.
pub(super) fn place(asked: Rect, chosen: bool, owner: Option<Rect>, screen: Size) -> Point {
    let wanted = if chosen {
        Point::new(asked.x, asked.y)
    } else {
        let around = owner.unwrap_or(Rect::of_size(screen)).center();
        around.offset(-(asked.width as i32 / 2), -(asked.height as i32 / 2))
    };
    let keep = |position: i32, length: u32, available: u32| {
        position.clamp(0, (available as i32 - length as i32).max(0))
    };
    Point::new(
        keep(wanted.x, asked.width, screen.width),
        keep(wanted.y, asked.height, screen.height),
    )
}

/// Where the top-left corner of `window` has to be for its point `at`, in its coordinates, to be on the screen: all of
/// the window is then, if it is no larger than the screen, else what is around the point.
pub(super) fn reveal(at: Point, window: Rect, screen: Size) -> Point {
    let along = |at: i32, position: i32, length: u32, available: u32| {
        let (length, available) = (length as i32, available as i32);
        let rest = available - length;
        if (0..available).contains(&(position + at)) {
            position
        } else if rest >= 0 {
            position.clamp(0, rest)
        } else {
            let around = (available / 4).min(AROUND);
            position
                .clamp(around - at, available - around - at)
                .clamp(rest, 0)
        }
    };
    Point::new(
        along(at.x, window.x, window.width, screen.width),
        along(at.y, window.y, window.height, screen.height),
    )
}

/// Who gets the focus when nobody has it: the owner of the window that closed, if it is still there, else the topmost
/// window that is more than a menu or a splash screen; a dialog rather than the window that it blocks.
pub(super) fn successor(closed_owner: Option<WindowId>, windows: &[Window]) -> Option<WindowId> {
    let focusable = |window: &&Window| matches!(window.kind, WindowKind::Normal | WindowKind::Dialog);
    let blocked = |id: WindowId| {
        windows
            .iter()
            .any(|window| window.kind == WindowKind::Dialog && window.transient_for == Some(id))
    };
    let owner = closed_owner.filter(|&owner| {
        !blocked(owner) && windows.iter().filter(focusable).any(|window| window.id == owner)
    });
    owner.or_else(|| {
        let topmost = |wanted: &dyn Fn(&&Window) -> bool| {
            windows
                .iter()
                .rev()
                .filter(focusable)
                .find(wanted)
                .map(|window| window.id)
        };
        topmost(&|window| !blocked(window.id)).or_else(|| topmost(&|_| true))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Size = Size::new(1000, 800);

    fn window(id: u32, kind: WindowKind, transient_for: Option<u32>) -> Window {
        Window {
            id: WindowId(id),
            title: String::new(),
            class: String::new(),
            kind,
            transient_for: transient_for.map(WindowId),
            geometry: Rect::new(0, 0, 10, 10),
            pid: None,
            client: 0,
            stacking: 0,
        }
    }

    #[test]
    fn a_chosen_place_is_kept_on_the_screen() {
        let place = |x, y| place(Rect::new(x, y, 200, 100), true, None, SCREEN);
        assert_eq!(place(30, 40), Point::new(30, 40));
        assert_eq!(place(-30, 790), Point::new(0, 700));
        assert_eq!(place(950, 0), Point::new(800, 0));
    }

    #[test]
    fn without_a_place_the_owner_is_the_middle() {
        let asked = Rect::new(0, 0, 200, 100);
        let owner = Rect::new(400, 300, 400, 200);
        assert_eq!(place(asked, false, Some(owner), SCREEN), Point::new(500, 350));
        assert_eq!(place(asked, false, None, SCREEN), Point::new(400, 350));
    }

    #[test]
    fn what_does_not_fit_starts_at_the_edge() {
        let large = Rect::new(50, 60, 2000, 100);
        assert_eq!(place(large, true, None, SCREEN), Point::new(0, 60));
        assert_eq!(place(large, false, None, SCREEN).x, 0);
    }

    #[test]
    fn a_point_beyond_the_screen_is_brought_into_it_with_what_is_around_it() {
        let large = Rect::new(0, 0, 1400, 700);
        assert_eq!(reveal(Point::new(1380, 690), large, SCREEN), Point::new(-400, 0));
        assert_eq!(reveal(Point::new(1100, 20), large, SCREEN), Point::new(-148, 0));
        let moved = Rect::new(-400, 0, 1400, 700);
        assert_eq!(reveal(Point::new(10, 20), moved, SCREEN), Point::new(0, 0));
        assert_eq!(reveal(Point::new(700, 20), moved, SCREEN), Point::new(-400, 0));
        let outside = Rect::new(950, -30, 200, 100);
        assert_eq!(reveal(Point::new(190, 10), outside, SCREEN), Point::new(800, 0));
    }

    #[test]
    fn focus_returns_to_the_owner() {
        let windows = [
            window(1, WindowKind::Normal, None),
            window(2, WindowKind::Normal, None),
        ];
        assert_eq!(successor(Some(WindowId(1)), &windows), Some(WindowId(1)));
        assert_eq!(successor(Some(WindowId(9)), &windows), Some(WindowId(2)));
        assert_eq!(successor(None, &windows), Some(WindowId(2)));
        assert_eq!(successor(None, &[]), None);
    }

    #[test]
    fn a_dialog_outranks_what_it_blocks() {
        let windows = [
            window(2, WindowKind::Dialog, Some(1)),
            window(1, WindowKind::Normal, None),
            window(3, WindowKind::Popup, Some(1)),
            window(4, WindowKind::Splash, None),
        ];
        assert_eq!(successor(Some(WindowId(1)), &windows), Some(WindowId(2)));
        assert_eq!(successor(None, &windows), Some(WindowId(2)));
    }
}
