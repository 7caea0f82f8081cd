//! Networks out of whatever somebody has: an ONNX file, our own two files, a folder or a zip archive of them.
//!
//! Job: from a path to networks that are ready to be installed, and what was left aside and why. It must not install
//! anything, and it never uses a name out of a file as a path.

use super::{
    archive::{Archive, ArchiveError},
    import::{ImportError, Imported, import_bytes},
    weights::{MANIFEST, MAX_FILE_BYTES, MAX_MANIFEST_BYTES, MODEL, Manifest, WeightsError, read_limited},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// More networks than any pack has.
const MAX_NETWORKS: usize = 32;

/// Why nothing can be gathered.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// One file, and it is no network of ours.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The archive.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// There is no network in it.
    #[error(
        "there is no network in {0}: .onnx files are looked for, and folders with {MANIFEST} and {MODEL}"
    )]
    Nothing(String),
    /// A safetensors file does not say what it is.
    #[error("{0} says nothing about itself: put the {MANIFEST} that belongs to it into the same folder")]
    NoManifest(String),
}

impl From<WeightsError> for GatherError {
    fn from(error: WeightsError) -> Self {
        Self::Import(error.into())
    }
}

/// What was found.
#[derive(Default)]
pub struct Gathered {
    /// Networks ready for [`super::WeightsStore::install`].
    pub networks: Vec<Imported>,
    /// Files that are no networks of ours, by name.
    pub skipped: Vec<(String, ImportError)>,
}

/// Looks into a file or folder. An error when there is no network in it that the kiosk can run.
pub fn gather(path: &Path) -> Result<Gathered, GatherError> {
    let mut found = Gathered::default();
    let name = path.display().to_string();
    if path.is_dir() {
        from_folder(path, &mut found)?;
    } else if has_ending(&name, "safetensors") {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let manifest = folder.join(MANIFEST);
        if !manifest.exists() {
            return Err(GatherError::NoManifest(name));
        }
        found.add(&name, ours(&read_manifest(&manifest)?, read(path)?));
    } else {
        let bytes = read(path)?;
        if Archive::is_one(&bytes) {
            from_archive(&bytes, &mut found)?;
        } else {
            found.add(&name, import_bytes(&bytes, stem(&name)));
        }
    }
    found.or_why_not(&name)
}

impl Gathered {
    fn add(&mut self, name: &str, result: Result<Imported, ImportError>) {
        match result {
            Ok(network) => self.networks.push(network),
            Err(error) => self.skipped.push((name.to_owned(), error)),
        }
    }

    /// Whether nothing more is looked at; says so.
    fn is_full(&mut self) -> bool {
        let full = self.networks.len() + self.skipped.len() >= MAX_NETWORKS;
        if full {
            self.skipped.push(("the rest".to_owned(), ImportError::Rest(MAX_NETWORKS)));
        }
        full
    }

    fn or_why_not(mut self, name: &str) -> Result<Self, GatherError> {
        if !self.networks.is_empty() {
            return Ok(self);
        }
        Err(match self.skipped.pop() {
            Some((_, error)) if self.skipped.is_empty() => error.into(),
            _ => GatherError::Nothing(name.to_owned()),
        })
    }
}

fn from_folder(folder: &Path, found: &mut Gathered) -> Result<(), GatherError> {
    if folder.join(MANIFEST).exists() {
        let (manifest, model) = (read_manifest(&folder.join(MANIFEST))?, read(&folder.join(MODEL))?);
        found.add(&folder.display().to_string(), ours(&manifest, model));
        return Ok(());
    }
    let failed =
        |e: std::io::Error| WeightsError::Read { path: folder.display().to_string(), reason: e.to_string() };
    let mut files: Vec<PathBuf> = fs::read_dir(folder).map_err(failed)?.flatten().map(|e| e.path()).collect();
    files.sort();
    for file in files {
        let name = file.display().to_string();
        if has_ending(&name, "onnx") {
            if found.is_full() {
                break;
            }
            let network = read(&file).map_err(ImportError::from);
            found.add(&name, network.and_then(|bytes| import_bytes(&bytes, stem(&name))));
        }
    }
    Ok(())
}

fn from_archive(bytes: &[u8], found: &mut Gathered) -> Result<(), GatherError> {
    let archive = Archive::open(bytes)?;
    for entry in archive.entries() {
        let is_ours = entry.name.ends_with(MANIFEST) || has_ending(&entry.name, "onnx");
        if is_ours && found.is_full() {
            break;
        }
        if has_ending(&entry.name, "onnx") {
            let network = archive.read(entry, MAX_FILE_BYTES).map_err(ImportError::from);
            found.add(&entry.name, network.and_then(|bytes| import_bytes(&bytes, stem(&entry.name))));
        } else if let Some(place) = entry.name.strip_suffix(MANIFEST) {
            let model = format!("{place}{MODEL}");
            if let Some(model) = archive.entries().iter().find(|other| other.name == model) {
                let both = archive
                    .read(entry, MAX_MANIFEST_BYTES)
                    .and_then(|manifest| Ok((manifest, archive.read(model, MAX_FILE_BYTES)?)));
                let network = both.map_err(ImportError::from);
                found.add(&entry.name, network.and_then(|(manifest, model)| ours(&manifest, model)));
            }
        }
    }
    Ok(())
}

/// Our own two files, checked as the store checks them.
fn ours(manifest: &[u8], model: Vec<u8>) -> Result<Imported, ImportError> {
    let manifest = Manifest::parse_own(manifest)?;
    manifest.graphs(&model)?;
    Ok(Imported { manifest, model, onnx_sha256: None })
}

fn read(path: &Path) -> Result<Vec<u8>, WeightsError> {
    read_limited(path, MAX_FILE_BYTES)
}

fn read_manifest(path: &Path) -> Result<Vec<u8>, WeightsError> {
    read_limited(path, MAX_MANIFEST_BYTES)
}

fn has_ending(name: &str, ending: &str) -> bool {
    Path::new(name).extension().is_some_and(|e| e.eq_ignore_ascii_case(ending))
}

/// A file's name without folders and ending, whichever system wrote it.
fn stem(name: &str) -> &str {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::super::{WeightsStore, archive::build::zip, import::tests::mobile};
    use super::*;

    fn ids(found: &Gathered) -> Vec<&str> {
        found.networks.iter().map(|n| n.manifest.id.as_str()).collect()
    }

    #[test]
    fn folders_and_archives_give_what_is_ours_and_name_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let network = mobile(true);
        let archive = zip(&[
            ("pack/readme.txt", b"hello"),
            ("../../etc/Face Net.onnx", &network),
            ("pack/genderage.onnx", b"not a network"),
        ]);
        let path = folder.path().join("pack.zip");
        fs::write(&path, archive).unwrap();
        let found = gather(&path).unwrap();
        assert_eq!(ids(&found), ["face-net"], "a name out of an archive is an id and no path");
        assert_eq!(found.skipped.len(), 1);
        assert_eq!(found.skipped[0].0, "pack/genderage.onnx");

        fs::remove_file(path).unwrap();
        fs::write(folder.path().join("a.onnx"), &network).unwrap();
        fs::write(folder.path().join("b.onnx"), b"?").unwrap();
        fs::create_dir(folder.path().join("c.onnx")).unwrap();
        let found = gather(folder.path()).unwrap();
        assert_eq!((ids(&found), found.skipped.len()), (vec!["a"], 2), "what cannot be read is set aside");

        for i in 0..MAX_NETWORKS {
            fs::write(folder.path().join(format!("b{i}.onnx")), b"?").unwrap();
        }
        let found = gather(folder.path()).unwrap();
        assert_eq!(found.skipped.len(), MAX_NETWORKS);
        assert!(
            matches!(found.skipped.last(), Some((_, ImportError::Rest(_)))),
            "and what is left out is said"
        );
    }

    #[test]
    fn an_installed_folder_can_be_carried_to_another_kiosk() {
        let folder = tempfile::tempdir().unwrap();
        let imported = import_bytes(&mobile(false), "own").unwrap();
        let place = WeightsStore::new(folder.path()).install(&imported.manifest, &imported.model).unwrap();
        for path in [place.clone(), place.join(MODEL)] {
            assert_eq!(gather(&path).unwrap().networks[0].manifest, imported.manifest);
        }
        let manifest = fs::read(place.join(MANIFEST)).unwrap();
        let archive = folder.path().join("own.zip");
        let files = [("x/manifest.json", &manifest[..]), ("x/model.safetensors", &imported.model[..])];
        fs::write(&archive, zip(&files)).unwrap();
        assert_eq!(ids(&gather(&archive).unwrap()), ["own"]);

        let mut model = imported.model.clone();
        model[400] ^= 1;
        fs::write(place.join(MODEL), model).unwrap();
        let error = gather(&place).err().unwrap();
        assert!(error.to_string().contains("damaged or was changed"), "{error}");
        fs::remove_file(place.join(MANIFEST)).unwrap();
        assert!(matches!(gather(&place.join(MODEL)), Err(GatherError::NoManifest(_))));
    }

    #[test]
    fn a_manifest_cannot_name_a_path() {
        let imported = import_bytes(&mobile(false), "own").unwrap();
        let text = serde_json::to_string(&imported.manifest).unwrap().replace("\"own\"", "\"../own\"");
        let error = ours(text.as_bytes(), imported.model).err().unwrap();
        assert!(error.to_string().contains("../own"), "{error}");
    }

    #[test]
    fn nothing_is_said_in_words() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(gather(folder.path()), Err(GatherError::Nothing(_))));
        let file = folder.path().join("x.onnx");
        fs::write(&file, b"?").unwrap();
        assert!(matches!(gather(&file), Err(GatherError::Import(ImportError::NotOnnx))));
        fs::write(&file, b"PK\x03\x04 and no more").unwrap();
        assert!(matches!(gather(&file), Err(GatherError::Archive(ArchiveError::Broken))));
    }
}
