//! Short tones for whoever stands at the door: recognised, not recognised, refused.
//!
//! Job: a tone is made as a WAV file in memory and handed to a player of the system (`pw-play` or `aplay`) through its
//! standard input, on a thread of its own. It must not know what a tone is about, and nobody ever waits for it: while one
//! is heard, a few more wait, and the rest is dropped.

use crate::settings::Sound;
use crossbeam_channel::{Sender, bounded};
use std::{
    ffi::{OsStr, OsString},
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{Builder, JoinHandle},
    time::{Duration, Instant},
};

/// What is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Two rising notes.
    Recognised,
    /// One note, twice.
    Unknown,
    /// One low note.
    Refused,
}

/// Whether tones can be heard here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SoundState {
    /// Nothing plays a file: the package is not installed.
    #[default]
    NoPlayer,
    /// No sound card that plays.
    NoDevice,
    /// Both are there.
    Ready,
}

/// Tones that wait while one is heard.
const WAITING: usize = 2;
/// A player that takes longer is ended: the device may be in other hands.
const LONGEST: Duration = Duration::from_secs(3);
const TICK: Duration = Duration::from_millis(10);

const RATE: u32 = 22_050;
/// Share of full scale: heard, not startling.
const LOUDNESS: f32 = 0.35;
/// A note swells and dies in this many seconds, so that it does not click.
const FADE_SECS: f32 = 0.012;

/// Plays what it is told to.
pub struct Speaker {
    tones: Option<Sender<(Tone, Sound)>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Speaker {
    /// `path` is where programs are looked for, as in `PATH`. Without a thread it is silent.
    #[must_use]
    pub fn start(path: Option<OsString>) -> Self {
        let (tones, heard) = bounded(WAITING);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let work = move || {
            while let Ok((tone, sound)) = heard.recv() {
                let wanted = match sound {
                    Sound::Off => false,
                    Sound::On => true,
                    Sound::Auto => has_device(),
                };
                if let (true, Some(player)) = (wanted, Player::find(path.as_deref()))
                    && let Err(error) = player.play(tone, &stopped)
                {
                    log::warn!("a tone was not heard: {error}");
                }
            }
        };
        let thread = Builder::new().name("sound".to_owned()).spawn(work);
        if let Err(error) = &thread {
            log::warn!("no tones will be heard: {error}");
        }
        Self { tones: Some(tones), stop, thread: thread.ok() }
    }

    /// Plays a tone as soon as the one before it is over, or drops it. Never waits.
    pub fn play(&self, tone: Tone, sound: Sound) {
        if sound != Sound::Off
            && let Some(tones) = &self.tones
        {
            let _ = tones.try_send((tone, sound)); // too many at once: those who come last are not heard
        }
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.tones = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            log::error!("the sound thread ended by a panic");
        }
    }
}

impl SoundState {
    /// Looks.
    #[must_use]
    pub fn read(path: Option<&OsStr>) -> Self {
        match (Player::find(path), has_device()) {
            (None, _) => Self::NoPlayer,
            (Some(_), false) => Self::NoDevice,
            (Some(_), true) => Self::Ready,
        }
    }
}

/// A card that plays, by the list of the kernel.
fn has_device() -> bool {
    fs::read_to_string("/proc/asound/pcm").is_ok_and(|cards| cards.contains("playback"))
}

/// A program that plays a WAV file from its standard input.
#[derive(Debug, PartialEq, Eq)]
struct Player {
    program: PathBuf,
    arguments: &'static [&'static str],
}

/// `pw-play` first: where `PipeWire` runs, it holds the device.
const PLAYERS: [(&str, &[&str]); 2] = [("pw-play", &["-"]), ("aplay", &["-q", "-"])];

impl Player {
    fn find(path: Option<&OsStr>) -> Option<Self> {
        let pipewire = std::env::var_os("XDG_RUNTIME_DIR")
            .is_some_and(|folder| Path::new(&folder).join("pipewire-0").exists());
        let folders: Vec<PathBuf> = std::env::split_paths(path?).collect();
        let find = |(name, arguments): (&str, &'static [&'static str])| {
            let program = folders.iter().map(|folder| folder.join(name)).find(|file| runs(file))?;
            Some(Self { program, arguments })
        };
        let [first, second] = PLAYERS;
        let order = if pipewire { [first, second] } else { [second, first] };
        order.into_iter().find_map(find)
    }

    /// Until it is heard, or too long, or told to stop.
    fn play(&self, tone: Tone, stop: &AtomicBool) -> std::io::Result<()> {
        let mut child = Command::new(&self.program)
            .args(self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let written = match child.stdin.take() {
            // Less than a pipe holds, so that a player that does not read holds nobody up.
            Some(mut input) => input.write_all(&wav(tone)),
            None => Ok(()),
        };
        let ended = wait(&mut child, stop, LONGEST)?;
        written?;
        if ended { Ok(()) } else { Err(std::io::Error::other("the player failed, or did not end")) }
    }
}

fn runs(file: &Path) -> bool {
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Whether it ended well; one that takes longer than `longest` is ended.
fn wait(child: &mut Child, stop: &AtomicBool, longest: Duration) -> std::io::Result<bool> {
    let until = Instant::now() + longest;
    while Instant::now() < until && !stop.load(Ordering::Relaxed) {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        std::thread::sleep(TICK);
    }
    child.kill()?;
    child.wait()?;
    Ok(stop.load(Ordering::Relaxed))
}

/// Notes: frequency in hertz (0 is a rest) and seconds.
fn notes(tone: Tone) -> &'static [(f32, f32)] {
    match tone {
        Tone::Recognised => &[(659.3, 0.09), (987.8, 0.15)],
        Tone::Unknown => &[(440.0, 0.1), (0.0, 0.06), (440.0, 0.1)],
        Tone::Refused => &[(220.0, 0.35)],
    }
}

/// A WAV file (RIFF, PCM, 16 bits, mono): 44 bytes of header, then samples, little-endian.
fn wav(tone: Tone) -> Vec<u8> {
    let samples: Vec<i16> = notes(tone).iter().flat_map(|(hertz, secs)| note(*hertz, *secs)).collect();
    let bytes = samples.len() as u32 * 2;
    let mut file = Vec::with_capacity(44 + bytes as usize);
    file.extend(b"RIFF");
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend(1_u16.to_le_bytes()); // PCM
    file.extend(1_u16.to_le_bytes()); // mono
    file.extend(RATE.to_le_bytes());
    file.extend((RATE * 2).to_le_bytes());
    file.extend(2_u16.to_le_bytes());
    file.extend(16_u16.to_le_bytes());
    file.extend(b"data");
    file.extend(bytes.to_le_bytes());
    file.extend(samples.into_iter().flat_map(i16::to_le_bytes));
    file
}

fn note(hertz: f32, secs: f32) -> impl Iterator<Item = i16> {
    let count = (secs * RATE as f32) as usize;
    (0..count).map(move |n| {
        let at = n as f32 / RATE as f32;
        let swell = (at.min(secs - at) / FADE_SECS).clamp(0.0, 1.0);
        let wave = (at * hertz * std::f32::consts::TAU).sin();
        (wave * swell * LOUDNESS * f32::from(i16::MAX)) as i16
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with a program of this name that keeps what it is given.
    fn fake(name: &str, script: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join(name);
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        folder
    }

    fn wait_for(what: impl Fn() -> bool) {
        let until = Instant::now() + Duration::from_secs(20);
        while !what() {
            assert!(Instant::now() < until, "it did not come");
            std::thread::sleep(TICK);
        }
    }

    #[test]
    fn a_player_is_given_the_whole_file_and_nothing_is_heard_when_it_is_off() {
        let folder = fake("aplay", r#"/bin/cat > "$0.$$"; echo "$@" > "$0.said""#);
        let heard = || {
            let files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
            files.filter(|file| file.extension().is_some_and(|e| e != "said")).collect::<Vec<_>>()
        };
        let speaker = Speaker::start(Some(folder.path().as_os_str().to_owned()));
        speaker.play(Tone::Recognised, Sound::Off);
        speaker.play(Tone::Refused, Sound::On);
        wait_for(|| folder.path().join("aplay.said").exists());
        drop(speaker);
        let [file] = &heard()[..] else { panic!("{:?}", heard()) };
        assert_eq!(fs::read(file).unwrap(), wav(Tone::Refused));
        assert_eq!(fs::read_to_string(folder.path().join("aplay.said")).unwrap(), "-q -\n");
    }

    #[test]
    fn a_player_that_hangs_holds_nobody_up() {
        let folder = fake("aplay", "exec /bin/sleep 60");
        let speaker = Speaker::start(Some(folder.path().as_os_str().to_owned()));
        let started = Instant::now();
        for _ in 0..100 {
            speaker.play(Tone::Unknown, Sound::On);
        }
        assert!(started.elapsed() < Duration::from_secs(1), "playing waits for nothing");
        drop(speaker);
        assert!(started.elapsed() < Duration::from_secs(10), "it is ended with the kiosk");
    }

    #[test]
    fn a_player_that_takes_too_long_is_ended() {
        let mut child = Command::new("/bin/sleep").arg("60").spawn().unwrap();
        let started = Instant::now();
        let ended = wait(&mut child, &AtomicBool::new(false), Duration::from_millis(50)).unwrap();
        assert!(!ended && started.elapsed() < Duration::from_secs(10));
        assert!(child.try_wait().unwrap().is_some(), "it is gone");
    }

    #[test]
    fn only_a_program_is_a_player() {
        let folder = fake("aplay", "exit 0");
        let path = folder.path().as_os_str();
        assert_eq!(Player::find(Some(path)).unwrap().program, folder.path().join("aplay"));
        fs::set_permissions(folder.path().join("aplay"), fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(Player::find(Some(path)), None);
        assert_eq!(SoundState::read(Some(path)), SoundState::NoPlayer);
        assert_eq!(Player::find(None), None);
    }

    #[test]
    fn each_tone_is_a_short_wav_file_of_its_own_that_begins_and_ends_in_silence() {
        let files = [Tone::Recognised, Tone::Unknown, Tone::Refused].map(wav);
        for file in &files {
            assert!(file.starts_with(b"RIFF") && file[8..16] == *b"WAVEfmt ");
            let bytes = u32::from_le_bytes(file[40..44].try_into().unwrap()) as usize;
            assert_eq!((file.len(), bytes % 2), (44 + bytes, 0));
            assert!(file.len() < 60_000, "a pipe holds it");
            assert_eq!(file[44..46], [0, 0]);
            let samples = file[44..].chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]]));
            let loudest = samples.map(i16::unsigned_abs).max().unwrap();
            assert!((8_000..14_000).contains(&loudest), "{loudest}");
        }
        assert!(files[0] != files[1] && files[1] != files[2]);
    }
}
