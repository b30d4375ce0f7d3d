//! What happens at which time of the week, and whom it may disturb.

use crate::config::values::{ClockTime, DaySpan, Pushes, Retries, SaveTimes, Seconds, WeekTime};

settings! {
    Schedule

    cold_restart_time: Option<ClockTime> {
        variables: ["GATEHAND_COLD_RESTART_TIME", "TWS_COLD_RESTART"],
        ini: ["ColdRestartTime"],
        secret: false,
        help: "When the gateway is closed and logged in to anew on Sundays, in its time zone. Tokens of automatic restarts die on Sundays at 1:00 in New York: a time after that, at which somebody can confirm the second factor.",
    }
    closed_down_at: Option<WeekTime> {
        variables: ["GATEHAND_CLOSED_DOWN_AT"],
        ini: ["ClosedownAt"],
        secret: false,
        help: "When the gateway is closed and gatehand ends, in the gateway's time zone.",
    }
    save_settings_at: Option<SaveTimes> {
        variables: ["GATEHAND_SAVE_SETTINGS_AT", "SAVE_TWS_SETTINGS"],
        ini: ["SaveTwsSettingsAt"],
        secret: false,
        help: "When the gateway saves its settings by `File > Save Settings`, in its time zone. It saves them too when it is closed. `Every` without a time begins at 00:00, and goes on to the end of the day or to the second time, at which they are saved as well.",
    }
    reclaim_after: Option<Seconds> {
        variables: ["GATEHAND_RECLAIM_AFTER"],
        ini: [],
        secret: false,
        help: "How long after giving way to another session the gateway is started again. Default: not before gatehand is.",
    }
    pushes_per_hour: Pushes {
        variables: ["GATEHAND_PUSHES_PER_HOUR"],
        ini: [],
        secret: false,
        default: "5",
        help: "How often in an hour somebody may be asked to confirm a login on a phone, also across restarts. 0: as often as it comes.",
    }
    quiet_hours: Option<DaySpan> {
        variables: ["GATEHAND_QUIET_HOURS"],
        ini: [],
        secret: false,
        help: "When nobody is to be asked for a second factor, in the gateway's time zone: no credentials are submitted then.",
    }
    unanswered_retries: Retries {
        variables: ["GATEHAND_UNANSWERED_RETRIES"],
        ini: [],
        secret: false,
        default: "0",
        help: "How often in a row a password that the gateway accepted before is submitted again after a login whose ending nobody saw (a crash in its middle): it may have been refused unseen. 0: never before `gatehand unlock`.",
    }
}
