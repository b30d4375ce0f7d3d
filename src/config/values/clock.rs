//! Times and durations.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Value;

/// Whole seconds.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Seconds(pub(in crate::config) Duration);

impl Value for Seconds {
    const ALLOWED: &'static str = "whole seconds, 1 to 86400";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.parse() {
            Ok(seconds @ 1..=86_400) => Ok(Self(Duration::from_secs(seconds))),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// A time of day, to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockTime {
    /// 0 to 23.
    hour: u8,
    /// 0 to 59.
    minute: u8,
}

impl ClockTime {
    /// The time that many minutes after midnight; a day has 1440.
    #[must_use]
    pub const fn after_midnight(minutes: u32) -> Self {
        Self {
            hour: (minutes / 60 % 24) as u8,
            minute: (minutes % 60) as u8,
        }
    }

    /// The time that a clock of twelve hours shows as `text`, before or after noon.
    #[must_use]
    pub fn on_twelve_hours(text: &str, afternoon: bool) -> Option<Self> {
        let half = if afternoon { "PM" } else { "AM" };
        Self::parse(&format!("{} {half}", text.trim())).ok()
    }

    /// 0 to 23.
    #[must_use]
    pub const fn hour(self) -> i8 {
        self.hour.cast_signed()
    }

    /// 0 to 59.
    #[must_use]
    pub const fn minute(self) -> i8 {
        self.minute.cast_signed()
    }

    /// Whether it is noon or later.
    #[must_use]
    pub const fn is_afternoon(self) -> bool {
        self.hour >= 12
    }

    /// `hh:mm` on a clock of twelve hours.
    #[must_use]
    pub fn twelve_hours(self) -> String {
        let hour = match self.hour % 12 {
            0 => 12,
            hour => hour,
        };
        format!("{hour:02}:{:02}", self.minute)
    }
}

/// On a clock of twelve hours: `11:45 PM`.
impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let half = if self.is_afternoon() { "PM" } else { "AM" };
        write!(f, "{} {half}", self.twelve_hours())
    }
}

impl Value for ClockTime {
    const ALLOWED: &'static str = "a time of day, for instance 11:45 PM or 23:45";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.to_ascii_uppercase();
        let (time, half) = match (text.strip_suffix("AM"), text.strip_suffix("PM")) {
            (Some(time), _) => (time, Some(0)),
            (_, Some(time)) => (time, Some(12)),
            _ => (text.as_str(), None),
        };
        let (hour, minute) = time.trim().split_once(':').ok_or(Self::ALLOWED)?;
        let number = |digits: &str| match digits.len() {
            1 | 2 if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse::<u8>().ok(),
            _ => None,
        };
        let minute = number(minute).filter(|minute| *minute < 60);
        let hour = match (number(hour), half) {
            (Some(hour @ 1..=12), Some(half)) => Some(hour % 12 + half),
            (Some(hour @ 0..=23), None) => Some(hour),
            _ => None,
        };
        match (hour, minute) {
            (Some(hour), Some(minute)) => Ok(Self { hour, minute }),
            _ => Err(Self::ALLOWED),
        }
    }
}

/// A time zone's name, such as `America/New_York`.
#[derive(Clone, Debug)]
pub(in crate::config) struct TimeZone(pub(in crate::config) String);

impl Value for TimeZone {
    const ALLOWED: &'static str = "a time zone's name, for instance Etc/UTC or America/New_York";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let name = text.strip_prefix(':').unwrap_or(text);
        let plain = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "/_+-".contains(c));
        if !plain || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(Self::ALLOWED);
        }
        Ok(Self(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_on_both_clocks() {
        let shown = |text| ClockTime::parse(text).map(|time| (time.twelve_hours(), time.is_afternoon()));
        for (text, clock, afternoon) in [
            ("11:45 PM", "11:45", true),
            ("8:05 am", "08:05", false),
            ("12:00 AM", "12:00", false),
            ("12:30PM", "12:30", true),
            ("23:45", "11:45", true),
            ("00:10", "12:10", false),
        ] {
            assert_eq!(shown(text), Ok((clock.to_owned(), afternoon)), "{text}");
        }
        for wrong in [
            "", "8", "13:00 PM", "0:10 AM", "24:00", "11:60", "1:2:3", "-1:00", "+1:00", "011:00",
        ] {
            assert!(shown(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn bounds_hold() {
        assert!(
            Seconds::parse("0").is_err() && Seconds::parse("86401").is_err() && Seconds::parse("1").is_ok()
        );
        assert!(TimeZone::parse("Etc/UTC\nx").is_err() && TimeZone::parse(":America/New_York").is_ok());
    }
}
