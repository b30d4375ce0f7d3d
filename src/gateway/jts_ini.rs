//! `jts.ini` in the settings folder: what the gateway must find there before it starts.
//!
//! Only missing or wrong lines are changed; everything else, line ends included, stays byte for byte. The Gateway
//! writes the file itself when it ends, so it must not be edited while it runs.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use crate::config::Secret;
use crate::exit::ExitCode;

/// The time zone that the file is to name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Zone<'a> {
    /// This one, whatever it says now.
    Exactly(&'a str),
    /// This one, unless it names another already.
    IfMissing(&'a str),
}

/// What the file is to hold.
#[derive(Clone, Copy, Debug)]
pub struct JtsIni<'a> {
    /// The time zone.
    pub zone: Zone<'a>,
    /// The second-factor device that was chosen once, as [`second_factor`] writes it; none: as the file has it.
    pub second_factor: Option<&'a Secret>,
}

/// The value of `2ndFactor` for the token of a device.
#[must_use]
pub fn second_factor(token: &Secret) -> Secret {
    Secret::new([token.expose(), ",5.2a;"].concat())
}

/// How a value is to be.
#[derive(Clone, Copy)]
enum Rule<'a> {
    /// This, whatever it is now.
    Exactly(&'a str),
    /// This, unless there is another already.
    IfMissing(&'a str),
    /// A list, separated by commas, in which this is to be.
    Containing(&'a str),
}

struct Entry<'a> {
    section: &'static str,
    key: &'static str,
    rule: Rule<'a>,
}

impl<'a> JtsIni<'a> {
    fn entries(&self) -> Vec<Entry<'a>> {
        let zone = match self.zone {
            Zone::Exactly(zone) => Rule::Exactly(zone),
            Zone::IfMissing(zone) => Rule::IfMissing(zone),
        };
        let logon = |key, rule| Entry {
            section: "Logon",
            key,
            rule,
        };
        let gateway = |key, rule| Entry {
            section: "IBGateway",
            key,
            rule,
        };
        let mut entries = vec![
            // The dialogs are known in English only.
            logon("Locale", Rule::Exactly("en")),
            logon("displayedproxymsg", Rule::Exactly("1")),
            logon("UseSSL", Rule::Exactly("true")),
            // False where the account is connected in a way that forbids it.
            logon("s3store", Rule::IfMissing("true")),
            logon("TimeZone", zone),
            gateway("ApiOnly", Rule::Exactly("true")),
            gateway("TrustedIPs", Rule::Containing("127.0.0.1")),
            gateway("WriteDebug", Rule::IfMissing("false")),
        ];
        entries.extend(self.second_factor.map(|value| Entry {
            section: "Communication",
            key: "2ndFactor",
            rule: Rule::Exactly(value.expose()),
        }));
        entries
    }

    /// The file's new content; `None` when the old one will do.
    #[must_use]
    pub fn edit(&self, old: &[u8]) -> Option<Vec<u8>> {
        let mut lines: Vec<Vec<u8>> = old
            .split_inclusive(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect();
        let line_end: &[u8] = if lines.first().is_some_and(|line| line.ends_with(b"\r\n")) {
            b"\r\n"
        } else {
            b"\n"
        };
        let mut changed = false;
        for entry in self.entries() {
            changed |= set(&mut lines, &entry, line_end);
        }
        changed.then(|| lines.concat())
    }
}

/// Brings one entry in order; whether anything was changed.
fn set(lines: &mut Vec<Vec<u8>>, entry: &Entry<'_>, line_end: &[u8]) -> bool {
    let mut within = false;
    let (mut found, mut changed) = (false, false);
    let mut insert_at = None;
    for (index, line) in lines.iter_mut().enumerate() {
        let text = line.trim_ascii();
        if let Some(name) = text.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")) {
            within = name == entry.section.as_bytes();
        }
        if !within || text.is_empty() {
            continue;
        }
        insert_at = Some(index + 1);
        if let Some(value) = text
            .strip_prefix(entry.key.as_bytes())
            .and_then(|rest| rest.strip_prefix(b"="))
        {
            found = true;
            if let Some(better) = improved(value, entry.rule) {
                let ending = line.len() - line.trim_ascii_end().len();
                let ending = line.split_off(line.len() - ending);
                *line = [entry.key.as_bytes(), b"=", &better, &ending].concat();
                changed = true;
            }
        }
    }
    if found {
        return changed;
    }
    let (Rule::Exactly(value) | Rule::IfMissing(value) | Rule::Containing(value)) = entry.rule;
    let new = [entry.key.as_bytes(), b"=", value.as_bytes(), line_end].concat();
    let at = insert_at.unwrap_or_else(|| {
        lines.push([b"[", entry.section.as_bytes(), b"]", line_end].concat());
        lines.len()
    });
    if let Some(before) = at.checked_sub(1).and_then(|before| lines.get_mut(before))
        && !before.ends_with(b"\n")
    {
        before.extend_from_slice(line_end);
    }
    lines.insert(at, new);
    true
}

/// The value to write instead; `None` when it is right.
fn improved(value: &[u8], rule: Rule<'_>) -> Option<Vec<u8>> {
    match rule {
        Rule::Exactly(wanted) => (value != wanted.as_bytes()).then(|| wanted.into()),
        Rule::IfMissing(wanted) => value.is_empty().then(|| wanted.into()),
        Rule::Containing(wanted) => {
            let has = value
                .split(|byte| *byte == b',')
                .any(|item| item.trim_ascii() == wanted.as_bytes());
            let list = || {
                if value.is_empty() {
                    wanted.into()
                } else {
                    [value, b",", wanted.as_bytes()].concat()
                }
            };
            (!has).then(list)
        }
    }
}

/// `jts.ini` cannot be brought in order.
#[derive(Debug, thiserror::Error)]
#[error("cannot {step} {}: {source}; make the settings folder (TWS_SETTINGS_PATH) writable for this user", path.display())]
pub struct JtsIniError {
    /// What was tried.
    pub step: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// Why it failed.
    pub source: io::Error,
}

impl JtsIniError {
    /// The exit code that goes with it.
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        ExitCode::Configuration
    }
}

/// Brings `<settings_path>/jts.ini` in order, and creates it and the folder if they are not there. Returns whether it
/// was changed.
///
/// The new file replaces the old one in one step and keeps its mode and, where allowed, its owner. A file that is
/// itself a mount point, as containers mount single files, cannot be replaced and is written in place.
///
/// # Errors
///
/// When the folder or the file cannot be read or written.
pub fn prepare_jts_ini(settings_path: &Path, wanted: &JtsIni<'_>) -> Result<bool, JtsIniError> {
    let failed = |step, path: &Path| {
        let path = path.to_owned();
        move |source| JtsIniError { step, path, source }
    };
    fs::create_dir_all(settings_path).map_err(failed("create", settings_path))?;
    let named = settings_path.join("jts.ini");
    let (path, old) = match fs::canonicalize(&named) {
        Ok(path) => {
            let old = fs::read(&path).map_err(failed("read", &path))?;
            (path, old)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => (named, Vec::new()),
        Err(error) => return Err(failed("read", &named)(error)),
    };
    let Some(new) = wanted.edit(&old) else {
        return Ok(false);
    };
    replace(&path, &new).map_err(failed("write", &path))?;
    Ok(true)
}

/// The time zone that `<settings_path>/jts.ini` names, if there is one.
pub fn time_zone(settings_path: &Path) -> Option<String> {
    let text = fs::read_to_string(settings_path.join("jts.ini")).ok()?;
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| *line == "[Logon]")?;
    let mut lines = lines.take_while(|line| !line.starts_with('['));
    let zone = lines.find_map(|line| line.strip_prefix("TimeZone="))?;
    (!zone.is_empty()).then(|| zone.to_owned())
}

/// The token of the second-factor device that `<settings_path>/jts.ini` holds: empty when none was chosen; none when
/// the gateway has written no such line yet.
///
/// # Errors
///
/// When the file cannot be read.
pub fn second_factor_token(settings_path: &Path) -> Result<Option<Secret>, JtsIniError> {
    let path = settings_path.join("jts.ini");
    let text = match fs::read_to_string(&path) {
        Ok(text) => Secret::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(JtsIniError {
                step: "read",
                path,
                source,
            });
        }
    };
    let mut lines = text.expose().lines().map(str::trim);
    let value = lines.find_map(|line| line.strip_prefix("2ndFactor="));
    Ok(value.map(|value| Secret::new(value.split(',').next().unwrap_or_default().to_owned())))
}

fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("ini.new");
    let written = write_like(path, &temporary, content).and_then(|()| fs::rename(&temporary, path));
    match written {
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
            fs::remove_file(&temporary)?;
            fs::write(path, content)
        }
        Err(error) => {
            // The first error says more than a failing clean-up.
            let _ = fs::remove_file(&temporary);
            Err(error)
        }
        Ok(()) => Ok(()),
    }
}

/// Writes a new file with the mode and owner of the old one; without an old one, for its owner only.
fn write_like(old: &Path, new: &Path, content: &[u8]) -> io::Result<()> {
    // One that a crash left behind.
    match fs::remove_file(new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file: File = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(new)?;
    if let Ok(old) = fs::metadata(old) {
        let created = file.metadata()?;
        if (created.uid(), created.gid()) != (old.uid(), old.gid())
            && let Err(error) = fchown(&file, Some(old.uid()), Some(old.gid()))
        {
            // Only root may give files away; the content counts more than the owner.
            tracing::debug!(%error, "jts.ini changes its owner");
        }
        file.set_permissions(fs::Permissions::from_mode(old.mode() & 0o7777))?;
    }
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: JtsIni<'_> = JtsIni {
        zone: Zone::IfMissing("Etc/UTC"),
        second_factor: None,
    };
    const NEW: &str = "[Logon]\nLocale=en\ndisplayedproxymsg=1\nUseSSL=true\ns3store=true\nTimeZone=Etc/UTC\n\
                       [IBGateway]\nApiOnly=true\nTrustedIPs=127.0.0.1\nWriteDebug=false\n";

    fn edit(old: &str) -> Option<String> {
        WANTED
            .edit(old.as_bytes())
            .map(|new| String::from_utf8(new).unwrap())
    }

    #[test]
    fn a_new_file() {
        assert_eq!(edit("").as_deref(), Some(NEW));
        assert_eq!(edit(NEW), None, "what we wrote will do");
    }

    #[test]
    fn all_else_stays() {
        let old = "; comment\r\n[Communication]\r\nctciAutoEncrypt=true\r\n\r\n[Logon]\r\nuseRemoteSettings=false\r\n\
                   Locale=de\r\ns3store=false\r\nTimeZone=Europe/Zurich\r\n2ndFactor=tok,5.2a;\r\n\r\n[IBGateway]\r\n\
                   TrustedIPs=10.0.0.1\r\nWriteDebug=true\r\nLocale=x";
        let new = "; comment\r\n[Communication]\r\nctciAutoEncrypt=true\r\n\r\n[Logon]\r\nuseRemoteSettings=false\r\n\
                   Locale=en\r\ns3store=false\r\nTimeZone=Europe/Zurich\r\n2ndFactor=tok,5.2a;\r\ndisplayedproxymsg=1\r\n\
                   UseSSL=true\r\n\r\n[IBGateway]\r\nTrustedIPs=10.0.0.1,127.0.0.1\r\nWriteDebug=true\r\nLocale=x\r\n\
                   ApiOnly=true\r\n";
        assert_eq!(edit(old).as_deref(), Some(new));
        assert_eq!(edit(new), None);
    }

    #[test]
    fn the_zone_that_was_asked_for() {
        let old = NEW.replace("Etc/UTC", "Europe/Zurich");
        assert_eq!(edit(&old), None);
        let asked = JtsIni {
            zone: Zone::Exactly("America/New_York"),
            ..WANTED
        };
        let new = asked.edit(old.as_bytes()).unwrap();
        assert_eq!(
            String::from_utf8(new).unwrap(),
            NEW.replace("Etc/UTC", "America/New_York")
        );
    }

    #[test]
    fn the_token_of_a_second_factor_device() {
        let folder = tempfile::tempdir().unwrap();
        let token = || {
            second_factor_token(folder.path())
                .unwrap()
                .map(|token| token.expose().to_owned())
        };
        assert_eq!(token(), None);
        let value = second_factor(&Secret::new("_a=b1".to_owned()));
        let wanted = JtsIni {
            second_factor: Some(&value),
            ..WANTED
        };
        assert!(!format!("{wanted:?}").contains("b1"));
        for old in [
            NEW.to_owned(),
            format!("[Communication]\n2ndFactor=,5.2a;\nPeer=x\n{NEW}"),
        ] {
            let new = String::from_utf8(wanted.edit(old.as_bytes()).unwrap()).unwrap();
            assert!(new.contains("[Communication]\n2ndFactor=_a=b1,5.2a;\n"), "{new}");
            assert_eq!(wanted.edit(new.as_bytes()), None);
            fs::write(folder.path().join("jts.ini"), &old).unwrap();
            let before = old.contains("2ndFactor").then(String::new);
            assert_eq!(token(), before, "empty, where there is a line");
            prepare_jts_ini(folder.path(), &wanted).unwrap();
            assert_eq!(token().as_deref(), Some("_a=b1"));
            assert!(
                !prepare_jts_ini(folder.path(), &WANTED).unwrap(),
                "without a token the line stays"
            );
        }
    }

    #[test]
    fn bytes_that_are_no_text_stay() {
        let mut old = b"[Other]\nname=\xff\xfe\0\n".to_vec();
        let new = WANTED.edit(&old).unwrap();
        old.extend_from_slice(NEW.as_bytes());
        assert_eq!(new, old);
    }

    #[test]
    fn a_key_counts_in_its_own_section_only() {
        let old = format!("[Other]\nLocale=fr\nApiOnly=false\n{NEW}");
        assert_eq!(edit(&old), None);
        let new = edit("[Logon]\n[IBGateway]\nLocale=fr\n").unwrap();
        assert!(
            new.starts_with("[Logon]\nLocale=en\n") && new.contains("[IBGateway]\nLocale=fr\nApiOnly=true\n"),
            "{new}"
        );
    }

    #[test]
    fn on_disk() {
        let root = tempfile::tempdir().unwrap();
        let settings = root.path().join("new/settings");
        assert!(prepare_jts_ini(&settings, &WANTED).unwrap());
        assert!(!prepare_jts_ini(&settings, &WANTED).unwrap());
        let path = settings.join("jts.ini");
        assert_eq!(fs::read_to_string(&path).unwrap(), NEW);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);

        fs::write(&path, "[Logon]\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let real = root.path().join("real.ini");
        fs::rename(&path, &real).unwrap();
        std::os::unix::fs::symlink(&real, &path).unwrap();
        assert!(prepare_jts_ini(&settings, &WANTED).unwrap());
        assert!(
            fs::symlink_metadata(&path).unwrap().is_symlink(),
            "a link stays a link"
        );
        assert_eq!(fs::metadata(&real).unwrap().mode() & 0o777, 0o640);
        assert_eq!(fs::read_to_string(&real).unwrap(), NEW);
        assert_eq!(
            fs::read_dir(&settings).unwrap().count(),
            1,
            "nothing else is left"
        );
    }

    #[test]
    fn errors_name_the_file_and_the_cure() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("jts.ini")).unwrap();
        let error = prepare_jts_ini(root.path(), &WANTED).unwrap_err().to_string();
        assert!(
            error.contains("jts.ini") && error.contains("TWS_SETTINGS_PATH") && !error.contains('\n'),
            "{error}"
        );
    }
}
