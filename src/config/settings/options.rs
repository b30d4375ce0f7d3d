//! The gateway's own settings, as its configuration window shows them.

use crate::config::values::{ClientId, ClockTime};

settings! {
    Options

    read_only_api: Option<bool> {
        variables: ["GATEHAND_READ_ONLY_API", "READ_ONLY_API"],
        ini: ["ReadOnlyApi"],
        secret: false,
        help: "Whether API clients may only read. With `yes` no client is admitted before the gateway's window shows it. Default: as the gateway has it.",
    }
    master_client_id: Option<ClientId> {
        variables: ["GATEHAND_MASTER_CLIENT_ID", "TWS_MASTER_CLIENT_ID"],
        ini: ["OverrideTwsMasterClientID"],
        secret: false,
        help: "Client id that receives the data of all API clients. Default: as the gateway has it.",
    }
    market_data_in_lots: Option<bool> {
        variables: ["GATEHAND_MARKET_DATA_IN_LOTS"],
        ini: ["SendMarketDataInLotsForUSstocks"],
        secret: false,
        help: "Send market data for US stocks in lots to API clients that understand both. Default: as the gateway has it.",
    }
    bypass_warnings: Option<bool> {
        variables: ["GATEHAND_BYPASS_WARNINGS", "BYPASS_WARNING"],
        ini: [],
        secret: false,
        help: "All precautions below that have no setting of their own. Default: as the gateway has them.",
    }
    bypass_order_precautions: Option<bool> {
        variables: ["GATEHAND_BYPASS_ORDER_PRECAUTIONS"],
        ini: ["BypassOrderPrecautions"],
        secret: false,
        help: "Spare API orders order precautions. Default: as the gateway has it.",
    }
    bypass_bond_warning: Option<bool> {
        variables: ["GATEHAND_BYPASS_BOND_WARNING"],
        ini: ["BypassBondWarning"],
        secret: false,
        help: "Spare API orders the bond warning. Default: as the gateway has it.",
    }
    bypass_negative_yield_to_worst_confirmation: Option<bool> {
        variables: ["GATEHAND_BYPASS_NEGATIVE_YIELD_TO_WORST_CONFIRMATION"],
        ini: ["BypassNegativeYieldToWorstConfirmation"],
        secret: false,
        help: "Spare API orders the confirmation of a negative yield to worst. Default: as the gateway has it.",
    }
    bypass_called_bond_warning: Option<bool> {
        variables: ["GATEHAND_BYPASS_CALLED_BOND_WARNING"],
        ini: ["BypassCalledBondWarning"],
        secret: false,
        help: "Spare API orders the called bond warning. Default: as the gateway has it.",
    }
    bypass_same_action_pair_trade_warning: Option<bool> {
        variables: ["GATEHAND_BYPASS_SAME_ACTION_PAIR_TRADE_WARNING"],
        ini: ["BypassSameActionPairTradeWarning"],
        secret: false,
        help: "Spare API orders the warning about a pair trade with the same action. Default: as the gateway has it.",
    }
    bypass_price_based_volatility_risk_warning: Option<bool> {
        variables: ["GATEHAND_BYPASS_PRICE_BASED_VOLATILITY_RISK_WARNING"],
        ini: ["BypassPriceBasedVolatilityRiskWarning"],
        secret: false,
        help: "Spare API orders the warning about price-based volatility risk. Default: as the gateway has it.",
    }
    bypass_us_stocks_market_data_in_shares_warning: Option<bool> {
        variables: ["GATEHAND_BYPASS_US_STOCKS_MARKET_DATA_IN_SHARES_WARNING"],
        ini: ["BypassUSStocksMarketDataInSharesWarning"],
        secret: false,
        help: "Spare API orders the warning about market data for US stocks in shares. Default: as the gateway has it.",
    }
    bypass_redirect_order_warning: Option<bool> {
        variables: ["GATEHAND_BYPASS_REDIRECT_ORDER_WARNING"],
        ini: ["BypassRedirectOrderWarning"],
        secret: false,
        help: "Spare API orders the warning about a redirected stock order. Default: as the gateway has it.",
    }
    bypass_no_overfill_protection_precaution: Option<bool> {
        variables: ["GATEHAND_BYPASS_NO_OVERFILL_PROTECTION_PRECAUTION"],
        ini: ["BypassNoOverfillProtectionPrecaution"],
        secret: false,
        help: "Spare API orders the precaution where overfill protection is missing. Default: as the gateway has it.",
    }
    reset_order_ids_at_start: bool {
        variables: ["GATEHAND_RESET_ORDER_IDS_AT_START"],
        ini: ["ResetOrderIdsAtStart"],
        secret: false,
        default: "no",
        help: "Reset the API's order ids when the gateway was started. Whether that is confirmed is the setting `confirm_order_id_reset`.",
    }
    auto_restart_time: Option<ClockTime> {
        variables: ["GATEHAND_AUTO_RESTART_TIME", "AUTO_RESTART_TIME"],
        ini: ["AutoRestartTime"],
        secret: false,
        help: "Time at which the gateway restarts itself every day, by its own clock. Default: as the gateway has it.",
    }
    auto_logoff_time: Option<ClockTime> {
        variables: ["GATEHAND_AUTO_LOGOFF_TIME", "AUTO_LOGOFF_TIME", "IB_LOGOFF"],
        ini: ["AutoLogoffTime"],
        secret: false,
        help: "Time at which the gateway ends itself every day, by its own clock, unless a time to restart is set.",
    }
}
