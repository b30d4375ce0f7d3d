//! IBC's `config.ini`: a Java properties file (`java.util.Properties.load`), as IBC itself reads it.

use super::secret::Secret;

/// One entry.
#[derive(Debug)]
pub(super) struct Entry {
    /// The line it starts on, from 1.
    pub(super) line: usize,
    /// The key.
    pub(super) key: String,
    /// The value, without white space at its ends.
    pub(super) value: Secret,
}

/// Reads all entries, in the order of the file. Lines that begin with `#` or `!` are comments; `=`, `:` or white
/// space ends a key; a backslash escapes the character after it, `\uXXXX` names one, and at the end of a line it
/// joins the next. Every text is a properties file, so nothing can fail.
pub(super) fn parse(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        let mut logical = String::with_capacity(text.len());
        let mut part = line;
        while ends_in_backslash(part) {
            logical.push_str(&part[..part.len() - 1]);
            part = lines.next().map_or("", |(_, next)| next.trim_start());
        }
        logical.push_str(part);
        let logical = Secret::new(logical);
        entries.push(split(logical.expose(), index + 1));
    }
    entries
}

/// Whether the line goes on: an odd number of backslashes at its end.
fn ends_in_backslash(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

fn split(line: &str, number: usize) -> Entry {
    let mut escaped = false;
    let end = line
        .char_indices()
        .find(|(_, c)| {
            let ends = !escaped && (matches!(c, '=' | ':') || c.is_ascii_whitespace());
            escaped = !escaped && *c == '\\';
            ends
        })
        .map_or(line.len(), |(at, _)| at);
    let (key, rest) = line.split_at(end);
    let rest = rest.trim();
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start();
    Entry {
        line: number,
        key: unescape(key),
        value: Secret::new(unescape(value)),
    }
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match rest.next() {
            Some('t') => plain.push('\t'),
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('f') => plain.push('\u{c}'),
            Some('u') => match hexadecimal(rest.as_str()) {
                Some((named, length)) => {
                    plain.push(named);
                    rest = rest.as_str()[length..].chars();
                }
                None => plain.push('u'),
            },
            Some(other) => plain.push(other),
            None => {}
        }
    }
    plain
}

/// The character that `XXXX`, or `XXXX\uXXXX` for a pair of surrogates, stands for, and the length of that.
fn hexadecimal(text: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        text.get(at..at + 4)
            .and_then(|digits| u16::from_str_radix(digits, 16).ok())
    };
    let first = unit(0)?;
    if let Some(c) = char::from_u32(first.into()) {
        return Some((c, 4));
    }
    let second = text
        .get(4..6)
        .filter(|prefix| *prefix == "\\u")
        .and_then(|_| unit(6))?;
    let c = char::decode_utf16([first, second]).next()?.ok()?;
    Some((c, 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(usize, String, String)> {
        parse(text)
            .into_iter()
            .map(|e| (e.line, e.key, e.value.expose().to_owned()))
            .collect()
    }

    #[test]
    fn comments_blank_lines_and_trimming() {
        let text =
            "# IbLoginId=no\r\n\r\n  ! neither\r\n  IbLoginId = me \r\nIbPassword=a=b#c:d\r\nEmpty=\r\nBare";
        assert_eq!(
            pairs(text),
            [
                (4, "IbLoginId".into(), "me".into()),
                (5, "IbPassword".into(), "a=b#c:d".into()),
                (6, "Empty".into(), String::new()),
                (7, "Bare".into(), String::new()),
            ]
        );
    }

    #[test]
    fn escapes_as_java_reads_them() {
        for (written, value) in [
            (r"a\\b", "a\\b"),
            (r"a\b", "ab"),
            (r"\u00e9\u20AC", "é€"),
            (r"\uD83D\uDE00", "😀"),
            (r"\uD83Dx", "uD83Dx"),
            (r"\u12", "u12"),
            (r"x\ty\=z", "x\ty=z"),
        ] {
            assert_eq!(pairs(&format!("k={written}"))[0].2, value, "{written}");
        }
    }

    #[test]
    fn lines_go_on() {
        assert_eq!(
            pairs("a=1,\\\n   2\nb=3\\\\\nc=4\\"),
            [
                (1, "a".into(), "1,2".into()),
                (3, "b".into(), "3\\".into()),
                (4, "c".into(), "4".into())
            ]
        );
    }

    #[test]
    fn keys_end_in_three_ways() {
        assert_eq!(
            pairs("a:1\nb 2\nc\\=d = 3"),
            [
                (1, "a".into(), "1".into()),
                (2, "b".into(), "2".into()),
                (3, "c=d".into(), "3".into())
            ]
        );
    }
}
