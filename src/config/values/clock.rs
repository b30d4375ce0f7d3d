//! Times and durations.

use std::fmt;
use std::time::Duration;

use jiff::civil::Weekday;
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

/// A time of every day, or of one day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeekTime {
    /// The day; `None`: every day.
    pub day: Option<Weekday>,
    /// The time.
    pub time: ClockTime,
}

impl Value for WeekTime {
    const ALLOWED: &'static str =
        "a time of day, with a day of the week before it or none, for instance 22:00 or Friday 22:00";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let whole = |time| ClockTime::parse(time).map_err(|_| Self::ALLOWED);
        let (first, rest) = text.split_once(char::is_whitespace).unwrap_or(("", text));
        if !first.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Ok(Self {
                day: None,
                time: whole(text)?,
            });
        }
        let name = first.to_ascii_lowercase();
        let mut named = WEEK
            .iter()
            .filter(|(long, _)| name.len() >= 3 && long.starts_with(&name));
        let (_, day) = named.next().ok_or(Self::ALLOWED)?;
        Ok(Self {
            day: Some(*day),
            time: whole(rest)?,
        })
    }
}

const WEEK: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// A span of every day, which may go over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DaySpan {
    /// Its first minute.
    pub from: ClockTime,
    /// The minute after its last.
    pub until: ClockTime,
}

impl Value for DaySpan {
    const ALLOWED: &'static str = "two times of day, for instance 22:00-07:00";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let (from, until) = text.split_once('-').ok_or(Self::ALLOWED)?;
        let time = |text: &str| ClockTime::parse(text.trim()).map_err(|_| Self::ALLOWED);
        let span = Self {
            from: time(from)?,
            until: time(until)?,
        };
        if span.from == span.until {
            return Err(Self::ALLOWED);
        }
        Ok(span)
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
    fn times_of_the_week_and_spans_of_the_day() {
        let time = |text| ClockTime::parse(text).expect("a time");
        for (text, day, clock) in [
            ("22:00", None, "22:00"),
            ("10:30 PM", None, "22:30"),
            ("Friday 22:00", Some(Weekday::Friday), "22:00"),
            ("sun 1:05", Some(Weekday::Sunday), "01:05"),
            ("THU 11:00 PM", Some(Weekday::Thursday), "23:00"),
        ] {
            let time = time(clock);
            assert_eq!(WeekTime::parse(text), Ok(WeekTime { day, time }), "{text}");
        }
        for wrong in [
            "",
            "Friday",
            "Fryday 22:00",
            "T 22:00",
            "Friday 25:00",
            "22:00 Friday",
        ] {
            assert!(WeekTime::parse(wrong).is_err(), "{wrong}");
        }
        let night = DaySpan {
            from: time("22:00"),
            until: time("07:00"),
        };
        assert_eq!(DaySpan::parse("22:00-07:00"), Ok(night));
        assert_eq!(DaySpan::parse("10:00 PM - 7:00 AM"), Ok(night));
        for wrong in ["", "22:00", "22:00-22:00", "22:00-", "a-b"] {
            assert!(DaySpan::parse(wrong).is_err(), "{wrong}");
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
