//! The script that tells the state of the login page, and how its reports are read. It knows lengths of fields, never what they
//! hold; and a key, without which nothing on the page can tell a report in its name.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::seal::Key;
use crate::portal::login::{Element, Page};
use crate::portal::selectors::{Part, Selectors, Way};
use crate::screen::{Rect, Size};

const SOURCE: &str = include_str!("report.js");
/// What a report begins with; its seal and a dot follow.
const MARK: &str = "GH1.";
/// Hexadecimal digits of a seal.
const SEAL: usize = 16;

/// The script with a key of its own.
pub(super) fn script(key: Key, selectors: &Selectors) -> String {
    let [k0, k1] = key.words();
    let ways: BTreeMap<_, Vec<_>> = selectors
        .parts()
        .iter()
        .map(|(part, ways)| (part, ways.iter().map(pair).collect()))
        .collect();
    // Names and texts alone: that cannot fail.
    let parts = serde_json::to_string(&ways).unwrap_or_default();
    SOURCE
        .replace("__K0__", &k0.to_string())
        .replace("__K1__", &k1.to_string())
        .replace("__PARTS__", &parts)
}

fn pair(way: &Way) -> [&str; 2] {
    match way {
        Way::Css(text) => ["css", text],
        Way::Placeholder(text) => ["placeholder", text],
        Way::Label(text) => ["label", text],
        Way::Text(text) => ["text", text],
        Way::Says(text) => ["says", text],
    }
}

/// Reads reports out of titles.
#[derive(Debug)]
pub struct Reports {
    key: Key,
    /// When the last one was made, by the browser's clock.
    last: u64,
}

impl Reports {
    pub(super) const fn new(key: Key) -> Self {
        Self { key, last: 0 }
    }

    /// When a title was told, and the page that it tells of in a window of this size. None when it is no report, one of somebody else's, or not newer
    /// than the last.
    pub fn read(&mut self, title: &str, window: Size) -> Option<(Timestamp, Page)> {
        let (_, rest) = title.split_once(MARK)?;
        let (seal, rest) = rest.split_at_checked(SEAL)?;
        let rest = rest.strip_prefix('.')?;
        let text = &rest[..=rest.rfind('}')?];
        if !self.key.is_seal_of(seal, text) {
            return None;
        }
        let told: Told = serde_json::from_str(text).ok()?;
        if told.time <= self.last {
            return None;
        }
        self.last = told.time;
        let time = Timestamp::from_millisecond(told.time.try_into().ok()?).ok()?;
        Some((time, told.page(window)?))
    }
}

/// A report as the script writes it.
#[derive(Deserialize)]
struct Told {
    #[serde(rename = "t")]
    time: u64,
    #[serde(rename = "b")]
    began: u64,
    #[serde(rename = "o")]
    origin: String,
    #[serde(rename = "p")]
    path: String,
    #[serde(rename = "r")]
    complete: bool,
    /// Width and height of what is inside the window, pixels of the screen in 100 of the page, height of what is around it.
    #[serde(rename = "w")]
    view: [i64; 4],
    /// Place, length and bits of each part.
    #[serde(rename = "e")]
    elements: BTreeMap<Part, [i64; 6]>,
    #[serde(rename = "x")]
    error: String,
    #[serde(rename = "d")]
    devices: Vec<String>,
    #[serde(rename = "c")]
    chosen: i64,
}

impl Told {
    fn page(self, window: Size) -> Option<Page> {
        let [width, height, ..] = self.view;
        if width <= 0 || height <= 0 {
            return None;
        }
        // Nothing is beside the page, so its width tells the scale; what is above it, its height.
        let scale = f64::from(window.width) / width as f64;
        let above = f64::from(window.height) - height as f64 * scale;
        let place = |at: i64| (at as f64 * scale).round() as i32;
        let element = |[x, y, w, h, length, bits]: [i64; 6]| Element {
            bounds: Rect::new(
                place(x),
                place(y) + above.max(0.0).round() as i32,
                place(w).unsigned_abs(),
                place(h).unsigned_abs(),
            ),
            length: usize::try_from(length).ok(),
            enabled: bits & 1 != 0,
            focused: bits & 2 != 0,
            checked: (bits & 8 != 0).then_some(bits & 4 != 0),
            reachable: bits & 16 != 0,
        };
        Some(Page {
            document: self.began,
            origin: self.origin,
            path: self.path,
            complete: self.complete,
            elements: self
                .elements
                .into_iter()
                .map(|(part, told)| (part, element(told)))
                .collect(),
            error: Some(self.error.trim().to_owned()).filter(|error| !error.is_empty()),
            devices: self.devices,
            chosen: usize::try_from(self.chosen).ok(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Size = Size::new(800, 600);

    fn text(time: u64) -> String {
        format!(
            r#"{{"t":{time},"b":1,"o":"http://h","p":"/sso/Login","r":true,"w":[400,272,200,28],"e":{{"user":[10,20,100,12,3,19],"paper":[1,2,3,4,2,13]}},"x":"No\u0020way","d":["IB\u0020Key"],"c":0}}"#
        )
    }

    fn title(key: Key, text: &str) -> String {
        format!("CgDfIMnST:- | {MARK}{}.{text} - Chromium", key.seal(text))
    }

    #[test]
    fn a_report_is_read_in_the_pixels_of_its_window() {
        let key = Key::new([1, 2]);
        let mut reports = Reports::new(key);
        let (time, page) = reports.read(&title(key, &text(5)), WINDOW).unwrap();
        let user = &page.elements[&Part::User];
        assert_eq!(
            user.bounds,
            Rect::new(20, 96, 200, 24),
            "twice as large, below 56 pixels"
        );
        assert_eq!((user.length, user.enabled, user.focused), (Some(3), true, true));
        assert_eq!((user.checked, user.reachable), (None, true));
        assert_eq!(page.elements[&Part::Paper].checked, Some(true));
        assert_eq!(page.error.as_deref(), Some("No way"));
        assert_eq!(time.as_millisecond(), 5);
        assert_eq!(page.devices, ["IB Key"]);
    }

    #[test]
    fn nothing_else_is_a_report() {
        let (key, other) = (Key::new([1, 2]), Key::new([1, 3]));
        let mut reports = Reports::new(key);
        for title in [
            "Login".to_owned(),
            format!("{MARK}0123456789abcdef.{}", text(1)),
            title(other, &text(1)),
            title(key, &text(1)).replace("\"c\":0", "\"c\":1"),
            format!("{MARK}é"),
            MARK.to_owned(),
            format!("{MARK}{}.", key.seal("")),
        ] {
            assert_eq!(reports.read(&title, WINDOW), None, "{title}");
        }
        assert!(reports.read(&title(key, &text(2)), WINDOW).is_some());
        // What was told before is told again by somebody else.
        assert_eq!(reports.read(&title(key, &text(2)), WINDOW), None);
        assert_eq!(reports.read(&title(key, &text(1)), WINDOW), None);
    }

    #[test]
    fn the_script_has_all_that_it_needs() {
        let made = script(Key::new([7, 8]), &Selectors::default());
        assert!(made.contains("var k0 = 7, k1 = 8, parts = {\"user\":[[\"css\","));
        assert!(!made.contains("__K") && !made.contains("__PARTS"));
    }
}
