//! A real JVM takes the command that is built for it.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use gatehand::config::Program;
use gatehand::gateway::{JavaFallback, Start, child_environment, find_installation, jvm_command};
use gatehand::supervisor::{Exit, Orphans, OutputStream, Reaper};
use tokio::sync::mpsc;

const PROGRAM: &str = r#"
package ibgateway;
public class GWClient {
    public static void main(String[] arguments) throws Exception {
        System.out.println("arguments=" + String.join("|", arguments));
        for (String name : new String[] {"jtsConfigDir", "install4jType", "user.dir", "user.home", "channel", "added"})
            System.out.println(name + "=" + System.getProperty(name));
        for (String name : new String[] {"DISPLAY", "XAUTHORITY", "JAVA_TOOL_OPTIONS", "KEPT"})
            System.out.println(name + "=" + System.getenv(name));
        System.out.println("heap=" + Runtime.getRuntime().maxMemory() / 1048576);
        var field = java.util.ArrayList.class.getDeclaredField("size");
        field.setAccessible(true);
        System.out.println("opened=" + field.get(new java.util.ArrayList<Object>()));
    }
}
"#;

fn run(program: &str, arguments: &[&Path]) {
    assert!(
        Command::new(program).args(arguments).status().unwrap().success(),
        "{program}"
    );
}

fn install(root: &Path) {
    let folder = root.join("ibgateway/1030");
    fs::create_dir_all(folder.join("jars")).unwrap();
    fs::create_dir_all(folder.join(".install4j")).unwrap();
    fs::write(
        folder.join("ibgateway.vmoptions"),
        "# options\n-Xmx768m\n-Dadded=by file\n",
    )
    .unwrap();
    let source = root.join("GWClient.java");
    fs::write(&source, PROGRAM).unwrap();
    let classes = root.join("classes");
    run("javac", &["-d".as_ref(), &classes, &source]);
    let jar = folder.join("jars/client.jar");
    run(
        "jar",
        &[
            "--create".as_ref(),
            "--file".as_ref(),
            &jar,
            "-C".as_ref(),
            &classes,
            ".".as_ref(),
        ],
    );
}

#[tokio::test]
async fn the_jvm_starts_as_asked() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path().canonicalize().unwrap();
    install(&root);
    let settings = root.join("settings with space");
    fs::create_dir(&settings).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let fallback = JavaFallback {
        java_home: None,
        path: std::env::split_paths(&path).collect(),
    };
    let installation = find_installation(Program::Gateway, &[&root], None, &fallback).unwrap();
    let start = Start {
        settings_path: &settings,
        heap_megabytes: Some(256),
        restart: None,
        home: Some(&root),
        temporary: Some(&root),
    };
    let jvm = jvm_command(&installation, &start);

    let ours: [(OsString, OsString); 3] =
        [("JAVA_TOOL_OPTIONS", "-Dx=y"), ("KEPT", "yes"), ("DISPLAY", ":0")]
            .map(|(name, value)| (name.into(), value.into()));
    let mut command = Command::new(&jvm.java);
    command
        .args(&jvm.arguments)
        .current_dir(&jvm.directory)
        .env_clear()
        .envs(child_environment(&ours, ":77", Some(&root.join("cookie"))));
    let reaper = Reaper::start(Orphans::Leave).unwrap();
    let (sender, mut printed) = mpsc::unbounded_channel();
    let output = Box::new(move |stream, line: &str| drop(sender.send((stream, line.to_owned()))));
    let mut child = reaper.spawn("gateway", &mut command, output).unwrap();
    let mut seen = BTreeMap::new();
    let mut errors = String::new();
    let limit = Duration::from_secs(60);
    while let Some((stream, line)) = tokio::time::timeout(limit, printed.recv()).await.unwrap() {
        match stream {
            OutputStream::Stdout => {
                if let Some((name, value)) = line.split_once('=') {
                    seen.insert(name.to_owned(), value.to_owned());
                }
            }
            OutputStream::Stderr => errors.push_str(&line),
        }
    }
    assert_eq!(child.wait().await, Exit::Code(0), "{errors}");
    let settings = settings.to_str().unwrap();
    for (name, value) in [
        ("arguments", settings),
        ("jtsConfigDir", settings),
        ("user.dir", settings),
        ("install4jType", "standalone"),
        ("channel", "latest"),
        ("added", "null"),
        ("user.home", root.to_str().unwrap()),
        ("DISPLAY", ":77"),
        ("XAUTHORITY", root.join("cookie").to_str().unwrap()),
        ("JAVA_TOOL_OPTIONS", "null"),
        ("KEPT", "yes"),
        ("heap", "256"),
        ("opened", "0"),
    ] {
        assert_eq!(
            seen.get(name).map(String::as_str),
            Some(value),
            "{name}; {errors}"
        );
    }
}
