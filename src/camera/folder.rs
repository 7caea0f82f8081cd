//! A folder of JPEG and PNG pictures as a camera: the eyes of tests and of `replay`.

use super::{CameraError, FrameSource, Pace, SourceInfo, SourceName};
use crate::imaging::{Frame, Picture, decode_picture};
use std::{
    cmp::Ordering,
    fs, io,
    path::{Path, PathBuf},
    time::Instant,
};

/// Files over this size are not read.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// Pictures in name order, `2.jpg` before `10.jpg`. A picture that cannot be read is skipped and counted; its place
/// in time stays empty.
pub(super) struct Folder {
    path: PathBuf,
    files: Vec<PathBuf>,
    next_file: usize,
    slot: u64,
    skipped: u64,
    first: Option<Picture>,
    size: (u32, u32),
    pace: Pace,
}

impl Folder {
    /// Reads ahead to the first good picture, so that a folder without one is refused here.
    pub(super) fn open(path: PathBuf, pace: Pace) -> Result<Self, CameraError> {
        let files = list(&path)?;
        let mut folder =
            Self { path, files, next_file: 0, slot: 0, skipped: 0, first: None, size: (0, 0), pace };
        let first = folder.next_picture()?;
        folder.size = folder.pace.turned(first.width(), first.height());
        folder.first = Some(first);
        Ok(folder)
    }

    /// The next good picture; `slot` is then one past it.
    fn next_picture(&mut self) -> Result<Picture, CameraError> {
        let mut tries = 0;
        loop {
            let Some(file) = self.files.get(self.next_file) else {
                if !self.pace.looping() {
                    return Err(CameraError::Ended);
                }
                self.files = list(&self.path)?;
                self.next_file = 0;
                continue;
            };
            self.next_file += 1;
            self.slot += 1;
            let asked = Instant::now();
            let bytes = read(file);
            match self.pace.convert(asked, || decode_picture(&bytes?).ok()) {
                Some(picture) => return Ok(picture),
                None if !self.path.is_dir() => return Err(CameraError::Unplugged),
                None => {
                    self.skipped += 1;
                    log::warn!("camera: skipped a picture that cannot be read ({} so far)", self.skipped);
                }
            }
            tries += 1;
            if tries >= self.files.len() {
                let message = "the folder holds no picture that can be read: put JPEG or PNG files there";
                return Err(CameraError::Failed(message.into()));
            }
        }
    }
}

impl FrameSource for Folder {
    fn next_frame(&mut self) -> Result<Frame, CameraError> {
        let picture = match self.first.take() {
            Some(picture) => picture,
            None => self.next_picture()?,
        };
        Ok(self.pace.recorded(picture, self.slot - 1))
    }

    fn describe(&self) -> SourceInfo {
        SourceInfo {
            name: SourceName::Pictures,
            width: self.size.0,
            height: self.size.1,
            fps: self.pace.fps(),
            pixel_format: "JPEG/PNG",
        }
    }
}

fn list(path: &Path) -> Result<Vec<PathBuf>, CameraError> {
    let entries = fs::read_dir(path).map_err(|err| match err.kind() {
        io::ErrorKind::NotFound => CameraError::Missing,
        io::ErrorKind::PermissionDenied => CameraError::Denied,
        _ => CameraError::Failed(format!("the folder of pictures cannot be read ({err})")),
    })?;
    let mut files: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| is_picture(path)).collect();
    if files.is_empty() {
        return Err(CameraError::Failed("the folder holds no JPEG or PNG picture: check its name".into()));
    }
    files.sort_by(|a, b| natural_order(&a.to_string_lossy(), &b.to_string_lossy()));
    Ok(files)
}

fn is_picture(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    matches!(extension.as_deref(), Some("jpg" | "jpeg" | "png"))
}

fn read(file: &Path) -> Option<Vec<u8>> {
    if fs::metadata(file).ok()?.len() > MAX_FILE_BYTES {
        return None;
    }
    fs::read(file).ok()
}

/// Runs of digits compare as numbers, everything else as characters; names that only differ in leading zeros compare
/// as text.
fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut x, mut y) = (a, b);
    loop {
        let (x_digits, y_digits) = (digits(x), digits(y));
        let order = if x_digits.is_empty() || y_digits.is_empty() {
            match (x.chars().next(), y.chars().next()) {
                (None, None) => return a.cmp(b),
                (p, q) => {
                    x = x.get(p.map_or(0, char::len_utf8)..).unwrap_or_default();
                    y = y.get(q.map_or(0, char::len_utf8)..).unwrap_or_default();
                    p.cmp(&q)
                }
            }
        } else {
            (x, y) = (&x[x_digits.len()..], &y[y_digits.len()..]);
            let (p, q) = (x_digits.trim_start_matches('0'), y_digits.trim_start_matches('0'));
            p.len().cmp(&q.len()).then_with(|| p.cmp(q))
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn digits(text: &str) -> &str {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        camera::{CameraOptions, open},
        domain::{CameraSpec, ManualClock},
    };
    use proptest::prelude::*;
    use std::{sync::Arc, time::Duration};

    /// A folder with a small grey PNG per name; the grey value is the position in `names`.
    fn folder(names: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (i, name) in names.iter().enumerate() {
            image::RgbImage::from_pixel(4, 2, image::Rgb([i as u8; 3])).save(dir.path().join(name)).unwrap();
        }
        dir
    }

    fn opened(dir: &Path, looping: bool) -> Result<Box<dyn FrameSource>, CameraError> {
        let spec = CameraSpec::Folder { path: dir.into(), fps: 10.0 };
        let options = CameraOptions { realtime: false, looping, ..CameraOptions::default() };
        open(&spec, options, Arc::new(ManualClock::at(jiff::Timestamp::UNIX_EPOCH)))
    }

    #[test]
    fn pictures_come_in_natural_order_with_their_own_times_and_end() {
        let dir = folder(&["f10.png", "f9.PNG", "f1.png"]);
        fs::write(dir.path().join("notes.txt"), "x").unwrap();
        let mut source = opened(dir.path(), false).unwrap();
        assert_eq!((source.describe().width, source.describe().height), (4, 2));
        for (slot, grey) in [2, 1, 0].into_iter().enumerate() {
            let frame = source.next_frame().unwrap();
            assert_eq!((frame.rgb()[0], frame.number()), (grey, slot as u64 + 1));
            assert_eq!(frame.captured().mono, Duration::from_millis(100 * slot as u64));
            assert_eq!(frame.captured().utc.as_millisecond(), 100 * slot as i64);
        }
        assert_eq!(source.next_frame().unwrap_err(), CameraError::Ended);
    }

    #[test]
    fn a_looping_folder_begins_again_and_time_goes_on() {
        let dir = folder(&["a.png", "b.png"]);
        let mut source = opened(dir.path(), true).unwrap();
        let greys: Vec<u8> = (0..5).map(|_| source.next_frame().unwrap().rgb()[0]).collect();
        assert_eq!(greys, [0, 1, 0, 1, 0]);
        assert_eq!(source.next_frame().unwrap().captured().mono, Duration::from_millis(500));
    }

    #[test]
    fn a_corrupt_picture_is_skipped_and_leaves_a_gap_in_time() {
        let dir = folder(&["a.png", "b.png", "c.png"]);
        fs::write(dir.path().join("b.png"), b"\x89PNG, or so it says").unwrap();
        let mut source = opened(dir.path(), false).unwrap();
        source.next_frame().unwrap();
        let frame = source.next_frame().unwrap();
        assert_eq!((frame.rgb()[0], frame.captured().mono), (2, Duration::from_millis(200)));
    }

    #[test]
    fn a_folder_that_goes_away_is_an_unplugged_camera() {
        let dir = folder(&["a.png", "b.png", "c.png"]);
        let mut source = opened(dir.path(), true).unwrap();
        source.next_frame().unwrap();
        let path = dir.path().to_path_buf();
        dir.close().unwrap();
        assert_eq!(source.next_frame().unwrap_err(), CameraError::Unplugged);
        assert_eq!(opened(&path, true).err(), Some(CameraError::Missing));
    }

    #[test]
    fn a_folder_without_pictures_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(opened(dir.path(), true), Err(CameraError::Failed(_))));
        fs::write(dir.path().join("a.jpg"), b"nothing").unwrap();
        assert!(matches!(opened(dir.path(), true), Err(CameraError::Failed(_))));
    }

    proptest! {
        #[test]
        fn numbers_order_by_value(a in any::<u32>(), b in any::<u32>(), width in 0..6_usize) {
            let name = |n: u32| format!("frame-{n:0width$}.jpg");
            let order = natural_order(&name(a), &name(b));
            prop_assert_eq!(order, a.cmp(&b));
        }

        #[test]
        fn the_order_is_total(mut names in prop::collection::vec("[a1é0]{0,6}", 3)) {
            names.sort_by(|a, b| natural_order(a, b));
            prop_assert!(natural_order(&names[0], &names[2]) != Ordering::Greater);
            prop_assert_eq!(natural_order(&names[0], &names[1]), natural_order(&names[1], &names[0]).reverse());
        }
    }
}
