//! What a rule types into a field before its button is pressed.

use serde::Deserialize;

/// One field, and what belongs into it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Fill {
    /// Labels, of which one names the field.
    pub field: Vec<String>,
    /// What is typed.
    pub text: FillText,
}

/// What is typed into a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FillText {
    /// The user name of the settings.
    UserName,
    /// The password of the settings. Whoever types it is governed like a login.
    Password,
    /// A text of the rule's own, which is no secret.
    Value(String),
}

/// As a rule file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    field: Vec<String>,
    with: Option<With>,
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum With {
    UserName,
    Password,
}

impl TryFrom<Written> for Fill {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let text = match (written.with, written.value) {
            (Some(With::UserName), None) => FillText::UserName,
            (Some(With::Password), None) => FillText::Password,
            (None, Some(value)) if value.contains(char::is_control) => {
                return Err("a `value` has no line breaks and no other control characters");
            }
            (None, Some(value)) => FillText::Value(value),
            _ => return Err("`fill` takes one of `with = \"user-name\"`, `with = \"password\"`, `value`"),
        };
        if written.field.is_empty() {
            return Err("`field` names at least one label");
        }
        Ok(Self {
            field: written.field,
            text,
        })
    }
}
