//! The login form's fields: which of them takes what. For IB API user name and password; for FIX CTCI those of FIX, and
//! below them those of the market data, which may stay empty.

use super::action::Typed;
use crate::screen::{Reading, Rect};
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
            _ => (*below.first()?, *below.get(1)?),
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
            Typed::Code => None,
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
