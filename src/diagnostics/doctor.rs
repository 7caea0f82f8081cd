//! `faceprint doctor`: what would keep this installation from working, each with what to do.

use crate::{
    camera,
    crypto::{CoreDumps, KeySource, core_dumps},
    domain::{CameraSpec, Clock},
    runtime::{ledger::DataPaths, sound::SoundState, workers::EngineLoader},
    settings::{Settings, Sound},
    vault::{Vault, VaultError},
    vision::{FaceEngine, WeightsStore},
};
use serde::Serialize;
use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// Short name.
    pub name: &'static str,
    /// Nothing to do.
    pub ok: bool,
    /// What was found, and what to do when it is wrong.
    pub detail: String,
}

/// What to look at.
pub struct Subject<'a> {
    /// Files.
    pub paths: &'a DataPaths,
    /// Device key.
    pub key: &'a KeySource,
    /// Where the passphrase was read from, if it was.
    pub passphrase_file: Option<&'a Path>,
    /// Network files.
    pub weights: &'a WeightsStore,
    /// The camera in use.
    pub camera: &'a CameraSpec,
    /// Loads the networks.
    pub engine: &'a EngineLoader,
    /// The machine's clock.
    pub clock: &'a dyn Clock,
}

/// Looks at everything. Nothing is changed, except that opening the store audits the start and stop.
#[must_use]
pub fn examine(subject: &Subject<'_>) -> Vec<Check> {
    vec![
        settings(&subject.paths.settings),
        store(subject),
        weights(subject.weights),
        networks(subject.engine),
        camera(subject.camera),
        display(),
        clock(subject.clock),
        modes(subject),
        swap(),
        dumps(),
        sound(Settings::load(&subject.paths.settings).ok().flatten().map(|s| s.sound)),
    ]
}

fn check(name: &'static str, result: Result<String, String>) -> Check {
    let ok = result.is_ok();
    let detail = result.unwrap_or_else(|sentence| sentence);
    Check { name, ok, detail }
}

fn settings(path: &Path) -> Check {
    let found = Settings::load(path).map_err(|e| e.to_string());
    check(
        "settings",
        found.map(|s| if s.is_some() { "read".to_owned() } else { "none yet: defaults".to_owned() }),
    )
}

fn store(subject: &Subject<'_>) -> Check {
    let folder = subject.paths.store();
    if !Vault::exists(&folder) {
        return check("store", Ok("not set up yet: run `faceprint init` or open the kiosk".to_owned()));
    }
    let opened = Vault::open(&folder, subject.key, subject.clock.now()).and_then(|vault| {
        let people = vault.people()?.len();
        let audit = vault.verify_audit(None, |_, _| ())?;
        vault.close(subject.clock.now())?;
        Ok((people, audit))
    });
    if let Err(VaultError::Busy(_)) = opened {
        return check("store", Ok("in use by a running kiosk".to_owned()));
    }
    let found =
        opened.map_err(|error: VaultError| error.to_string()).and_then(|(people, audit)| match audit.fault {
            Some(fault) => Err(format!("{fault}: keep the folder as it is and restore a backup")),
            None => Ok(format!("opens, {people} people, audit chain of {} entries unbroken", audit.good)),
        });
    check("store", found)
}

fn weights(store: &WeightsStore) -> Check {
    let looked = store.list().and_then(|listed| {
        listed.iter().try_for_each(|weights| store.verify(&weights.id).map(drop))?;
        Ok(format!("{} networks, sums right", listed.len()))
    });
    check("weights", looked.map_err(|error| error.to_string()))
}

fn networks(load: &EngineLoader) -> Check {
    let words = |engine: Box<dyn FaceEngine>| {
        let checks = if engine.checks_liveness() { "are" } else { "are not" };
        format!("{} loads; presentations {checks} checked", engine.weights())
    };
    check("networks", load().map(words))
}

/// Whether the chosen camera is there. It is not opened: a running kiosk may have it.
fn camera(spec: &CameraSpec) -> Check {
    let webcams = || {
        let names = camera::list();
        if names.is_empty() {
            Err("no webcam answers: connect one, see that your user is in the `video` group, or use another --camera"
                .to_owned())
        } else {
            Ok(names.join(", "))
        }
    };
    let found = match spec {
        CameraSpec::Demo(_) => Ok(format!("{spec}: no webcam is needed")),
        CameraSpec::Auto => webcams(),
        CameraSpec::Index(number) if Path::new(&format!("/dev/video{number}")).exists() => webcams(),
        CameraSpec::Index(number) => {
            Err(format!("there is no /dev/video{number}: connect the camera, or use another --camera"))
        }
        CameraSpec::Folder { path, .. } if path.is_dir() => {
            Ok(format!("{} is a folder; no webcam is needed", path.display()))
        }
        CameraSpec::Folder { path, .. } => {
            Err(format!("there is no folder {}: see its name, or use another --camera", path.display()))
        }
        CameraSpec::Http(_) => Ok(format!("{spec}: not tried; the kiosk's screen shows whether it answers")),
    };
    check("camera", found)
}

fn display() -> Check {
    let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    let result = if set("WAYLAND_DISPLAY") || set("DISPLAY") {
        Ok("a display is there".to_owned())
    } else {
        Err("no display: start the kiosk inside a graphical session (DISPLAY or WAYLAND_DISPLAY is not set)"
            .to_owned())
    };
    check("display", result)
}

fn clock(clock: &dyn Clock) -> Check {
    let year = clock.now().utc.to_zoned(jiff::tz::TimeZone::UTC).year();
    let result = if year >= 2026 {
        Ok(format!("the year is {year}"))
    } else {
        Err(format!(
            "the clock says {year}: set it, or let the machine fetch the time, before anybody is marked"
        ))
    };
    check("clock", result)
}

/// Nobody else may read the store or write to it; the key file or passphrase nobody but its owner.
fn modes(subject: &Subject<'_>) -> Check {
    let mut private = vec![subject.paths.store(), subject.paths.store().join("vault.key")];
    if let KeySource::File(key) = subject.key {
        private.push(key.clone());
    }
    // Not a pipe or a terminal.
    private.extend(subject.passphrase_file.filter(|path| path.is_file()).map(Path::to_owned));
    let open: Vec<PathBuf> = private.into_iter().filter(|path| open_to_others(path)).collect();
    let result = match open.first() {
        None => Ok("the store and what opens it are for their owner only".to_owned()),
        Some(first) => Err(format!(
            "{} can be used by other users of this machine: run `chmod go= {}`{}",
            first.display(),
            first.display(),
            if open.len() > 1 { format!(" and the same for {} more", open.len() - 1) } else { String::new() }
        )),
    };
    check("modes", result)
}

fn open_to_others(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

/// A crash must not write keys and faces to disk.
fn dumps() -> Check {
    let result = match core_dumps() {
        CoreDumps::Forbidden => Ok("this program leaves no core dumps".to_owned()),
        CoreDumps::Allowed => {
            Err("core dumps could not be turned off: run `ulimit -c 0` before the kiosk starts".to_owned())
        }
    };
    check("core dumps", result)
}

/// Tones are a help, not a need: only where a site wants them for certain is their absence a fault.
fn sound(wanted: Option<Sound>) -> Check {
    let found = match SoundState::read(std::env::var_os("PATH").as_deref()) {
        SoundState::Ready => Ok("tones can be played".to_owned()),
        SoundState::NoPlayer => {
            Err("nothing here plays tones: install the package alsa-utils, or pipewire-bin".to_owned())
        }
        SoundState::NoDevice => Err("no sound device is known: connect one for tones at the door".to_owned()),
    };
    let found = match (found, wanted) {
        (Err(_), Some(Sound::Off)) => Ok("switched off".to_owned()),
        (Err(why), None | Some(Sound::Auto)) => Ok(format!("silent; {why}")),
        (found, _) => found,
    };
    check("sound", found)
}

/// Keys and templates live in memory; unencrypted swap would write them to disk.
fn swap() -> Check {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let (swaps, mounts) = (read("/proc/swaps"), read("/proc/self/mounts"));
    let plain = plain_swaps(&swaps, |swap| encrypts(&resolved(device_of(swap, &mounts))));
    let result = if plain.is_empty() {
        Ok("no unencrypted swap".to_owned())
    } else {
        Err(format!(
            "swap on {} is not encrypted and may hold faces and keys: encrypt it or turn it off",
            plain.join(", ")
        ))
    };
    check("swap", result)
}

/// The device that holds a swap: itself, or, for a file, what is mounted where it lies.
fn device_of<'a>(swap: &'a str, mounts: &'a str) -> &'a str {
    if swap.starts_with("/dev/") {
        return swap;
    }
    let mounted = mounts.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (device, folder) = (words.next()?, words.next()?);
        Path::new(swap).starts_with(folder).then_some((device, folder))
    });
    // Of two on the same folder the later one is in use.
    mounted.max_by_key(|(_, folder)| folder.len()).map_or(swap, |(device, _)| device)
}

/// `/dev/mapper/NAME` is a link to the device mapper's device.
fn resolved(device: &str) -> String {
    std::fs::canonicalize(device)
        .map_or_else(|_| device.to_owned(), |path| path.to_string_lossy().into_owned())
}

/// Whether a device mapper's device, such as `/dev/dm-1`, encrypts: by the name that cryptsetup gives it, or one below it.
fn encrypts(device: &str) -> bool {
    let Some(name) = device.rsplit('/').next().filter(|name| name.starts_with("dm-")) else { return false };
    let block = Path::new("/sys/block").join(name);
    let uuid = std::fs::read_to_string(block.join("dm/uuid")).unwrap_or_default();
    let below = || {
        let slaves = std::fs::read_dir(block.join("slaves")).into_iter().flatten();
        slaves.filter_map(Result::ok).any(|slave| encrypts(&slave.file_name().to_string_lossy()))
    };
    uuid.starts_with("CRYPT-") || below()
}

/// Swap devices of `/proc/swaps` that are neither in memory nor encrypted.
fn plain_swaps(swaps: &str, encrypts: impl Fn(&str) -> bool) -> Vec<&str> {
    let devices = swaps.lines().skip(1).filter_map(|line| line.split_whitespace().next());
    devices.filter(|device| !device.starts_with("/dev/zram") && !encrypts(device)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swap_on_a_plain_partition_or_file_is_found() {
        let swaps = "Filename Type Size Used Priority\n/dev/dm-1 partition 1 0 -2\n/swapfile file 2 0 -3\n\
                     /dev/zram0 partition 1 0 100\n/dev/sda5 partition 1 0 -4\n";
        let encrypted = |device: &str| device == "/dev/dm-1";
        assert_eq!(plain_swaps(swaps, encrypted), ["/swapfile", "/dev/sda5"]);
        assert_eq!(plain_swaps(swaps, |_| false)[0], "/dev/dm-1", "a mapper may do without encryption");
        assert!(plain_swaps("Filename Type Size Used Priority\n", encrypted).is_empty());
        assert!(!encrypts("/swapfile") && !encrypts("/dev/dm-none"));
    }

    #[test]
    fn a_swap_file_is_as_safe_as_the_disk_that_it_lies_on() {
        let mounts = "proc /proc proc rw 0 0\n/dev/sda2 / ext4 rw 0 0\n/dev/mapper/home /home btrfs rw 0 0\n";
        assert_eq!(device_of("/swapfile", mounts), "/dev/sda2");
        assert_eq!(device_of("/home/swapfile", mounts), "/dev/mapper/home");
        assert_eq!(device_of("/homes/swapfile", mounts), "/dev/sda2");
        assert_eq!(device_of("/dev/sda5", mounts), "/dev/sda5");
        assert_eq!(device_of("/swapfile", ""), "/swapfile");
        let swaps =
            "Filename Type Size Used Priority\n/home/swapfile file 2 0 -3\n/srv/zram.swap file 2 0 -3\n";
        let encrypted = |swap: &str| device_of(swap, mounts) == "/dev/mapper/home";
        assert_eq!(plain_swaps(swaps, encrypted), ["/srv/zram.swap"], "a name is not memory");
    }

    #[test]
    fn a_camera_that_is_not_there_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let found = |text: &str| camera(&text.parse().unwrap());
        assert!(found(folder.path().to_str().unwrap()).ok && found("demo").ok);
        let missing = found("/no such folder");
        assert!(!missing.ok && missing.detail.contains("/no such folder"), "{missing:?}");
        assert!(!found("/dev/video987").ok);
        assert!(found("http://127.0.0.1:1/").detail.contains("not tried"));
    }

    #[test]
    fn files_that_others_can_read_are_found() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(!open_to_others(file.path()));
        for mode in [0o640, 0o604, 0o620] {
            std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            assert!(open_to_others(file.path()), "{mode:o}");
        }
        assert!(!open_to_others(Path::new("/no such file")));
    }
}
