//! What viewers type and click while it is not their turn: kept in order, within bounds. Pure.

use std::collections::{HashSet, VecDeque};

use super::screen::ViewerInput;

/// More is not kept, but for what lets go of a key or a button: minutes of typing.
const LIMIT: usize = 1024;

/// Keys and clicks that wait.
#[derive(Default)]
pub(super) struct HeldInput {
    waiting: VecDeque<ViewerInput>,
    /// Keys whose press was one too many: their release has nothing to let go of.
    dropped: HashSet<u32>,
}

impl HeldInput {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Keeps an input. Where the pointer went between two clicks does not matter.
    pub(super) fn push(&mut self, input: ViewerInput) {
        let is_full = self.waiting.len() >= LIMIT;
        let last = self.waiting.back_mut();
        match input {
            ViewerInput::Pointer { at: to, buttons } => match last {
                Some(ViewerInput::Pointer { buttons: last, at }) if is_full || *last == buttons => {
                    *last = buttons;
                    *at = to;
                }
                _ => self.waiting.push_back(input),
            },
            ViewerInput::Key { keysym, down: true } if is_full => {
                self.dropped.insert(keysym);
            }
            ViewerInput::Key { keysym, down: false } if self.dropped.remove(&keysym) => {}
            ViewerInput::Key { .. } => self.waiting.push_back(input),
        }
    }

    /// The oldest input that still waits.
    pub(super) fn pop(&mut self) -> Option<ViewerInput> {
        self.waiting.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Point;

    const fn key(keysym: u32, down: bool) -> ViewerInput {
        ViewerInput::Key { keysym, down }
    }

    const fn pointer(x: i32, buttons: u16) -> ViewerInput {
        let at = Point::new(x, 0);
        ViewerInput::Pointer { at, buttons }
    }

    fn kept(inputs: impl IntoIterator<Item = ViewerInput>) -> Vec<ViewerInput> {
        let mut held = HeldInput::default();
        inputs.into_iter().for_each(|input| held.push(input));
        std::iter::from_fn(|| held.pop()).collect()
    }

    #[test]
    fn everything_waits_in_order_but_for_the_pointers_way() {
        let inputs = [
            pointer(1, 0),
            pointer(2, 0),
            pointer(3, 1),
            pointer(4, 1),
            pointer(5, 0),
            key(97, true),
            pointer(6, 0),
            key(97, false),
        ];
        let expected = [
            pointer(2, 0),
            pointer(4, 1),
            pointer(5, 0),
            key(97, true),
            pointer(6, 0),
            key(97, false),
        ];
        assert_eq!(kept(inputs), expected);
    }

    #[test]
    fn what_is_too_much_is_dropped_and_nothing_stays_pressed() {
        let typed = |count: u32| (0..count).flat_map(|index| [key(index, true), key(index, false)]);
        // A key that went down before the wait comes up although there is no room.
        let inputs = typed(100_000).chain([key(0xffe1, false)]);
        let kept_keys = kept(inputs);
        let expected: Vec<ViewerInput> = typed(LIMIT as u32 / 2).chain([key(0xffe1, false)]).collect();
        assert_eq!(kept_keys, expected);

        let clicks = (0..100_000).map(|index| pointer(index, (index % 2) as u16));
        let kept_clicks = kept(clicks.chain([pointer(7, 0)]));
        assert_eq!(kept_clicks.len(), LIMIT);
        assert_eq!(kept_clicks.last(), Some(&pointer(7, 0)), "no button stays down");
    }
}
