//! Files of viewers' passwords as other programs have them.

use std::fs;
use std::path::Path;

use zeroize::Zeroizing;

use super::Failure;
use crate::vnc::unscrambled;

/// The most that is read of a file.
const LIMIT: usize = 64 << 10;

/// Passwords for viewers.
#[derive(Default)]
pub(super) struct Passwords {
    /// For those that may type.
    pub(super) full: Option<Zeroizing<String>>,
    /// For those that may only look.
    pub(super) view: Option<Zeroizing<String>>,
}

/// The file of x11vnc's `-passwdfile`: a password a line; the second of two is for viewers that may only look, and so is
/// what follows `__BEGIN_VIEWONLY__`.
pub(super) fn of_x11vnc(path: &Path) -> Result<Passwords, Failure> {
    let bytes = read("--passwdfile", path)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| fault("--passwdfile", path, "it is not UTF-8; write its passwords anew"))?;
    let parsed = parse_lines(text);
    parsed.map_err(|what| fault("--passwdfile", path, what))
}

fn parse_lines(text: &str) -> Result<Passwords, &'static str> {
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.contains("__SKIP__"))
        .map(|line| line.split_once("__COMM__").map_or(line, |(password, _)| password))
        .filter(|line| !line.trim().is_empty());
    let lines: Vec<&str> = lines.collect();
    let (full, view): (&[&str], &[&str]) = match lines.iter().position(|line| *line == "__BEGIN_VIEWONLY__") {
        Some(at) => (&lines[..at], &lines[at + 1..]),
        None if lines.len() == 2 => lines.split_at(1),
        None => (&lines, &[]),
    };
    if lines.contains(&"__EMPTY__") {
        return Err(
            "it allows an empty password (__EMPTY__), which is not served; use --no-password on this machine alone",
        );
    }
    let only = |passwords: &[&str]| match passwords {
        [] => Ok(None),
        [password] => Ok(Some(Zeroizing::new((*password).to_owned()))),
        _ => Err("it has more than one password of a kind; leave one for everything and one only to look"),
    };
    let passwords = Passwords {
        full: only(full)?,
        view: only(view)?,
    };
    match (&passwords.full, &passwords.view) {
        (None, None) => Err("it holds no password; write one on its first line"),
        _ => Ok(passwords),
    }
}

/// The file of `-rfbauth`, as vncpasswd writes it: 8 bytes, scrambled with a key that everybody knows, and 8 more for
/// viewers that may only look.
pub(super) fn of_vncpasswd(path: &Path) -> Result<Passwords, Failure> {
    let bytes = read("--rfbauth", path)?;
    parse_scrambled(&bytes).map_err(|what| fault("--rfbauth", path, what))
}

fn parse_scrambled(bytes: &[u8]) -> Result<Passwords, &'static str> {
    let (blocks, []) = bytes.as_chunks::<8>() else {
        return Err(
            "it is no file of vncpasswd, which has 8 or 16 bytes; a file in plain text goes with --passwdfile",
        );
    };
    let mut passwords = Vec::new();
    for block in blocks {
        let plain = Zeroizing::new(unscrambled(*block));
        let end = plain.iter().position(|byte| *byte == 0).unwrap_or(plain.len());
        let text = std::str::from_utf8(&plain[..end])
            .map_err(|_| "its password is not UTF-8; write it anew with vncpasswd")?;
        passwords.push((!text.is_empty()).then(|| Zeroizing::new(text.to_owned())));
    }
    let mut passwords = passwords.into_iter();
    match (passwords.next(), passwords.next(), passwords.next()) {
        (Some(Some(full)), view, None) => Ok(Passwords {
            full: Some(full),
            view: view.flatten(),
        }),
        _ => Err("it holds no password, or too many; write it anew with vncpasswd"),
    }
}

fn read(option: &str, path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let bytes = fs::read(path).map(Zeroizing::new);
    let bytes = bytes.map_err(|error| {
        fault(
            option,
            path,
            &format!("{error}; check the path and its permissions"),
        )
    })?;
    if bytes.len() > LIMIT {
        return Err(fault(option, path, "it is too long; is it the right file?"));
    }
    Ok(bytes)
}

fn fault(option: &str, path: &Path, what: &str) -> Failure {
    Failure::configuration(format!("{option} {}: {what}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(password: &Option<Zeroizing<String>>) -> &str {
        password.as_ref().map_or("", |password| password.as_str())
    }

    #[test]
    fn lines_as_x11vnc_reads_them() {
        for (file, full, view) in [
            ("secret\n", "secret", ""),
            ("secret", "secret", ""),
            ("\n# a comment\nsecret\n\nlook\n", "secret", "look"),
            ("secret__COMM__ of mine\nold__SKIP__\n", "secret", ""),
            ("secret\n__BEGIN_VIEWONLY__\nlook\n", "secret", "look"),
            ("__BEGIN_VIEWONLY__\nlook\n", "", "look"),
            ("with space \n", "with space ", ""),
        ] {
            let passwords = parse_lines(file).expect(file);
            assert_eq!(
                (text(&passwords.full), text(&passwords.view)),
                (full, view),
                "{file:?}"
            );
        }
        for file in [
            "",
            "\n#x\n",
            "a\nb\nc\n",
            "a\nb\n__BEGIN_VIEWONLY__\nc\n",
            "__EMPTY__\n",
        ] {
            assert!(parse_lines(file).is_err(), "{file:?}");
        }
    }

    #[test]
    fn files_of_vncpasswd() {
        // As x11vnc -storepasswd has written it.
        let one = [0x2e, 0x2d, 0xbf, 0x57, 0x6e, 0xb0, 0x6c, 0x9e];
        let passwords = parse_scrambled(&one).expect("one");
        assert_eq!((text(&passwords.full), text(&passwords.view)), ("secret", ""));
        assert!(parse_scrambled(b"secret\n").is_err() && parse_scrambled(&[]).is_err());
        assert!(parse_scrambled(&[one, one, one].concat()).is_err());
    }
}
