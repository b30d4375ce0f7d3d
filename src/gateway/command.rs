//! The JVM's command line and environment. Pure.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::installation::Installation;
use crate::config::Program;

/// What is asked of one start.
#[derive(Clone, Debug)]
pub struct Start<'a> {
    /// The gateway's settings folder; also the working directory.
    pub settings_path: &'a Path,
    /// Heap in MiB, when it replaces the installation's.
    pub heap_megabytes: Option<u32>,
    /// The id of an auto-restart token.
    pub restart: Option<&'a str>,
    /// The JVM's home, when it is not the one that it finds itself.
    pub home: Option<&'a Path>,
    /// Its folder for temporary files, when it is not `/tmp`.
    pub temporary: Option<&'a Path>,
}

/// A command ready to be started.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct JvmCommand {
    /// The program.
    pub java: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Its working directory.
    pub directory: PathBuf,
}

/// Packages that the gateway reaches into, as `module/package`; the JVM only warns about modules that it lacks.
const OPENED: [&str; 11] = [
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.desktop/java.awt",
    "java.desktop/java.awt.dnd",
    "java.desktop/javax.swing",
    "java.desktop/javax.swing.event",
    "java.desktop/javax.swing.plaf.basic",
    "java.desktop/javax.swing.table",
    "java.desktop/sun.awt",
    "javafx.graphics/com.sun.javafx.application",
    "jdk.management/com.sun.management.internal",
];

/// Packages whose public classes the gateway uses.
const EXPORTED: [&str; 9] = [
    "java.base/sun.util",
    "java.desktop/com.sun.java.swing.plaf.motif",
    "java.desktop/sun.awt.X11",
    "java.desktop/sun.swing",
    "javafx.media/com.sun.media.jfxmedia",
    "javafx.media/com.sun.media.jfxmedia.events",
    "javafx.media/com.sun.media.jfxmedia.locator",
    "javafx.media/com.sun.media.jfxmediaimpl",
    "javafx.web/com.sun.javafx.webkit",
];

/// What the installer's own launcher sets.
const LAUNCHER: [&str; 4] = [
    "-Dinstall4jType=standalone",
    "-Dexe4j.isInstall4j=true",
    "-Dtwslaunch.autoupdate.serviceImpl=com.ib.tws.twslaunch.install4j.Install4jAutoUpdateService",
    "-Dchannel=latest",
];

/// The class that starts the program; its argument is the settings folder.
const fn entry(program: Program) -> &'static str {
    match program {
        Program::Gateway => "ibgateway.GWClient",
        Program::Tws => "jclient.LoginFrame",
    }
}

/// The command that starts the program as its own launcher does, without any hook.
#[must_use]
pub fn jvm_command(installation: &Installation, start: &Start<'_>) -> JvmCommand {
    let mut arguments: Vec<OsString> = Vec::new();
    arguments.extend(OPENED.map(|package| format!("--add-opens={package}=ALL-UNNAMED").into()));
    arguments.extend(EXPORTED.map(|package| format!("--add-exports={package}=ALL-UNNAMED").into()));
    arguments.push("-cp".into());
    let class_path: Vec<&OsStr> = installation
        .class_path
        .iter()
        .map(|path| path.as_os_str())
        .collect();
    arguments.push(class_path.join(OsStr::new(":")));
    arguments.extend(vm_options(&installation.vmoptions, start.heap_megabytes).map(OsString::from));
    arguments.push(property("-DjtsConfigDir=", start.settings_path));
    arguments.extend(LAUNCHER.map(OsString::from));
    if let Some(key) = &installation.browser_key {
        arguments.push(format!("-DjxBrowserKey={key}").into());
    }
    arguments.extend(start.home.map(|home| property("-Duser.home=", home)));
    arguments.extend(
        start
            .temporary
            .map(|folder| property("-Djava.io.tmpdir=", folder)),
    );
    if let Some(id) = start.restart {
        arguments.push(format!("-Drestart={id}").into());
    }
    arguments.push(entry(installation.program).into());
    arguments.push(start.settings_path.into());
    JvmCommand {
        java: installation.java.clone(),
        arguments,
        directory: start.settings_path.to_owned(),
    }
}

fn property(name: &str, value: &Path) -> OsString {
    let mut argument = OsString::from(name);
    argument.push(value);
    argument
}

/// The options of a vmoptions file, with the heap replaced if asked for. Its properties (`-D`) are those of the
/// installer's own launcher, in whose place we set ours; `-include-options` is an order to that launcher.
fn vm_options(text: &str, heap_megabytes: Option<u32>) -> impl Iterator<Item = String> {
    let written = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .filter(|line| {
            !["#", "-D", "-include-options"]
                .iter()
                .any(|start| line.starts_with(start))
        })
        // The heap's first size may be more than what it may grow to now, and the JVM would not start.
        .filter(move |line| {
            heap_megabytes.is_none() || !["-Xmx", "-Xms"].iter().any(|size| line.starts_with(size))
        });
    written
        .map(str::to_owned)
        .chain(heap_megabytes.map(|megabytes| format!("-Xmx{megabytes}m")))
}

/// The environment of a process on the display: ours, which holds no secrets any more, less what would have every
/// JVM do or print something, plus the display.
#[must_use]
pub fn child_environment(
    ours: &[(OsString, OsString)],
    display: &str,
    authority: Option<&Path>,
) -> Vec<(OsString, OsString)> {
    let replaced = |name: &OsStr| {
        name == "JAVA_TOOL_OPTIONS" || name == "DISPLAY" || (name == "XAUTHORITY" && authority.is_some())
    };
    let mut environment: Vec<_> = ours.iter().filter(|(name, _)| !replaced(name)).cloned().collect();
    environment.push(("DISPLAY".into(), display.into()));
    environment.extend(authority.map(|path| ("XAUTHORITY".into(), path.into())));
    environment
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installation() -> Installation {
        Installation {
            program: Program::Gateway,
            version: "1030".into(),
            folder: "/jts/ibgateway/1030".into(),
            java: "/jre/bin/java".into(),
            class_path: vec!["/a b/x.jar".into(), "/i4jruntime.jar".into()],
            vmoptions:
                "# comment\n-Xms512m\n-Xmx768m\r\n\n  -XX:+UseG1GC\n-include-options x\n-Dsun.java2d.noddraw=true\n"
                    .into(),
            browser_key: None,
        }
    }

    fn start() -> Start<'static> {
        Start {
            settings_path: Path::new("/jts settings"),
            heap_megabytes: None,
            restart: None,
            home: None,
            temporary: None,
        }
    }

    fn texts(command: &JvmCommand) -> Vec<&str> {
        command
            .arguments
            .iter()
            .map(|argument| argument.to_str().unwrap())
            .collect()
    }

    #[test]
    fn the_whole_command() {
        let command = jvm_command(&installation(), &start());
        assert_eq!(command.java, Path::new("/jre/bin/java"));
        assert_eq!(command.directory, Path::new("/jts settings"));
        let arguments = texts(&command);
        let (modules, rest) = arguments.split_at(20);
        assert!(
            modules
                .iter()
                .all(|option| option.starts_with("--add-") && option.ends_with("=ALL-UNNAMED"))
        );
        assert_eq!(modules[0], "--add-opens=java.base/java.util=ALL-UNNAMED");
        assert_eq!(
            rest,
            [
                "-cp",
                "/a b/x.jar:/i4jruntime.jar",
                "-Xms512m",
                "-Xmx768m",
                "-XX:+UseG1GC",
                "-DjtsConfigDir=/jts settings",
                "-Dinstall4jType=standalone",
                "-Dexe4j.isInstall4j=true",
                "-Dtwslaunch.autoupdate.serviceImpl=com.ib.tws.twslaunch.install4j.Install4jAutoUpdateService",
                "-Dchannel=latest",
                "ibgateway.GWClient",
                "/jts settings",
            ]
        );
    }

    #[test]
    fn everything_that_can_be_asked_for() {
        let installation = Installation {
            browser_key: Some("1BND-x".into()),
            ..installation()
        };
        let command = jvm_command(
            &installation,
            &Start {
                heap_megabytes: Some(2048),
                restart: Some("abc"),
                home: Some(Path::new("/home/x")),
                temporary: Some(Path::new("/run/x")),
                ..start()
            },
        );
        let arguments = texts(&command);
        for wanted in [
            "-Xmx2048m",
            "-DjxBrowserKey=1BND-x",
            "-Duser.home=/home/x",
            "-Djava.io.tmpdir=/run/x",
            "-Drestart=abc",
        ] {
            assert!(arguments.contains(&wanted), "{wanted}");
        }
        assert!(!arguments.contains(&"-Xmx768m") && !arguments.contains(&"-Xms512m"));
        assert_eq!(
            arguments[arguments.len() - 2..],
            ["ibgateway.GWClient", "/jts settings"]
        );
    }

    #[test]
    fn tws_has_another_entry() {
        let installation = Installation {
            program: Program::Tws,
            ..installation()
        };
        let command = jvm_command(&installation, &start());
        let arguments = texts(&command);
        assert_eq!(
            arguments[arguments.len() - 2..],
            ["jclient.LoginFrame", "/jts settings"]
        );
    }

    #[test]
    fn the_environment_of_a_child() {
        let ours = [
            ("PATH", "/bin"),
            ("JAVA_TOOL_OPTIONS", "-x"),
            ("DISPLAY", ":0"),
            ("XAUTHORITY", "/old"),
            ("TZ", "Etc/UTC"),
        ]
        .map(|(name, value)| (name.into(), value.into()));
        let with = child_environment(&ours, ":7", Some(Path::new("/cookie")));
        let expected = [
            ("PATH", "/bin"),
            ("TZ", "Etc/UTC"),
            ("DISPLAY", ":7"),
            ("XAUTHORITY", "/cookie"),
        ];
        assert_eq!(with, expected.map(|(name, value)| (name.into(), value.into())));
        let without = child_environment(&ours, ":7", None);
        assert!(without.contains(&("XAUTHORITY".into(), "/old".into())));
    }
}
