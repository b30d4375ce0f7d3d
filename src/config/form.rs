//! The ways in which a value can be given: itself, or where it is to be had.

/// How a value is given. Each has an ending that goes behind a variable, a key or an option.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Form {
    /// The value itself.
    Plain,
    /// The path of a file that holds it.
    File,
    /// A command that prints it.
    Command,
    /// `yes`: it comes on standard input.
    Stdin,
    /// The resource name of a secret in Google Secret Manager.
    SecretManager,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Plain,
        Self::File,
        Self::Command,
        Self::Stdin,
        Self::SecretManager,
    ];

    /// The ending, in small letters.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::File => "_file",
            Self::Command => "_command",
            Self::Stdin => "_stdin",
            Self::SecretManager => "_gcp_secret",
        }
    }

    /// The variable for this form of `name`.
    #[must_use]
    pub fn variable(self, name: &str) -> String {
        format!("{name}{}", self.ending().to_ascii_uppercase())
    }

    /// The key for this form of `key`.
    #[must_use]
    pub fn key(self, key: &str) -> String {
        format!("{key}{}", self.ending())
    }

    /// The option for this form of the setting `key`, without its two dashes.
    #[must_use]
    pub fn option(self, key: &str) -> String {
        self.key(key).replace('_', "-")
    }
}
