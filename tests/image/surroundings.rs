//! What a container has less of than a machine: memory, folders that programs may be run from, shared memory, a network.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::container::{Container, Demo, HARDENED};

fn ready(options: &[&str], environment: &[(&str, &str)]) -> Container {
    let demo = Demo::new(json!({}))
        .login()
        .environment(environment)
        .options(options);
    let container = demo.start();
    container.wait_for_state("ready");
    container
}

fn heap(container: &Container) -> String {
    let jvm = container.jvm();
    let heaps: Vec<_> = jvm.iter().filter_map(|word| word.strip_prefix("-Xmx")).collect();
    assert_eq!(heaps.len(), 1, "{jvm:?}");
    heaps[0].to_owned()
}

#[test]
#[ignore = "needs the image: make image-test"]
fn the_heap_fits_the_memory_limit_unless_it_was_chosen() {
    for (options, environment, expected) in [
        (&[][..], &[][..], "768m"),
        (&["--memory=2g"], &[], "768m"),
        (&["--memory=1g"], &[], "704m"),
        (&["--memory=1g"], &[("JAVA_HEAP_SIZE", "512")], "512m"),
    ] {
        let container = ready(options, environment);
        assert_eq!(heap(&container), expected, "{options:?}: {}", container.log());
        let told = container.log().contains("JAVA_HEAP_SIZE");
        assert_eq!(told, expected == "704m", "{}", container.log());
    }
}

/// A folder of the JVM's, by its property.
fn folder(container: &Container, property: &str) -> Option<String> {
    let property = format!("-D{property}=");
    let jvm = container.jvm();
    let folder = jvm.iter().find_map(|word| word.strip_prefix(&property));
    folder.map(str::to_owned)
}

fn runs_programs(container: &Container, folder: &str) -> bool {
    let script = format!("cp /bin/true {folder}/tried && {folder}/tried");
    container.exec(&["sh", "-c", &script]).status.success()
}

#[test]
#[ignore = "needs the image: make image-test"]
fn the_jvm_has_folders_that_libraries_can_be_loaded_from() {
    let state = "/var/lib/gatehand/state";
    for (tmp, temporary) in [
        ("--tmpfs=/tmp:rw,exec", None),
        ("--tmpfs=/tmp:rw,noexec", Some(format!("{state}/jvm/tmp"))),
    ] {
        let others = HARDENED
            .iter()
            .copied()
            .filter(|option| !option.starts_with("--tmpfs"));
        let options: Vec<_> = others.chain([tmp]).collect();
        let container = ready(&options, &[]);
        assert_eq!(folder(&container, "java.io.tmpdir"), temporary, "{tmp}");
        // The root is read-only, and the home with it.
        let home = folder(&container, "user.home").unwrap();
        assert_eq!(home, format!("{state}/jvm/home"));
        for folder in [home, temporary.unwrap_or("/tmp".to_owned())] {
            assert!(runs_programs(&container, &folder), "{tmp}: {folder}");
        }
    }
    let container = ready(&[], &[]);
    assert_eq!(
        folder(&container, "user.home").as_deref(),
        Some("/home/ibgateway")
    );
}

#[test]
#[ignore = "needs the image: make image-test"]
fn no_shared_memory_folder_is_needed() {
    let container = ready(&["--ipc=none"], &[]);
    let shm = container.exec(&["sh", "-c", "test -w /dev/shm"]);
    assert!(!shm.status.success(), "there is none in this container");
}

#[test]
#[ignore = "needs the image: make image-test"]
fn a_start_without_a_network() {
    let container = ready(&["--network=none"], &[]);
    let healthy = container.exec(&["gatehand", "health"]);
    assert!(healthy.status.success(), "{}", container.log());
    assert_eq!(container.submissions(), 1);
}

#[test]
#[ignore = "needs the image: make image-test"]
fn a_state_folder_that_cannot_be_written_is_named_with_its_cure() {
    let of_root = tempfile::tempdir().unwrap();
    fs::set_permissions(of_root.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for mode in ["rw", "ro"] {
        let mount = format!("--volume={}:/state:{mode}", of_root.path().display());
        let container = Demo::new(json!({}))
            .login()
            .options(&[&mount])
            .environment(&[("GATEHAND_STATE_DIR", "/state")])
            .start();
        let (code, log) = (container.wait_for_end(), container.log());
        assert_eq!(code, 78, "{log}");
        assert!(
            log.contains("state folder /state") && log.contains("GATEHAND_STATE_DIR"),
            "{log}"
        );
        assert_eq!(container.submissions(), 0);
    }
}

#[test]
#[ignore = "needs the image: make image-test"]
fn the_time_zone_of_the_gateway() {
    for (variable, zone) in [("TZ", "America/New_York"), ("TIME_ZONE", "Asia/Tokyo")] {
        let container = ready(&[], &[(variable, zone)]);
        let ini = container.exec(&["cat", "/home/ibgateway/Jts/jts.ini"]);
        let ini = String::from_utf8_lossy(&ini.stdout).into_owned();
        assert!(ini.contains(&format!("TimeZone={zone}\n")), "{variable}: {ini}");
    }
}
