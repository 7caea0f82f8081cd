//! `faceprint service print`: a systemd unit that starts the kiosk with the machine and again after a fault.
//!
//! Job: the text of a unit for this program and these options. It must not install anything: whoever reads it does.

use super::args::Global;
use anyhow::Context as _;
use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

/// Prints the unit.
pub fn print(global: &Global, system: bool, user: Option<&str>) -> anyhow::Result<()> {
    let program = std::env::current_exe().context("the program's own path cannot be found")?;
    let unit = if system { system_unit(&program, global, user)? } else { user_unit(&program, global)? };
    print!("{unit}");
    Ok(())
}

/// For a login session that opens by itself: the desktop's own user runs the kiosk.
fn user_unit(program: &Path, global: &Global) -> anyhow::Result<String> {
    let command = command_line(program, global)?;
    Ok(format!(
        "# Faceprint for the user who is logged in on the kiosk's screen. To install it, as that user:
#   mkdir -p ~/.config/systemd/user
#   faceprint service print > ~/.config/systemd/user/faceprint.service
#   systemctl --user daemon-reload && systemctl --user enable --now faceprint
# Let the desktop log this user in at the start. The user must be in the group \"video\".
# A host closes the kiosk in its settings; it then stays closed until the next start.
[Unit]
Description=Faceprint attendance kiosk
PartOf=graphical-session.target
After=graphical-session.target

[Service]
ExecStart={command}
{COMMON}
[Install]
WantedBy=graphical-session.target
"
    ))
}

/// For a machine that is nothing but a kiosk: a user of its own, confined to its own folders.
fn system_unit(program: &Path, global: &Global, user: Option<&str>) -> anyhow::Result<String> {
    let user = user.unwrap_or("faceprint");
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    anyhow::ensure!(
        !user.is_empty() && user.len() <= 31 && user.chars().all(known),
        "'{user}' is not a user name: letters, digits, '-', '_' and '.' only"
    );
    let home = Path::new("/var/lib/faceprint");
    let data = global.data.clone().unwrap_or_else(|| home.join("data"));
    // A passphrase stands in for the key file.
    let key_file = match (&global.key_file, &global.passphrase_file) {
        (None, Some(_)) => None,
        (given, _) => Some(given.clone().unwrap_or_else(|| home.join("key/device.key"))),
    };
    let config = global.config.as_deref().and_then(Path::parent);
    let mut writable = String::new();
    for folder in
        [Some(data.as_path()), key_file.as_deref().and_then(Path::parent), config].into_iter().flatten()
    {
        let folder = absolute(folder)?;
        if !Path::new(&folder).starts_with(home) {
            let _ = writeln!(writable, "ReadWritePaths={}", quoted(&folder)?); // a String takes everything
        }
    }
    let global = Global { data: Some(data), key_file, ..global.clone() };
    let command = command_line(program, &global)?;
    let same_site = same_site(&global)?;
    Ok(format!(
        "# Faceprint as a service of the whole machine, on the X display :0. To install it, as root:
#   useradd --system --create-home --home-dir /var/lib/faceprint --groups video {user}
#   faceprint service print --system > /etc/systemd/system/faceprint.service
#   systemctl daemon-reload && systemctl enable --now faceprint
# The display server must let this user in (xhost +si:localuser:{user}), or start one here: put
# \"/usr/bin/xinit\" before the command and \"-- :0 vt7 -nolisten tcp\" behind it.
# Set the kiosk up in its window, or first: 
#   sudo -u {user} faceprint init{same_site} …
[Unit]
Description=Faceprint attendance kiosk
After=display-manager.service systemd-user-sessions.service time-sync.target
Wants=time-sync.target

[Service]
User={user}
SupplementaryGroups=video
Environment=DISPLAY=:0
ExecStart={command}
{COMMON}StateDirectory=faceprint
StateDirectoryMode=0700
UMask=0077
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
{writable}
[Install]
WantedBy=graphical.target
"
    ))
}

/// The options, for a shell, with which another command works on the unit's site and not on one of its own.
fn same_site(global: &Global) -> anyhow::Result<String> {
    let Global { data, key_file, passphrase_file, config, .. } = global;
    let options = [
        ("--data", data),
        ("--key-file", key_file),
        ("--passphrase-file", passphrase_file),
        ("--config", config),
    ];
    let mut line = String::new();
    for (option, path) in options {
        if let Some(path) = path {
            let path = absolute(path)?;
            let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
            let path = if plain { path } else { format!("'{}'", path.replace('\'', "'\\''")) };
            let _ = write!(line, " {option} {path}");
        }
    }
    Ok(line)
}

/// What both units say of the process: again after a fault, time to close the store, no core dump with faces in it.
const COMMON: &str = "Restart=on-failure
RestartSec=2
TimeoutStopSec=30
LimitCORE=0
NoNewPrivileges=yes
";

/// The program with the options that were given to this call.
fn command_line(program: &Path, global: &Global) -> anyhow::Result<String> {
    // Destructured whole: a new option must be placed here.
    let Global { data, key_file, passphrase_file, weights, detector, device, liveness, config, camera } =
        global;
    let device = device.map(|device| format!("{device:?}").to_lowercase());
    let text = |path: &Option<PathBuf>| path.as_ref().map(|path| absolute(path));
    let options = [
        ("--data", text(data).transpose()?),
        ("--key-file", text(key_file).transpose()?),
        ("--passphrase-file", text(passphrase_file).transpose()?),
        ("--config", text(config).transpose()?),
        ("--weights", weights.clone()),
        ("--detector", detector.clone()),
        ("--device", device),
        ("--liveness", liveness.map(|liveness| format!("{liveness:?}").to_lowercase())),
        ("--camera", camera.as_ref().map(ToString::to_string)),
    ];
    let mut line = quoted(&program.to_string_lossy())?;
    for (option, value) in options {
        if let Some(value) = value {
            let _ = write!(line, " {option} {}", quoted(&value)?);
        }
    }
    Ok(line)
}

/// A service does not start in the folder of whoever printed its unit.
fn absolute(path: &Path) -> anyhow::Result<String> {
    let path = std::path::absolute(path).context("the working folder cannot be found")?;
    Ok(path.to_string_lossy().into_owned())
}

/// A word of a unit file, by the rules of systemd.syntax(7) and systemd.service(5).
fn quoted(word: &str) -> anyhow::Result<String> {
    anyhow::ensure!(!word.chars().any(char::is_control), "a line break or control character in an option");
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return Ok(word.to_owned());
    }
    let mut out = String::from("\"");
    for c in word.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '%' | '$' => out.extend([c, c]),
            c => out.push(c),
        }
    }
    out.push('"');
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn global() -> Global {
        Global {
            data: Some("/srv/time clock/100%".into()),
            key_file: None,
            passphrase_file: None,
            liveness: None,
            weights: None,
            detector: None,
            device: None,
            config: None,
            camera: Some("/dev/video2".parse().unwrap()),
        }
    }

    #[test]
    fn options_are_carried_over_and_quoted_for_systemd() {
        let unit = user_unit(Path::new("/usr/local/bin/faceprint"), &global()).unwrap();
        let line = unit.lines().find(|line| line.starts_with("ExecStart=")).unwrap();
        let wanted = "ExecStart=/usr/local/bin/faceprint --data \"/srv/time clock/100%%\" --camera 2";
        assert_eq!(line, wanted);
        assert_eq!(quoted("a\"b\\c$d").unwrap(), "\"a\\\"b\\\\c$$d\"");
        assert!(quoted("a\nExecStartPre=/bin/rm").is_err());
        assert!(system_unit(Path::new("/x"), &global(), Some("a b")).is_err());
    }

    #[test]
    fn the_system_unit_may_write_where_it_must_and_nowhere_else() {
        let unit = system_unit(Path::new("/usr/local/bin/faceprint"), &global(), None).unwrap();
        assert!(unit.contains("ReadWritePaths=\"/srv/time clock/100%%\"\n"), "{unit}");
        assert!(unit.contains("--key-file /var/lib/faceprint/key/device.key"));
        let init =
            "faceprint init --data '/srv/time clock/100%' --key-file /var/lib/faceprint/key/device.key …";
        assert!(unit.contains(init), "{unit}");
        let words = Global { passphrase_file: Some("/etc/words".into()), ..self::global() };
        let unit = system_unit(Path::new("/x"), &words, None).unwrap();
        assert!(unit.contains("--passphrase-file /etc/words") && !unit.contains("--key-file"), "{unit}");
        let unit = system_unit(Path::new("/usr/local/bin/faceprint"), &global(), None).unwrap();
        assert!(unit.contains("ProtectSystem=strict") && unit.contains("User=faceprint"));
        let config = Some("/etc/faceprint/settings.toml".into());
        let global = Global { data: Some("site".into()), config, ..global() };
        let unit = system_unit(Path::new("/usr/local/bin/faceprint"), &global, None).unwrap();
        assert!(unit.contains("ReadWritePaths=/etc/faceprint\n"), "{unit}");
        let here = std::path::absolute("site").unwrap();
        assert!(
            unit.contains(&format!("ReadWritePaths={}\n", quoted(&here.to_string_lossy()).unwrap())),
            "{unit}"
        );
    }

    #[test]
    fn systemd_itself_finds_no_fault_in_them() {
        let folder = tempfile::tempdir().unwrap();
        // The unit names this program, which exists; the folders need not.
        let program = std::env::current_exe().unwrap();
        let global = Global { data: None, camera: None, ..global() };
        for (scope, unit) in [
            ("--user", user_unit(&program, &global).unwrap()),
            ("--system", system_unit(&program, &global, Some("root")).unwrap()),
        ] {
            let path = folder.path().join("faceprint.service");
            std::fs::write(&path, unit).unwrap();
            let verify = std::process::Command::new("systemd-analyze")
                .args(["verify", scope, "--man=no", "--recursive-errors=no"])
                .arg(&path)
                .env("XDG_RUNTIME_DIR", folder.path())
                .output();
            let Ok(said) = verify else {
                eprintln!("skipped: systemd-analyze is not installed");
                return;
            };
            let said = String::from_utf8_lossy(&said.stderr);
            assert!(!said.contains("faceprint.service:"), "{scope}: {said}");
        }
    }
}
