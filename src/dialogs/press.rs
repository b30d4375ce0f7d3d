//! The right to press a button. A [`Press`] has two sources only: the list of dangers does not mark the label, or a
//! setting of the user allows it. What has no [`Press`] cannot be clicked: the agent's click takes nothing else.

use std::fmt;

use super::danger::Danger;

/// A label that may be pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    label: String,
}

impl Press {
    /// For a label that no list marks, as it was read from the screen.
    pub fn harmless(label: &str) -> Option<Self> {
        let marked = !Danger::of(label).is_empty();
        (!marked).then(|| Self {
            label: label.to_owned(),
        })
    }

    /// What is pressed.
    pub fn label(&self) -> &str {
        &self.label
    }
}

impl fmt::Display for Press {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}

/// A setting that has a value now. Only the agent's policy, which is made of the user's settings, gives one out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit<'a> {
    setting: &'a str,
    value: &'a str,
}

impl<'a> Permit<'a> {
    pub(crate) const fn of_setting(setting: &'a str, value: &'a str) -> Self {
        Self { setting, value }
    }

    /// The setting's value.
    pub const fn value(&self) -> &'a str {
        self.value
    }

    /// For a label that is harmless, or whose every danger this setting may allow.
    pub fn press(&self, label: &str) -> Option<Press> {
        let allowed = Danger::of(label)
            .iter()
            .all(|danger| danger.is_allowed_by(self.setting));
        allowed.then(|| Press {
            label: label.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marked_label_takes_a_setting_that_is_made_for_it() {
        assert!(Press::harmless("OK").is_some());
        assert!(Press::harmless("Transmit").is_none());
        let blind = Permit::of_setting("blind-trading", "yes");
        assert!(blind.press("Override and Transmit").is_some());
        let paper = Permit::of_setting("paper-notice", "yes");
        assert!(paper.press("I understand and accept").is_some());
        for other in ["Transmit", "Yes", "Install", "Exit", "Accept and transmit"] {
            assert!(paper.press(other).is_none(), "{other}");
        }
        assert!(Permit::of_setting("my-own", "yes").press("Transmit").is_some());
    }
}
