//! Exit codes: why gatehand ended, as its caller sees it (numbers of `sysexits.h` where one fits).

use std::process::ExitCode as ProcessExitCode;

/// Why the program ended. The number is what a restart policy or a script sees.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum ExitCode {
    /// Stopped as asked: by a signal, a command, or because the work was done.
    Stopped = 0,
    /// What was to be checked is not so: a window that no rule knows, a decision that would be another one today.
    Differs = 1,
    /// The command line was not understood.
    Usage = 64,
    /// Something needed is not there: a program, a display, a port that is taken.
    Unavailable = 69,
    /// A fault in gatehand itself.
    Bug = 70,
    /// Nobody confirmed the second factor in time.
    SecondFactorTimedOut = 75,
    /// The credentials were refused; nothing is submitted again before they change.
    CredentialsRefused = 77,
    /// A setting, a configuration file or the installation it points to is wrong.
    Configuration = 78,
}

impl ExitCode {
    /// Every code with its meaning, in the order of the numbers.
    pub const TABLE: [(Self, &'static str); 8] = [
        (Self::Stopped, "stopped as asked"),
        (
            Self::Differs,
            "a window that no rule knows, or a decision that would be another one today",
        ),
        (Self::Usage, "the command line was not understood"),
        (
            Self::Unavailable,
            "something needed is not there: a program, a display, a port that is taken",
        ),
        (Self::Bug, "a fault in gatehand itself"),
        (
            Self::SecondFactorTimedOut,
            "nobody confirmed the second factor in time",
        ),
        (Self::CredentialsRefused, "the credentials were refused"),
        (
            Self::Configuration,
            "a setting, a configuration file or the installation is wrong",
        ),
    ];

    /// The number that the caller sees.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl From<ExitCode> for ProcessExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}

#[cfg(test)]
mod tests {
    use super::ExitCode;

    #[test]
    fn the_numbers_are_a_promise() {
        let numbers: Vec<u8> = ExitCode::TABLE.iter().map(|(code, _)| code.number()).collect();
        assert_eq!(numbers, [0, 1, 64, 69, 70, 75, 77, 78]);
    }
}
