//! Which user name and password count.

use super::{Credentials, Instance};
use crate::config::error::ConfigError;
use crate::config::secret::Secret;
use crate::config::settings::Account;
use crate::config::values::TradingMode;
use crate::config::written::RawSettings;

/// A user name and a password that belong together; never one from here and one from there.
pub(super) struct Pair {
    pub(super) user: Option<String>,
    pub(super) password: Option<Secret>,
    pub(super) keys: [&'static str; 2],
    pub(super) usual: [&'static str; 2],
}

impl Pair {
    /// Whether somebody wrote one of the two.
    pub(super) fn is_given(&self, raw: &RawSettings) -> bool {
        self.keys.iter().any(|key| raw.is_given(key))
    }

    /// Both, or none. One alone is a fault; one that is there but faulty is told elsewhere.
    pub(super) fn complete(self, raw: &RawSettings, faults: &mut Vec<ConfigError>) -> Option<Credentials> {
        let half = |present: usize, missing: usize| {
            let missing = (!raw.is_given(self.keys[missing])).then_some(self.usual[missing])?;
            Some((raw.get(self.keys[present])?, missing))
        };
        let half = half(0, 1).or_else(|| half(1, 0));
        faults.extend(half.map(|(present, missing)| ConfigError::HalfCredentials {
            present: present.origin.clone(),
            missing,
        }));
        Some(Credentials {
            user: self.user?,
            password: self.password?,
        })
    }
}

/// The credentials of one gateway: the usual ones, or those of FIX CTCI and the usual ones for its market data.
pub(super) struct Chosen {
    pub(super) credentials: Option<Credentials>,
    pub(super) data_credentials: Option<Credentials>,
}

/// Chooses for a gateway in this mode, which may be one of two at once. Then a pair of its mode's own comes first, and
/// paper trading has no other.
pub(super) fn choose(
    account: &mut Account,
    of: Instance,
    raw: &RawSettings,
    faults: &mut Vec<ConfigError>,
) -> Chosen {
    let Instance { mode, is_one_of_two } = of;
    let own = match mode {
        TradingMode::Live => Pair {
            user: account.live_user.take(),
            password: account.live_password.take(),
            keys: ["live_user", "live_password"],
            usual: ["IB_LIVE_USERNAME", "IB_LIVE_PASSWORD"],
        },
        TradingMode::Paper => Pair {
            user: account.paper_user.take(),
            password: account.paper_password.take(),
            keys: ["paper_user", "paper_password"],
            usual: if is_one_of_two {
                ["TWS_USERID_PAPER", "TWS_PASSWORD_PAPER"]
            } else {
                ["IB_PAPER_USERNAME", "IB_PAPER_PASSWORD"]
            },
        },
    };
    let general = Pair {
        user: account.user.take(),
        password: account.password.take(),
        keys: ["user", "password"],
        usual: ["TWS_USERID", "TWS_PASSWORD"],
    };
    let is_set = |pair: &Pair| pair.is_given(raw);
    let usual = match (is_one_of_two, mode) {
        (true, TradingMode::Paper) => own,
        (true, TradingMode::Live) if is_set(&own) => own,
        (false, _) if !is_set(&general) => own,
        _ => general,
    };
    let usual_is_set = is_set(&usual);
    let usual = usual.complete(raw, faults);
    if !account.fix {
        return Chosen {
            credentials: usual,
            data_credentials: None,
        };
    }
    let fix = Pair {
        user: account.fix_user.take(),
        password: account.fix_password.take(),
        keys: ["fix_user", "fix_password"],
        usual: ["FIXLoginId", "FIXPassword"],
    };
    if !is_set(&fix) && usual_is_set {
        faults.push(ConfigError::NoFixCredentials(raw.origin("fix")));
    }
    Chosen {
        credentials: fix.complete(raw, faults),
        data_credentials: usual,
    }
}
