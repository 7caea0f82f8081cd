//! Where reports can go: the data folder's `exports`, and what is plugged in.
//!
//! Job: the list of mounted removable folders, from the system's own table. It must not know what is written there;
//! the kiosk has no file dialog, so a host chooses from this list or not at all.

use super::messages::FolderView;
use std::path::{Path, PathBuf};

/// Where desktops and `udisks` mount what is plugged in.
const ROOTS: [&str; 2] = ["/media", "/run/media"];
/// Most sticks, and most lists on each, that a screen offers.
const MOST: usize = 20;

/// `exports` first, whether it is there yet or not, then every removable folder that is mounted.
#[must_use]
pub fn folders(exports: &Path) -> Vec<FolderView> {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let home = FolderView { csv_files: csv_files(exports), path: exports.to_owned(), removable: false };
    let sticks = removable(&mounts).into_iter().take(MOST);
    let sticks = sticks.map(|path| FolderView { csv_files: csv_files(&path), path, removable: true });
    std::iter::once(home).chain(sticks).collect()
}

/// Mount points below [`ROOTS`] in the text of `/proc/self/mounts`, in its order.
fn removable(mounts: &str) -> Vec<PathBuf> {
    let mount_point = |line: &str| line.split(' ').nth(1).map(unescaped);
    let below = |path: &PathBuf| ROOTS.iter().any(|root| path.starts_with(root) && path != Path::new(root));
    mounts.lines().filter_map(mount_point).filter(below).collect()
}

/// The table writes a space as `\040`: three octal digits.
fn unescaped(text: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt as _;
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let code = tail.get(..3).filter(|_| byte == b'\\').and_then(|digits| {
            std::str::from_utf8(digits).ok().and_then(|digits| u8::from_str_radix(digits, 8).ok())
        });
        bytes.push(code.unwrap_or(byte));
        rest = tail.get(if code.is_some() { 3 } else { 0 }..).unwrap_or_default();
    }
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

/// Files in a folder whose name ends in `.csv`, by name.
fn csv_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let is_csv =
        |path: &PathBuf| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")) && path.is_file();
    let mut files: Vec<PathBuf> =
        entries.take(1_000).filter_map(|entry| Some(entry.ok()?.path())).filter(is_csv).collect();
    files.sort();
    files.truncate(MOST);
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sticks_are_found_whatever_they_are_called() {
        let mounts = "proc /proc proc rw 0 0\n/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /media/ada/MY\\040STICK vfat rw 0 0\n\
                      /dev/sdc1 /run/media/ada/\\303\\234 vfat ro 0 0\ntmpfs /media tmpfs rw 0 0\n\
                      /dev/sdd1 /mediathek vfat rw 0 0\nbroken\n/dev/sde1 /media/usb\\04 vfat rw 0 0\n";
        let found = removable(mounts);
        let expected = ["/media/ada/MY STICK", "/run/media/ada/Ü", "/media/usb\\04"].map(PathBuf::from);
        assert_eq!(found, expected);
    }

    #[test]
    fn the_exports_folder_comes_first_with_the_lists_in_it() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.csv", "a.CSV", "notes.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        std::fs::create_dir(folder.path().join("c.csv")).unwrap();
        let found = folders(folder.path());
        assert!(!found[0].removable);
        assert_eq!(found[0].csv_files, [folder.path().join("a.CSV"), folder.path().join("b.csv")]);
        assert!(folders(&folder.path().join("missing"))[0].csv_files.is_empty());
    }
}
