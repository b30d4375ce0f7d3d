//! What may be told, and how much it matters.

use serde::Serialize;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Somebody should look when it suits.
    Warning,
    /// Nothing goes on before somebody looks.
    Critical,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $word:literal, $severity:ident, $title:literal;)+) => {
        /// What may be told.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$doc])* $kind,)+
        }

        impl Kind {
            const EVERY: &'static [Self] = &[$(Self::$kind),+];

            /// Its name in the settings.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$kind => $word,)+
                }
            }

            /// How much it matters.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$kind => Severity::$severity,)+
                }
            }

            /// In a few words for a human.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$kind => $title,)+
                }
            }
        }
    };
}

kinds! {
    /// The gateway is logged in, and its API answers.
    Ready = "ready", Info, "logged in, the API answers";
    /// The credentials were refused, or too many attempts were made.
    LockedOut = "locked-out", Critical, "locked out: no login is tried";
    /// A login is not permitted now, and tried later: quiet hours, too many pushes, the gateway asked to wait.
    LoginDenied = "login-denied", Warning, "a login is not permitted";
    /// A human has to give the second factor.
    SecondFactor = "second-factor", Critical, "a second factor is wanted from you";
    /// Nobody gave it in time.
    SecondFactorMissed = "second-factor-missed", Warning, "the second factor was not confirmed";
    /// A dialog that no rule knows.
    UnknownDialog = "unknown-dialog", Critical, "unknown dialog";
    /// A dialog that the settings leave to a human.
    LeftToHuman = "left-to-human", Warning, "a dialog is left to you";
    /// The settings contradict what the gateway asks.
    Failed = "failed", Critical, "the settings and the gateway contradict each other";
    /// An act that did not work.
    GivenUp = "given-up", Warning, "given up";
    /// The API does not answer any more.
    Disconnected = "disconnected", Warning, "the API does not answer any more";
    /// The gateway is gone, and started again.
    Restarting = "restarting", Info, "the gateway is started again";
    /// The gateway is gone, and is not started again by itself.
    Stopped = "stopped", Warning, "the gateway is gone";
    /// Another program has the session.
    SessionLost = "session-lost", Warning, "the session is left to another program";
    /// Another program takes the session again and again.
    SessionFight = "session-fight", Critical, "another program takes the session again and again";
    /// This version, or the password, comes to its end.
    Expires = "expires", Warning, "the gateway names a day";
    /// The token of an automatic restart was refused.
    TokenRefused = "token-refused", Info, "the restart token was refused";
    /// A setting of the gateway's own is not as it should be.
    NotConfigured = "not-configured", Warning, "a setting of the gateway is not as it should be";
    /// The user's rule files have a fault.
    RulesKept = "rules-kept", Warning, "the rule files have a fault";
    /// The relay or the viewers' port has ended.
    PortLost = "port-lost", Critical, "a port is served no more";
    /// gatehand gives this gateway up, or starts all of it again.
    Ended = "ended", Critical, "gatehand had to stop";
    /// A trial, which no setting can ask for.
    Test = "test", Info, "a test";
}

impl Kind {
    /// All that a setting can ask for.
    pub fn all() -> impl Iterator<Item = Self> {
        let every = Self::EVERY.iter().copied();
        every.filter(|kind| *kind != Self::Test)
    }

    /// The one of these with this name.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::all().find(|kind| kind.word().eq_ignore_ascii_case(word))
    }
}
