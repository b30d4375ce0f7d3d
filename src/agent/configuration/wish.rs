//! What the user wants of the gateway's own settings, and where their controls are.

use crate::config::{ClockTime, DayEnd, GatewayOptions};

/// A page of the configuration window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::agent) enum Page {
    /// `API > Settings`.
    ApiSettings,
    /// `API > Precautions`.
    ApiPrecautions,
    /// `Lock and Exit`.
    LockAndExit,
}

impl Page {
    /// The names of its row in the tree; very old versions have no rows below `API`.
    pub(super) const fn rows(self) -> &'static [&'static str] {
        match self {
            Self::ApiSettings => &["Settings", "API"],
            Self::ApiPrecautions => &["Precautions", "API"],
            Self::LockAndExit => &["Lock and Exit"],
        }
    }

    /// The row that has it below itself.
    pub(super) const fn branch(self) -> Option<&'static str> {
        match self {
            Self::ApiSettings | Self::ApiPrecautions => Some("API"),
            Self::LockAndExit => None,
        }
    }

    /// Labels that are on this page and on no other one.
    pub(super) fn landmarks(self) -> Vec<&'static str> {
        match self {
            Self::ApiSettings => vec![
                ENABLED,
                "Read-Only API",
                "Socket port",
                "Master API client ID",
                LOTS,
                RESET,
            ],
            Self::ApiPrecautions => PRECAUTIONS.map(|(_, label)| label).into(),
            Self::LockAndExit => [&[LOG_OFF, RESTART], TIMES].concat(),
        }
    }
}

/// One control as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::agent) struct Wish {
    /// The setting, as in the table of settings.
    pub(in crate::agent) setting: &'static str,
    /// The page that it is on.
    pub(in crate::agent) page: Page,
    /// The control.
    pub(in crate::agent) control: Control,
    /// Without it the gateway may do what the user forbade: no client is admitted before it is verified.
    pub(in crate::agent) vital: bool,
}

/// A control and what it should show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::agent) enum Control {
    /// A check box.
    Tick {
        /// Its label.
        label: &'static str,
        /// Ticked, or not.
        on: bool,
    },
    /// One of two radio buttons.
    Choose {
        /// The label of the one to be chosen.
        label: &'static str,
        /// The label of the other one.
        other: &'static str,
    },
    /// A text field.
    Fill {
        /// The labels that it may have.
        labels: &'static [&'static str],
        /// What it should hold.
        text: String,
    },
    /// A button that is pressed once.
    Press {
        /// Its label.
        label: &'static str,
    },
}

/// TWS serves its API only when this is ticked; the Gateway always does.
const ENABLED: &str = "Enable ActiveX and Socket Clients";
const LOTS: &str = "Send market data in lots for US stocks for dual-mode API clients";
const RESET: &str = "Reset API order ID sequence";
const RESTART: &str = "Auto restart";
const LOG_OFF: &str = "Auto logoff";
const TIMES: &[&str] = &["Set Auto Restart Time (HH:MM)", "Set Auto Log Off Time (HH:MM)"];

/// The labels of the precautions, by setting.
const PRECAUTIONS: [(&str, &str); 9] = [
    (
        "bypass_order_precautions",
        "Bypass Order Precautions for API Orders",
    ),
    ("bypass_bond_warning", "Bypass Bond warning for API Orders."),
    (
        "bypass_negative_yield_to_worst_confirmation",
        "Bypass negative yield to worst confirmation for API Orders.",
    ),
    (
        "bypass_called_bond_warning",
        "Bypass Called Bond warning for API Orders",
    ),
    (
        "bypass_same_action_pair_trade_warning",
        "Bypass \"same action pair trade\" warning for API orders.",
    ),
    (
        "bypass_price_based_volatility_risk_warning",
        "Bypass price-based volatility risk warning for API Orders.",
    ),
    (
        "bypass_us_stocks_market_data_in_shares_warning",
        "Bypass US Stocks market data in shares warning for API Orders",
    ),
    (
        "bypass_redirect_order_warning",
        "Bypass Redirect Order warning for Stock API Orders",
    ),
    (
        "bypass_no_overfill_protection_precaution",
        "Bypass No Overfill Protection precaution for destinations where implied natively.",
    ),
];

/// What the settings ask for, page by page; nothing when none of them is set.
pub(in crate::agent) fn wishes(options: &GatewayOptions) -> Vec<Wish> {
    let mut wishes = api_settings(options);
    for ((setting, label), wanted) in PRECAUTIONS.into_iter().zip(options.precautions) {
        wishes.extend(wanted.map(|on| Wish::new(setting, Page::ApiPrecautions, Control::Tick { label, on })));
    }
    wishes.extend(options.day_end.iter().flat_map(lock_and_exit));
    wishes
}

fn api_settings(options: &GatewayOptions) -> Vec<Wish> {
    let tick = |setting, label, on| Wish::new(setting, Page::ApiSettings, Control::Tick { label, on });
    let fill = |setting, labels, text| Wish::new(setting, Page::ApiSettings, Control::Fill { labels, text });
    let mut wishes = Vec::new();
    wishes.extend(options.read_only_api.map(|on| Wish {
        vital: on,
        ..tick("read_only_api", "Read-Only API", on)
    }));
    wishes.extend(
        options
            .socket_port
            .map(|port| fill("api_port", &["Socket port"], port.to_string())),
    );
    wishes.extend(
        options
            .master_client_id
            .map(|id| fill("master_client_id", &["Master API client ID"], id.to_string())),
    );
    wishes.extend(
        options
            .market_data_in_lots
            .map(|on| tick("market_data_in_lots", LOTS, on)),
    );
    if options.reset_order_ids {
        let control = Control::Press { label: RESET };
        wishes.push(Wish::new("reset_order_ids_at_start", Page::ApiSettings, control));
    }
    wishes
}

/// That TWS serves its API.
pub(in crate::agent) const fn api_enabled() -> Wish {
    let control = Control::Tick {
        label: ENABLED,
        on: true,
    };
    Wish::new("ENABLEAPI", Page::ApiSettings, control)
}

/// What the page `Lock and Exit` should show.
pub(in crate::agent) fn lock_and_exit(end: &DayEnd) -> [Wish; 3] {
    let (setting, time, label, other) = match end {
        DayEnd::Restart(time) => ("auto_restart_time", time, RESTART, LOG_OFF),
        DayEnd::LogOff(time) => ("auto_logoff_time", time, LOG_OFF, RESTART),
    };
    let (half, other_half) = if time.is_afternoon() {
        ("PM", "AM")
    } else {
        ("AM", "PM")
    };
    let choose = |label, other| Wish::new(setting, Page::LockAndExit, Control::Choose { label, other });
    [
        choose(label, other),
        Wish::new(
            setting,
            Page::LockAndExit,
            Control::Fill {
                labels: TIMES,
                text: time.twelve_hours(),
            },
        ),
        choose(half, other_half),
    ]
}

/// What the page `Lock and Exit` says, by its controls and what each of them shows.
pub(super) fn day_end<'a>(shown: impl Iterator<Item = (&'a Control, &'a str)>) -> Option<DayEnd> {
    let (mut end, mut time, mut half) = (None, None, None);
    for (control, shows) in shown {
        match control {
            Control::Fill { .. } => time = Some(shows),
            Control::Choose { .. } if [RESTART, LOG_OFF].contains(&shows) => end = Some(shows),
            Control::Choose { .. } => half = Some(shows),
            Control::Tick { .. } | Control::Press { .. } => {}
        }
    }
    let time = ClockTime::on_twelve_hours(time?, half? == "PM")?;
    Some(if end? == RESTART {
        DayEnd::Restart(time)
    } else {
        DayEnd::LogOff(time)
    })
}

impl Wish {
    const fn new(setting: &'static str, page: Page, control: Control) -> Self {
        Self {
            setting,
            page,
            control,
            vital: false,
        }
    }

    /// Whether it is about when the gateway ends its day.
    pub(in crate::agent) fn is_day_end(&self) -> bool {
        self.page == Page::LockAndExit
    }
}

impl Control {
    /// What it is called in the window.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Tick { label, .. } | Self::Choose { label, .. } | Self::Press { label } => label,
            Self::Fill { labels, .. } => labels.first().copied().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_day_is_read_from_the_controls_that_set_it() {
        let wishes = lock_and_exit(&DayEnd::Restart(ClockTime::after_midnight(485)));
        let read = |shows: [&str; 3]| day_end(wishes.iter().map(|wish| &wish.control).zip(shows));
        let night = ClockTime::after_midnight(23 * 60 + 45);
        assert_eq!(read([LOG_OFF, "11:45", "PM"]), Some(DayEnd::LogOff(night)));
        assert_eq!(read([RESTART, "11:45", "PM"]), Some(DayEnd::Restart(night)));
        assert_eq!(read([RESTART, "11:", "PM"]), None, "the time is incomplete");
        let some = wishes[..2]
            .iter()
            .map(|wish| &wish.control)
            .zip([RESTART, "11:45"]);
        assert_eq!(day_end(some), None, "nobody knows which half of the day");
    }
}
