//! What must not be on a recording: user names, passwords, codes. Pure.
//!
//! Text fields are painted over with a colour that depends on what they show, by a key that nobody keeps: the agent
//! compares pictures of fields, and what was equal stays equal. Their text goes. A field that shows nothing but a label
//! of the form keeps it, and its looks until a secret is typed there. A known window without a part in the login keeps its fields: its numbers are settings. The user name is taken out
//! of every title and text, and what shows it is painted over.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

use crate::agent::{View, is_form_label};
use crate::dialogs::{Catalogue, Meaning, Recognition};
use crate::screen::{Frame, Line, Reading, Rect, RegionKind, Window, WindowId};
use crate::vision::fingerprint;
use crate::vision::text::{Folded, SHORT};

/// What stands where something was taken out.
const TAKEN_OUT: &str = "\u{2022}\u{2022}\u{2022}";
/// Edits per character by which a user name may be misread.
const MISREAD: f32 = 0.2;

/// Takes secrets out.
#[derive(Debug)]
pub(super) struct Masks {
    catalogue: Catalogue,
    users: Vec<Folded>,
    key: RandomState,
    /// Fields that a secret was typed into.
    typed: BTreeMap<WindowId, Vec<Rect>>,
}

impl Masks {
    /// `users` are the names that may be nowhere.
    pub(super) fn new(catalogue: Catalogue, users: &[String]) -> Self {
        Self {
            catalogue,
            users: users
                .iter()
                .map(|user| Folded::of(user))
                .filter(|user| !user.is_empty())
                .collect(),
            key: RandomState::new(),
            typed: BTreeMap::new(),
        }
    }

    /// Other rules know other windows.
    pub(super) fn set_catalogue(&mut self, catalogue: Catalogue) {
        self.catalogue = catalogue;
    }

    /// A secret is about to be typed here.
    pub(super) fn typed(&mut self, window: WindowId, field: Rect) {
        let fields = self.typed.entry(window).or_default();
        if !fields.contains(&field) {
            fields.push(field);
        }
    }

    /// Windows that are gone: their ids may come again.
    pub(super) fn retain(&mut self, shown: impl Fn(WindowId) -> bool) {
        self.typed.retain(|&window, _| shown(window));
    }

    /// A text without the user names.
    pub(super) fn text(&self, text: &str) -> String {
        let users = self.users.iter();
        users.fold(text.to_owned(), |text, user| without(&text, user))
    }

    /// A window's picture and reading without secrets.
    pub(super) fn view(&self, window: &Window, view: &View) -> (Frame, Reading) {
        let mut frame = (*view.frame).clone();
        let mut reading = (*view.reading).clone();
        let fields = self.fields(window, &view.reading);
        for line in &mut reading.lines {
            let center = line.bounds.center();
            if let Some(field) = fields.iter().find(|field| field.contains(center)) {
                self.paint(&mut frame, &view.frame, line.bounds);
                if !self.is_label(line) {
                    TAKEN_OUT.clone_into(&mut line.text);
                    // How wide it is would tell how long it is.
                    line.bounds = *field;
                }
                continue;
            }
            let masked = self.text(&line.text);
            if masked != line.text {
                line.text = masked;
                self.paint(&mut frame, &view.frame, line.bounds.inflated(2));
            }
        }
        for &field in &fields {
            self.paint(&mut frame, &view.frame, field);
        }
        // That of the original is one of few that a guessed code could have.
        reading.fingerprint = fingerprint(&frame, &[]);
        (frame, reading)
    }

    /// The fields of a window that may hold a secret.
    fn fields(&self, window: &Window, reading: &Reading) -> Vec<Rect> {
        let typed = self.typed.get(&window.id);
        let known_for_else = match self.catalogue.recognise(window, reading) {
            Recognition::Known(rule) => {
                let meaning = rule.meaning;
                !matches!(meaning, Meaning::Login | Meaning::LoginProgress) && !meaning.is_second_factor()
            }
            _ => false,
        };
        if known_for_else && typed.is_none() {
            return Vec::new();
        }
        let is_typed = |bounds: &Rect| typed.into_iter().flatten().any(|field| field.intersects(bounds));
        let seen = reading.regions.iter();
        let seen: Vec<Rect> = seen
            .filter(|region| region.kind == RegionKind::Field)
            .map(|region| region.bounds)
            .collect();
        let secret = |field: &&Rect| is_typed(field) || !self.shows_a_label(reading, field);
        let mut fields: Vec<Rect> = seen.iter().filter(secret).copied().collect();
        for field in typed.into_iter().flatten() {
            if !seen.iter().any(|seen| seen.intersects(field)) {
                fields.push(*field);
            }
        }
        fields
    }

    /// Whether all that a field shows is a label of the form: its own, while it is empty; or that of a toggle with a
    /// frame around it.
    fn shows_a_label(&self, reading: &Reading, field: &Rect) -> bool {
        let mut lines = reading
            .lines
            .iter()
            .filter(|line| field.contains(line.bounds.center()));
        let only = lines.next().filter(|_| lines.next().is_none());
        only.is_some_and(|line| self.is_label(line))
    }

    fn is_label(&self, line: &Line) -> bool {
        is_form_label(&line.text) && self.text(&line.text) == line.text
    }

    fn paint(&self, frame: &mut Frame, original: &Frame, part: Rect) {
        let hash = self.key.hash_one(original.crop(part).pixels());
        frame.fill(part, 0x0060_6060 | hash as u32 & 0x001f_1f1f);
    }
}

fn without(text: &str, user: &Folded) -> String {
    let ratio = if user.len() > SHORT { MISREAD } else { 0.0 };
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        if Folded::of(word).contains(user, ratio).is_none() {
            return word.to_owned();
        }
        format!("{TAKEN_OUT}{}", &word[word.trim_end().len()..])
    });
    let masked: String = words.collect();
    // Read with a gap, or a name of two words.
    match Folded::of(&masked).contains(user, 0.0) {
        Some(_) => TAKEN_OUT.to_owned(),
        None => masked,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::screen::{Region, Size, WindowKind};

    const FIELD: Rect = Rect::new(100, 20, 80, 16);

    fn masks() -> Masks {
        Masks::new(Catalogue::built_in().expect("right"), &["edemo77".to_owned()])
    }

    fn window(title: &str) -> Window {
        Window {
            id: WindowId(5),
            title: title.into(),
            class: "java".into(),
            kind: WindowKind::Normal,
            transient_for: None,
            geometry: Rect::new(0, 0, 200, 100),
            pid: None,
            client: 0,
            stacking: 0,
        }
    }

    /// A window with a field that holds `content`, drawn as bars of its bytes, and a line of text below it.
    fn view(content: &str, text: &str) -> View {
        let mut frame = Frame::new(Size::new(200, 100));
        for (at, byte) in content.bytes().enumerate() {
            frame.fill(Rect::new(102 + 6 * at as i32, 24, 5, 8), u32::from(byte) << 8);
        }
        frame.fill(Rect::new(10, 60, 6 * text.len() as u32, 10), 0x00ff_ffff);
        let line = |text: &str, bounds, region| Line {
            text: text.into(),
            bounds,
            confidence: 90,
            region,
        };
        let reading = Reading {
            fingerprint: fingerprint(&frame, &[]),
            size: frame.size(),
            regions: vec![Region {
                bounds: FIELD,
                background: 0,
                kind: RegionKind::Field,
            }],
            lines: vec![
                line(content, Rect::new(102, 24, 6 * content.len() as u32, 8), Some(0)),
                line(text, Rect::new(10, 60, 6 * text.len() as u32, 10), None),
            ],
            unread: Vec::new(),
        };
        View {
            frame: Arc::new(frame),
            reading: Arc::new(reading),
        }
    }

    #[test]
    fn a_field_is_blank_and_equal_to_itself_only() {
        let masks = masks();
        let login = window("Survey");
        let (first, reading) = masks.view(&login, &view("483920", "Enter the code"));
        let field = first.crop(FIELD);
        assert!(field.pixels().iter().all(|&pixel| pixel == field.pixels()[0]));
        assert_eq!(reading.lines[0].text, TAKEN_OUT);
        assert_eq!(reading.lines[0].bounds, FIELD);
        assert_eq!(reading.lines[1].text, "Enter the code");
        assert_eq!(reading.fingerprint, fingerprint(&first, &[]));
        let (same, _) = masks.view(&login, &view("483920", "Enter the code"));
        assert_eq!(first, same);
        let (other, _) = masks.view(&login, &view("483921", "Enter the code"));
        assert_ne!(first, other);
        let (elsewhere, _) = self::masks().view(&login, &view("483920", "Enter the code"));
        assert_ne!(first, elsewhere, "the colour depends on a key that is not kept");
    }

    #[test]
    fn the_labels_of_the_form_stay_until_a_secret_is_typed_there() {
        let mut masks = masks();
        let login = window("Login");
        for label in ["Username", "Password", "IB API", "O Live Trading"] {
            let empty = view(label, "x");
            let (frame, reading) = masks.view(&login, &empty);
            assert_eq!(reading.lines, empty.reading.lines);
            assert_eq!(frame, *empty.frame);
        }
        masks.typed(login.id, FIELD);
        let (frame, reading) = masks.view(&login, &view("Password", "x"));
        assert_eq!(reading.lines[0].text, "Password");
        let field = frame.crop(FIELD);
        assert!(field.pixels().iter().all(|&pixel| pixel == field.pixels()[0]));
        let (_, reading) = masks.view(&login, &view("Passport", "x"));
        assert_eq!(reading.lines[0].text, TAKEN_OUT);
    }

    #[test]
    fn a_known_window_keeps_its_fields_until_a_secret_is_typed_there() {
        let mut masks = masks();
        let tip = window("Tip of the Day");
        let (_, reading) = masks.view(&tip, &view("4001", "x"));
        assert_eq!(reading.lines[0].text, "4001");
        masks.typed(tip.id, FIELD);
        let (_, reading) = masks.view(&tip, &view("4001", "x"));
        assert_eq!(reading.lines[0].text, TAKEN_OUT);
        masks.retain(|_| false);
        let (_, reading) = masks.view(&tip, &view("4001", "x"));
        assert_eq!(reading.lines[0].text, "4001");
    }

    #[test]
    fn a_field_that_is_not_recognised_any_more_stays_blank() {
        let mut masks = masks();
        let place = Rect::new(20, 58, 40, 14);
        masks.typed(WindowId(5), place);
        let (frame, reading) = masks.view(&window("Login"), &view("", "hunter"));
        let part = frame.crop(place);
        assert!(part.pixels().iter().all(|&pixel| pixel == part.pixels()[0]));
        assert_eq!(reading.lines[1].text, TAKEN_OUT);
    }

    #[test]
    fn the_user_name_is_nowhere() {
        let masks = masks();
        assert_eq!(
            masks.text("edemo77 IBKR Gateway"),
            format!("{TAKEN_OUT} IBKR Gateway")
        );
        assert_eq!(
            masks.text("User: EDEM077, live\n"),
            format!("User: {TAKEN_OUT} live\n")
        );
        assert_eq!(masks.text("ede mo77"), TAKEN_OUT);
        assert_eq!(masks.text("a demo account"), "a demo account");
        let (frame, reading) = masks.view(&window("Tip of the Day"), &view("", "Dear edemo77"));
        assert_eq!(reading.lines[1].text, format!("Dear {TAKEN_OUT}"));
        let part = frame.crop(Rect::new(10, 60, 72, 10));
        assert!(
            part.pixels()
                .iter()
                .all(|&pixel| pixel == part.pixels()[0] && pixel != 0x00ff_ffff)
        );
        assert_eq!(
            Masks::new(Catalogue::built_in().expect("right"), &[]).text("edemo77"),
            "edemo77"
        );
    }
}
