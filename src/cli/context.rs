//! What a command works on: folders, key, settings, networks and store, resolved from the global options.

use super::args::{Global, HostLogin, SecondLogin};
use crate::{
    access::HostSession,
    camera::{self, CameraOptions, FrameSource},
    crypto::{KeyKind, KeySource, Passphrase, PinAttempt},
    domain::{CameraSpec, Clock, Fingerprint, HostId, PersonName, SharedDeed, SystemClock, WeightsId},
    imaging::Rotation,
    runtime::{
        ledger::{DataPaths, Ledger},
        networks,
        pipeline::{Pipeline, SharedIndex},
        workers::{EngineLoader, LedgerSetup},
    },
    settings::{Device, Liveness, Settings},
    vault::Vault,
    vision::{DeviceChoice, FaceEngine, Kind, NetworkEngine, WeightsStore, embedded},
};
use anyhow::{Context as _, bail};
use std::{
    io::{BufRead as _, IsTerminal as _, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};
use zeroize::Zeroizing;

/// Stage times kept by commands that print percentiles over a whole run.
const ALL_SAMPLES: usize = 1_000_000;

/// Longest line of a PIN file that is read, in bytes.
const MAX_PIN_LINE: usize = 1024;

/// Resolved global options.
#[derive(Clone)]
pub struct Context {
    /// Folders and files.
    pub paths: DataPaths,
    /// The device key.
    pub key: Arc<KeySource>,
    /// Settings, with the options of this call on top.
    pub settings: Settings,
    /// The machine's clock.
    pub clock: Arc<dyn Clock>,
    /// Index of all templates.
    pub index: SharedIndex,
}

impl Context {
    /// Resolves folders and reads the settings file, if there is one.
    pub fn new(global: &Global) -> anyhow::Result<Self> {
        let data = match &global.data {
            Some(data) => data.clone(),
            None => home("XDG_DATA_HOME", ".local/share")?.join("faceprint"),
        };
        let mut paths = DataPaths::new(&data, global.config.as_deref());
        let usual =
            || Ok::<_, anyhow::Error>(home("XDG_CONFIG_HOME", ".config")?.join("faceprint/device.key"));
        paths.key_file = global.key_file.clone().or_else(|| usual().ok());
        let key = match (&global.passphrase_file, &global.key_file) {
            (Some(file), _) => KeySource::Passphrase(read_passphrase(file)?),
            (None, Some(key)) => KeySource::File(key.clone()),
            (None, None) if asks_for_passphrase(&paths) => {
                KeySource::Passphrase(type_passphrase("Passphrase of the store")?)
            }
            (None, None) => KeySource::File(usual()?),
        };
        let settings = match Settings::load(&paths.settings)? {
            Some(settings) => settings,
            // A slip in the name would let the site run on defaults.
            None if global.config.is_some() && Vault::exists(&paths.store()) => bail!(
                "the settings file {} is not there: see its name, or leave --config out for {}",
                paths.settings.display(),
                DataPaths::new(&data, None).settings.display()
            ),
            None => Settings::for_site("Faceprint"),
        };
        let settings =
            networks::without_former(&WeightsStore::new(paths.weights()), with_options(settings, global)?);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        Ok(Self { paths, key: Arc::new(key), settings, clock, index: SharedIndex::default() })
    }

    /// The weights folder and what is built in.
    pub fn weights_store(&self) -> WeightsStore {
        WeightsStore::new(self.paths.weights())
    }

    /// The recogniser that the settings name.
    pub fn recogniser(&self) -> anyhow::Result<(WeightsId, Fingerprint)> {
        let id = chosen(self.settings.recogniser.as_ref(), Kind::Recogniser)?;
        // Said here, before anything is opened or written under a wrong id.
        let fingerprint = self.weights_store().manifest(&id)?.fingerprint();
        Ok((id, fingerprint))
    }

    /// Loads detector and recogniser.
    pub fn engine(&self) -> anyhow::Result<Box<dyn FaceEngine>> {
        (self.engine_loader()?)().map_err(anyhow::Error::msg)
    }

    /// Loads them later, on the thread that uses them.
    pub fn engine_loader(&self) -> anyhow::Result<EngineLoader> {
        let store = self.weights_store();
        let detector = chosen(self.settings.detector.as_ref(), Kind::Detector)?;
        let recogniser = chosen(self.settings.recogniser.as_ref(), Kind::Recogniser)?;
        let liveness = match self.liveness() {
            // The rest of the kiosk goes on without the recogniser, as with any network that does not load.
            Err(error) if self.settings.liveness == Liveness::Auto => {
                log::error!("{error:#}");
                Err(format!("{error:#}"))
            }
            found => Ok(found?),
        };
        let device = device_choice(self.settings.device);
        Ok(Box::new(move || {
            NetworkEngine::load(
                &store,
                &detector,
                &recogniser,
                liveness.as_ref().map_err(Clone::clone)?,
                device,
            )
            .map(|engine| Box::new(engine) as Box<dyn FaceEngine>)
            .map_err(|error| error.to_string())
        }))
    }

    /// Networks wired to the index.
    pub fn pipeline(&self) -> anyhow::Result<Pipeline> {
        let mut pipeline = Pipeline::new(self.engine()?, self.index.clone(), self.settings.fpir, ALL_SAMPLES);
        pipeline.set_min_bona_fide(self.settings.min_bona_fide);
        Ok(pipeline)
    }

    /// The networks for liveness that the settings ask for; those that are installed are used together.
    fn liveness(&self) -> anyhow::Result<Vec<WeightsId>> {
        if self.settings.liveness == Liveness::Off {
            return Ok(Vec::new());
        }
        let installed = self.weights_store().of_kind(Kind::Liveness).context(
            "whether presentations are to be checked cannot be told, since an installed network cannot be read: \
             install it again, take its folder away, or set liveness to off",
        )?;
        if installed.is_empty() && self.settings.liveness == Liveness::On {
            bail!(
                "liveness is on and no network for it is installed: install one with `faceprint weights \
                 install`, or set liveness to auto or off"
            );
        }
        Ok(installed)
    }

    /// What the ledger thread needs.
    pub fn ledger_setup(&self) -> anyhow::Result<LedgerSetup> {
        let (weights, fingerprint) = self.recogniser()?;
        Ok(LedgerSetup {
            paths: self.paths.clone(),
            key: self.key.clone(),
            settings: self.settings.clone(),
            weights,
            fingerprint,
            index: self.index.clone(),
            clock: self.clock.clone(),
        })
    }

    /// Opens the store, does something with it, and closes it in order whatever came of it: a wrong PIN costs no
    /// rebuild at the next start.
    pub fn with_ledger<T>(&self, what: impl FnOnce(&mut Ledger) -> anyhow::Result<T>) -> anyhow::Result<T> {
        finish(self.ledger()?, what)
    }

    /// The same after a host's PIN.
    pub fn as_host<T>(
        &self,
        host: &HostLogin,
        what: impl FnOnce(&mut Ledger, &HostSession) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        self.with_ledger(|ledger| {
            let session = log_in(ledger, host)?;
            what(ledger, &session)
        })
    }

    /// Opens the store, says so when it had to be rebuilt. Whoever takes it closes it.
    pub fn ledger(&self) -> anyhow::Result<Ledger> {
        if !Vault::exists(&self.paths.store()) {
            bail!(
                "{} is not set up yet: run `faceprint init`, or open the kiosk and follow the first start",
                self.paths.root.display()
            );
        }
        let ledger = self.ledger_setup()?.open()?;
        if let Some(note) = ledger.vault().open_note() {
            eprintln!("faceprint: {note}");
        }
        Ok(ledger)
    }

    /// Opens a camera for a command: frames in order, none dropped.
    pub fn source(&self, spec: &CameraSpec, realtime: bool) -> anyhow::Result<Box<dyn FrameSource>> {
        let rotate = Rotation::from_degrees(self.settings.rotate_degrees.into()).unwrap_or_default();
        let options =
            CameraOptions { rotate, realtime, looping: matches!(spec, CameraSpec::Demo(_)), mirror: false };
        camera::open(spec, options, self.clock.clone()).with_context(|| format!("camera {spec}"))
    }
}

/// Does something with an open store and closes it. What went wrong first is what is said.
pub fn finish<T>(
    mut ledger: Ledger,
    what: impl FnOnce(&mut Ledger) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let done = what(&mut ledger);
    let closed = ledger.close();
    let value = done?;
    closed?;
    Ok(value)
}

/// A host's proof that they may change something, from a PIN file.
pub fn log_in(ledger: &mut Ledger, login: &HostLogin) -> anyhow::Result<Arc<HostSession>> {
    let pin = read_pin(&login.pin_file)?;
    let host = host_named(ledger, &login.host)?;
    ledger.login(host, &PinAttempt::new(&pin)).map_err(|refusal| anyhow::anyhow!("{refusal}"))
}

/// Lets a deed pass that takes two hosts while the two-person rule is on.
pub fn agree(
    ledger: &mut Ledger,
    session: &HostSession,
    second: &SecondLogin,
    deed: SharedDeed,
) -> anyhow::Result<()> {
    let agreed = match (&second.second_host, &second.second_pin_file) {
        (Some(name), Some(file)) => {
            let pin = PinAttempt::new(&read_pin(file)?);
            let host = host_named(ledger, name)?;
            ledger.agree(session, Some((host, &pin)), deed)
        }
        _ => ledger.agree(session, None, deed),
    };
    agreed.map_err(|refusal| anyhow::anyhow!("{refusal}"))
}

/// A name that no host has is checked as long, and answered the same.
fn host_named(ledger: &Ledger, name: &str) -> anyhow::Result<HostId> {
    let host =
        PersonName::new(name).ok().map(|name| ledger.vault().host_by_name(&name)).transpose()?.flatten();
    Ok(match host {
        Some(host) => host.id,
        None => HostId::from_bytes(ledger.vault().pepper()?.nobody(name.as_bytes())),
    })
}

/// The first line of a PIN file, or of standard input for `-`. Wiped after use.
pub fn read_pin(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    // Of their size from the start: what is outgrown is not wiped.
    let mut line = Zeroizing::new(String::with_capacity(MAX_PIN_LINE));
    if path == Path::new("-") {
        let mut input = std::io::stdin().lock().take(MAX_PIN_LINE as u64);
        input.read_line(&mut line).context("the PIN cannot be read from standard input")?;
    } else {
        let mut file = std::fs::File::open(path)
            .with_context(|| format!("the PIN file {} cannot be read", path.display()))?
            .take(MAX_PIN_LINE as u64);
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_PIN_LINE + 1));
        file.read_to_end(&mut bytes).context("the PIN file cannot be read")?;
        let text = std::str::from_utf8(&bytes).context("the PIN file is no text in UTF-8")?;
        line.push_str(text.split('\n').next().unwrap_or_default());
    }
    let len = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(len);
    if line.is_empty() {
        bail!("the PIN is empty: write it on the first line of the PIN file");
    }
    Ok(line)
}

/// A passphrase from the first line of a file, which must be for its owner only as a key file is, or of standard input for
/// `-`.
pub fn read_passphrase(path: &Path) -> anyhow::Result<Passphrase> {
    if let Ok(found) = std::fs::metadata(path)
        && found.is_file()
        && found.permissions().mode() & 0o077 != 0
    {
        bail!(
            "the passphrase file {} can be used by other users (mode {:03o}): run `chmod 600` on it",
            path.display(),
            found.permissions().mode() & 0o777
        );
    }
    Ok(Passphrase::new(&read_pin(path)?)?)
}

/// A passphrase typed on the terminal, unseen.
pub fn type_passphrase(prompt: &str) -> anyhow::Result<Passphrase> {
    let terminal = console::Term::stderr();
    if !terminal.is_term() || !std::io::stdin().is_terminal() {
        bail!("a passphrase is needed and there is no terminal to type it on: give a file that holds it");
    }
    terminal.write_str(&format!("{prompt}: ")).context("the terminal cannot be written to")?;
    let typed = terminal.read_secure_line().context("the passphrase cannot be read from the terminal")?;
    Ok(Passphrase::new(&Zeroizing::new(typed))?)
}

/// Whether the store opens with a passphrase, and somebody is there to type it.
fn asks_for_passphrase(paths: &DataPaths) -> bool {
    Vault::key_kind(&paths.store()) == Some(KeyKind::Passphrase) && std::io::stdin().is_terminal()
}

/// How the settings name a device, as the engine does.
pub fn device_choice(device: Device) -> DeviceChoice {
    match device {
        Device::Auto => DeviceChoice::Auto,
        Device::Cpu => DeviceChoice::Cpu,
        Device::Cuda => DeviceChoice::Cuda,
    }
}

/// The weights that the settings name, or the built-in ones.
fn chosen(id: Option<&WeightsId>, kind: Kind) -> anyhow::Result<WeightsId> {
    id.cloned().or_else(|| embedded::default(kind)).with_context(|| {
        format!("this program has no {kind} built in: install one with `faceprint weights install`")
    })
}

fn with_options(mut settings: Settings, global: &Global) -> anyhow::Result<Settings> {
    let id = |text: &Option<String>| text.as_deref().map(WeightsId::new).transpose();
    let (recogniser, detector) = (id(&global.weights)?, id(&global.detector)?);
    settings.recogniser = recogniser.or(settings.recogniser);
    settings.detector = detector.or(settings.detector);
    settings.device = global.device.map_or(settings.device, Into::into);
    settings.liveness = global.liveness.map_or(settings.liveness, Into::into);
    settings.camera = global.camera.clone().unwrap_or(settings.camera);
    Ok(settings)
}

fn home(variable: &str, below_home: &str) -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os(variable).filter(|v| !v.is_empty()) {
        return Ok(path.into());
    }
    let home = std::env::var_os("HOME").context("HOME is not set: say --data DIR and --key-file FILE")?;
    Ok(PathBuf::from(home).join(below_home))
}
