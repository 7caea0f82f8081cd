//! `faceprint key`, `backup` and `restore`: what opens the store, and a second copy of it.

use super::{
    args::{Global, HostLogin, SecondLogin},
    commands::bar,
    context::{Context, agree, finish, read_passphrase, type_passphrase},
};
use crate::{
    crypto::{KeySource, Passphrase, make_folder},
    domain::SharedDeed,
    runtime::ledger::{LedgerError, keeping::backup_of_running},
    settings::Settings,
    vault::{BackupContents, Vault, VaultError},
};
use anyhow::{Context as _, bail};
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use zeroize::Zeroizing;

/// Records sealed anew between two looks at the signals.
const AT_ONCE: usize = 256;

pub fn key_change(
    global: &Global,
    new_key_file: Option<PathBuf>,
    new_passphrase_file: Option<&Path>,
    host: &HostLogin,
    second: &SecondLogin,
) -> anyhow::Result<()> {
    let context = Context::new(global)?;
    if let (Some(new), KeySource::File(present)) = (&new_key_file, context.key.as_ref()) {
        refuse_present_key(present, new)?;
    }
    let new = context.as_host(host, |ledger, session| {
        agree(ledger, session, second, SharedDeed::ChangeKey)?;
        // Read after the hosts' PINs: all may come from standard input.
        let new = match (new_key_file, new_passphrase_file) {
            (Some(file), _) => KeySource::File(file),
            (None, Some(file)) => {
                let new = read_passphrase(file)?;
                if matches!(context.key.as_ref(), KeySource::Passphrase(present) if present.is_same(&new)) {
                    bail!(
                        "this passphrase opens the store already, so nothing was changed: choose another one"
                    );
                }
                KeySource::Passphrase(new)
            }
            (None, None) => bail!("say --new-key-file or --new-passphrase-file"),
        };
        ledger.vault_mut().change_key(session.actor(), &new, context.clock.now())?;
        Ok(new)
    })?;
    match new {
        KeySource::File(path) => eprintln!("{} opens the store from now on.", path.display()),
        KeySource::Passphrase(_) => eprintln!("The passphrase opens the store from now on."),
    }
    eprintln!(
        "Whoever has the old key and an old copy of vault.key can still open it: `faceprint key rotate`."
    );
    Ok(())
}

/// The same key once more would change nothing, while whoever asks believes the old one to be void.
fn refuse_present_key(present: &Path, new: &Path) -> anyhow::Result<()> {
    // One that is not there is made; one that cannot be read is refused when it is put to use.
    let read = |path: &Path| std::fs::read(path).ok().map(Zeroizing::new);
    if let (Some(present), Some(same)) = (read(present), read(new))
        && present == same
    {
        bail!(
            "{} holds the key that opens the store already, so nothing was changed: name a file that does not exist, and a \
             new key is made there",
            new.display()
        );
    }
    Ok(())
}

pub fn key_rotate(global: &Global, host: &HostLogin, second: &SecondLogin) -> anyhow::Result<()> {
    let context = Context::new(global)?;
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        signal_hook::flag::register(signal, stop.clone()).context("signals cannot be caught")?;
    }
    let finished = context.as_host(host, |ledger, session| {
        agree(ledger, session, second, SharedDeed::RotateKey)?;
        ledger.vault_mut().begin_rotation(session.actor(), context.clock.now())?;
        let progress = bar(0);
        let mut finished = false;
        while !finished && !stop.load(Ordering::Relaxed) {
            let step = ledger.vault_mut().rotate_step(AT_ONCE, context.clock.now())?;
            progress.set_length(step.total);
            progress.set_position(step.done);
            finished = step.finished;
        }
        progress.finish_and_clear();
        Ok(finished)
    })?;
    if !finished {
        bail!("interrupted; nothing is lost: the same command or a running kiosk goes on");
    }
    eprintln!(
        "Every record is sealed with the new master key, and the old one is gone. Whoever copied the key file or passphrase can \
         open it all the same: then `faceprint key change` first, and this again."
    );
    Ok(())
}

pub fn backup(
    global: &Global,
    file: &Path,
    passphrase_file: Option<&Path>,
    as_json: bool,
) -> anyhow::Result<()> {
    let context = Context::new(global)?;
    let passphrase = match passphrase_file {
        Some(file) => read_passphrase(file)?,
        None => type_new_passphrase()?,
    };
    let contents = match context.ledger() {
        Ok(ledger) => {
            finish(ledger, |ledger| Ok(ledger.backup(crate::domain::Actor::Kiosk, file, passphrase)?))?
        }
        Err(error) if is_busy(&error) => {
            eprintln!("faceprint: a kiosk is running, so the audit log will not name this backup");
            let kept = Settings::load(&context.paths.settings)?; // without the options of this call
            let settings = kept.unwrap_or_else(|| context.settings.clone()).to_toml();
            let store = context.paths.store();
            let (key, now) = (&context.key, context.clock.now());
            backup_of_running(Vault::view_of_running(&store, key, &settings, now)?, file, passphrase)?
        }
        Err(error) => return Err(error),
    };
    show(&contents, as_json);
    Ok(())
}

pub fn restore(
    global: &Global,
    file: &Path,
    dry_run: bool,
    passphrase_file: Option<&Path>,
    as_json: bool,
) -> anyhow::Result<()> {
    let context = Context::new(global)?;
    let passphrase = match passphrase_file {
        Some(file) => read_passphrase(file)?,
        None => type_passphrase("Passphrase of the backup")?,
    };
    let progress = bar(0);
    let told = |done, total| {
        progress.set_length(total);
        progress.set_position(done);
    };
    let inspected = Vault::inspect_backup(file, &passphrase, told);
    let (contents, settings) = inspected.inspect_err(|_| progress.finish_and_clear())?;
    if dry_run {
        progress.finish_and_clear();
        show(&contents, as_json);
        return Ok(());
    }
    let restored = restore_into(&context, file, &passphrase, &settings, told);
    progress.finish_and_clear();
    let vault = restored?;
    let checked = vault.verify_audit(None, |_, _| ());
    vault.close(context.clock.now())?;
    if let Some(fault) = checked?.fault {
        bail!("everything is restored, but the backup's audit log was broken before: {fault}");
    }
    show(&contents, as_json);
    eprintln!(
        "Restored into {}. Network files are not in a backup: install them again.",
        context.paths.root.display()
    );
    Ok(())
}

/// Settings before records: a store that is there takes no second try. What can be refused is refused before anything is
/// written, and settings without a store do not stay.
fn restore_into(
    context: &Context,
    file: &Path,
    passphrase: &Passphrase,
    settings: &str,
    told: impl FnMut(u64, u64),
) -> anyhow::Result<Vault> {
    let (root, path, store) = (&context.paths.root, &context.paths.settings, context.paths.store());
    let settings = Settings::parse(settings, path)?;
    if Vault::exists(&store) {
        return Err(VaultError::AlreadyExists(store).into());
    }
    let kept = Settings::load(path)?;
    if kept.as_ref().is_some_and(|kept| *kept != settings) {
        bail!(
            "{} holds other settings, which the backup's would replace: move it away, or restore into an empty folder",
            path.display()
        );
    }
    make_folder(root, 0o777).with_context(|| format!("{} cannot be made", root.display()))?;
    settings.save(path)?;
    match Vault::restore(&store, &context.key, file, passphrase, context.clock.now(), told) {
        Ok((vault, _)) => Ok(vault),
        Err(error) => {
            if kept.is_none()
                && let Err(error) = std::fs::remove_file(path)
            {
                log::warn!("{} stays behind: {error}", path.display());
            }
            Err(error.into())
        }
    }
}

fn show(contents: &BackupContents, as_json: bool) {
    let records: serde_json::Map<_, _> =
        contents.records.iter().map(|(kind, count)| (kind.clone(), json!(count))).collect();
    if as_json {
        let made = contents.made.to_string();
        println!("{}", json!({ "made": made, "program": contents.program, "records": records }));
        return;
    }
    println!("made {} by faceprint {}", contents.made, contents.program);
    for (kind, count) in &contents.records {
        println!("{count:>8}  {kind}");
    }
}

/// Typed twice: a slip would make the backup useless.
fn type_new_passphrase() -> anyhow::Result<Passphrase> {
    let first = type_passphrase("Passphrase for the backup")?;
    let second = type_passphrase("The same again")?;
    if !first.is_same(&second) {
        bail!("the two passphrases differ: nothing was written");
    }
    Ok(first)
}

fn is_busy(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<LedgerError>(), Some(LedgerError::Vault(VaultError::Busy(_))))
}
