//! Pages of the program in memory: what is not needed any more is let go.

use std::ffi::c_void;
use std::fs;
use std::ops::Range;
use std::ptr::{NonNull, without_provenance_mut};

use nix::sys::mman::{MmapAdvise, madvise};

const PAGE: usize = 4096;
/// Smaller ones do without.
const LARGE_PAGE: usize = 2 << 20;

/// Lets go of all code and constants in memory. What is used again comes back from the file, or from the system's copy of
/// it, by itself; most of what a start needs, or a viewer, is not. Where the system does not tell what is mapped, all stays
/// as it is.
pub fn let_go_of_the_program() {
    let Ok(smaps) = fs::read_to_string("/proc/self/smaps") else {
        return;
    };
    for pages in unchangeable(&smaps) {
        let Some(first) = NonNull::new(without_provenance_mut::<c_void>(pages.start)) else {
            continue;
        };
        // SAFETY: these pages are a file's, cannot be written, and hold nothing but what is in the file: read anew, they are
        // the same. One that is gone by now is no more than an error.
        let let_go = unsafe { madvise(first, pages.len(), MmapAdvise::MADV_DONTNEED) };
        if let Err(error) = let_go {
            tracing::debug!(%error, "the system keeps pages of the program");
        }
    }
}

/// Asks for large pages where `memory` will be, which was not touched yet: there are fewer to be found and filled.
pub fn use_large_pages(memory: &mut [u32]) {
    let place = memory.as_ptr().addr();
    let start = place.next_multiple_of(PAGE);
    let length = (place + size_of_val(memory)).saturating_sub(start) / PAGE * PAGE;
    let Some(first) = NonNull::new(without_provenance_mut::<c_void>(start)).filter(|_| length >= LARGE_PAGE)
    else {
        return;
    };
    // SAFETY: whole pages of `memory`; what is in them stays as it is.
    let advised = unsafe { madvise(first, length, MmapAdvise::MADV_HUGEPAGE) };
    if let Err(error) = advised {
        tracing::debug!(%error, "the system has no large pages");
    }
}

/// The mappings in `smaps` (proc(5)) that hold only what is in a file: private, not to be written, and without a page that
/// was written before that, as those have that the dynamic linker fills in.
fn unchangeable(smaps: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut candidate = None;
    for line in smaps.lines() {
        let mut words = line.split_ascii_whitespace();
        match (words.next(), words.next()) {
            (Some("Anonymous:"), Some("0")) => found.extend(candidate.take()),
            (Some(key), Some(_)) if key.ends_with(':') => {}
            (Some(place), Some(permissions)) => {
                let is_file = words.nth(2).is_some_and(|inode| inode != "0");
                candidate = range(place).filter(|_| is_file && matches!(permissions, "r--p" | "r-xp"));
            }
            _ => {}
        }
    }
    found
}

/// `start-end` in hexadecimal digits.
fn range(place: &str) -> Option<Range<usize>> {
    let (start, end) = place.split_once('-')?;
    let number = |digits| usize::from_str_radix(digits, 16).ok();
    Some(number(start)?..number(end)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_in_a_file_is_let_go() {
        let smaps = "\
1000-3000 r--p 00000000 00:1f 77 /bin/program
Size:                  8 kB
Anonymous:             0 kB
VmFlags: rd mr mw me sd
3000-9000 r-xp 00002000 00:1f 77 /bin/program with a space
Anonymous:             0 kB
9000-a000 r--p 00008000 00:1f 77 /bin/program
Anonymous:             4 kB
AnonHugePages:         0 kB
a000-b000 rw-p 00009000 00:1f 77 /bin/program
Anonymous:             0 kB
b000-c000 r--s 00000000 00:01 88 /memfd:picture (deleted)
Anonymous:             0 kB
c000-d000 r--p 00000000 00:00 0
Anonymous:             0 kB
d000-e000 r-xp 00000000 00:00 0                          [vdso]
Anonymous:             0 kB
";
        assert_eq!(unchangeable(smaps), [0x1000..0x3000, 0x3000..0x9000]);
    }

    #[test]
    fn what_is_let_go_comes_back_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("constants");
        fs::write(&path, [7; 1 << 18]).expect("written");
        let file = fs::File::open(&path).expect("there");
        // SAFETY: nobody else knows the file.
        let map = unsafe { memmap2::MmapOptions::new().map_copy_read_only(&file) }.expect("mapped");
        let resident = || {
            let smaps = fs::read_to_string("/proc/self/smaps").expect("there");
            let (_, of_file) = smaps
                .split_once(path.to_str().expect("a name"))
                .expect("a mapping");
            let line = of_file.lines().find(|line| line.starts_with("Rss:"));
            line.expect("a number").to_owned()
        };
        let is_whole = || map.iter().all(|byte| *byte == 7);
        assert!(is_whole() && !resident().ends_with(" 0 kB"));
        let_go_of_the_program();
        assert!(resident().ends_with(" 0 kB"), "{}", resident());
        assert!(is_whole());
    }

    #[test]
    fn memory_with_large_pages_is_told_by_the_system() {
        let mut memory = vec![0_u32; 4 << 20];
        let inside = memory.as_ptr().addr() + LARGE_PAGE;
        use_large_pages(&mut memory);
        let smaps = fs::read_to_string("/proc/self/smaps").expect("there");
        let mut lines = smaps.lines();
        let found = lines.any(|line| {
            let place = line.split(' ').next().and_then(range);
            place.is_some_and(|place| place.contains(&inside))
        });
        let flags = lines.find(|line| line.starts_with("VmFlags:")).expect("flags");
        let has_them = fs::exists("/sys/kernel/mm/transparent_hugepage").expect("known");
        assert!(found);
        assert_eq!(flags.contains(" hg"), has_them, "{flags}");
        assert!(memory.iter().all(|word| *word == 0));
    }
}
