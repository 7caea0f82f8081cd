//! The settings file: TOML, parsed once into a [`Settings`] that cannot be wrong.
//!
//! Job: what a technician may change, with defaults, ranges and a sentence for each mistake. It must not know
//! what any setting does. Nothing secret is in this file; host names, PINs and people are in the vault.

mod display;
mod reports;

pub use display::{Display, Look, ScreenKeyboard};
pub use reports::ReportColumns;

use crate::domain::{CameraSpec, WeightsId, WorkRules};
use jiff::{civil::Time, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::Write as _,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

/// Longest consent text, characters.
const MAX_CONSENT_CHARS: usize = 4_000;

/// Every setting, valid by construction.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Shown on the kiosk and on reports.
    pub site_name: String,
    /// Zone of every local time on screen and in reports.
    pub zone: SiteZone,
    /// Language of the words, for example `en`.
    pub language: String,
    /// Which camera.
    pub camera: CameraSpec,
    /// Show people as in a mirror. Recognition always uses the picture as captured.
    pub mirror: bool,
    /// Degrees clockwise by which the camera's picture is turned: 0, 90, 180 or 270.
    pub rotate_degrees: u16,
    /// Where the networks run.
    pub device: Device,
    /// Detector weights; `None` is the built-in pack.
    pub detector: Option<WeightsId>,
    /// Recogniser weights; `None` is the built-in pack.
    pub recogniser: Option<WeightsId>,
    /// Whether a presentation is checked: a person, or a picture of one (presentation attack detection, ISO/IEC 30107).
    pub liveness: Liveness,
    /// From which probability on a presentation is taken for a person. 0.05 to 0.99.
    pub min_bona_fide: f32,
    /// Enrol somebody who marks by ID and PIN again in passing, when their face data is of other weights.
    pub renew_faces: bool,
    /// When a recognised face means in and when out.
    pub mark_mode: MarkMode,
    /// A person marked less than this many seconds ago is not marked again. 0 to 86 400.
    pub guard_secs: u32,
    /// Hour at which an attendance day begins, 0 to 23.
    pub day_start_hour: u8,
    /// How long "Not me" can be pressed, seconds. 3 to 60.
    pub not_me_secs: u32,
    /// Host mode locks after this many idle seconds. 10 to 3 600.
    pub session_idle_secs: u32,
    /// Largest accepted share of visits by strangers that match somebody (FPIR of ISO/IEC 19795-1). 0.000 01 to 0.05.
    pub fpir: f32,
    /// Version of the consent text that people agree to.
    pub consent_version: String,
    /// The consent text itself; empty is the built-in one in the kiosk's language. At most 4,000 characters.
    pub consent_text: String,
    /// Whether tones are heard at the door.
    pub sound: Sound,
    /// How the screen looks.
    pub display: Display,
    /// Columns chosen last for reports.
    pub reports: ReportColumns,
    /// Attendance events older than so many days are erased at night; 0 keeps them. 0 to 36 500.
    pub keep_marks_days: u32,
    /// Face data of people who were neither enrolled nor marked for so many days is erased at night; 0 keeps it.
    /// 0 to 36 500.
    pub keep_faces_days: u32,
    /// Who is expected when, and how working time is counted.
    pub work: WorkRules,
}

/// Where networks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    /// CUDA when this binary has it and a card answers, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// The first NVIDIA card, or an error.
    Cuda,
}

/// Whether a presentation is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Liveness {
    /// When networks for it are installed.
    Auto,
    /// Always; without networks the kiosk does not recognise anybody.
    On,
    /// Never.
    Off,
}

/// Whether tones are heard at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sound {
    /// Where the machine has a sound device.
    Auto,
    /// Also where none is known: it may be one on the network.
    On,
    /// Never.
    Off,
}

/// When a recognised face means in and when out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkMode {
    /// In, then out, then in; each attendance day begins with in.
    Toggle,
    /// In before this local time, out from it on.
    OutFrom(Time),
    /// Always in.
    AlwaysIn,
    /// Always out.
    AlwaysOut,
    /// The person chooses on the screen.
    Ask,
}

/// A zone that the time-zone database knows.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteZone {
    name: String,
    zone: TimeZone,
}

impl SiteZone {
    /// Looks up an IANA name such as `Europe/Berlin`.
    pub fn new(name: &str) -> Result<Self, SettingsError> {
        let zone = TimeZone::get(name).map_err(|_| SettingsError::Value {
            field: "zone",
            given: name.to_owned(),
            allowed: "a name of the IANA time-zone database such as Europe/Berlin or UTC",
        })?;
        Ok(Self { name: name.to_owned(), zone })
    }

    /// IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Rules.
    #[must_use]
    pub fn time_zone(&self) -> &TimeZone {
        &self.zone
    }
}

/// What is wrong with the settings file.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file could not be read or written.
    #[error(
        "the settings file {path} cannot be {doing}: {source}. Check that the folder exists and is yours"
    )]
    Io {
        /// Which file.
        path: PathBuf,
        /// `read` or `written`.
        doing: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not TOML, or an unknown or mistyped field.
    #[error(
        "the settings file {path} is not understood: {reason}. Correct it, or delete it to begin with the defaults"
    )]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// What the parser said, one line.
        reason: String,
    },
    /// A value out of range.
    #[error("setting `{field}` is '{given}', but must be {allowed}")]
    Value {
        /// Which setting.
        field: &'static str,
        /// What it says.
        given: String,
        /// What it may say.
        allowed: &'static str,
    },
}

impl Settings {
    /// [`Self::guard_secs`].
    pub const GUARD_SECS: RangeInclusive<u32> = 0..=86_400;
    /// [`Self::day_start_hour`].
    pub const DAY_START_HOUR: RangeInclusive<u8> = 0..=23;
    /// [`Self::not_me_secs`].
    pub const NOT_ME_SECS: RangeInclusive<u32> = 3..=60;
    /// [`Self::session_idle_secs`].
    pub const SESSION_IDLE_SECS: RangeInclusive<u32> = 10..=3_600;
    /// [`Self::fpir`].
    pub const FPIR: RangeInclusive<f32> = 0.000_01..=0.05;

    /// Settings of a new site; the zone is the machine's when it has an IANA name, else UTC.
    #[must_use]
    pub fn for_site(site_name: &str) -> Self {
        let raw = RawSettings { site_name: site_name.to_owned(), ..RawSettings::default() };
        // The defaults are valid (tested); a bad site name falls back to the default one.
        raw.check().unwrap_or_else(|_| Self::built_in())
    }

    /// The same settings, if every one is in its range: for a form that changes some of them.
    pub fn checked(&self) -> Result<Self, SettingsError> {
        RawSettings::from(self).check()
    }

    /// What a new installation begins with.
    #[must_use]
    pub fn built_in() -> Self {
        Self {
            site_name: "Faceprint".to_owned(),
            zone: SiteZone { name: "UTC".to_owned(), zone: TimeZone::UTC },
            language: "en".to_owned(),
            camera: CameraSpec::Auto,
            mirror: true,
            rotate_degrees: 0,
            device: Device::Auto,
            detector: None,
            recogniser: None,
            liveness: Liveness::Auto,
            min_bona_fide: 0.5,
            renew_faces: true,
            mark_mode: MarkMode::Toggle,
            guard_secs: 120,
            day_start_hour: 4,
            not_me_secs: 8,
            session_idle_secs: 60,
            fpir: 0.003,
            consent_version: "1".to_owned(),
            consent_text: String::new(),
            sound: Sound::Auto,
            display: Display::default(),
            reports: ReportColumns::default(),
            keep_marks_days: 0,
            keep_faces_days: 0,
            work: WorkRules::default(),
        }
    }

    /// Reads a settings file. A missing file is `None`.
    pub fn load(path: &Path) -> Result<Option<Self>, SettingsError> {
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, path).map(Some),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(SettingsError::Io { path: path.to_owned(), doing: "read", source }),
        }
    }

    /// Parses the text of a settings file; `path` is for messages.
    pub fn parse(text: &str, path: &Path) -> Result<Self, SettingsError> {
        let raw: RawSettings = toml::from_str(text).map_err(|e| SettingsError::Syntax {
            path: path.to_owned(),
            reason: e.message().lines().next().unwrap_or("bad syntax").to_owned(),
        })?;
        raw.check()
    }

    /// The file's text.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(&RawSettings::from(self)).unwrap_or_default()
    }

    /// Other settings with what differs here from `before`: whoever changed `before` into these meant nothing else. `path` is
    /// for messages.
    pub fn changes_on(&self, before: &Self, others: &Self, path: &Path) -> Result<Self, SettingsError> {
        let table = |settings: &Self| toml::Table::try_from(RawSettings::from(settings)).unwrap_or_default();
        let (before, after, mut others) = (table(before), table(self), table(others));
        for (key, _) in before.iter().chain(&after).filter(|(key, _)| before.get(*key) != after.get(*key)) {
            match after.get(key) {
                Some(value) => others.insert(key.clone(), value.clone()),
                None => others.remove(key),
            };
        }
        Self::parse(&toml::to_string(&others).unwrap_or_default(), path)
    }

    /// Replaces the file in one step: after a crash it holds the old settings or the new ones.
    pub fn save(&self, path: &Path) -> Result<(), SettingsError> {
        let err = |source| SettingsError::Io { path: path.to_owned(), doing: "written", source };
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(err)?;
        file.write_all(self.to_toml().as_bytes()).map_err(err)?;
        file.as_file().sync_all().map_err(err)?;
        file.persist(path).map_err(|e| err(e.error))?;
        fs::File::open(folder).and_then(|f| f.sync_all()).map_err(err)
    }
}

/// The file as written; [`RawSettings::check`] is the only way from here to [`Settings`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawSettings {
    site_name: String,
    zone: String,
    language: String,
    camera: CameraSpec,
    mirror: bool,
    rotate_degrees: u16,
    device: Device,
    #[serde(skip_serializing_if = "Option::is_none")]
    detector: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recogniser: Option<String>,
    liveness: Liveness,
    min_bona_fide: f32,
    renew_faces: bool,
    mark_mode: String,
    guard_secs: u32,
    day_start_hour: u8,
    not_me_secs: u32,
    session_idle_secs: u32,
    fpir: f32,
    consent_version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    consent_text: String,
    keep_marks_days: u32,
    keep_faces_days: u32,
    sound: Sound,
    display: Display,
    reports: ReportColumns,
    work: WorkRules, // a table: last
}

impl Default for RawSettings {
    fn default() -> Self {
        let zone = TimeZone::system().iana_name().unwrap_or("UTC").to_owned();
        Self { zone, ..Self::from(&Settings::built_in()) }
    }
}

impl From<&Settings> for RawSettings {
    fn from(settings: &Settings) -> Self {
        // Destructured whole: a new setting must be placed here.
        let Settings {
            site_name,
            zone,
            language,
            camera,
            mirror,
            rotate_degrees,
            device,
            detector,
            recogniser,
            liveness,
            min_bona_fide,
            renew_faces,
            mark_mode,
            guard_secs,
            day_start_hour,
            not_me_secs,
            session_idle_secs,
            fpir,
            consent_version,
            consent_text,
            sound,
            display,
            reports,
            keep_marks_days,
            keep_faces_days,
            work,
        } = settings.clone();
        Self {
            site_name,
            zone: zone.name,
            language,
            camera,
            mirror,
            rotate_degrees,
            device,
            detector: detector.map(|id| id.to_string()),
            recogniser: recogniser.map(|id| id.to_string()),
            liveness,
            min_bona_fide,
            renew_faces,
            mark_mode: mark_mode.to_string(),
            guard_secs,
            day_start_hour,
            not_me_secs,
            session_idle_secs,
            fpir,
            consent_version,
            consent_text,
            sound,
            display,
            reports,
            keep_marks_days,
            keep_faces_days,
            work,
        }
    }
}

impl std::fmt::Display for MarkMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Toggle => f.write_str("toggle"),
            Self::OutFrom(time) => write!(f, "out_from {}", time.strftime("%H:%M")),
            Self::AlwaysIn => f.write_str("always_in"),
            Self::AlwaysOut => f.write_str("always_out"),
            Self::Ask => f.write_str("ask"),
        }
    }
}

impl std::str::FromStr for MarkMode {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<Self, SettingsError> {
        Ok(match text {
            "toggle" => Self::Toggle,
            "always_in" => Self::AlwaysIn,
            "always_out" => Self::AlwaysOut,
            "ask" => Self::Ask,
            _ => text
                .strip_prefix("out_from ")
                .and_then(|time| Time::strptime("%H:%M", time.trim()).ok())
                .map(Self::OutFrom)
                .ok_or_else(|| SettingsError::Value {
                    field: "mark_mode",
                    given: text.to_owned(),
                    allowed: "toggle, always_in, always_out, ask, or out_from HH:MM",
                })?,
        })
    }
}

impl RawSettings {
    fn check(self) -> Result<Settings, SettingsError> {
        fn within<T: PartialOrd + std::fmt::Display>(
            field: &'static str,
            value: T,
            range: RangeInclusive<T>,
            allowed: &'static str,
        ) -> Result<T, SettingsError> {
            if range.contains(&value) {
                Ok(value)
            } else {
                Err(SettingsError::Value { field, given: value.to_string(), allowed })
            }
        }
        fn short(field: &'static str, text: &str) -> Result<String, SettingsError> {
            let text = text.trim();
            if (1..=80).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
                Ok(text.to_owned())
            } else {
                Err(SettingsError::Value {
                    field,
                    given: text.chars().take(20).collect(),
                    allowed: "1 to 80 characters on one line",
                })
            }
        }
        fn long(field: &'static str, text: &str) -> Result<String, SettingsError> {
            let text = text.trim();
            let plain = !text.chars().any(|c| c.is_control() && c != '\n');
            if plain && text.chars().count() <= MAX_CONSENT_CHARS {
                Ok(text.to_owned())
            } else {
                let given = text.chars().take(20).collect();
                Err(SettingsError::Value { field, given, allowed: "plain text of at most 4000 characters" })
            }
        }
        fn weights(field: &'static str, id: Option<&str>) -> Result<Option<WeightsId>, SettingsError> {
            id.map(WeightsId::new).transpose().map_err(|_| SettingsError::Value {
                field,
                given: id.unwrap_or_default().to_owned(),
                allowed: "an id that `faceprint weights list` prints",
            })
        }
        if ![0, 90, 180, 270].contains(&self.rotate_degrees) {
            return Err(SettingsError::Value {
                field: "rotate_degrees",
                given: self.rotate_degrees.to_string(),
                allowed: "0, 90, 180 or 270",
            });
        }
        Ok(Settings {
            site_name: short("site_name", &self.site_name)?,
            zone: SiteZone::new(&self.zone)?,
            language: short("language", &self.language)?,
            camera: self.camera,
            mirror: self.mirror,
            rotate_degrees: self.rotate_degrees,
            device: self.device,
            detector: weights("detector", self.detector.as_deref())?,
            recogniser: weights("recogniser", self.recogniser.as_deref())?,
            liveness: self.liveness,
            min_bona_fide: within(
                "min_bona_fide",
                self.min_bona_fide,
                0.05..=0.99,
                "a share from 0.05 to 0.99",
            )?,
            renew_faces: self.renew_faces,
            mark_mode: self.mark_mode.parse()?,
            guard_secs: within("guard_secs", self.guard_secs, Settings::GUARD_SECS, "0 to 86400 seconds")?,
            day_start_hour: within(
                "day_start_hour",
                self.day_start_hour,
                Settings::DAY_START_HOUR,
                "an hour from 0 to 23",
            )?,
            not_me_secs: within("not_me_secs", self.not_me_secs, Settings::NOT_ME_SECS, "3 to 60 seconds")?,
            session_idle_secs: within(
                "session_idle_secs",
                self.session_idle_secs,
                Settings::SESSION_IDLE_SECS,
                "10 to 3600 seconds",
            )?,
            fpir: within("fpir", self.fpir, Settings::FPIR, "a share from 0.00001 to 0.05")?,
            consent_version: short("consent_version", &self.consent_version)?,
            consent_text: long("consent_text", &self.consent_text)?,
            sound: self.sound,
            display: self.display.check()?,
            reports: self.reports.check()?,
            keep_marks_days: within("keep_marks_days", self.keep_marks_days, 0..=36_500, "0 to 36500 days")?,
            keep_faces_days: within("keep_faces_days", self.keep_faces_days, 0..=36_500, "0 to 36500 days")?,
            work: self.work,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_changed_is_changed_in_the_file() {
        let file = Settings { recogniser: WeightsId::new("chosen").ok(), ..Settings::for_site("Site") };
        // This start has options of its own, and does not know of the choice yet.
        let running = Settings {
            recogniser: WeightsId::new("old").ok(),
            detector: WeightsId::new("option").ok(),
            camera: "demo".parse().unwrap(),
            ..file.clone()
        };
        let form = Settings { detector: None, guard_secs: 77, ..running.clone() };
        let kept = form.changes_on(&running, &file, Path::new("x")).unwrap();
        assert_eq!(kept, Settings { guard_secs: 77, ..file.clone() });
        assert_eq!(running.changes_on(&running, &file, Path::new("x")).unwrap(), file);
        let file = Settings { detector: WeightsId::new("d").ok(), ..file };
        assert_eq!(form.changes_on(&running, &file, Path::new("x")).unwrap().detector, None, "taken out");
    }

    fn parse(text: &str) -> Result<Settings, SettingsError> {
        Settings::parse(text, Path::new("settings.toml"))
    }

    #[test]
    fn an_empty_file_is_the_defaults_and_what_is_saved_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        assert!(Settings::load(&path).unwrap().is_none());
        let mut settings = parse("").unwrap();
        settings.site_name = "Werk Süd".into();
        settings.mark_mode = MarkMode::OutFrom(jiff::civil::time(13, 30, 0, 0));
        settings.recogniser = Some(WeightsId::new("mbf-w8").unwrap());
        settings.consent_text = "First line.\nSecond “line”.".into();
        settings.display = Display {
            look: Look::Light,
            large_type: true,
            high_contrast: true,
            keyboard: ScreenKeyboard::Never,
            saver_secs: 0,
        };
        settings.sound = Sound::On;
        settings.reports.day_pdf = "date,first_in".into();
        settings.work.schedule = "mon-fri 08:00-17:00".parse().unwrap();
        settings.save(&path).unwrap();
        assert_eq!(Settings::load(&path).unwrap(), Some(settings));
    }

    #[test]
    fn each_mistake_has_its_sentence() {
        for (text, field) in [
            ("guard_secs = 90000", "guard_secs"),
            ("zone = 'Mars/Base'", "zone"),
            ("rotate_degrees = 45", "rotate_degrees"),
            ("mark_mode = 'sometimes'", "mark_mode"),
            ("mark_mode = 'out_from 25:00'", "mark_mode"),
            ("recogniser = '../x'", "recogniser"),
            ("site_name = ''", "site_name"),
            ("fpir = 0.5", "fpir"),
            ("fpir = nan", "fpir"),
            ("[display]\nsaver_secs = 5", "saver_secs"),
            ("consent_text = \"a\\u0007b\"", "consent_text"),
            ("min_bona_fide = 1.0", "min_bona_fide"),
            ("[reports]\nday_csv = 'Name; age'", "reports"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(field), "{text}: {error}");
        }
        assert!(parse("colour = 'red'").unwrap_err().to_string().contains("not understood"));
        assert!(
            parse("[work]\nschedule = 'always'").unwrap_err().to_string().contains("mon-fri 08:00-17:00")
        );
        assert!(parse("camera = 'rtsp://x'").unwrap_err().to_string().contains("not a camera"));
    }
}
