//! Finds the installed program and the JRE that belongs to it.

use std::cmp::Ordering;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::Program;
use crate::exit::ExitCode;

/// An installed version and what starting it needs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Installation {
    /// What it is to be started as.
    pub program: Program,
    /// The name of its folder, such as `1030` or `10.30.1t`.
    pub version: String,
    /// The program folder.
    pub folder: PathBuf,
    /// The JRE's `java`.
    pub java: PathBuf,
    /// The class path: all of `jars/`, by name, then install4j's runtime.
    pub class_path: Vec<PathBuf>,
    /// The text of `ibgateway.vmoptions` or `tws.vmoptions`.
    pub vmoptions: String,
    /// The licence key of the built-in browser, from `i4jparams.conf`.
    pub browser_key: Option<String>,
}

/// Where to look for `java` when the installation names none.
#[derive(Clone, Debug, Default)]
pub struct JavaFallback {
    /// JAVA_HOME.
    pub java_home: Option<PathBuf>,
    /// The folders of PATH.
    pub path: Vec<PathBuf>,
}

/// Why there is nothing to start. Each message is one line with the cure.
#[derive(Debug, thiserror::Error)]
pub enum InstallationError {
    /// No installation where one was looked for.
    #[error(
        "no {}{} found; looked for a `jars` folder in {}; install it there, or set TWS_PATH{}",
        name(*.program),
        .version.as_ref().map(|version| format!(" {version}")).unwrap_or_default(),
        list(.looked),
        if .version.is_some() { " and TWS_MAJOR_VRSN" } else { "" },
    )]
    Missing {
        /// The program asked for.
        program: Program,
        /// The version asked for.
        version: Option<String>,
        /// Where it was looked for.
        looked: Vec<PathBuf>,
    },
    /// A file of the installation cannot be read.
    #[error("cannot read {}: {source}; is the installation complete and readable for this user?", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No JRE.
    #[error("no JRE for {}: looked for {}; install the program's own JRE or set JAVA_HOME", folder.display(), list(.looked))]
    NoJava {
        /// The program folder.
        folder: PathBuf,
        /// Where it was looked for.
        looked: Vec<PathBuf>,
    },
}

impl InstallationError {
    /// The exit code that goes with it.
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        ExitCode::Configuration
    }
}

/// What users call it.
const fn name(program: Program) -> &'static str {
    match program {
        Program::Gateway => "IB Gateway",
        Program::Tws => "TWS",
    }
}

fn list(paths: &[PathBuf]) -> String {
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Where gatehand's image has the program: a volume or a mount over the home folder does not hide it.
pub(super) const SYSTEM_PATH: &str = "/opt/Jts";

/// Finds `<root>/ibgateway/<version>`, where the Gateway is, or `<root>/<version>`, where TWS is: either can start the
/// other. Without a version the newest that is there. The first root that has one counts.
///
/// # Errors
///
/// When there is none, or when it is not complete.
pub fn find_installation(
    program: Program,
    roots: &[&Path],
    version: Option<&str>,
    fallback: &JavaFallback,
) -> Result<Installation, InstallationError> {
    let mut looked = Vec::new();
    for root in roots {
        let mut parents = [root.join("ibgateway"), (*root).to_owned()];
        if program == Program::Tws {
            parents.reverse();
        }
        let found = match version {
            Some(version) => parents
                .iter()
                .map(|parent| parent.join(version))
                .find(|folder| is_program(folder)),
            None => newest(&parents),
        };
        if let Some(folder) = found {
            return read_installation(program, folder, fallback);
        }
        looked.extend(parents.map(|parent| parent.join(version.unwrap_or("*"))));
    }
    Err(InstallationError::Missing {
        program,
        version: version.map(str::to_owned),
        looked,
    })
}

fn is_program(folder: &Path) -> bool {
    folder.join("jars").is_dir()
}

fn newest(parents: &[PathBuf]) -> Option<PathBuf> {
    let folders = parents
        .iter()
        .filter_map(|parent| fs::read_dir(parent).ok())
        .flatten()
        .flatten();
    let mut found: Vec<PathBuf> = folders
        .map(|entry| entry.path())
        .filter(|folder| is_program(folder))
        .collect();
    // Stable, so that of two with the same version the program's own stays first.
    found.sort_by(|left, right| compare_versions(&name_of(right), &name_of(left)));
    found.into_iter().next()
}

fn name_of(folder: &Path) -> String {
    folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// `1030` and `10.30` name the same release, `10.30.1t` a later build of it.
fn compare_versions(left: &str, right: &str) -> Ordering {
    version_numbers(left).cmp(&version_numbers(right))
}

fn version_numbers(name: &str) -> Vec<u32> {
    let number = |part: &str| {
        let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        part[..digits].parse().unwrap_or(0)
    };
    match name.len() {
        // The minor number has two digits: 981 is 9.81.
        3..=4 if name.bytes().all(|byte| byte.is_ascii_digit()) => {
            let (major, minor) = name.split_at(name.len() - 2);
            vec![number(major), number(minor)]
        }
        _ => name.split('.').map(number).collect(),
    }
}

fn read_installation(
    program: Program,
    folder: PathBuf,
    fallback: &JavaFallback,
) -> Result<Installation, InstallationError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| InstallationError::Unreadable { path, source }
    };
    let jars = folder.join("jars");
    let entries = fs::read_dir(&jars).map_err(unreadable(&jars))?;
    let mut class_path: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "jar"))
        .collect();
    class_path.sort();
    let install4j = folder.join(".install4j");
    class_path.push(install4j.join("i4jruntime.jar"));

    let [own, other] = match program {
        Program::Gateway => ["ibgateway.vmoptions", "tws.vmoptions"],
        Program::Tws => ["tws.vmoptions", "ibgateway.vmoptions"],
    };
    let own = folder.join(own);
    let options_path = if own.exists() { own } else { folder.join(other) };
    let vmoptions = fs::read_to_string(&options_path).map_err(unreadable(&options_path))?;
    // Not every installation has the file, and its encoding is not ours to judge.
    let parameters = fs::read(install4j.join("i4jparams.conf")).unwrap_or_default();
    let browser_key = browser_key(&String::from_utf8_lossy(&parameters));
    let java = find_java(&folder, fallback)?;
    Ok(Installation {
        program,
        version: name_of(&folder),
        folder,
        java,
        class_path,
        vmoptions,
        browser_key,
    })
}

/// The key in the text of `i4jparams.conf`, where it stands among other JVM options in an XML attribute.
fn browser_key(parameters: &str) -> Option<String> {
    let (_, rest) = parameters.split_once("jxBrowserKey=")?;
    let end = rest
        .find(|c: char| !(c.is_ascii_alphanumeric() || "-_.+/=".contains(c)))
        .unwrap_or(rest.len());
    (end > 0).then(|| rest[..end].to_owned())
}

fn find_java(folder: &Path, fallback: &JavaFallback) -> Result<PathBuf, InstallationError> {
    let named = ["pref_jre.cfg", "inst_jre.cfg"].into_iter().filter_map(|name| {
        let text = fs::read_to_string(folder.join(".install4j").join(name)).ok()?;
        let line = text.lines().next()?.trim();
        (!line.is_empty()).then(|| folder.join(line).join("bin/java"))
    });
    let home = fallback.java_home.iter().map(|home| home.join("bin/java"));
    let on_path = fallback.path.iter().map(|folder| folder.join("java"));
    let mut looked = Vec::new();
    for java in named.chain(home).chain(on_path) {
        if java.is_file() {
            return Ok(java);
        }
        looked.push(java);
    }
    if looked.is_empty() {
        looked.push(folder.join(".install4j/inst_jre.cfg"));
    }
    Err(InstallationError::NoJava {
        folder: folder.to_owned(),
        looked,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(path: PathBuf, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn install(folder: &Path) {
        touch(folder.join("jars/twslaunch.jar"), "");
        touch(folder.join("jars/jts4launch.jar"), "");
        touch(folder.join("jars/readme.txt"), "");
        touch(folder.join("ibgateway.vmoptions"), "-Xmx768m\n");
        touch(
            folder.join(".install4j/inst_jre.cfg"),
            &format!("{}\n", folder.join("jre").display()),
        );
        touch(folder.join("jre/bin/java"), "");
    }

    #[test]
    fn the_version_asked_for() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("ibgateway/1030");
        install(&folder);
        install(&root.path().join("ibgateway/1037"));
        let found = find_installation(
            Program::Gateway,
            &[root.path()],
            Some("1030"),
            &JavaFallback::default(),
        )
        .unwrap();
        assert_eq!(found.folder, folder);
        assert_eq!(found.java, folder.join("jre/bin/java"));
        let names: Vec<_> = found
            .class_path
            .iter()
            .map(|path| path.strip_prefix(&folder).unwrap().to_owned())
            .collect();
        let expected = [
            "jars/jts4launch.jar",
            "jars/twslaunch.jar",
            ".install4j/i4jruntime.jar",
        ];
        assert_eq!(names, expected.map(PathBuf::from));
    }

    #[test]
    fn the_newest_wherever_it_is() {
        let root = tempfile::tempdir().unwrap();
        for name in [
            "ibgateway/981",
            "ibgateway/1019",
            "10.30.1t",
            "ibgateway/1030",
            "notes",
        ] {
            install(&root.path().join(name));
        }
        fs::remove_dir_all(root.path().join("notes/jars")).unwrap();
        let found =
            find_installation(Program::Gateway, &[root.path()], None, &JavaFallback::default()).unwrap();
        assert_eq!(found.version, "10.30.1t");
        fs::remove_dir_all(root.path().join("10.30.1t")).unwrap();
        install(&root.path().join("1030"));
        let found =
            find_installation(Program::Gateway, &[root.path()], None, &JavaFallback::default()).unwrap();
        assert_eq!(found.folder, root.path().join("ibgateway/1030"));
    }

    #[test]
    fn a_tws_folder_will_do() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("1030");
        install(&folder);
        fs::rename(folder.join("ibgateway.vmoptions"), folder.join("tws.vmoptions")).unwrap();
        assert_eq!(
            find_installation(Program::Gateway, &[root.path()], None, &JavaFallback::default())
                .unwrap()
                .vmoptions,
            "-Xmx768m\n"
        );
        fs::remove_file(folder.join("tws.vmoptions")).unwrap();
        let error =
            find_installation(Program::Gateway, &[root.path()], None, &JavaFallback::default()).unwrap_err();
        assert!(error.to_string().contains("tws.vmoptions"), "{error}");
    }

    #[test]
    fn tws_is_started_from_its_own_folder_or_the_gateways() {
        let root = tempfile::tempdir().unwrap();
        let find =
            |program| find_installation(program, &[root.path()], None, &JavaFallback::default()).unwrap();
        install(&root.path().join("ibgateway/1030"));
        assert_eq!(find(Program::Tws).folder, root.path().join("ibgateway/1030"));
        let own = root.path().join("1030");
        install(&own);
        touch(own.join("tws.vmoptions"), "-Xmx1500m\n");
        let tws = find(Program::Tws);
        assert_eq!(
            (tws.program, tws.folder, tws.vmoptions.as_str()),
            (Program::Tws, own, "-Xmx1500m\n")
        );
        let gateway = find(Program::Gateway);
        assert_eq!(gateway.folder, root.path().join("ibgateway/1030"));
        let error = find_installation(
            Program::Tws,
            &[Path::new("/none")],
            None,
            &JavaFallback::default(),
        );
        assert!(error.unwrap_err().to_string().starts_with("no TWS found;"));
    }

    #[test]
    fn the_first_folder_that_has_one_counts() {
        let (home, system) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let find = |version| {
            let roots = [home.path(), system.path()];
            find_installation(Program::Gateway, &roots, version, &JavaFallback::default())
        };
        install(&system.path().join("ibgateway/1037"));
        assert_eq!(find(None).unwrap().folder, system.path().join("ibgateway/1037"));
        install(&home.path().join("ibgateway/1030"));
        assert_eq!(find(None).unwrap().folder, home.path().join("ibgateway/1030"));
        assert_eq!(
            find(Some("1037")).unwrap().folder,
            system.path().join("ibgateway/1037")
        );
        let error = find(Some("1045")).unwrap_err().to_string();
        for root in [&home, &system] {
            assert!(
                error.contains(&root.path().join("ibgateway/1045").display().to_string()),
                "{error}"
            );
        }
    }

    #[test]
    fn nothing_there_names_the_places() {
        let error = find_installation(
            Program::Gateway,
            &[Path::new("/none")],
            Some("1030"),
            &JavaFallback::default(),
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "no IB Gateway 1030 found; looked for a `jars` folder in /none/ibgateway/1030, /none/1030; install it there, \
             or set TWS_PATH and TWS_MAJOR_VRSN"
        );
        assert_eq!(error.exit_code(), ExitCode::Configuration);
        let error = find_installation(
            Program::Gateway,
            &[Path::new("/none")],
            None,
            &JavaFallback::default(),
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "no IB Gateway found; looked for a `jars` folder in /none/ibgateway/*, /none/*; install it there, or set TWS_PATH"
        );
    }

    #[test]
    fn java_in_the_order_of_its_sources() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("ibgateway/1030");
        install(&folder);
        let preferred = root.path().join("preferred");
        touch(
            folder.join(".install4j/pref_jre.cfg"),
            &format!("{}\nmore\n", preferred.display()),
        );
        let fallback = JavaFallback {
            java_home: Some(root.path().join("home")),
            path: vec![root.path().join("nothing"), root.path().join("bin")],
        };
        let java =
            || find_installation(Program::Gateway, &[root.path()], None, &fallback).map(|found| found.java);
        assert_eq!(
            java().unwrap(),
            folder.join("jre/bin/java"),
            "the preferred one is not there"
        );
        touch(preferred.join("bin/java"), "");
        assert_eq!(java().unwrap(), preferred.join("bin/java"));
        fs::remove_dir_all(&preferred).unwrap();
        fs::remove_dir_all(folder.join("jre")).unwrap();
        let error = java().unwrap_err().to_string();
        assert!(
            error.contains("preferred/bin/java") && error.contains("home/bin/java"),
            "{error}"
        );
        touch(root.path().join("bin/java"), "");
        assert_eq!(java().unwrap(), root.path().join("bin/java"));
        touch(root.path().join("home/bin/java"), "");
        assert_eq!(java().unwrap(), root.path().join("home/bin/java"));
    }

    #[test]
    fn the_browser_key_among_other_options() {
        let text = r#"<variable name="javaOptions" value="-Dx=1 -DjxBrowserKey=1BND-abc.9 -Dy=2&quot;"/>"#;
        assert_eq!(browser_key(text).as_deref(), Some("1BND-abc.9"));
        assert_eq!(browser_key("nothing"), None);
        assert_eq!(browser_key("jxBrowserKey=\""), None);
    }
}
