//! How the machine under the kiosk is: room on the disk, temperature, memory, whether its clock is kept right.
//!
//! Job: a few files of Linux and one system call, read every few seconds on a thread of their own. It must not know
//! what anybody makes of the figures; what a machine does not say is `None`.

use super::{
    sound::SoundState,
    workers::{SnapshotCell, Waker},
};
use std::{
    fs,
    path::Path,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// What the machine says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Machine {
    /// Warmest thermal zone, degrees Celsius.
    pub temperature_c: Option<f32>,
    /// Bytes that this user may still write where the data folder is.
    pub disk_free: Option<u64>,
    /// Size of that disk, bytes.
    pub disk_total: Option<u64>,
    /// Bytes of all files in the data folder.
    pub data_bytes: Option<u64>,
    /// Memory that this process holds, bytes.
    pub memory_bytes: Option<u64>,
    /// A time service has set the clock since the start; `None` where none that we know of runs.
    pub clock_synchronised: Option<bool>,
    /// Whether tones can be heard.
    pub sound: SoundState,
}

/// How often it is asked.
const EVERY: Duration = Duration::from_secs(5);
/// How often the thread looks whether it should end.
const TICK: Duration = Duration::from_millis(200);
/// Folders in folders whose files are counted.
const DEEPEST: u32 = 6;

impl Machine {
    /// Asks once. `data` is the data folder; before the first set-up its nearest existing parent counts.
    #[must_use]
    pub fn read(data: &Path) -> Self {
        let existing = data.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
        let disk = rustix::fs::statvfs(existing).ok();
        Self {
            temperature_c: warmest(Path::new("/sys/class/thermal")),
            disk_free: disk.as_ref().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)),
            disk_total: disk.as_ref().map(|disk| disk.f_blocks.saturating_mul(disk.f_frsize)),
            data_bytes: data.is_dir().then(|| bytes_below(data, DEEPEST)),
            memory_bytes: fs::read_to_string("/proc/self/status").ok().and_then(|text| resident(&text)),
            clock_synchronised: Path::new("/run/systemd/timesync")
                .is_dir()
                .then(|| Path::new("/run/systemd/timesync/synchronized").exists()),
            sound: SoundState::read(std::env::var_os("PATH").as_deref()),
        }
    }
}

/// Keeps the snapshot's figures fresh until told to stop.
pub(super) fn watch(data: &Path, snapshot: &SnapshotCell, wake: &Waker, stop: &Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        let machine = Machine::read(data);
        snapshot.lock().unwrap_or_else(PoisonError::into_inner).machine = machine;
        (wake)();
        let until = Instant::now() + EVERY;
        while Instant::now() < until && !stop.load(Ordering::Relaxed) {
            std::thread::sleep(TICK);
        }
    }
}

fn warmest(zones: &Path) -> Option<f32> {
    fs::read_dir(zones)
        .ok()?
        .filter_map(|zone| fs::read_to_string(zone.ok()?.path().join("temp")).ok())
        .filter_map(|text| Some(text.trim().parse::<f32>().ok()? / 1_000.0))
        .filter(|celsius| (-40.0..150.0).contains(celsius))
        .max_by(f32::total_cmp)
}

/// `VmRSS` of `/proc/self/status`.
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1_024)
}

fn bytes_below(folder: &Path, depth: u32) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .filter_map(Result::ok)
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 0 => bytes_below(&entry.path(), depth - 1),
            Ok(kind) if kind.is_file() => entry.metadata().map_or(0, |about| about.len()),
            _ => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_weighed_and_its_disk_found() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("store")).unwrap();
        fs::write(folder.path().join("store/a"), [0; 700]).unwrap();
        fs::write(folder.path().join("b"), [0; 300]).unwrap();
        let machine = Machine::read(folder.path());
        assert_eq!(machine.data_bytes, Some(1_000));
        assert!(machine.disk_free.unwrap() <= machine.disk_total.unwrap());
        let before_set_up = Machine::read(&folder.path().join("not/yet"));
        assert_eq!((before_set_up.data_bytes, before_set_up.disk_total), (None, machine.disk_total));
    }

    #[test]
    fn the_warmest_zone_counts_and_nonsense_does_not() {
        let zones = tempfile::tempdir().unwrap();
        for (zone, text) in [("z0", "41000\n"), ("z1", "55500\n"), ("z2", "lots\n"), ("z3", "999999\n")] {
            fs::create_dir(zones.path().join(zone)).unwrap();
            fs::write(zones.path().join(zone).join("temp"), text).unwrap();
        }
        assert_eq!(warmest(zones.path()), Some(55.5));
        assert_eq!(warmest(&zones.path().join("none")), None);
        assert_eq!(resident("VmPeak:\t 9 kB\nVmRSS:\t  2048 kB\n"), Some(2_097_152));
        assert_eq!(resident("VmRSS: x"), None);
    }
}
