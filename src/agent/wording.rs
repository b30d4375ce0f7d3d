//! What a dialog's words say of times, of days, and of credentials.

use std::time::Duration;

/// The margin over the waiting time that the gateway names.
const THROTTLE_MARGIN: Duration = Duration::from_secs(3);
/// The waiting time when none can be read.
const THROTTLE_UNREAD: Duration = Duration::from_secs(600);
/// The longest wait that is believed.
const LONGEST: u64 = 7 * 24 * 3600;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// "Please wait 53 seconds", "4 minutes & 47 seconds": the time, and a margin.
pub(super) fn waiting_time(text: &str) -> Duration {
    let words = words(text);
    let mut seconds = 0_u64;
    let mut found = false;
    for pair in words.windows(2) {
        let unit = match pair[1].as_str() {
            unit if unit.starts_with("sec") => 1,
            unit if unit.starts_with("min") => 60,
            unit if unit.starts_with("hour") => 3600,
            _ => continue,
        };
        if let Ok(number) = pair[0].parse::<u32>() {
            seconds += u64::from(number) * unit;
            found = true;
        }
    }
    if found && seconds <= LONGEST {
        Duration::from_secs(seconds) + THROTTLE_MARGIN
    } else {
        THROTTLE_UNREAD
    }
}

/// The first day that a text names, as ISO 8601 has it: `2026-12-31`, or `--12-31` when it names no year. Of figures
/// alone only those with the year in front are certain.
pub(super) fn day(text: &str) -> Option<String> {
    let words = words(text);
    (0..words.len()).find_map(|at| {
        let word = |offset: usize| words.get(at + offset).map(String::as_str);
        let (month, day, year) = match (word(0), word(1)) {
            (Some(first), Some(second)) if month(first).is_some() => (month(first), number(second), word(2)),
            (Some(first), Some(second)) if number(first).is_some() && month(second).is_some() => {
                (month(second), number(first), word(2))
            }
            (Some(first), Some(second)) if year(first).is_some() => {
                (figure(second), word(2).and_then(figure), Some(first))
            }
            _ => return None,
        };
        let (month, day) = (month.filter(|month| (1..=12).contains(month))?, day?);
        let day = Some(day).filter(|day| (1..=31).contains(day))?;
        Some(match year.and_then(self::year) {
            Some(year) => format!("{year}-{month:02}-{day:02}"),
            None => format!("--{month:02}-{day:02}"),
        })
    })
}

/// "will expire in 14 days": the days.
pub(super) fn days_left(text: &str) -> Option<u32> {
    let words = words(text);
    let pair = words
        .windows(2)
        .find(|pair| pair[1] == "days" || pair[1] == "day")?;
    pair[0].parse().ok()
}

/// Whether a text speaks of user name or password. An error that does may be a refusal in words of its own.
pub(super) fn is_about_credentials(text: &str) -> bool {
    let words = words(text);
    let begins = |start: &str| words.iter().any(|word| word.starts_with(start));
    let user_name = words
        .windows(2)
        .any(|pair| pair[0] == "user" && ["id", "name", "names"].contains(&pair[1].as_str()));
    user_name
        || ["authenti", "credential", "password", "userid", "username"]
            .into_iter()
            .any(begins)
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// 1 to 12, by its English name or the first three letters of it.
fn month(word: &str) -> Option<u32> {
    let start = word.get(..3)?;
    let at = MONTHS.iter().position(|month| *month == start)?;
    let is_name = word.len() == 3 || word.len() == 4 || !word.contains(|c: char| c.is_ascii_digit());
    (is_name && word.len() <= 9).then_some(at as u32 + 1)
}

/// "31", "1st".
fn number(word: &str) -> Option<u32> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    figure(digits)
}

fn figure(word: &str) -> Option<u32> {
    (1..=2).contains(&word.len()).then(|| word.parse().ok()).flatten()
}

fn year(word: &str) -> Option<u32> {
    (word.len() == 4)
        .then(|| word.parse().ok())
        .flatten()
        .filter(|year| (2000..2100).contains(year))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_times_are_read_with_their_units() {
        let table = [
            ("Too many failed login attempts. Please wait 53 seconds", 56),
            (
                "Please wait 4 minutes & 47 seconds\nbefore trying again.",
                4 * 60 + 47 + 3,
            ),
            ("wait 1 minute", 63),
            ("wait 2 min 5 sec", 128),
            ("wait some time", 600),
            ("wait 4294967295 hours", 600),
        ];
        for (text, seconds) in table {
            assert_eq!(waiting_time(text), Duration::from_secs(seconds), "{text}");
        }
    }

    #[test]
    fn words_about_credentials_are_told_from_words_about_servers() {
        for (text, about) in [
            ("Your user ID or password is wrong.", true),
            ("Invalid credentials", true),
            ("The User Name is not known", true),
            ("Authentication failed", true),
            ("The server is down. Try again later.", false),
            ("Connection to server failed: Server disconnected", false),
            ("The user has other sessions", false),
        ] {
            assert_eq!(is_about_credentials(text), about, "{text}");
        }
    }

    #[test]
    fn days_are_read_as_people_write_them() {
        let table = [
            (
                "This version will be desupported on 31 December.",
                Some("--12-31"),
            ),
            ("will be desupported on December 31, 2026", Some("2026-12-31")),
            ("on Dec 1st, 2027 at 10:30", Some("2027-12-01")),
            ("on 01-Mar-2027", Some("2027-03-01")),
            ("on 2027-03-01.", Some("2027-03-01")),
            ("by 5 Sept 2026", Some("2026-09-05")),
            ("version 10.37 build 2", None),
            ("You may not use this after 99 March", None),
            ("it may 5 expire", Some("--05-05")),
            ("on 03/04/2027", None),
        ];
        for (text, day_) in table {
            assert_eq!(day(text).as_deref(), day_, "{text}");
        }
        assert_eq!(days_left("Your password will expire in 14 days."), Some(14));
        assert_eq!(days_left("Your password has expired."), None);
    }
}
