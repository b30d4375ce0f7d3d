//! The login form's fields: which of them takes what. For IB API user name and password; for FIX CTCI those of FIX, and
//! below them those of the market data, which may stay empty.

use super::action::Typed;
use crate::screen::{Reading, Rect, RegionKind};
use crate::vision::controls::{self, Button};
use crate::vision::text::Folded;

const USER_NAME_LABELS: [&str; 6] = [
    "User name",
    "Username",
    "User ID",
    "User",
    "IBKR Username",
    "Login name",
];
const PASSWORD_LABELS: [&str; 2] = ["Password", "IBKR Password"];

/// Whether a text is the name of one of the login form's fields, as a field that is empty may show it.
pub(super) fn is_field_label(text: &str) -> bool {
    let text = Folded::of(text.trim_end_matches([':', '*', ' ']));
    let mut labels = USER_NAME_LABELS.iter().chain(&PASSWORD_LABELS);
    labels.any(|label| text == Folded::of(label))
}

/// Where everything belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) user_name: Rect,
    pub(super) password: Rect,
    /// User name and password for market data, of a FIX login.
    pub(super) data: Option<(Rect, Rect)>,
}

impl Fields {
    /// The fields of a form whose toggles and login button are known; `None` rather than doubtful ones.
    pub(super) fn find(reading: &Reading, toggles: &[Rect], submit: &Button, fix: bool) -> Option<Self> {
        // What shares a row with a toggle, or lies below the button, is none of them, whatever it looks like.
        let possible = |field: &Rect| {
            let beside = |toggle: &Rect| toggle.y < field.center().y && field.center().y < toggle.bottom();
            !toggles.iter().any(beside) && field.bottom() <= submit.bounds.y
        };
        let lowest = toggles.iter().map(Rect::bottom).max().unwrap_or(0);
        let fields = controls::fields(reading);
        let below: Vec<Rect> = fields
            .iter()
            .map(|field| field.bounds)
            .filter(|field| possible(field) && field.y >= lowest)
            .collect();
        if fix {
            // Both pairs have a user name and a password: their labels do not tell them apart, their order does.
            let [user_name, password, data_user, data_password] = below[..] else {
                return None;
            };
            return Some(Self {
                user_name,
                password,
                data: Some((data_user, data_password)),
            });
        }
        let labelled = |labels: &[&str]| {
            let field = controls::field_labelled(reading, labels)?.bounds;
            Some(field).filter(possible)
        };
        let by_label = (labelled(&USER_NAME_LABELS), labelled(&PASSWORD_LABELS));
        let (user_name, password) = match by_label {
            (Some(user_name), Some(password)) if user_name != password => (user_name, password),
            _ => {
                let first = below.first()?;
                let second = below.get(1).copied();
                (*first, second.or_else(|| twin(reading, first).filter(possible))?)
            }
        };
        Some(Self {
            user_name,
            password,
            data: None,
        })
    }

    /// The field for this.
    pub(super) fn of(&self, what: Typed) -> Option<Rect> {
        match what {
            Typed::UserName => Some(self.user_name),
            Typed::Password => Some(self.password),
            Typed::DataUserName => self.data.map(|(user_name, _)| user_name),
            Typed::DataPassword => self.data.map(|(_, password)| password),
            Typed::Code | Typed::GivenCode => None,
        }
    }

    /// User name and password are the other way round than they look.
    pub(super) const fn swapped(self) -> Self {
        Self {
            user_name: self.password,
            password: self.user_name,
            ..self
        }
    }
}

/// The field below another one and just like it, whose placeholder is cut off and so was not read: it looks like a
/// button without a label.
fn twin(reading: &Reading, field: &Rect) -> Option<Rect> {
    let like = reading
        .regions
        .iter()
        .find(|region| region.bounds.contains(field.center()) && region.kind == RegionKind::Field)?;
    let silent = |bounds: &Rect| {
        let mut lines = reading.lines.iter();
        !lines.any(|line| bounds.contains(line.bounds.center()))
    };
    let twins = reading.regions.iter().filter(|region| {
        let bounds = &region.bounds;
        bounds.y >= like.bounds.bottom()
            && bounds.x.abs_diff(like.bounds.x) <= 2
            && bounds.height.abs_diff(like.bounds.height) <= 1
            && region.background == like.background
            && silent(bounds)
    });
    twins.map(|region| region.bounds).min_by_key(|bounds| bounds.y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::{Fingerprint, Line, Region, Size};

    /// A user name's field with its placeholder; below it a control with this background and text, and the button.
    fn form(background: u32, text: &str) -> (Reading, Button) {
        let region = |y, width, background, kind| Region {
            bounds: Rect::new(29, y, width, 25),
            background,
            kind,
        };
        let line = |text: &str, y, region| Line {
            text: text.to_owned(),
            bounds: Rect::new(37, y, 40, 9),
            confidence: 95,
            region: Some(region),
        };
        let mut reading = Reading {
            fingerprint: Fingerprint::default(),
            size: Size::new(300, 215),
            regions: vec![
                region(0, 300, 0, RegionKind::Panel),
                region(93, 190, 0x15181d, RegionKind::Field),
                region(126, 58, background, RegionKind::Button),
            ],
            lines: vec![line("Username", 101, 1)],
            ..Reading::default()
        };
        if !text.is_empty() {
            reading.lines.push(line(text, 134, 2));
        }
        let submit = Button {
            bounds: Rect::new(28, 168, 244, 29),
            label: "Log In".to_owned(),
        };
        (reading, submit)
    }

    #[test]
    fn a_silent_twin_of_the_user_names_field_is_the_passwords() {
        let password = |background, text| {
            let (reading, submit) = form(background, text);
            Fields::find(&reading, &[], &submit, false).map(|fields| fields.password)
        };
        assert_eq!(password(0x15181d, ""), Some(Rect::new(29, 126, 58, 25)));
        assert_eq!(password(0x1f6feb, ""), None, "it is painted as a button");
        assert_eq!(password(0x15181d, "Forgot"), None, "it says that it is a button");
    }
}
