//! What to do about dialogs and refusals.

use super::{Value, words};

words! {
    /// What to do when the account is in use elsewhere.
    pub ExistingSession: "primary, primaryoverride, secondary or manual" {
        /// Take the session, and give it up to nobody but another primary.
        Primary = "primary",
        /// Take the session whoever holds it.
        PrimaryOverride = "primaryoverride",
        /// Leave the session to the other side.
        Secondary = "secondary",
        /// Leave the choice to a human.
        Manual = "manual",
    }
    /// The answer to an API client from an address that is not trusted.
    pub AcceptIncoming: "accept, reject or manual" {
        /// Let it in.
        Accept = "accept",
        /// Turn it away.
        Reject = "reject",
        /// Leave the choice to a human.
        Manual = "manual",
    }
    /// The answer to the notice about bid, ask and last sizes.
    pub SizesNotice: "accept, defer or ignore" {
        /// Confirm it for good.
        Accept = "accept",
        /// Confirm it until next time.
        Defer = "defer",
        /// Leave it to a human.
        Ignore = "ignore",
    }
    /// The answer to an API client that wants to place orders.
    pub WriteAccess: "accept, reject or manual" {
        /// Let it.
        Accept = "accept",
        /// Refuse it.
        Reject = "reject",
        /// Leave the choice to a human.
        Manual = "manual",
    }
    /// The answer to the confirmation of an order for a cryptocurrency.
    pub CryptoOrders: "transmit, cancel or manual" {
        /// Transmit the order.
        Transmit = "transmit",
        /// Cancel it.
        Cancel = "cancel",
        /// Leave the choice to a human.
        Manual = "manual",
    }
    /// The answer to the question whether the API's order ids are to be reset.
    pub ResetAnswer: "confirm, reject or ignore" {
        /// Reset them.
        Confirm = "confirm",
        /// Do not.
        Reject = "reject",
        /// Leave it to a human.
        Ignore = "ignore",
    }
    /// What to do with messages that the gateway wants to be read before the login goes on.
    pub LoginMessages: "accept or manual" {
        /// Go on as if they were read.
        Accept = "accept",
        /// Leave them to a human.
        Manual = "manual",
    }
    /// What to do when nobody confirmed the second factor in time.
    pub OnTimeout: "exit or restart" {
        /// End.
        Exit = "exit",
        /// Start the gateway again.
        Restart = "restart",
    }
    /// What to do after credentials were refused.
    pub OnRefusal: "stay or exit" {
        /// Stay up, locked out, with the gateway closed and the viewer served.
        Stay = "stay",
        /// End with exit code 77.
        Exit = "exit",
    }
}

/// The answers to the question whether the API's order ids are to be reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderIdReset {
    /// When gatehand asked for it at the start.
    pub at_start: ResetAnswer,
    /// When anybody else did.
    pub by_user: ResetAnswer,
}

impl Value for OrderIdReset {
    const ALLOWED: &'static str =
        "AT_START/BY_USER, each confirm, reject or ignore, for instance confirm/ignore";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let (at_start, by_user) = text.split_once('/').unwrap_or((text, text));
        let answer = |text: &str| ResetAnswer::parse(text.trim()).map_err(|_| Self::ALLOWED);
        Ok(Self {
            at_start: answer(at_start)?,
            by_user: answer(by_user)?,
        })
    }
}

/// Names of settings that a user's rules go by, with their values.
#[derive(Clone, Debug)]
pub(in crate::config) struct RuleSettings(pub(in crate::config) Vec<(String, String)>);

impl Value for RuleSettings {
    const ALLOWED: &'static str = "NAME=VALUE, several with commas between them";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let plain = |part: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        };
        let pairs = text.split(',').map(|pair| {
            let (name, value) = pair.split_once('=').ok_or(Self::ALLOWED)?;
            let (name, value) = (name.trim(), value.trim());
            if !plain(name) || !plain(value) {
                return Err(Self::ALLOWED);
            }
            if crate::dialogs::is_built_in(name) {
                return Err("a name of your own: this one belongs to a setting of gatehand");
            }
            Ok((name.to_owned(), value.to_owned()))
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_answer_to_a_reset_counts_for_both() {
        let both = OrderIdReset::parse("Confirm").expect("a word");
        assert_eq!(
            (both.at_start, both.by_user),
            (ResetAnswer::Confirm, ResetAnswer::Confirm)
        );
        let each = OrderIdReset::parse("reject/ignore").expect("two words");
        assert_eq!(
            (each.at_start, each.by_user),
            (ResetAnswer::Reject, ResetAnswer::Ignore)
        );
        assert!(OrderIdReset::parse("confirm/").is_err() && OrderIdReset::parse("a/b/c").is_err());
    }
}
