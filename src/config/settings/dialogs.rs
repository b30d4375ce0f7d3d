//! Answers to the gateway's dialogs.

use crate::config::values::{AcceptIncoming, CryptoOrders, ExistingSession, LoginMessages, OrderIdReset, RuleSettings, Seconds, SizesNotice, WriteAccess};

settings! {
    Dialogs

    existing_session: ExistingSession {
        variables: ["GATEHAND_EXISTING_SESSION", "EXISTING_SESSION_DETECTED_ACTION"],
        ini: ["ExistingSessionDetectedAction"],
        secret: false,
        default: "primary",
        ini_default: "manual",
        help: "What to do when the account is in use elsewhere.",
    }
    accept_incoming: AcceptIncoming {
        variables: ["GATEHAND_ACCEPT_INCOMING", "TWS_ACCEPT_INCOMING"],
        ini: ["AcceptIncomingConnectionAction"],
        secret: false,
        default: "manual",
        help: "Answer to an API client from an address that the gateway does not trust.",
    }
    accept_paper_notice: bool {
        variables: ["GATEHAND_ACCEPT_PAPER_NOTICE"],
        ini: ["AcceptNonBrokerageAccountWarning"],
        secret: false,
        default: "yes",
        help: "Accept the notice that a paper account is not a brokerage account.",
    }
    sizes_notice: SizesNotice {
        variables: ["GATEHAND_SIZES_NOTICE"],
        ini: ["AcceptBidAskLastSizeDisplayUpdateNotification"],
        secret: false,
        default: "ignore",
        help: "Answer to the notice about bid, ask and last sizes.",
    }
    allow_blind_trading: bool {
        variables: ["GATEHAND_ALLOW_BLIND_TRADING", "ALLOW_BLIND_TRADING"],
        ini: ["AllowBlindTrading"],
        secret: false,
        default: "no",
        help: "Confirm the warning about orders without market data, and so transmit the order.",
    }
    crypto_orders: CryptoOrders {
        variables: ["GATEHAND_CRYPTO_ORDERS"],
        ini: ["ConfirmCryptoCurrencyOrders"],
        secret: false,
        default: "manual",
        help: "Answer to the confirmation of an order for a cryptocurrency.",
    }
    confirm_order_id_reset: OrderIdReset {
        variables: ["GATEHAND_CONFIRM_ORDER_ID_RESET"],
        ini: ["ConfirmOrderIdReset"],
        secret: false,
        default: "ignore/ignore",
        help: "Answer to the question whether the API's order ids are to be reset: when it was asked for at the start, and when anybody else asked.",
    }
    write_access: WriteAccess {
        variables: ["GATEHAND_WRITE_ACCESS"],
        ini: [],
        secret: false,
        default: "manual",
        help: "Answer to an API client that wants to place orders.",
    }
    login_messages: LoginMessages {
        variables: ["GATEHAND_LOGIN_MESSAGES"],
        ini: [],
        secret: false,
        default: "manual",
        help: "What to do with messages that want to be read before the login goes on.",
    }
    rule_settings: Option<RuleSettings> {
        variables: ["GATEHAND_RULE_SETTINGS"],
        ini: [],
        secret: false,
        help: "Values of the settings that rules of your own go by, for instance `my-orders=yes`.",
    }
    dismiss_password_expiry: bool {
        variables: ["GATEHAND_DISMISS_PASSWORD_EXPIRY"],
        ini: ["DismissPasswordExpiryWarning"],
        secret: false,
        default: "no",
        help: "Dismiss the warning that the password is about to expire.",
    }
    dismiss_nse_notice: bool {
        variables: ["GATEHAND_DISMISS_NSE_NOTICE"],
        ini: ["DismissNSEComplianceNotice"],
        secret: false,
        default: "yes",
        help: "Dismiss the NSE compliance notice.",
    }
    login_window_limit: Seconds {
        variables: ["GATEHAND_LOGIN_WINDOW_LIMIT"],
        ini: ["LoginDialogDisplayTimeout"],
        secret: false,
        default: "60",
        help: "Time for the login window to show up.",
    }
}
