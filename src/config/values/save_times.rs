//! When settings are saved, in IBC's words.

use super::{ClockTime, Value};

/// Times of every day, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::config) struct SaveTimes(pub(in crate::config) Vec<ClockTime>);

/// Minutes of a day.
const DAY: u32 = 24 * 60;

impl Value for SaveTimes {
    const ALLOWED: &'static str = "times of day (08:00 12:30), or Every n [mins|hours] [from [to]], for instance Every 30 mins 08:00 17:30";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let mut words = text.split_whitespace().peekable();
        let time = |word: &str| ClockTime::parse(word).map_err(|_| Self::ALLOWED);
        if words.next_if(|word| word.eq_ignore_ascii_case("every")).is_none() {
            let mut times = words.map(time).collect::<Result<Vec<_>, _>>()?;
            times.sort_by_key(|time| minutes(*time));
            times.dedup();
            return if times.is_empty() {
                Err(Self::ALLOWED)
            } else {
                Ok(Self(times))
            };
        }
        let number: u32 = words
            .next()
            .and_then(|word| word.parse().ok())
            .ok_or(Self::ALLOWED)?;
        let unit = words.next_if(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()));
        let unit = match unit.map(str::to_ascii_lowercase).as_deref() {
            None | Some("min" | "mins") => 1,
            Some("hour" | "hours") => 60,
            Some(_) => return Err(Self::ALLOWED),
        };
        let step = number.checked_mul(unit).filter(|step| (1..=DAY).contains(step));
        let step = step.ok_or(Self::ALLOWED)?;
        let from = words.next().map(time).transpose()?.map_or(0, minutes);
        let to = words.next().map(time).transpose()?.map(minutes);
        if words.next().is_some() || to.is_some_and(|to| to < from) {
            return Err(Self::ALLOWED);
        }
        // At the end as well, however long it is since the last time.
        let regular = (from..DAY)
            .step_by(step as usize)
            .take_while(|minute| to.is_none_or(|to| *minute < to));
        let all = regular.chain(to).map(ClockTime::after_midnight);
        Ok(Self(all.collect()))
    }
}

fn minutes(time: ClockTime) -> u32 {
    u32::from(time.hour().unsigned_abs()) * 60 + u32::from(time.minute().unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(text: &str) -> Vec<String> {
        let times = SaveTimes::parse(text).expect(text).0;
        times
            .iter()
            .map(|time| format!("{:02}:{:02}", time.hour(), time.minute()))
            .collect()
    }

    #[test]
    fn times_and_intervals_as_ibc_reads_them() {
        assert_eq!(times("17:30  08:00 12:30 08:00"), ["08:00", "12:30", "17:30"]);
        assert_eq!(
            times("Every 90 08:00 12:43"),
            ["08:00", "09:30", "11:00", "12:30", "12:43"]
        );
        assert_eq!(
            times("every 5 HOURS"),
            ["00:00", "05:00", "10:00", "15:00", "20:00"]
        );
        assert_eq!(times("Every 30 mins 23:00"), ["23:00", "23:30"]);
        assert_eq!(times("Every 1 hours 08:00 09:00"), ["08:00", "09:00"]);
        assert_eq!(times("Every 1").len(), 1440);
    }

    #[test]
    fn what_is_neither() {
        for wrong in [
            "",
            "  ",
            "Every",
            "Every 0",
            "Every 1441",
            "Every 2 days",
            "Every 4294967295 hours",
            "Every 5 12:00 11:00",
            "Every 5 08:00 09:00 10:00",
            "8",
            "08:00 noon",
            "Every 30 mins 25:00",
        ] {
            assert!(SaveTimes::parse(wrong).is_err(), "{wrong}");
        }
    }
}
