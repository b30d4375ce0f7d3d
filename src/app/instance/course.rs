//! The gateway's process as its [`Life`] orders: started, closed, started again.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;

use super::preparation::wall_clock;
use super::{AppError, GATEWAY_STOP, Instance};
use crate::agent::{Departure, Errand};
use crate::config::{ClockTime, Config, DayEnd, DaySpan, OnTimeout, WeekTime};
use crate::exit::ExitCode;
use crate::gateway::{Left, WallClock};
use crate::journal::{Limits, QuietHours};
use crate::life::{Daily, Ending, Moment, Order, Plan, Weekly};
use crate::pilot::Command;
use crate::supervisor::{self, Exit, Redaction, Service};

/// No limit: of a gateway that somebody else started, nothing may ever show.
const NEVER: Duration = Duration::from_secs(100 * 365 * 86_400);

/// Both clocks.
pub(super) fn now() -> Moment {
    Moment {
        instant: Instant::now(),
        wall: Timestamp::now(),
    }
}

const fn civil(time: ClockTime) -> Time {
    Time::constant(time.hour(), time.minute(), 0, 0)
}

/// Whom logins may disturb, and when.
pub(super) fn limits_by(config: &Config, clock: Option<&WallClock>) -> Limits {
    Limits {
        pushes_per_hour: config.second_factor.pushes_per_hour,
        quiet_hours: config
            .second_factor
            .quiet_hours
            .map(|span| span_of(span, zone(clock))),
        unanswered_retries: config.second_factor.unanswered_retries,
    }
}

/// The same, by the gateway's clock as its settings have it.
pub(in crate::app) fn limits(config: &Config) -> Limits {
    limits_by(config, wall_clock(config).as_ref())
}

/// A span of every day in the gateway's time zone.
pub(in crate::app) fn quiet_hours(config: &Config, span: DaySpan) -> QuietHours {
    span_of(span, zone(wall_clock(config).as_ref()))
}

const fn span_of(span: DaySpan, zone: TimeZone) -> QuietHours {
    QuietHours {
        from: civil(span.from),
        until: civil(span.until),
        zone,
    }
}

fn zone(clock: Option<&WallClock>) -> TimeZone {
    clock.map_or(TimeZone::UTC, |clock| clock.zone().clone())
}

/// What the settings plan. A gateway that was started by somebody else is not started again.
pub(super) fn plan(config: &Config, clock: Option<&WallClock>, is_ours: bool) -> Plan {
    let daily = |time| Weekly {
        day: None,
        time: civil(time),
    };
    let factor = &config.second_factor;
    Plan {
        zone: zone(clock),
        log_off: match config.options.day_end {
            Some(DayEnd::LogOff(time)) => Some(daily(time)),
            Some(DayEnd::Restart(_)) | None => None,
        },
        cold_restart: config.schedule.cold_restart.map(|time| Weekly {
            day: Some(Weekday::Sunday),
            ..daily(time)
        }),
        closed_down: config
            .schedule
            .closed_down
            .map(|WeekTime { day, time }| Weekly { day, ..daily(time) }),
        saves: Daily(config.schedule.saves.iter().copied().map(civil).collect()),
        login_window_limit: if is_ours {
            config.dialogs.login_window_limit
        } else {
            NEVER
        },
        // A human who logs in by hand takes the time that it takes.
        second_factor_limit: if config.credentials.is_some() {
            factor.limit
        } else {
            NEVER
        },
        second_factor_grace: factor.grace,
        second_factor_again: is_ours && factor.on_timeout == OnTimeout::Restart,
        reclaim_after: config.schedule.reclaim_after,
    }
}

impl Instance {
    /// Begins the gateway's life.
    pub(super) fn begin(&mut self) -> Result<(), AppError> {
        let left = self.left()?;
        self.life.begin(now(), left);
        Ok(())
    }

    /// Does what is due; tells when all is over.
    pub(super) async fn obey(&mut self) -> Result<Option<ExitCode>, AppError> {
        while let Some(order) = self.life.poll_order() {
            match order {
                Order::Start { by_token } => self.start_gateway(by_token)?,
                Order::Stop { why } => {
                    tracing::info!(why, "closing the gateway");
                    self.stop_gateway().await;
                    let now = now();
                    self.life.exited(now, Left::Nothing);
                    self.tell_exit(now, format!("closed: {why}"));
                }
                Order::SaveSettings => {
                    tracing::info!("the time has come to save the gateway's settings");
                    self.tell(Command::CarryOut(Errand::SaveSettings));
                }
                Order::End(Ending::Planned(why)) => {
                    tracing::info!(why, "stopping");
                    return Ok(Some(ExitCode::Stopped));
                }
                Order::End(Ending::SecondFactor) => {
                    return Err(AppError::SecondFactorTimedOut(self.config.second_factor.limit));
                }
                Order::End(Ending::Broken) => {
                    return Err(AppError::Ended {
                        what: "the gateway",
                        how: format!("it never showed a window; at last: {}", self.last_exit),
                        cure: "see its lines in the log, and try `gatehand doctor`",
                    });
                }
            }
        }
        Ok(None)
    }

    fn start_gateway(&mut self, by_token: bool) -> Result<(), AppError> {
        let Some((launch, display)) = &self.launch else {
            return Ok(());
        };
        let token = match launch.left()? {
            Left::Token(token) if by_token => Some(token.id),
            _ => {
                launch.drop_tokens()?;
                None
            }
        };
        if token.is_some() {
            tracing::info!("the gateway is started with the token that it left");
        }
        let mut command = launch.command(display, token.as_deref());
        let output = supervisor::log_output("gateway", Redaction::default());
        let child = self.shared.reaper.spawn("gateway", &mut command, output)?;
        self.leftovers.add("gateway", child.identity())?;
        self.gateway = Some(Service::new("gateway", child, GATEWAY_STOP));
        self.tell(Command::GatewayStarted(token.is_some()));
        self.run_gateway_scripts();
        Ok(())
    }

    /// The gateway ended by itself.
    pub(super) fn gateway_ended(&mut self, exit: Exit) -> Result<(), AppError> {
        if let Some(gateway) = self.gateway.take() {
            self.forget(&gateway);
        }
        self.last_exit = exit.to_string();
        self.given_up("EnableApi: the gateway ended");
        let (now, left) = (now(), self.left()?);
        self.life.exited(now, left);
        self.tell_exit(now, format!("the gateway's process ended ({exit})"));
        Ok(())
    }

    fn tell_exit(&self, now: Moment, why: String) {
        let pause = self.life.next_start(now);
        if let Some(pause) = pause {
            tracing::info!(why, seconds = pause.as_secs(), "the gateway is started again");
        }
        self.tell(Command::GatewayExited(Departure {
            why,
            comes_back: pause.is_some(),
        }));
    }

    pub(super) async fn stop_gateway(&mut self) {
        let Some(mut gateway) = self.gateway.take() else {
            return;
        };
        gateway.stop(|| self.tell(Command::CarryOut(Errand::Close))).await;
        self.forget(&gateway);
    }

    fn left(&self) -> Result<Left, AppError> {
        match &self.launch {
            Some((launch, _)) => Ok(launch.left()?),
            None => Ok(Left::Nothing),
        }
    }
}
