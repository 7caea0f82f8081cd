//! The system's fonts, for names whose letters the built-in ones lack: Arabic, Hebrew, Han, Thai and many more.
//!
//! Job: a character in, a font file that has it out, when egui asks. It must not know who is called what. Nothing
//! is read until the first such character; a font that served once stays with egui.

use egui::{
    FontFamily,
    epaint::text::{FallbackRequest, FontData, FontInsert, FontPriority, FontProvider, InsertFontFamily},
};
use skrifa::{FontRef, MetadataProvider as _};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// Font files below some folders.
pub struct SystemFonts {
    folders: Vec<PathBuf>,
    files: OnceLock<Vec<PathBuf>>,
}

/// Folders in folders that are looked into.
const DEEPEST: usize = 6;
/// Files that are looked at; a kiosk has some dozens.
const MOST_FILES: usize = 4_000;
/// Larger files are left alone.
const MOST_BYTES: u64 = 64 << 20;

impl SystemFonts {
    /// Where Linux keeps them.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let mut folders: Vec<PathBuf> =
            ["/usr/share/fonts", "/usr/local/share/fonts"].into_iter().map(PathBuf::from).collect();
        folders.extend(std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share/fonts")));
        Self::below(folders)
    }

    fn below(folders: Vec<PathBuf>) -> Self {
        Self { folders, files: OnceLock::new() }
    }

    /// Regular upright fonts first: a name in italics would stand out for no reason.
    fn files(&self) -> &[PathBuf] {
        self.files.get_or_init(|| {
            let mut files = Vec::new();
            for folder in &self.folders {
                gather(folder, DEEPEST, &mut files);
            }
            files.sort_by_cached_key(|path| (plainness(path), path.clone()));
            files
        })
    }

    /// The first file that has `wanted`, with the number of the face inside it.
    fn find(&self, wanted: char) -> Option<(&Path, Vec<u8>, u32)> {
        self.files().iter().find_map(|path| {
            let small = fs::metadata(path).is_ok_and(|about| about.len() <= MOST_BYTES);
            let bytes = small.then(|| fs::read(path).ok()).flatten()?;
            let face = face_with(&bytes, wanted)?;
            Some((path.as_path(), bytes, face))
        })
    }
}

impl FontProvider for SystemFonts {
    fn font_for(&self, request: &FallbackRequest<'_>) -> Option<FontInsert> {
        let wanted = request.cluster.chars().next()?;
        let (path, bytes, face) = self.find(wanted)?;
        let name = format!("{}#{face}", path.display());
        let families = [FontFamily::Proportional, FontFamily::Monospace]
            .map(|family| InsertFontFamily { family, priority: FontPriority::Lowest });
        let mut data = FontData::from_owned(bytes);
        data.index = face;
        Some(FontInsert::new(&name, data, families.into()))
    }
}

/// The face of a font file or collection that has a glyph for `wanted`. A broken file has none.
fn face_with(bytes: &[u8], wanted: char) -> Option<u32> {
    (0..8)
        .map_while(|face| FontRef::from_index(bytes, face).ok().map(|font| (face, font)))
        .find(|(_, font)| font.charmap().map(wanted).is_some_and(|glyph| glyph.to_u32() != 0))
        .map(|(face, _)| face)
}

fn gather(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() {
            if depth > 0 {
                gather(&path, depth - 1, files);
            }
        } else if is_font(&path) && files.len() < MOST_FILES {
            files.push(path);
        }
    }
}

fn is_font(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ["ttf", "otf", "ttc", "otc"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// 0 for a plain sans-serif face, more for what looks less like the rest of the screen.
fn plainness(path: &Path) -> u32 {
    let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_ascii_lowercase();
    let odd = ["bold", "italic", "oblique", "condensed", "mono", "light", "black", "thin", "serif"];
    let penalties = odd.iter().filter(|word| name.contains(*word)).count() as u32;
    // "NotoSansSerif" does not exist; "NotoSans…" is what reads best beside Ubuntu.
    2 * penalties + u32::from(!name.contains("sans"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(fonts: &SystemFonts, wanted: &str) -> Option<FontInsert> {
        fonts.font_for(&FallbackRequest { cluster: wanted, family: &FontFamily::Proportional })
    }

    #[test]
    fn the_plainest_font_with_the_letter_is_taken_and_broken_files_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("truetype/deep");
        fs::create_dir_all(&inner).unwrap();
        fs::write(folder.path().join("Broken.ttf"), b"not a font").unwrap();
        fs::write(folder.path().join("A-Empty-Sans.otf"), b"").unwrap();
        fs::write(inner.join("Hack-Bold.ttf"), epaint_default_fonts::HACK_REGULAR).unwrap();
        fs::write(inner.join("Ubuntu Sans.TTF"), epaint_default_fonts::UBUNTU_LIGHT).unwrap();
        fs::write(inner.join("notes.txt"), b"x").unwrap();
        let fonts = SystemFonts::below(vec![folder.path().to_owned()]);
        assert_eq!(fonts.files().len(), 4);
        assert!(ask(&fonts, "Ж").unwrap().name.contains("Ubuntu Sans"));
        // Only Hack has box drawings.
        assert!(ask(&fonts, "╬").unwrap().name.contains("Hack-Bold"));
        assert!(ask(&fonts, "\u{10FFFD}").is_none());
        assert!(ask(&SystemFonts::below(vec!["/nowhere".into()]), "Ж").is_none());
    }
}
