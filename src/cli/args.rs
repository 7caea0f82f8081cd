//! The command line as typed. [`super::run`] turns it into calls; nothing else sees it.

use crate::{
    domain::{CameraSpec, PersonId},
    settings::{Device, Liveness},
};
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;
use std::path::PathBuf;

/// Attendance by face: a kiosk for the wall beside the door.
///
/// Without a command the kiosk window opens.
#[derive(Debug, Parser)]
#[command(name = "faceprint", version)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// Show the whole product with built-in people, camera and a throw-away data folder.
    #[arg(long)]
    pub demo: bool,
    /// Open in a window instead of full screen.
    #[arg(long)]
    pub windowed: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Data folder [default: ~/.local/share/faceprint].
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Device key file, outside the data folder [default: ~/.config/faceprint/device.key].
    #[arg(long, global = true, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Open the store with the passphrase on this file's first line instead of a key file; `-` is standard input. A
    /// store that needs one asks for it on a terminal.
    #[arg(long, global = true, value_name = "FILE|-", conflicts_with = "key_file")]
    pub passphrase_file: Option<PathBuf>,
    /// Recogniser weights, an id that `faceprint weights list` prints.
    #[arg(long, global = true, value_name = "ID")]
    pub weights: Option<String>,
    /// Detector weights, an id that `faceprint weights list` prints.
    #[arg(long, global = true, value_name = "ID")]
    pub detector: Option<String>,
    /// Where networks run.
    #[arg(long, global = true, value_enum)]
    pub device: Option<DeviceArg>,
    /// Whether presentations are checked: people, not pictures of them.
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    pub liveness: Option<LivenessArg>,
    /// Settings file [default: settings.toml in the data folder].
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Camera: demo, auto, a number, /dev/videoN, a folder of pictures (folder@fps), or an http:// MJPEG address.
    #[arg(long, global = true, value_name = "CAMERA")]
    pub camera: Option<CameraSpec>,
}

/// Where networks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DeviceArg {
    /// CUDA when it is there, else the CPU.
    Auto,
    /// The CPU.
    Cpu,
    /// The first NVIDIA card.
    Cuda,
}

impl From<DeviceArg> for Device {
    fn from(device: DeviceArg) -> Self {
        match device {
            DeviceArg::Auto => Self::Auto,
            DeviceArg::Cpu => Self::Cpu,
            DeviceArg::Cuda => Self::Cuda,
        }
    }
}

/// Whether presentations are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LivenessArg {
    /// When networks for it are installed.
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

impl From<LivenessArg> for Liveness {
    fn from(liveness: LivenessArg) -> Self {
        match liveness {
            LivenessArg::Auto => Self::Auto,
            LivenessArg::On => Self::On,
            LivenessArg::Off => Self::Off,
        }
    }
}

/// Everything the kiosk can do from a script.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Set up a data folder with its first host.
    Init {
        /// Site name.
        #[arg(long)]
        site: String,
        /// IANA time zone [default: the machine's].
        #[arg(long)]
        zone: Option<String>,
        /// The host and their PIN.
        #[command(flatten)]
        host: HostLogin,
    },
    /// Add, list, change, enrol and erase people.
    #[command(subcommand)]
    People(People),
    /// Who may unlock host mode.
    #[command(subcommand)]
    Hosts(Hosts),
    /// Run the pipeline over a camera without a window; one JSON line per decision with --json.
    Replay {
        /// The camera.
        camera: CameraSpec,
        /// Write the marks.
        #[arg(long)]
        record: bool,
        /// At the camera's own pace instead of as fast as possible.
        #[arg(long)]
        realtime: bool,
        /// Stop after this many frames.
        #[arg(long)]
        max_frames: Option<u64>,
        /// JSON lines.
        #[arg(long)]
        json: bool,
    },
    /// Measure accuracy on a list of image pairs in the LFW format.
    VerifyPairs {
        /// Pairs file.
        pairs: PathBuf,
        /// Folder of person folders.
        images: PathBuf,
        /// Folder for roc.csv and roc.svg [default: the working folder].
        #[arg(long, default_value = ".", hide_default_value = true)]
        out: PathBuf,
        /// JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write attendance to a file.
    Export {
        /// Kind of file.
        format: Format,
        /// First attendance day.
        #[arg(long)]
        from: Date,
        /// Last attendance day, included.
        #[arg(long)]
        to: Date,
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
        /// What there is a row for.
        #[arg(long, value_enum, default_value_t = ByArg::Mark)]
        by: ByArg,
        /// Columns, in this order, with commas between [default: all in CSV, the usual ones in PDF]. A CSV ends with
        /// `audit_head` where it is not among them.
        #[arg(long, value_name = "LIST")]
        columns: Option<String>,
        /// Sort the rows by this column; `-worked` puts the largest first [default: marks by time, days by name].
        #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
        sort: Option<String>,
        /// Only these people: ids or badges, with commas between.
        #[arg(long, value_name = "LIST", value_delimiter = ',')]
        people: Vec<String>,
        /// Paper of a PDF.
        #[arg(long, value_enum, default_value_t = PaperArg::A4)]
        paper: PaperArg,
        /// Host who exports; without one the audit log names the kiosk.
        #[arg(long, value_name = "NAME", requires = "pin_file")]
        host: Option<String>,
        /// File with the host's PIN on its first line; `-` is standard input.
        #[arg(long, value_name = "FILE|-", requires = "host")]
        pin_file: Option<PathBuf>,
    },
    /// Lock past attendance against additions and corrections.
    #[command(subcommand)]
    Period(Period),
    /// Read and check the audit log.
    #[command(subcommand)]
    Audit(Audit),
    /// Change what opens the store.
    #[command(subcommand)]
    Key(Key),
    /// Write everything into one sealed file, also while a kiosk is running.
    Backup {
        /// The file, which must not exist.
        file: PathBuf,
        /// File with the backup's passphrase on its first line; `-` is standard input. Without it, it is asked for.
        #[arg(long, value_name = "FILE|-")]
        backup_passphrase_file: Option<PathBuf>,
        /// JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make a data folder from a backup.
    Restore {
        /// The backup.
        file: PathBuf,
        /// Only read it to its end and say what is inside.
        #[arg(long)]
        dry_run: bool,
        /// File with the backup's passphrase on its first line; `-` is standard input. Without it, it is asked for.
        #[arg(long, value_name = "FILE|-")]
        backup_passphrase_file: Option<PathBuf>,
        /// JSON.
        #[arg(long)]
        json: bool,
    },
    /// List, import and check network files.
    #[command(subcommand)]
    Weights(Weights),
    /// Measure frame rate, stage times and how long an attendee waits on this machine.
    Bench {
        /// Frames to measure.
        #[arg(long, default_value_t = 600)]
        frames: u64,
        /// Seconds of the demo in real time, for how long an attendee waits; 0 leaves it out.
        #[arg(long, default_value_t = 75, value_name = "SECS")]
        live: u64,
        /// Seconds with the window open, where there is a display; 0 leaves it out.
        #[arg(long, default_value_t = 20, value_name = "SECS")]
        window: u64,
        /// JSON.
        #[arg(long)]
        json: bool,
        /// Measure nothing: set two reports that --json wrote side by side.
        #[arg(long, num_args = 2, value_names = ["BEFORE", "AFTER"], conflicts_with_all = ["frames", "live", "window", "json"])]
        compare: Vec<PathBuf>,
    },
    /// Start the kiosk with the machine.
    #[command(subcommand)]
    Service(Service),
    /// Check this machine and this installation.
    Doctor {
        /// JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Who changes something. PINs are never arguments: other users see a process's arguments.
#[derive(Debug, Clone, Args)]
pub struct HostLogin {
    /// Host name.
    #[arg(long, value_name = "NAME")]
    pub host: String,
    /// File with the PIN on its first line; `-` is standard input.
    #[arg(long, value_name = "FILE|-")]
    pub pin_file: PathBuf,
}

/// The second host, whom the two-person rule asks for.
#[derive(Debug, Clone, Args)]
pub struct SecondLogin {
    /// Another host who agrees, while the two-person rule is on.
    #[arg(long, value_name = "NAME", requires = "second_pin_file")]
    pub second_host: Option<String>,
    /// File with their PIN on its first line; `-` is standard input, after the first PIN.
    #[arg(long, value_name = "FILE|-", requires = "second_host")]
    pub second_pin_file: Option<PathBuf>,
}

/// People.
#[derive(Debug, Subcommand)]
pub enum People {
    /// Add a person.
    Add {
        /// Display name.
        name: String,
        /// Badge or number.
        #[arg(long, value_name = "BADGE")]
        id: Option<String>,
        /// Who adds.
        #[command(flatten)]
        host: HostLogin,
        /// JSON.
        #[arg(long)]
        json: bool,
    },
    /// List people.
    List {
        /// JSON.
        #[arg(long)]
        json: bool,
    },
    /// Add and rename people by a CSV list with the columns name and badge.
    Import {
        /// The list, in UTF-8; its first line names the columns.
        file: PathBuf,
        /// Print what each row would do, and change nothing.
        #[arg(long)]
        dry_run: bool,
        /// Host who imports; not needed for --dry-run.
        #[arg(long, value_name = "NAME", requires = "pin_file", required_unless_present = "dry_run")]
        host: Option<String>,
        /// File with the host's PIN on its first line; `-` is standard input.
        #[arg(long, value_name = "FILE|-", requires = "host")]
        pin_file: Option<PathBuf>,
        /// JSON.
        #[arg(long)]
        json: bool,
    },
    /// Store a person's face templates from pictures. The pictures are not kept.
    Enrol {
        /// The person's id.
        person: PersonId,
        /// A folder of frames, or pictures.
        #[arg(long, required = true, num_args = 1.., value_name = "FOLDER|IMAGE")]
        from: Vec<PathBuf>,
        /// Version of the consent text the person agreed to.
        #[arg(long, value_name = "VERSION")]
        consent: String,
        /// Who enrols.
        #[command(flatten)]
        host: HostLogin,
        /// JSON.
        #[arg(long)]
        json: bool,
    },
    /// Change a person's name or badge, or switch them off or on.
    #[command(group = ArgGroup::new("change").args(["name", "badge", "no_badge", "active"]).required(true).multiple(true))]
    Change {
        /// The person's id.
        person: PersonId,
        /// Display name.
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Badge or number.
        #[arg(long, value_name = "BADGE")]
        badge: Option<String>,
        /// Take the badge away instead.
        #[arg(long, conflicts_with = "badge")]
        no_badge: bool,
        /// Whether they are recognised and expected.
        #[arg(long, value_enum, value_name = "on|off")]
        active: Option<Switch>,
        /// Who changes it.
        #[command(flatten)]
        host: HostLogin,
    },
    /// Let a person who is locked out try their PIN again.
    Unlock {
        /// The person's id.
        person: PersonId,
        /// Who unlocks.
        #[command(flatten)]
        host: HostLogin,
    },
    /// Erase a person: name, badge, PIN and face data. Past marks stay, under a random id without a name. Cannot be undone.
    Erase {
        /// The person's id.
        person: PersonId,
        /// Who erases.
        #[command(flatten)]
        host: HostLogin,
        /// Who agrees.
        #[command(flatten)]
        second: SecondLogin,
    },
    /// Take back a person's consent: their face data is destroyed, they stay and can use a PIN.
    Withdraw {
        /// The person's id.
        person: PersonId,
        /// Who does it for them.
        #[command(flatten)]
        host: HostLogin,
    },
    /// Write what is stored about a person into a file for them.
    Export {
        /// The person's id.
        person: PersonId,
        /// Folder to write into.
        #[arg(long, value_name = "DIR", default_value = ".")]
        out: PathBuf,
        /// Who exports.
        #[command(flatten)]
        host: HostLogin,
    },
    /// Set the PIN with which a person marks themselves without their face; also unlocks them.
    Pin {
        /// The person's id.
        person: PersonId,
        /// File with the PIN on its first line; `-` is standard input, after the host's.
        #[arg(long, value_name = "FILE|-", required_unless_present = "remove")]
        new_pin_file: Option<PathBuf>,
        /// Take the PIN away instead.
        #[arg(long, conflicts_with = "new_pin_file")]
        remove: bool,
        /// Who sets it.
        #[command(flatten)]
        host: HostLogin,
    },
}

/// Hosts.
#[derive(Debug, Subcommand)]
pub enum Hosts {
    /// List hosts.
    List {
        /// JSON.
        #[arg(long)]
        json: bool,
    },
    /// Add a host.
    Add {
        /// Display name.
        name: String,
        /// File with the new host's PIN or passphrase on its first line; `-` is standard input, after the other PIN.
        #[arg(long, value_name = "FILE|-")]
        new_pin_file: PathBuf,
        /// Who adds.
        #[command(flatten)]
        host: HostLogin,
        /// Who agrees.
        #[command(flatten)]
        second: SecondLogin,
    },
    /// Remove a host. One always stays.
    Remove {
        /// Whom.
        name: String,
        /// Who removes.
        #[command(flatten)]
        host: HostLogin,
    },
    /// Change your own PIN or passphrase.
    Pin {
        /// File with the new one on its first line; `-` is standard input, after the old one.
        #[arg(long, value_name = "FILE|-")]
        new_pin_file: PathBuf,
        /// Who, with the old PIN.
        #[command(flatten)]
        host: HostLogin,
    },
    /// Let a host who is locked out try again.
    Unlock {
        /// Whom.
        name: String,
        /// Another host, who unlocks.
        #[arg(long, value_name = "NAME", requires = "pin_file", conflicts_with = "recovery_file")]
        host: Option<String>,
        /// File with that host's PIN on its first line; `-` is standard input.
        #[arg(long, value_name = "FILE|-", requires = "host")]
        pin_file: Option<PathBuf>,
        /// File with the recovery code instead of another host; it is used up, and the next one is printed.
        #[arg(long, value_name = "FILE|-", required_unless_present = "host")]
        recovery_file: Option<PathBuf>,
        /// With the recovery code: file with a new PIN for a host who forgot theirs.
        #[arg(long, value_name = "FILE|-", requires = "recovery_file")]
        new_pin_file: Option<PathBuf>,
    },
    /// Switch the two-person rule: while it is on, erasing a person, changing a key, adding a host, making a recovery
    /// code and switching the rule off take a second host.
    TwoPerson {
        /// On or off.
        rule: Switch,
        /// Who switches it.
        #[command(flatten)]
        host: HostLogin,
        /// Who agrees to switching it off.
        #[command(flatten)]
        second: SecondLogin,
    },
    /// Make a new recovery code and print it once; the old one is void.
    Recovery {
        /// Who asks.
        #[command(flatten)]
        host: HostLogin,
        /// Who agrees.
        #[command(flatten)]
        second: SecondLogin,
    },
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// From now on.
    On,
    /// No longer.
    Off,
}

/// What a report has a row for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ByArg {
    /// Each mark.
    Mark,
    /// Each day of each person, absences included.
    Day,
}

/// Paper sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PaperArg {
    /// 210 x 297 mm.
    A4,
    /// 8.5 x 11 inches.
    Letter,
}

/// Kind of report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Comma-separated values.
    Csv,
    /// Pages.
    Pdf,
}

/// Locked attendance.
#[derive(Debug, Subcommand)]
pub enum Period {
    /// Lock every day up to and including one that is over. Their hours keep the rules of work of now.
    Lock {
        /// The last day to lock.
        #[arg(long, value_name = "DATE")]
        until: Date,
        /// Who locks.
        #[command(flatten)]
        host: HostLogin,
        /// JSON.
        #[arg(long)]
        json: bool,
    },
    /// Open locked days again.
    Unlock {
        /// Up to and including this day they stay locked.
        #[arg(long, value_name = "DATE", required_unless_present = "all")]
        until: Option<Date>,
        /// Open all of them.
        #[arg(long, conflicts_with = "until")]
        all: bool,
        /// Why; it stands in the audit log and should name nobody.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Who unlocks.
        #[command(flatten)]
        host: HostLogin,
        /// JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print up to when attendance is locked, by whom.
    Show {
        /// JSON.
        #[arg(long)]
        json: bool,
    },
}

/// The audit log.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Print the newest entries.
    Show {
        /// How many.
        #[arg(long, default_value_t = 50)]
        last: u64,
        /// JSON lines.
        #[arg(long)]
        json: bool,
    },
    /// Check the whole chain.
    Verify {
        /// A head that a report, the Today page or this command showed earlier, whole or its first 16 digits: shows whether
        /// the log was cut or written anew since.
        #[arg(long, value_name = "NUMBER:HASH")]
        head: Option<String>,
        /// JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Starting with the machine.
#[derive(Debug, Subcommand)]
pub enum Service {
    /// Print a systemd unit with these options; its first lines say how to install it.
    Print {
        /// For the whole machine instead of for the user who is logged in.
        #[arg(long)]
        system: bool,
        /// User of the --system unit [default: faceprint].
        #[arg(long, value_name = "NAME", requires = "system")]
        user: Option<String>,
    },
}

/// Keys.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Let another key file or a passphrase open the store. Records stay as they are.
    Change {
        /// The new key file; made if it is not there.
        #[arg(long, value_name = "FILE", required_unless_present = "new_passphrase_file")]
        new_key_file: Option<PathBuf>,
        /// File with the new passphrase on its first line; `-` is standard input.
        #[arg(long, value_name = "FILE|-", conflicts_with = "new_key_file")]
        new_passphrase_file: Option<PathBuf>,
        /// Who changes it.
        #[command(flatten)]
        host: HostLogin,
        /// Who agrees.
        #[command(flatten)]
        second: SecondLogin,
    },
    /// Draw a new master key and seal every record with it. Can be interrupted: it goes on at the next call, or while
    /// the kiosk runs.
    Rotate {
        /// Who changes it.
        #[command(flatten)]
        host: HostLogin,
        /// Who agrees.
        #[command(flatten)]
        second: SecondLogin,
    },
}

/// Network files.
#[derive(Debug, Subcommand)]
pub enum Weights {
    /// Print what is installed and built in.
    List {
        /// JSON.
        #[arg(long)]
        json: bool,
    },
    /// Install networks from an ONNX or safetensors file, a folder, a zip archive, an http or https address, or a pack by name
    /// (`buffalo_l`, `buffalo_s`, `buffalo_sc`, `antelopev2`, `auraface`).
    Install {
        /// File, folder, address or pack.
        what: String,
        /// Accept the licences that are shown.
        #[arg(long)]
        accept_licence: bool,
        /// What the file has to be, hexadecimal.
        #[arg(long, value_name = "HEX", value_parser = sha256)]
        sha256: Option<String>,
        /// JSON.
        #[arg(long)]
        json: bool,
    },
    /// Choose the detector or recogniser, and say who must be enrolled again.
    Use {
        /// Its id.
        id: String,
    },
    /// Check every installed file against its sum.
    Verify {
        /// JSON.
        #[arg(long)]
        json: bool,
    },
}

/// A mistyped sum is found before the file is fetched and not after.
fn sha256(text: &str) -> Result<String, String> {
    let is_sum = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_sum.then(|| text.to_owned()).ok_or_else(|| "a sha256 is 64 hexadecimal digits".to_owned())
}
