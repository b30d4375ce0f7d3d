//! What the corpus is painted with: looks, fonts and smoothing, those that the reader was tuned with and those held out.

use super::painter::Dialog;

/// Fonts at the sizes that dialogs have; `None` is the look's own.
type Font = Option<(&'static str, u32)>;
/// Numbers of looks that are drawn by lot.
type Lots = std::ops::RangeInclusive<u32>;

/// One way to paint a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    pub look: String,
    pub font: Font,
    /// Smoothing of text: off, on, lcd.
    pub smoothing: &'static str,
}

impl Style {
    fn new(look: &str, font: Font, smoothing: &'static str) -> Self {
        Self {
            look: look.to_owned(),
            font,
            smoothing,
        }
    }

    /// As part of a folder's name.
    pub fn name(&self) -> String {
        let font = self.font.map_or_else(
            || "own".to_owned(),
            |(family, size)| format!("{}-{size}", family.to_lowercase().replace(' ', "-")),
        );
        format!("{}_{font}_{}", self.look, self.smoothing)
    }
}

const SMOOTHINGS: [&str; 3] = ["off", "on", "lcd"];

const TUNED_LOOKS: [&str; 5] = ["metal", "nimbus", "dark", "large", "light"];
const TUNED_FONTS: [(&str, u32); 9] = [
    ("Dialog", 10),
    ("Nimbus Sans", 12),
    ("DejaVu Serif", 13),
    ("Dialog", 18),
    ("Nimbus Sans", 15),
    ("Dialog", 24),
    ("DejaVu Sans Mono", 11),
    ("DejaVu Serif", 16),
    ("Nimbus Sans", 20),
];
const TUNED_LOTS: Lots = 1..=12;

/// What tuning with five looks and three families did not show.
const WIDE_FONTS: [(&str, u32); 21] = [
    ("Liberation Sans", 11),
    ("Lato", 14),
    ("Liberation Serif", 13),
    ("Open Sans", 12),
    ("Liberation Mono", 16),
    ("Cantarell", 15),
    ("FreeSerif", 18),
    ("DejaVu Serif Condensed", 10),
    ("Lato Light", 17),
    ("Open Sans", 22),
    ("FreeSans", 13),
    ("Liberation Sans", 24),
    ("Open Sans Condensed", 16),
    ("Liberation Serif", 20),
    ("FreeMono", 12),
    ("Cantarell", 10),
    ("Liberation Sans Narrow", 15),
    ("Lato Semibold", 13),
    ("DejaVu Sans Light", 12),
    ("Open Sans Light", 14),
    ("Liberation Mono", 11),
];
const WIDE_LOTS: Lots = 201..=232;
const SKINNED_LOTS: Lots = 1..=24;

const HELD_OUT_LOOKS: [&str; 4] = ["gtk", "motif", "slate", "underline"];
const HELD_OUT_FONTS: [(&str, u32); 9] = [
    ("P052", 13),
    ("Nimbus Sans Narrow", 14),
    ("URW Bookman", 12),
    ("Nimbus Roman", 14),
    ("DejaVu Sans Condensed", 11),
    ("URW Gothic", 18),
    ("Nimbus Mono PS", 14),
    ("C059", 16),
    ("P052", 22),
];
const HELD_OUT_LOTS: Lots = 101..=112;
const HELD_OUT_SKINNED_LOTS: Lots = 101..=106;

/// Looks that are drawn by lot.
fn drawn(class: &str, lots: Lots) -> impl Iterator<Item = String> {
    lots.map(move |lot| format!("{class}-{lot}"))
}

fn named(looks: &[&str]) -> impl Iterator<Item = String> {
    looks.iter().map(|look| (*look).to_owned())
}

/// Four ways for each look: its own font, and three of the others in turn.
fn styles(looks: impl Iterator<Item = String>, fonts: &[(&'static str, u32)]) -> Vec<Style> {
    let mut next = 0;
    let mut all = Vec::new();
    for look in looks {
        for turn in 0..4 {
            let font = (turn > 0).then(|| fonts[next % fonts.len()]);
            next += usize::from(turn > 0);
            all.push(Style::new(
                &look,
                font,
                SMOOTHINGS[(all.len() + all.len() / 4) % 3],
            ));
        }
    }
    all
}

/// The styles that the reader may be tuned with.
pub fn tuned() -> Vec<Style> {
    styles(
        named(&TUNED_LOOKS).chain(drawn("varied", TUNED_LOTS)),
        &TUNED_FONTS,
    )
}

/// Many looks by lot in fonts of many kinds: what fails here may be looked at, and tuned with.
pub fn wide() -> Vec<Style> {
    styles(drawn("varied", WIDE_LOTS), &WIDE_FONTS)
}

/// Looks by lot with textures, gloss, shadows and switches: what fails here may be looked at, too.
pub fn skinned() -> Vec<Style> {
    styles(drawn("skinned", SKINNED_LOTS), &WIDE_FONTS)
}

/// Whether a dialog belongs into the committed sample in this style: each in a few, in every style a few.
pub fn is_sample(dialog: &Dialog, style: &Style) -> bool {
    let name = dialog.case(style);
    dialog.is_for(style) && name.bytes().map(usize::from).sum::<usize>().is_multiple_of(11)
}

/// The styles that nobody looks at while tuning.
pub fn held_out() -> Vec<Style> {
    let looks = named(&HELD_OUT_LOOKS).chain(drawn("varied", HELD_OUT_LOTS));
    styles(
        looks.chain(drawn("skinned", HELD_OUT_SKINNED_LOTS)),
        &HELD_OUT_FONTS,
    )
}
