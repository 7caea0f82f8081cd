//! Files over http and https, whole or not at all.
//!
//! Job: fetch one address into one file, going on where an earlier try stopped. It must not know what is in the file;
//! whoever asks says which sum it has to have.
//!
//! What has arrived waits in `<file>.part`; only a file that is complete, and has the sum that was asked for, gets its
//! name. An unfinished one is kept, and taken up again by a later call, only where a sum will tell that both halves are of
//! the same file; where they are not, everything is fetched once more before the server is blamed.

use crate::domain::hex;
use sha2::{Digest as _, Sha256};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};
use ureq::{
    Agent, Body,
    http::{Response, StatusCode},
    tls::{RootCerts, TlsConfig},
};

/// How patient a download is.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For the first word of an answer.
    pub answer: Duration,
    /// Between two pieces of the file.
    pub silence: Duration,
    /// Tries in a row that bring nothing.
    pub tries: u32,
    /// Between two tries.
    pub pause: Duration,
    /// No file is larger, bytes.
    pub largest: u64,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            silence: Duration::from_secs(30),
            tries: 4,
            pause: Duration::from_secs(2),
            largest: super::weights::MAX_FILE_BYTES,
        }
    }
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The server has no such file, or wants something.
    #[error(
        "{url} cannot be had: the server answers {status}; check the address, or download the file yourself"
    )]
    Refused {
        /// What was asked for.
        url: String,
        /// What the server said.
        status: u16,
    },
    /// No connection, or one that goes away again and again.
    #[error(
        "{url} could not be downloaded ({reason}) after {received} bytes; check the network and run it again"
    )]
    Lost {
        /// What was asked for.
        url: String,
        /// The last thing that went wrong.
        reason: String,
        /// What had arrived.
        received: u64,
    },
    /// The address is none.
    #[error(
        "{url} is no address that can be downloaded ({reason}); check it, and the settings of the proxy where there is one"
    )]
    Address {
        /// What was asked for.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// More than any network has.
    #[error("{url} is larger than any network: it is some other file, choose another")]
    TooLarge {
        /// What was asked for.
        url: String,
    },
    /// Another file than the one that was meant.
    #[error(
        "{url} is not the file that was meant: its sha256 is {found}, and {wanted} is known; do not use it"
    )]
    Sum {
        /// What was asked for.
        url: String,
        /// Of what came.
        found: String,
        /// Of what was meant.
        wanted: String,
    },
    /// The disk says no.
    #[error("{path} cannot be written ({source}); check free space and who may write there")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Downloads `url` to `to`, and checks its sum where one is given. `progress` is told the bytes that are there, and how
/// many there will be, when the server says. Proxies come from the environment (`http_proxy`, `no_proxy`).
pub fn download(
    url: &str,
    to: &Path,
    sha256: Option<&str>,
    patience: &Patience,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<(), DownloadError> {
    let part = to.with_added_extension("part");
    let failed = |source| DownloadError::File { path: part.clone(), source };
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let fetched = fetch(url, &part, sha256, patience, progress);
    if let Err(error) = &fetched {
        let useless = matches!(error, DownloadError::TooLarge { .. } | DownloadError::Sum { .. });
        if (useless || sha256.is_none())
            && let Err(error) = fs::remove_file(&part)
        {
            log::warn!("{} is of no use and cannot be removed: {error}", part.display());
        }
    }
    fetched.and_then(|()| fs::rename(&part, to).map_err(failed))
}

/// The whole file, of the sum that was asked for, under the name for unfinished ones.
fn fetch(
    url: &str,
    part: &Path,
    sha256: Option<&str>,
    patience: &Patience,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<(), DownloadError> {
    let failed = |source| DownloadError::File { path: part.to_owned(), source };
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(part).map_err(failed)?;
    if sha256.is_none() {
        file.set_len(0).map_err(failed)?;
    }
    let resumed = file.metadata().map_err(failed)?.len() > 0;
    let transfer = || Transfer { url, agent: agent(patience), patience, etag: None };
    transfer().run(&mut file, part, progress)?;
    if let Some(wanted) = sha256 {
        let mut found = sum(&mut file).map_err(failed)?;
        if resumed && !found.eq_ignore_ascii_case(wanted) {
            file.set_len(0).map_err(failed)?; // what was there may have been of another file
            transfer().run(&mut file, part, progress)?;
            found = sum(&mut file).map_err(failed)?;
        }
        if !found.eq_ignore_ascii_case(wanted) {
            return Err(DownloadError::Sum { url: url.to_owned(), found, wanted: wanted.to_owned() });
        }
    }
    file.sync_all().map_err(failed)
}

fn agent(patience: &Patience) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(patience.connect))
        .timeout_recv_response(Some(patience.answer))
        .timeout_per_read(Some(patience.silence))
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
        .build();
    Agent::new_with_config(config)
}

struct Transfer<'a> {
    url: &'a str,
    agent: Agent,
    patience: &'a Patience,
    /// Of the file that the first answer began to send: the rest must be of the same.
    etag: Option<String>,
}

/// How one request ended.
enum Ended {
    Complete,
    /// Ask again; the reason in words.
    Lost(String),
}

impl Transfer<'_> {
    /// Asks until the file is complete, or nothing more comes.
    fn run(
        &mut self,
        file: &mut File,
        part: &Path,
        progress: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<(), DownloadError> {
        let length = |file: &File| {
            let failed = |source| DownloadError::File { path: part.to_owned(), source };
            file.metadata().map(|m| m.len()).map_err(failed)
        };
        // Counted from the farthest byte: a server that takes back what it gave ends too.
        let (mut fruitless, mut farthest) = (0, 0);
        loop {
            let before = length(file)?;
            let reason = match self.ask(file, before, part, progress)? {
                Ended::Complete => return Ok(()),
                Ended::Lost(reason) => reason,
            };
            let received = length(file)?;
            fruitless = if received > before.max(farthest) { 0 } else { fruitless + 1 };
            farthest = farthest.max(received);
            if fruitless >= self.patience.tries {
                return Err(DownloadError::Lost { url: self.url.to_owned(), reason, received });
            }
            std::thread::sleep(self.patience.pause);
        }
    }

    fn ask(
        &mut self,
        file: &mut File,
        have: u64,
        part: &Path,
        progress: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<Ended, DownloadError> {
        let mut request = self.agent.get(self.url);
        if have > 0 {
            request = request.header("range", format!("bytes={have}-"));
            if let Some(etag) = &self.etag {
                request = request.header("if-range", etag);
            }
        }
        let response = match request.call() {
            Ok(response) => response,
            Err(error) if is_final(&error) => {
                let url = self.url.to_owned();
                return Err(DownloadError::Address { url, reason: error.to_string() });
            }
            Err(error) => return Ok(Ended::Lost(error.to_string())),
        };
        let goes_on = response.status() == StatusCode::PARTIAL_CONTENT && starts_at(&response) == Some(have);
        match response.status() {
            StatusCode::OK => {}
            StatusCode::PARTIAL_CONTENT if goes_on => {}
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
                // What is there is longer than the file, or of another one: from the beginning.
                file.set_len(0).map_err(|source| DownloadError::File { path: part.to_owned(), source })?;
                return Ok(Ended::Lost("the server cannot go on where it stopped".to_owned()));
            }
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                return Ok(Ended::Lost(format!("the server answers {}", status.as_u16())));
            }
            status => {
                return Err(DownloadError::Refused { url: self.url.to_owned(), status: status.as_u16() });
            }
        }
        self.etag = header(&response, "etag").map(str::to_owned);
        let have = if goes_on { have } else { 0 };
        self.copy(response, file, have, part, progress)
    }

    /// Appends the body to the `have` bytes that stay.
    fn copy(
        &self,
        response: Response<Body>,
        file: &mut File,
        mut have: u64,
        part: &Path,
        progress: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<Ended, DownloadError> {
        let failed = |source| DownloadError::File { path: part.to_owned(), source };
        file.set_len(have).map_err(failed)?;
        let total = header(&response, "content-length")
            .and_then(|v| v.parse::<u64>().ok())
            .map(|n| n.saturating_add(have));
        let largest = self.patience.largest;
        if total.is_some_and(|total| total > largest) {
            return Err(DownloadError::TooLarge { url: self.url.to_owned() });
        }
        let mut body = response.into_body().into_with_config().limit(u64::MAX).reader();
        let mut piece = vec![0; 1 << 16];
        loop {
            progress(have, total);
            let read = match body.read(&mut piece) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Ok(Ended::Lost(error.to_string())),
            };
            if read == 0 {
                let cut = total.is_some_and(|total| have < total);
                return Ok(if cut { Ended::Lost("it broke off".to_owned()) } else { Ended::Complete });
            }
            have += read as u64;
            if have > largest {
                return Err(DownloadError::TooLarge { url: self.url.to_owned() });
            }
            file.write_all(piece.get(..read).unwrap_or_default()).map_err(failed)?;
        }
    }
}

fn header<'r>(response: &'r Response<Body>, name: &str) -> Option<&'r str> {
    response.headers().get(name)?.to_str().ok()
}

/// The first byte of a partial answer, from `Content-Range: bytes 500-999/1000`.
fn starts_at(response: &Response<Body>) -> Option<u64> {
    header(response, "content-range")?.strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok()
}

/// Asking again would not help.
fn is_final(error: &ureq::Error) -> bool {
    use ureq::Error;
    matches!(error, Error::BadUri(_) | Error::Http(_) | Error::InvalidProxyUrl | Error::TooManyRedirects)
}

fn sum(file: &mut File) -> io::Result<String> {
    file.rewind()?;
    let mut sum = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            break;
        }
        sum.update(piece.get(..read).unwrap_or_default());
    }
    Ok(hex(&sum.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vision::weights::sha256_hex;
    use std::{
        io::{BufRead as _, BufReader},
        net::{TcpListener, TcpStream},
        sync::{Arc, Mutex},
    };

    const QUICK: Patience = Patience {
        connect: Duration::from_secs(2),
        answer: Duration::from_millis(500),
        silence: Duration::from_millis(300),
        tries: 2,
        pause: Duration::from_millis(1),
        largest: 1 << 20,
    };

    /// What the server does with the n-th connection.
    #[derive(Debug, Clone, Copy)]
    enum Act {
        /// Sends what is asked for.
        Serve,
        /// Sends everything from the beginning whatever is asked for.
        Whole,
        /// Promises everything and closes after so many bytes.
        Cut(usize),
        /// Sends so many bytes and nothing more, without closing.
        Stall(usize),
        /// Accepts and says nothing.
        Silent,
        /// This status and no body.
        Status(u16),
        /// Announces so many bytes.
        Huge(u64),
    }

    struct Server {
        url: String,
        /// The `Range` of each request.
        ranges: Arc<Mutex<Vec<String>>>,
    }

    fn file() -> Vec<u8> {
        (0..200_000u32).map(|i| (i * 7 % 251) as u8).collect()
    }

    fn server(acts: &[Act]) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/pack.zip", listener.local_addr().unwrap());
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let (acts, seen) = (acts.to_vec(), ranges.clone());
        let serve = move || {
            let mut open = Vec::new();
            for act in acts {
                let Ok((stream, _)) = listener.accept() else { return };
                open.push(answer(stream, act, &seen)); // a stalled connection stays open
            }
        };
        std::thread::Builder::new().name("test server".into()).spawn(serve).unwrap();
        Server { url, ranges }
    }

    fn answer(stream: TcpStream, act: Act, ranges: &Mutex<Vec<String>>) -> TcpStream {
        let mut range = String::new();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        while let Some(Ok(line)) = lines.next() {
            if line.is_empty() {
                break;
            }
            if let Some(("range", value)) = line.to_ascii_lowercase().split_once(": ") {
                range = value.to_owned();
            }
        }
        ranges.lock().unwrap().push(range.clone());
        let from: usize =
            range.strip_prefix("bytes=").map_or(0, |v| v.trim_end_matches('-').parse().unwrap());
        let file = file();
        let mut out = &stream;
        let mut head = |status: &str, length: u64| {
            let _ = write!(out, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        };
        match act {
            Act::Serve if from >= file.len() => head("416 no", 0),
            Act::Serve | Act::Cut(_) | Act::Stall(_) if from > 0 => {
                let range =
                    format!("206 part\r\nContent-Range: bytes {from}-{}/{}", file.len() - 1, file.len());
                head(&range, (file.len() - from) as u64);
            }
            Act::Serve | Act::Whole | Act::Cut(_) | Act::Stall(_) => head("200 OK", file.len() as u64),
            Act::Silent => return stream,
            Act::Status(status) => head(&format!("{status} no"), 0),
            Act::Huge(bytes) => head("200 OK", bytes),
        }
        let body = match act {
            Act::Serve => file.get(from..).unwrap_or_default(),
            Act::Whole => &file[..],
            Act::Cut(bytes) | Act::Stall(bytes) => &file[from..from + bytes],
            _ => &[],
        };
        let _ = (&stream).write_all(body);
        if !matches!(act, Act::Stall(_)) {
            let _ = stream.shutdown(std::net::Shutdown::Write);
        }
        stream
    }

    struct Case {
        folder: tempfile::TempDir,
        server: Server,
    }

    impl Case {
        fn new(acts: &[Act]) -> Self {
            Self { folder: tempfile::tempdir().unwrap(), server: server(acts) }
        }

        fn target(&self) -> PathBuf {
            self.folder.path().join("pack.zip")
        }

        fn run(&self, sha256: Option<&str>) -> Result<(), DownloadError> {
            download(&self.server.url, &self.target(), sha256, &QUICK, &mut |_, _| {})
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(self.folder.path()).unwrap();
            entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
        }

        fn ranges(&self) -> Vec<String> {
            self.server.ranges.lock().unwrap().clone()
        }
    }

    fn right() -> String {
        sha256_hex(&file())
    }

    #[test]
    fn a_file_arrives_and_nothing_else_stays() {
        let case = Case::new(&[Act::Serve]);
        let mut last = (0, None);
        download(&case.server.url, &case.target(), Some(&right()), &QUICK, &mut |have, total| {
            last = (have, total);
        })
        .unwrap();
        assert_eq!(last, (200_000, Some(200_000)));
        assert_eq!((fs::read(case.target()).unwrap(), case.names()), (file(), vec!["pack.zip".to_owned()]));
    }

    #[test]
    fn cut_and_stalled_downloads_go_on_where_they_stopped() {
        let case = Case::new(&[Act::Cut(50_000), Act::Stall(70_000), Act::Serve]);
        case.run(Some(&right())).unwrap();
        assert_eq!(fs::read(case.target()).unwrap(), file());
        assert_eq!(case.ranges(), ["", "bytes=50000-", "bytes=120000-"]);
    }

    #[test]
    fn a_later_call_goes_on_where_an_earlier_one_gave_up_if_a_sum_will_tell() {
        for (sum, ranges) in [(Some(right()), "bytes=50000-"), (None, "")] {
            let case = Case::new(&[Act::Cut(50_000), Act::Silent, Act::Silent, Act::Serve]);
            let error = case.run(sum.as_deref()).unwrap_err();
            assert!(matches!(error, DownloadError::Lost { received: 50_000, .. }), "{error}");
            let kept: &[&str] = if sum.is_some() { &["pack.zip.part"] } else { &[] };
            assert_eq!(case.names(), kept, "no half of a file has its name");
            case.run(sum.as_deref()).unwrap();
            assert_eq!(case.ranges()[3], ranges);
            assert_eq!(fs::read(case.target()).unwrap(), file());
        }
    }

    #[test]
    fn a_server_that_cannot_go_on_is_asked_from_the_beginning() {
        for acts in [[Act::Cut(10), Act::Whole, Act::Whole], [Act::Cut(10), Act::Status(416), Act::Serve]] {
            let case = Case::new(&acts);
            case.run(Some(&right())).unwrap();
            assert_eq!(fs::read(case.target()).unwrap(), file());
        }
    }

    #[test]
    fn halves_of_two_files_are_not_blamed_on_the_server() {
        let case = Case::new(&[Act::Serve, Act::Serve]);
        let part = case.target().with_added_extension("part");
        fs::write(&part, vec![1; 100_000]).unwrap();
        case.run(Some(&right())).unwrap();
        assert_eq!(fs::read(case.target()).unwrap(), file());
        assert_eq!(case.ranges(), ["bytes=100000-", ""]);
        let case = Case::new(&[Act::Serve, Act::Serve]);
        fs::write(case.target().with_added_extension("part"), vec![1; 100_000]).unwrap();
        assert!(matches!(case.run(Some(&"0".repeat(64))), Err(DownloadError::Sum { .. })), "once only");
        assert!(case.names().is_empty());
    }

    #[test]
    fn what_is_longer_than_the_file_is_thrown_away() {
        let case = Case::new(&[Act::Serve, Act::Serve]);
        fs::write(case.target().with_added_extension("part"), vec![1; 300_000]).unwrap();
        case.run(Some(&right())).unwrap();
        assert_eq!(fs::read(case.target()).unwrap(), file());
    }

    #[test]
    fn a_missing_file_and_a_huge_one_end_it_at_once() {
        let case = Case::new(&[Act::Status(404)]);
        assert!(matches!(case.run(None).unwrap_err(), DownloadError::Refused { status: 404, .. }));
        let case = Case::new(&[Act::Huge(1 << 40)]);
        assert!(matches!(case.run(Some(&right())).unwrap_err(), DownloadError::TooLarge { .. }));
        assert!(case.names().is_empty());
    }

    #[test]
    fn a_server_in_trouble_is_asked_again_and_a_silent_one_is_given_up() {
        let case = Case::new(&[Act::Status(503), Act::Serve]);
        case.run(Some(&right())).unwrap();
        let case = Case::new(&[Act::Silent, Act::Silent]);
        let error = case.run(None).unwrap_err();
        assert!(matches!(error, DownloadError::Lost { received: 0, .. }), "{error}");
    }

    #[test]
    fn another_file_than_the_one_meant_is_deleted() {
        let case = Case::new(&[Act::Serve]);
        let error = case.run(Some(&"0".repeat(64))).unwrap_err();
        assert!(
            matches!(error, DownloadError::Sum { .. }) && error.to_string().contains(&right()),
            "{error}"
        );
        assert!(case.names().is_empty());
    }
}
