//! The browser that shows the login page: how it is started, which window is its page, and what its title tells.
//!
//! Everything of it is in one fresh folder, which goes with it. It gets nothing of our environment but where programs and words
//! are, and its own home.

mod chromium;
mod script;
mod seal;
mod surf;

use std::ffi::OsString;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

pub use self::script::Reports;
use self::seal::Key;
use super::selectors::Selectors;
use crate::config::PortalBrowser;
use crate::screen::{Size, Window, WindowKind};
use crate::x11::DisplayAddress;

/// What a browser inherits of our environment.
const INHERITED: [&str; 4] = ["PATH", "TZ", "LD_LIBRARY_PATH", "FONTCONFIG_FILE"];

/// What a browser is to be started with.
#[derive(Debug)]
pub struct Launch<'a> {
    /// Which one.
    pub browser: PortalBrowser,
    /// What it opens.
    pub url: &'a str,
    /// SHA-256 of the gateway's public key, which is believed beside those that any browser believes; none: without TLS.
    pub key: Option<[u8; 32]>,
    /// Pixels of the screen in one of the page.
    pub scale: f64,
    /// Size of the display.
    pub size: Size,
    /// Where it shows itself.
    pub display: &'a DisplayAddress,
    /// Where to look for what; none: the page is only looked at.
    pub selectors: Option<&'a Selectors>,
    /// Whether the browser may confine its own processes.
    pub sandbox: bool,
    /// Our environment.
    pub environment: &'a [(OsString, OsString)],
}

/// The browser is ready to be started.
#[derive(Debug)]
pub struct Prepared {
    /// What starts it.
    pub command: Command,
    /// Reads what the script tells, when there is one.
    pub reports: Option<Reports>,
}

/// What a browser's files have to be, in its folder.
struct Files<'a> {
    folder: &'a Path,
}

impl Files<'_> {
    fn folder(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.folder.join(name);
        DirBuilder::new().mode(0o700).recursive(true).create(&path)?;
        Ok(path)
    }

    fn file(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.folder.join(name);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        file.write_all(text.as_bytes())?;
        Ok(path)
    }
}

impl Launch<'_> {
    /// Makes `folder` anew and writes what the browser needs into it.
    ///
    /// # Errors
    /// The folder cannot be made or written.
    pub fn prepare(&self, folder: &Path) -> io::Result<Prepared> {
        discard(folder)?;
        DirBuilder::new().mode(0o700).recursive(true).create(folder)?;
        let files = Files { folder };
        let key = self.selectors.map(|_| Key::fresh()).transpose()?;
        let script = self
            .selectors
            .zip(key)
            .map(|(selectors, key)| script::script(key, selectors));
        let mut command = match self.browser {
            PortalBrowser::Surf => surf::command(self, &files, script.as_deref()),
            PortalBrowser::Chromium => chromium::command(self, &files, script.as_deref()),
        }?;
        let inherited = self
            .environment
            .iter()
            .filter(|(name, _)| INHERITED.iter().any(|inherited| name == inherited));
        let home = files.folder("home")?;
        command
            .env_clear()
            .envs(inherited.map(|(name, value)| (name, value)))
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join(".config"))
            .env("XDG_CACHE_HOME", home.join(".cache"))
            .env("XDG_DATA_HOME", home.join(".local"))
            .env("XDG_RUNTIME_DIR", files.folder("run")?)
            .env("TMPDIR", files.folder("tmp")?)
            .env("DISPLAY", &self.display.name)
            // The page is in the language that a browser asks for, and its texts are looked for in English.
            .env("LANG", "C.UTF-8")
            .env("LANGUAGE", "en")
            .env("NO_AT_BRIDGE", "1")
            .env("GDK_BACKEND", "x11")
            .env("GSETTINGS_BACKEND", "memory")
            // A page that is drawn by the processor alone takes less memory so.
            .env("WEBKIT_DISABLE_COMPOSITING_MODE", "1")
            .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
            .current_dir(&home);
        if let Some(authority) = self.display.authority.clone().or_else(|| self.usual_authority()) {
            command.env("XAUTHORITY", authority);
        }
        Ok(Prepared {
            command,
            reports: key.map(Reports::new),
        })
    }

    /// Where every X program finds the cookie of a display that is not ours; the browser has another home.
    fn usual_authority(&self) -> Option<PathBuf> {
        let variable = |wanted: &str| {
            let mut all = self.environment.iter();
            all.find(|(name, _)| name == wanted)
                .map(|(_, value)| PathBuf::from(value))
        };
        variable("XAUTHORITY").or_else(|| Some(variable("HOME")?.join(".Xauthority")))
    }
}

/// Throws away what a browser left.
///
/// # Errors
/// The folder cannot be removed.
pub fn discard(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The name that its windows go by (`WM_CLASS`), and its program.
pub(super) const fn program(browser: PortalBrowser) -> &'static str {
    match browser {
        PortalBrowser::Surf => "surf",
        PortalBrowser::Chromium => "chromium",
    }
}

/// Whether a window is the page of the browser with this process.
pub(super) fn is_page(browser: PortalBrowser, window: &Window, process: i32) -> bool {
    window.kind == WindowKind::Normal
        && window.class.eq_ignore_ascii_case(program(browser))
        && window.pid.is_none_or(|pid| i64::from(pid) == i64::from(process))
}

/// What a title says that the browser itself made, of a certificate that it does not believe.
pub(super) fn distrusts(browser: PortalBrowser, title: &str) -> bool {
    match browser {
        // It believes whatever was looked at before.
        PortalBrowser::Surf => false,
        PortalBrowser::Chromium => chromium::distrusts(title),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::{Rect, WindowId};

    #[test]
    fn what_is_prepared_is_private_and_knows_nothing_of_ours() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("browser");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("old"), "").unwrap();
        let environment = [
            ("PATH", "/bin"),
            ("GATEHAND_PASSWORD", "needle"),
            ("HOME", "/root"),
        ];
        let environment = environment.map(|(name, value)| (name.into(), value.into()));
        let display = DisplayAddress::new(":5");
        for browser in [PortalBrowser::Surf, PortalBrowser::Chromium] {
            let launch = Launch {
                browser,
                url: "https://localhost:5000/sso/Login",
                key: Some([7; 32]),
                scale: 1.0,
                size: Size::new(1024, 768),
                display: &display,
                selectors: Some(&Selectors::default()),
                sandbox: true,
                environment: &environment,
            };
            let prepared = launch.prepare(&folder).unwrap();
            assert!(!folder.join("old").exists());
            let command = format!("{:?}", prepared.command);
            assert!(!command.contains("needle"), "{command}");
            let variables: Vec<_> = prepared.command.get_envs().collect();
            let of = |name: &str| {
                variables
                    .iter()
                    .find(|(known, _)| *known == name)
                    .and_then(|(_, value)| *value)
            };
            assert_eq!(of("HOME"), Some(folder.join("home").as_os_str()));
            assert_eq!(of("PATH"), Some("/bin".as_ref()));
            assert_eq!(of("GATEHAND_PASSWORD"), None);
            assert!(!command.contains("no-sandbox"), "{command}");
            assert!(prepared.reports.is_some());
        }
    }

    #[test]
    fn a_page_is_a_window_of_the_process() {
        let window = |class: &str, kind, pid| Window {
            id: WindowId(1),
            title: String::new(),
            class: class.into(),
            kind,
            transient_for: None,
            geometry: Rect::new(0, 0, 1, 1),
            pid,
            client: 0,
            stacking: 0,
        };
        let page = |window| is_page(PortalBrowser::Surf, &window, 7);
        assert!(page(window("Surf", WindowKind::Normal, Some(7))));
        assert!(page(window("Surf", WindowKind::Normal, None)));
        assert!(!page(window("Surf", WindowKind::Normal, Some(8))));
        assert!(!page(window("Surf", WindowKind::Popup, Some(7))));
        assert!(!page(window("Chromium", WindowKind::Normal, Some(7))));
    }
}
