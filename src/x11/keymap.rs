//! Which keys make which characters: planning only, nothing is sent from here.

use std::collections::HashMap;

use zeroize::{Zeroize, Zeroizing};

/// Key symbols (X11 protocol, appendix A).
pub(super) mod keysym {
    pub(in crate::x11) const A: u32 = 0x61;
    pub(in crate::x11) const BACKSPACE: u32 = 0xff08;
    pub(in crate::x11) const DELETE: u32 = 0xffff;
    pub(in crate::x11) const END: u32 = 0xff57;
    pub(in crate::x11) const HOME: u32 = 0xff50;
    pub(in crate::x11) const CONTROL: u32 = 0xffe3;
    pub(in crate::x11) const SHIFT: u32 = 0xffe1;
    pub(in crate::x11) const LEVEL3_SHIFT: u32 = 0xfe03;
    /// Left and right.
    pub(in crate::x11) const SHIFTS: [u32; 2] = [SHIFT, 0xffe2];
    /// `ISO_Level3_Shift`, `Mode_switch`.
    pub(in crate::x11) const LEVEL3_SHIFTS: [u32; 2] = [LEVEL3_SHIFT, 0xff7e];
    /// `Caps_Lock`, `Shift_Lock`, `ISO_Lock`, `Num_Lock`: they change what keys mean.
    pub(in crate::x11) const LOCKS: [u32; 4] = [0xffe5, 0xffe6, 0xfe01, 0xff7f];
    /// `KP_Space` to `KP_9`, `KP_Equal`.
    pub(in crate::x11) const KEYPAD: std::ops::RangeInclusive<u32> = 0xff80..=0xffbd;
}

/// The key symbol of a character: itself for Latin-1, else its number in Unicode (X11 protocol, appendix A).
pub(super) const fn keysym_of(character: char) -> u32 {
    match character as u32 {
        latin @ (0x20..=0x7e | 0xa0..=0xff) => latin,
        other => 0x0100_0000 | other,
    }
}

/// Older key symbols for characters beyond Latin-1 that layouts still use: the same key, another number.
const fn older_name(keysym: u32) -> Option<u32> {
    match keysym {
        0x0100_20ac => Some(0x20ac), // EuroSign
        0x0100_0152 => Some(0x13bc), // OE
        0x0100_0153 => Some(0x13bd), // oe
        0x0100_0178 => Some(0x13be), // Ydiaeresis
        _ => None,
    }
}

/// One press of a key with what must be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Zeroize)]
pub(super) struct Stroke {
    pub(super) keycode: u8,
    pub(super) shift: bool,
    pub(super) level3: bool,
}

impl Stroke {
    const fn plain(keycode: u8) -> Self {
        Self {
            keycode,
            shift: false,
            level3: false,
        }
    }
}

/// The keyboard map as the core protocol tells it (`GetKeyboardMapping`), first group.
#[derive(Clone, Debug, Default)]
pub(super) struct Keymap {
    first: u8,
    columns: usize,
    symbols: Vec<u32>,
    strokes: HashMap<u32, Stroke>,
}

/// Characters that can be typed with one set of bindings.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Batch {
    /// Spare keycodes, and the symbol that each is to have.
    pub(super) bindings: Zeroizing<Vec<(u8, u32)>>,
    /// How to type each character.
    pub(super) strokes: Zeroizing<Vec<Stroke>>,
}

/// The columns of the first group in a core map made from an XKB map: levels 1 and 2, then 3 and 4
/// (XKB protocol §12.4: two groups of two levels come first).
const LEVELS: [(usize, bool, bool); 4] = [
    (0, false, false),
    (1, true, false),
    (4, false, true),
    (5, true, true),
];

impl Keymap {
    /// The map of the keycodes from `first` on, each with `columns` symbols.
    pub(super) fn new(first: u8, columns: usize, symbols: Vec<u32>) -> Self {
        let mut map = Self {
            first,
            columns,
            symbols,
            strokes: HashMap::new(),
        };
        let level3 = map.rows().any(|(_, row)| row[0] == keysym::LEVEL3_SHIFT);
        // Keys without the third level first; among those the lowest keycode, which is the letter block's.
        for wanted in [false, true] {
            let mut found: Vec<(u32, Stroke)> = Vec::new();
            for (keycode, row) in map.rows().filter(|(_, row)| !depends_on_num_lock(row)) {
                for (column, shift, third) in LEVELS {
                    if third == wanted
                        && (!third || level3)
                        && let Some(&symbol) = row.get(column)
                        && symbol != x11rb::NO_SYMBOL
                    {
                        let stroke = Stroke {
                            keycode,
                            shift,
                            level3: third,
                        };
                        found.push((symbol, stroke));
                    }
                }
                // A letter with only its small form has its capital on the second level (X11 protocol §5).
                if !wanted
                    && let [small, rest @ ..] = row
                    && rest.first().is_none_or(|&second| second == x11rb::NO_SYMBOL)
                    && let Some(capital) = capital_of(*small)
                {
                    let stroke = Stroke {
                        shift: true,
                        ..Stroke::plain(keycode)
                    };
                    found.push((capital, stroke));
                }
            }
            for (symbol, stroke) in found {
                map.strokes.entry(symbol).or_insert(stroke);
            }
        }
        map
    }

    fn rows(&self) -> impl Iterator<Item = (u8, &[u32])> {
        (self.first..=u8::MAX).zip(self.symbols.chunks_exact(self.columns.max(1)))
    }

    /// How to make `keysym` with the keys that are there.
    pub(super) fn stroke(&self, keysym: u32) -> Option<Stroke> {
        self.strokes
            .get(&keysym)
            .or_else(|| self.strokes.get(&older_name(keysym)?))
            .copied()
    }

    /// Keycodes without any symbol.
    pub(super) fn spare(&self) -> Vec<u8> {
        self.rows()
            .filter(|(_, row)| row.iter().all(|&symbol| symbol == x11rb::NO_SYMBOL))
            .map(|(keycode, _)| keycode)
            .collect()
    }

    /// Divides `keysyms` into batches, each with no more new symbols than there are spare keycodes. `always` can be
    /// typed in every batch. `None` when not even one new symbol fits.
    pub(super) fn plan(&self, keysyms: impl Iterator<Item = u32>, always: &[u32]) -> Option<Vec<Batch>> {
        let spare = self.spare();
        let missing: Vec<u32> = always
            .iter()
            .copied()
            .filter(|&symbol| self.stroke(symbol).is_none())
            .collect();
        let fresh = || {
            let bindings: Vec<_> = spare.iter().copied().zip(missing.iter().copied()).collect();
            Batch {
                bindings: bindings.into(),
                ..Batch::default()
            }
        };
        if spare.len() < missing.len() {
            return None;
        }
        let mut batches = vec![fresh()];
        for symbol in keysyms {
            let mut batch = batches.pop()?;
            if self.stroke(symbol).is_none() && !batch.binds(symbol) {
                if batch.bindings.len() == spare.len() {
                    if batch.strokes.is_empty() {
                        return None;
                    }
                    batches.push(batch);
                    batch = fresh();
                }
                let keycode = spare.get(batch.bindings.len())?;
                batch.bindings.push((*keycode, symbol));
            }
            let stroke = self.stroke(symbol).or_else(|| batch.bound(symbol))?;
            batch.strokes.push(stroke);
            batches.push(batch);
        }
        Some(batches)
    }
}

impl Batch {
    fn binds(&self, symbol: u32) -> bool {
        self.bound(symbol).is_some()
    }

    /// The stroke of a symbol that this batch binds.
    pub(super) fn bound(&self, symbol: u32) -> Option<Stroke> {
        self.bindings
            .iter()
            .find(|(_, bound)| *bound == symbol)
            .map(|&(keycode, _)| Stroke::plain(keycode))
    }
}

/// Whether a key of the keypad makes a digit or moves the cursor, as `Num_Lock` says. Shift says it as well, but programs
/// take it for more than that: in Swing the digit then replaces what Shift and the cursor key have selected.
fn depends_on_num_lock(row: &[u32]) -> bool {
    matches!(row, [first, second, ..] if keysym::KEYPAD.contains(second) && first != second)
}

/// The capital of a Latin-1 letter that has one there.
const fn capital_of(small: u32) -> Option<u32> {
    match small {
        0x61..=0x7a | 0xe0..=0xf6 | 0xf8..=0xfe => Some(small - 0x20),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEAD_ACUTE: u32 = 0xfe51;

    /// Keycodes 8 to 13: `a A`, `q Q` with `@` on level 3, a dead acute, level-3 shift, two spare ones.
    fn map() -> Keymap {
        let rows: [[u32; 6]; 6] = [
            [0x61, 0x41, 0x61, 0x41, 0, 0],
            [0x71, 0x51, 0x71, 0x51, 0x40, 0x07d9],
            [DEAD_ACUTE, 0xfe50, DEAD_ACUTE, 0xfe50, 0, 0],
            [keysym::LEVEL3_SHIFT, 0, 0, 0, 0, 0],
            [0; 6],
            [0; 6],
        ];
        Keymap::new(8, 6, rows.concat())
    }

    #[test]
    fn levels_become_modifiers() {
        let stroke = |keycode, shift, level3| {
            Some(Stroke {
                keycode,
                shift,
                level3,
            })
        };
        assert_eq!(map().stroke(keysym_of('a')), stroke(8, false, false));
        assert_eq!(map().stroke(keysym_of('Q')), stroke(9, true, false));
        assert_eq!(map().stroke(keysym_of('@')), stroke(9, false, true));
        assert_eq!(
            map().stroke(keysym_of('´')),
            None,
            "a dead key makes no character"
        );
    }

    #[test]
    fn the_third_level_needs_its_shift_key() {
        let map = Keymap::new(8, 6, vec![0x71, 0x51, 0x71, 0x51, 0x40, 0]);
        assert_eq!(map.stroke(keysym_of('@')), None);
    }

    #[test]
    fn a_lone_small_letter_has_its_capital_on_shift() {
        let map = Keymap::new(8, 2, vec![0x61, 0]);
        assert!(map.stroke(keysym_of('A')).is_some_and(|stroke| stroke.shift));
    }

    #[test]
    fn symbols_of_characters() {
        assert_eq!(keysym_of('ß'), 0xdf);
        assert_eq!(keysym_of('€'), 0x0100_20ac);
        assert_eq!(keysym_of('я'), 0x0100_044f);
        let map = Keymap::new(8, 2, vec![0x20ac, 0]);
        assert!(map.stroke(keysym_of('€')).is_some());
    }

    #[test]
    fn what_num_lock_decides_upon_is_no_way_to_a_symbol() {
        let (kp_end, kp_1, kp_add, kp_separator) = (0xff9c, 0xffb1, 0xffab, 0xffac);
        let map = Keymap::new(8, 2, vec![kp_end, kp_1, kp_add, kp_add, kp_separator, 0]);
        assert_eq!([map.stroke(kp_end), map.stroke(kp_1)], [None, None]);
        assert_eq!(map.stroke(kp_add), Some(Stroke::plain(9)));
        assert_eq!(map.stroke(kp_separator), Some(Stroke::plain(10)));
        assert!(map.spare().is_empty());
    }

    #[test]
    fn missing_symbols_are_bound_and_batched() {
        let text = "aжzжéя@";
        let batches = map().plan(text.chars().map(keysym_of), &[]).unwrap();
        let bound: Vec<Vec<u32>> = batches
            .iter()
            .map(|batch| batch.bindings.iter().map(|&(_, symbol)| symbol).collect())
            .collect();
        let symbols = |text: &str| text.chars().map(keysym_of).collect::<Vec<_>>();
        assert_eq!(bound, [symbols("жz"), symbols("éя")]);
        let lengths: Vec<usize> = batches.iter().map(|batch| batch.strokes.len()).collect();
        assert_eq!(lengths, [4, 3]);
        assert_eq!(batches[0].strokes[1], batches[0].strokes[3]);
    }

    #[test]
    fn what_is_always_needed_takes_room_in_every_batch() {
        let batches = map().plan("жя".chars().map(keysym_of), &[keysym::END]).unwrap();
        assert_eq!(batches.len(), 2);
        assert!(batches.iter().all(|batch| batch.bound(keysym::END).is_some()));
        let always = [keysym::END, keysym::DELETE];
        assert!(map().plan("ж".chars().map(keysym_of), &always).is_none());
        assert!(map().plan("a".chars().map(keysym_of), &always).is_some());
    }

    #[test]
    fn an_empty_text_is_one_empty_batch() {
        let batches = map().plan(std::iter::empty(), &[]).unwrap();
        assert_eq!(batches, [Batch::default()]);
    }
}
