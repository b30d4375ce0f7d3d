//! Lines in a form of the user's own, as Python's logging takes it (`LOG_FORMAT` of IBeam): `%(asctime)s|%(levelname)-.1s| %(message)s`.
//! Times are those of the wanted time zone.

use std::fmt::{self, Write as _};
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// The form of a line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LineFormat(Vec<Part>);

/// A form, and the time zone of its times.
#[derive(Debug)]
pub(super) struct ZonedLine {
    pub(super) form: LineFormat,
    pub(super) zone: TimeZone,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Part {
    Text(String),
    Field {
        field: Field,
        /// At least so many characters.
        width: usize,
        /// Filled up behind the text, not before it.
        to_the_left: bool,
        /// At most so many characters.
        precision: Option<usize>,
    },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Field {
    Time,
    Seconds,
    Level,
    LevelNumber,
    Message,
    Name,
    Module,
    Path,
    File,
    Line,
    Process,
    Program,
    Thread,
}

impl Field {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "asctime" => Self::Time,
            "created" => Self::Seconds,
            "levelname" => Self::Level,
            "levelno" => Self::LevelNumber,
            "message" => Self::Message,
            "name" => Self::Name,
            "module" | "funcName" => Self::Module,
            "pathname" => Self::Path,
            "filename" => Self::File,
            "lineno" => Self::Line,
            "process" => Self::Process,
            "processName" => Self::Program,
            "thread" | "threadName" => Self::Thread,
            _ => return None,
        })
    }

    fn text(self, of: &Metadata<'_>, message: &str, zone: &TimeZone) -> String {
        let path = of.file().unwrap_or_default();
        let [level, number] = match *of.level() {
            Level::ERROR => ["ERROR", "40"],
            Level::WARN => ["WARNING", "30"],
            Level::INFO => ["INFO", "20"],
            Level::DEBUG => ["DEBUG", "10"],
            Level::TRACE => ["TRACE", "5"],
        };
        match self {
            Self::Time => {
                let now = zone.to_datetime(Timestamp::now());
                now.strftime("%Y-%m-%d %H:%M:%S,%3f").to_string()
            }
            Self::Seconds => Timestamp::now().as_second().to_string(),
            Self::Level => level.to_owned(),
            Self::LevelNumber => number.to_owned(),
            Self::Message => message.to_owned(),
            Self::Name => of.target().to_owned(),
            Self::Module => of.module_path().unwrap_or_default().to_owned(),
            Self::Path => path.to_owned(),
            Self::File => {
                let name = Path::new(path).file_name().unwrap_or_default();
                name.to_string_lossy().into_owned()
            }
            Self::Line => of.line().unwrap_or_default().to_string(),
            Self::Process => std::process::id().to_string(),
            Self::Program => "gatehand".to_owned(),
            Self::Thread => std::thread::current().name().unwrap_or_default().to_owned(),
        }
    }
}

impl LineFormat {
    /// Reads a form; none when it is no such form, names a field that is not known, or leaves out the message.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (mut parts, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some((before, after)) = rest.split_once('%') {
            plain.push_str(before);
            if let Some(after) = after.strip_prefix('%') {
                plain.push('%');
                rest = after;
                continue;
            }
            let (name, after) = after.strip_prefix('(')?.split_once(')')?;
            let end = after.find(|c: char| c.is_ascii_alphabetic())?;
            let (how, after) = after.split_at(end);
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(field(name, how)?);
            rest = after.strip_prefix(['s', 'd', 'f', 'i'])?;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        let has_message = parts.iter().any(|part| {
            matches!(
                part,
                Part::Field {
                    field: Field::Message,
                    ..
                }
            )
        });
        has_message.then_some(Self(parts))
    }

    fn line(&self, of: &Metadata<'_>, message: &str, zone: &TimeZone) -> String {
        let mut line = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => line.push_str(text),
                Part::Field {
                    field,
                    width,
                    to_the_left,
                    precision,
                } => {
                    let text = field.text(of, message, zone);
                    let text: String = text.chars().take(precision.unwrap_or(usize::MAX)).collect();
                    // Writing to a string cannot fail.
                    let _ = match to_the_left {
                        true => write!(line, "{text:<width$}"),
                        false => write!(line, "{text:>width$}"),
                    };
                }
            }
        }
        line
    }
}

/// A field with what stands between its name and its type: `-8.3`.
fn field(name: &str, how: &str) -> Option<Part> {
    let field = Field::of(name)?;
    let sizes = how.trim_start_matches(['-', '0', ' ', '+', '#']);
    let (width, precision) = match sizes.split_once('.') {
        Some((width, precision)) => (width, Some(precision)),
        None => (sizes, None),
    };
    let number = |text: &str| match text {
        "" => Some(0),
        // No line is wider.
        text => text.parse().ok().filter(|number| *number <= 1000),
    };
    let precision = match (precision, field) {
        (Some(text), field) if field != Field::Seconds => Some(number(text)?),
        _ => None,
    };
    Some(Part::Field {
        field,
        width: number(width)?,
        to_the_left: how.contains('-'),
        precision,
    })
}

impl<S, N> FormatEvent<S, N> for ZonedLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut message = String::new();
        for span in context
            .event_scope()
            .into_iter()
            .flat_map(|scope| scope.from_root())
        {
            message.push_str(span.name());
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>()
                && !fields.is_empty()
            {
                write!(message, "{{{fields}}}")?;
            }
            message.push_str(": ");
        }
        context
            .field_format()
            .format_fields(Writer::new(&mut message), event)?;
        writeln!(out, "{}", self.form.line(event.metadata(), &message, &self.zone))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use jiff::civil::DateTime;
    use tracing_subscriber::fmt as lines;

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("one thread").write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What a warning within a span comes to.
    fn written(form: &str, zone: TimeZone) -> String {
        let (sink, form) = (Sink::default(), LineFormat::parse(form).expect(form));
        let writer = sink.clone();
        let subscriber = lines()
            .with_ansi(false)
            .event_format(ZonedLine { form, zone })
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("process", unit = "portal");
            let _entered = span.enter();
            tracing::warn!(attempt = 2, "no answer");
        });
        let bytes = sink.0.lock().expect("one thread").clone();
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn a_line_has_the_form_that_python_gives_it() {
        let message = r#"process{unit="portal"}: no answer attempt=2"#;
        for (form, line) in [
            ("%(levelname)-.1s| %(message)s", format!("W| {message}")),
            ("[%(levelname)-9s] %(message)s", format!("[WARNING  ] {message}")),
            (
                "[%(levelname)9s] 100%% %(message)s",
                format!("[  WARNING] 100% {message}"),
            ),
            ("%(levelno)d %(filename)s %(message).0s", "30 line.rs ".to_owned()),
        ] {
            assert_eq!(written(form, TimeZone::UTC), format!("{line}\n"), "{form}");
        }
    }

    /// As Python tells them: those of the clock on the wall.
    #[test]
    fn times_are_those_of_the_zone() {
        let kathmandu = TimeZone::get("Asia/Kathmandu").expect("it is bundled");
        for (zone, ahead) in [(TimeZone::UTC, 0), (kathmandu, 5 * 60 + 45)] {
            let line = written("%(asctime)s|%(message)s", zone);
            let (time, _) = line.split_once('|').expect("a time");
            let told = DateTime::strptime("%Y-%m-%d %H:%M:%S,%f", time).expect(time);
            let now = TimeZone::UTC.to_datetime(Timestamp::now());
            let since = now.duration_until(told).as_mins();
            // Of the minute that may have passed meanwhile.
            assert!(since == ahead || since == ahead - 1, "{since} {time}");
        }
    }

    #[test]
    fn what_is_no_form_is_refused() {
        for text in [
            "%(asctime)s|%(levelname)-.1s| %(message)s",
            "100%% %(message)s",
            "%(levelname)8s %(name)-20.20s:%(lineno)04d %(message)s",
            "%(message)s",
        ] {
            assert!(LineFormat::parse(text).is_some(), "{text}");
        }
        for text in [
            "",
            "no message",
            "%(asctime)s",
            "%(message)",
            "%(message",
            "%s %(message)s",
            "%(unheardof)s %(message)s",
            "%(message)99999s",
            "%(message)q",
        ] {
            assert_eq!(LineFormat::parse(text), None, "{text}");
        }
    }
}
