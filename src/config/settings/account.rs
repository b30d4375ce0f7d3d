//! Who logs in, and to what.

use crate::config::secret::Secret;
use crate::config::values::{Program, TradingModes};

settings! {
    Account

    user: Option<String> {
        variables: ["GATEHAND_USER", "TWS_USERID", "TWSUSERID", "IB_USERNAME"],
        ini: ["IbLoginId"],
        secret: false,
        secret_file: "ib_username",
        help: "User name. Without user name and password the login is left to a human at the viewer.",
    }
    password: Option<Secret> {
        variables: ["GATEHAND_PASSWORD", "TWS_PASSWORD", "TWSPASSWORD", "IB_PASSWORD"],
        ini: ["IbPassword"],
        secret: true,
        secret_file: "ib_password",
        help: "Password.",
    }
    live_user: Option<String> {
        variables: ["GATEHAND_LIVE_USER", "IB_LIVE_USERNAME"],
        ini: [],
        secret: false,
        help: "User name for live trading, when `user` is not set.",
    }
    live_password: Option<Secret> {
        variables: ["GATEHAND_LIVE_PASSWORD", "IB_LIVE_PASSWORD"],
        ini: [],
        secret: true,
        help: "Password for live trading.",
    }
    paper_user: Option<String> {
        variables: ["GATEHAND_PAPER_USER", "IB_PAPER_USERNAME", "TWS_USERID_PAPER"],
        ini: [],
        secret: false,
        help: "User name for paper trading, when `user` is not set.",
    }
    paper_password: Option<Secret> {
        variables: ["GATEHAND_PAPER_PASSWORD", "IB_PAPER_PASSWORD", "TWS_PASSWORD_PAPER"],
        ini: [],
        secret: true,
        help: "Password for paper trading.",
    }
    fix: bool {
        variables: ["GATEHAND_FIX"],
        ini: ["FIX"],
        secret: false,
        default: "no",
        help: "Log in to FIX CTCI with `fix_user` and `fix_password`. `user` and `password`, if set, are for its market data.",
    }
    fix_user: Option<String> {
        variables: ["GATEHAND_FIX_USER"],
        ini: ["FIXLoginId"],
        secret: false,
        help: "User name for FIX CTCI.",
    }
    fix_password: Option<Secret> {
        variables: ["GATEHAND_FIX_PASSWORD"],
        ini: ["FIXPassword"],
        secret: true,
        help: "Password for FIX CTCI.",
    }
    trading_mode: TradingModes {
        variables: ["GATEHAND_TRADING_MODE", "TRADING_MODE", "IB_TRADING_MODE", "IB_LOGINTYPE"],
        ini: ["TradingMode"],
        secret: false,
        default: "paper",
        help: "Account type to log in to; `both` runs two gateways.",
    }
    program: Program {
        variables: ["GATEHAND_PROGRAM", "GATEWAY_OR_TWS"],
        ini: [],
        secret: false,
        default: "gateway",
        help: "Program to run.",
    }
}
