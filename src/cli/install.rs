//! `weights install` and `weights use`: networks from a file, a folder, an archive or an address into the store.
//!
//! It must not know how a network is read or fetched: it puts those steps in order, asks for the licence, and prints.

use super::{
    args::Global,
    commands::weights_json,
    context::{Context, finish},
};
use crate::{
    diagnostics::probe,
    domain::{Person, WeightsId},
    runtime::{ledger::LedgerError, networks},
    settings::Settings,
    vault::VaultError,
    vision::{
        Imported, Kind, Manifest, WeightsError, WeightsStore,
        download::{self, DownloadError, Patience},
        gather::{Gathered, gather},
        known::{PACKS, Pack},
    },
};
use anyhow::{Context as _, anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    io::{IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

/// How to install.
pub struct Options<'a> {
    /// The licences are accepted.
    pub accept_licence: bool,
    /// What the file has to be, hexadecimal.
    pub sha256: Option<&'a str>,
    /// JSON.
    pub json: bool,
}

pub fn install(global: &Global, what: &str, options: &Options<'_>) -> anyhow::Result<()> {
    let context = Context::new(global)?;
    let source = Source::of(what, options)?;
    if let Source::Address { pack: Some(pack), .. } = &source {
        accept(&[format!("{}. Licence: {}", pack.name, pack.licence)], options)?; // nothing is fetched without
    }
    if let Source::Address { sha256: None, .. } = &source {
        eprintln!("without --sha256, what comes is taken only if it is a network that is known here");
    }
    let path = source.fetch(&context.paths.weights())?;
    let installed = install_from(&source, &path, &context.weights_store(), options);
    source.clean_up(&path); // also when it was not what was wanted
    let found = installed?;
    if !options.json {
        say_what_next(&found.networks);
    }
    Ok(())
}

fn install_from(
    source: &Source<'_>,
    path: &Path,
    store: &WeightsStore,
    options: &Options<'_>,
) -> anyhow::Result<Gathered> {
    let mut found = gather(path)?;
    for (name, error) in &found.skipped {
        eprintln!("left aside: {}: {}", printable(name), printable(&error.to_string()));
    }
    for network in &mut found.networks {
        source.vouch(network)?;
        source.sign(&mut network.manifest);
    }
    if !matches!(source, Source::Address { pack: Some(_), .. }) {
        let licence = |Imported { manifest, .. }: &Imported| {
            format!("{} ({}). Licence: {}", manifest.id, manifest.kind, printable(&manifest.licence))
        };
        accept(&found.networks.iter().map(licence).collect::<Vec<_>>(), options)?;
    }
    // All of them or none: half of a pack would be taken for the whole.
    let mut seen = Vec::new();
    for (index, network) in found.networks.iter().enumerate() {
        let id = &network.manifest.id;
        if found.networks.iter().take(index).any(|other| other.manifest.id == *id) {
            bail!(
                "two networks here are called '{id}': install them one by one, the second under another name"
            );
        }
        refuse_other(store, network)?;
        seen.push(probe::check(network).with_context(|| id.to_string())?);
    }
    for (network, seen) in found.networks.iter().zip(seen) {
        let manifest = &network.manifest;
        store.install(manifest, &network.model)?;
        if options.json {
            println!("{}", weights_json(manifest, false));
        } else {
            println!("{} installed ({}): {seen}", manifest.id, manifest.kind);
        }
        if !is_measured(network) {
            eprintln!("{}", say_unmeasured(manifest));
        }
    }
    Ok(found)
}

/// Whether somebody measured how good it is, here or for its manifest.
fn is_measured(network: &Imported) -> bool {
    network.is_known()
        || network.manifest.kind == Kind::Recogniser && network.manifest.calibration_data().is_measured()
}

fn say_unmeasured(Manifest { id, kind, .. }: &Manifest) -> String {
    let trust = match kind {
        Kind::Liveness => {
            ", and how it is shown a face and which of its answers means a person is assumed from its kind: try it with a \
             person and with a picture of one"
        }
        Kind::Detector | Kind::Recogniser => "",
    };
    format!(
        "'{id}' is no file that is known here: its thresholds and its accuracy were not measured here{trust}."
    )
}

/// An id stands for one network: whoever installs another under it would have everybody enrolled again without meaning to.
fn refuse_other(store: &WeightsStore, network: &Imported) -> anyhow::Result<()> {
    let Manifest { id, .. } = &network.manifest;
    match store.manifest(id) {
        Ok(old) if old.fingerprint() == network.manifest.fingerprint() => Ok(()),
        Ok(_) if network.onnx_sha256.is_none() => bail!(
            "another network is called '{id}' already: write another `id` into the manifest of the one to install"
        ),
        Ok(_) if !network.is_known() => {
            bail!("another network is called '{id}' already: rename the file, and it gets an id of its own")
        }
        Ok(_) => bail!(
            "another network is called '{id}' already, and the one to install is known by that id: take {} away first",
            store.place(id)
        ),
        Err(WeightsError::Unknown { .. }) => Ok(()),
        Err(error) => Err(error).with_context(|| {
            format!(
                "whether '{id}' is the network that had this id before cannot be told: take {} away first",
                store.place(id)
            )
        }),
    }
}

pub fn choose(global: &Global, id: &str) -> anyhow::Result<()> {
    let context = Context::new(global)?;
    let id = WeightsId::new(id)?;
    // As saved, without the options of this call.
    let saved = Settings::load(&context.paths.settings)?;
    let mut settings = saved.unwrap_or_else(|| Settings::for_site("Faceprint"));
    let kind = networks::choose(&context.weights_store(), &id, &mut settings)?;
    if kind == Kind::Liveness {
        bail!("networks for liveness are used as soon as they are installed: nothing to do");
    }
    settings.save(&context.paths.settings)?;
    println!("{id} is the {kind} from the next start on");
    let setup = Context::new(&Global { weights: None, detector: None, ..global.clone() })?.ledger_setup()?;
    if setup.exists() {
        let (recogniser, fingerprint) = (setup.weights.clone(), setup.fingerprint);
        match setup.open() {
            Ok(ledger) => {
                say_who_is_left_out(&finish(
                    ledger,
                    |ledger| Ok(ledger.left_out(&recogniser, fingerprint)?),
                )?);
            }
            Err(LedgerError::Vault(VaultError::Busy(_))) => {
                println!(
                    "A kiosk is running; at its next start its settings page says who must be enrolled again."
                );
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn say_who_is_left_out(people: &[Person]) {
    if people.is_empty() {
        return;
    }
    println!("Templates of other weights are never compared. To be enrolled again:");
    for person in people {
        println!("  {}  {}", person.id, person.name.as_str());
    }
}

/// Where networks come from.
enum Source<'a> {
    Path(&'a Path, Option<&'a str>),
    Address { url: String, sha256: Option<&'a str>, pack: Option<&'static Pack> },
}

impl<'a> Source<'a> {
    fn of(what: &'a str, options: &Options<'a>) -> anyhow::Result<Self> {
        let sha256 = options.sha256;
        if what.starts_with("http://") || what.starts_with("https://") {
            return Ok(Self::Address { url: what.to_owned(), sha256, pack: None });
        }
        if Path::new(what).exists() {
            return Ok(Self::Path(Path::new(what), sha256));
        }
        let Some(pack) = PACKS.iter().find(|pack| pack.name == what) else {
            let names: Vec<&str> = PACKS.iter().map(|pack| pack.name).collect();
            bail!("'{what}' is no file, and no pack that is known: there are {}", names.join(", "));
        };
        Ok(Self::Address { url: pack.url.to_owned(), sha256: sha256.or(Some(pack.sha256)), pack: Some(pack) })
    }

    /// The file or folder, downloaded into the weights folder where it has to be.
    fn fetch(&self, weights: &Path) -> anyhow::Result<PathBuf> {
        match self {
            Self::Path(path, Some(wanted)) => {
                let found = crate::vision::weights::sha256_hex(
                    &std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?,
                );
                if !found.eq_ignore_ascii_case(wanted) {
                    bail!("{} is not the file that was meant: its sha256 is {found}", path.display());
                }
                Ok((*path).to_owned())
            }
            Self::Path(path, None) => Ok((*path).to_owned()),
            Self::Address { url, sha256, .. } => {
                let name = url.rsplit('/').find(|part| !part.is_empty()).unwrap_or("download");
                let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
                let name: String = name.chars().map(plain).take(80).collect();
                let to = weights.join(".downloads").join(name.trim_start_matches('.'));
                eprintln!("{url}");
                let bar = ProgressBar::new(0).with_style(
                    ProgressStyle::with_template(
                        "{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
                    )
                    .unwrap_or_else(|_| ProgressStyle::default_bar()),
                );
                let mut progress = |have, total: Option<u64>| {
                    bar.set_length(total.unwrap_or(have));
                    bar.set_position(have);
                };
                let result = download::download(url, &to, *sha256, &Patience::default(), &mut progress);
                bar.finish_and_clear();
                result.map_err(|error| match error {
                    // A network that lets this program out badly may let a browser out.
                    DownloadError::Lost { .. } => {
                        let sum = sha256.map(|sum| format!(" --sha256 {sum}")).unwrap_or_default();
                        anyhow!(
                            "{error}. Or fetch it another way, as with `curl -LO {url}`, and then: `faceprint weights \
                             install {name}{sum}`"
                        )
                    }
                    error => error.into(),
                })?;
                Ok(to)
            }
        }
    }

    /// What came over a network that anybody can change must be known by a sum: that of the file, or the network's own.
    fn vouch(&self, network: &Imported) -> anyhow::Result<()> {
        match self {
            Self::Address { url, sha256: None, .. } if !network.is_known() => bail!(
                "nobody here knows whether {url} is what it should be ({} is no known network): find out its \
                 sha256 from a second source and give it with --sha256",
                network.manifest.id
            ),
            _ => Ok(()),
        }
    }

    /// Writes down where the network comes from, and the pack's licence.
    fn sign(&self, manifest: &mut Manifest) {
        let Self::Address { url, pack, .. } = self else { return };
        manifest.source = format!("{}; downloaded from {}", manifest.source, without_secrets(url));
        if let Some(pack) = pack {
            pack.licence.clone_into(&mut manifest.licence);
        }
    }

    fn clean_up(&self, path: &Path) {
        if matches!(self, Self::Address { .. })
            && let Err(error) = std::fs::remove_file(path)
        {
            log::warn!("{} is no longer needed and cannot be removed: {error}", path.display());
        }
    }
}

/// An address without what may let somebody in: a name and password, and what comes after the path.
fn without_secrets(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

/// What a stranger wrote, so that it cannot write elsewhere on the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Shows every licence; goes on when they are accepted.
fn accept(licences: &[String], options: &Options<'_>) -> anyhow::Result<()> {
    for licence in licences {
        eprintln!("{licence}");
    }
    if options.accept_licence {
        return Ok(());
    }
    let refused = "nothing was installed: the licence was not accepted (--accept-licence accepts it)";
    if !std::io::stdin().is_terminal() {
        bail!(refused);
    }
    eprint!("Do you accept? [y/N] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if !matches!(answer.trim(), "y" | "Y" | "yes") {
        bail!(refused);
    }
    Ok(())
}

fn say_what_next(networks: &[Imported]) {
    for Imported { manifest, .. } in networks {
        match manifest.kind {
            Kind::Liveness => println!("Presentations are checked from the next start on."),
            Kind::Detector | Kind::Recogniser => println!("To use it: faceprint weights use {}", manifest.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_down_without_secrets() {
        for (url, written) in [
            ("https://me:secret@host:8/a/b.zip?token=1#x", "https://host:8/a/b.zip"),
            ("http://host", "http://host"),
            ("http://a@b@host/c@d", "http://host/c@d"),
        ] {
            assert_eq!(without_secrets(url), written);
        }
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a\u{fffd}[2Jb\u{fffd}");
    }
}
