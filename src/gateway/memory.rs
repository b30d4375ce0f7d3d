//! The heap that the JVM gets where memory is limited, as in a container.

use std::fs;
use std::path::Path;

/// MiB that a gateway needs beside its heap: the JVM's classes, compiled code, threads and collector, the X server, and
/// its share of gatehand.
const BESIDE_HEAP: u64 = 320;
/// MiB below which no gateway starts.
const LEAST_HEAP: u64 = 128;
const MEBIBYTE: u64 = 1 << 20;

/// The heap in MiB for each of `gateways` that share `limit` bytes, when the one that the installation asks for would not
/// fit. Of a JVM that takes more than the limit the kernel ends one process or another, without a word.
pub(super) fn heap_below(limit: u64, vmoptions: &str, gateways: u64) -> Option<u32> {
    let installed = installed_heap(vmoptions)?;
    let share = limit / MEBIBYTE / gateways.max(1);
    let room = share.saturating_sub(BESIDE_HEAP).max(LEAST_HEAP);
    (room < installed).then(|| u32::try_from(room).unwrap_or(u32::MAX))
}

/// The heap of a vmoptions file, in MiB. Without one, the JVM itself takes a part of what the limit leaves.
fn installed_heap(vmoptions: &str) -> Option<u64> {
    let last = vmoptions.lines().rev();
    let size = last.filter_map(|line| line.trim().strip_prefix("-Xmx")).next()?;
    let (number, unit) = match size.find(|c: char| !c.is_ascii_digit()) {
        Some(end) => size.split_at(end),
        None => (size, ""),
    };
    let unit = match unit {
        "" => 1,
        "k" | "K" => 1 << 10,
        "m" | "M" => 1 << 20,
        "g" | "G" => 1 << 30,
        _ => return None,
    };
    Some(number.parse::<u64>().ok()?.checked_mul(unit)? / MEBIBYTE)
}

/// The limit of this process's control groups in bytes, the smallest on the way to the root (cgroups(7)).
pub(super) fn memory_limit() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    limit_of(&groups, Path::new("/sys/fs/cgroup"))
}

/// `groups` is `/proc/self/cgroup`, `root` where they are mounted. A container may see its own group as the root although
/// it is told the whole way, so that groups on the way may not be there.
fn limit_of(groups: &str, root: &Path) -> Option<u64> {
    let ways = groups.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, way) = (fields.next()?, fields.next()?);
        match controllers {
            "" => Some((root.to_owned(), way, "memory.max")),
            _ if controllers.split(',').any(|name| name == "memory") => {
                Some((root.join("memory"), way, "memory.limit_in_bytes"))
            }
            _ => None,
        }
    });
    ways.flat_map(|(root, way, file)| {
        let ancestors: Vec<_> = Path::new(way.trim_start_matches('/'))
            .ancestors()
            .map(|group| root.join(group).join(file))
            .collect();
        ancestors
    })
    .filter_map(|path| fs::read_to_string(path).ok()?.trim().parse().ok())
    .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATEWAY: &str = "# options\n-Xmx768m\n-XX:+UseG1GC\n";

    #[test]
    fn the_heap_is_what_fits() {
        for (limit, vmoptions, gateways, heap) in [
            // The installation's fits.
            (2048, GATEWAY, 1, None),
            (1088, GATEWAY, 1, None),
            (1087, GATEWAY, 1, Some(767)),
            (1024, GATEWAY, 1, Some(704)),
            // Two share it.
            (2048, GATEWAY, 2, Some(704)),
            (4096, GATEWAY, 2, None),
            // Nothing works there, and the JVM says so.
            (100, GATEWAY, 1, Some(128)),
            (2048, "-Xmx4g", 1, Some(1728)),
            (2048, "-Xmx4194304K", 1, Some(1728)),
            (2048, "-Xmx4294967296", 1, Some(1728)),
            // The last counts.
            (1024, "-Xmx4g\n  -Xmx256m", 1, None),
            // The JVM chooses.
            (1024, "-XX:+UseG1GC", 1, None),
            (1024, "-Xmx", 1, None),
            (1024, "-Xmx9x", 1, None),
            (1024, "-Xmx99999999999999999999g", 1, None),
        ] {
            let found = heap_below(limit * MEBIBYTE, vmoptions, gateways);
            assert_eq!(found, heap, "{limit} MiB, {vmoptions:?}, {gateways}");
        }
    }

    /// A tree of control groups with these files.
    fn limit(groups: &str, files: &[(&str, &str)]) -> Option<u64> {
        let root = tempfile::tempdir().expect("a folder");
        for (file, text) in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().expect("below the root")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        limit_of(groups, root.path())
    }

    #[test]
    fn the_smallest_limit_on_the_way_counts() {
        let unified = "0::/system.slice/gatehand.service\n";
        for (groups, files, expected) in [
            // In a container: the root is its own.
            ("0::/\n", &[("memory.max", "1073741824\n")][..], Some(1 << 30)),
            ("0::/\n", &[("memory.max", "max\n")], None),
            ("0::/\n", &[], None),
            (
                unified,
                &[
                    ("system.slice/gatehand.service/memory.max", "4096\n"),
                    ("system.slice/memory.max", "2048\n"),
                    ("memory.max", "max\n"),
                    ("other/memory.max", "1\n"),
                ],
                Some(2048),
            ),
            // The first version, with the way of the machine and the files of the container.
            (
                "5:cpu,cpuacct:/x\n4:memory:/machine/abc\n0::/elsewhere\n",
                &[
                    ("memory/memory.limit_in_bytes", "4096\n"),
                    ("cpu/memory.max", "1\n"),
                ],
                Some(4096),
            ),
            ("", &[("memory.max", "1\n")], None),
        ] {
            assert_eq!(limit(groups, files), expected, "{groups:?} {files:?}");
        }
    }
}
