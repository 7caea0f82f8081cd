//! The parts of a `multipart/x-mixed-replace` stream (RFC 2046, as network cameras stretch it).

use std::io::{self, BufRead, Read};

/// Longest picture.
const MAX_PART_BYTES: u64 = 16 << 20;
/// Longest line of a part's header, and of anything between parts.
const MAX_LINE_BYTES: u64 = 1024;
/// Most lines before a part's first byte.
const MAX_LINES: usize = 64;

/// The boundary named by a `Content-Type`, without dashes in front; `None` for any other type.
pub(super) fn boundary(content_type: &str) -> Option<String> {
    let mut fields = content_type.split(';').map(str::trim);
    if !fields.next()?.eq_ignore_ascii_case("multipart/x-mixed-replace") {
        return None;
    }
    let boundary = fields.find_map(|field| {
        let (name, value) = field.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("boundary")
            .then(|| value.trim().trim_matches('"').trim_start_matches('-'))
    })?;
    (!boundary.is_empty()).then(|| boundary.to_owned())
}

/// Reads part after part. Takes a length where the camera gives one; without, a part lasts until the next boundary.
/// Boundaries may have any number of dashes, as cameras disagree about that.
pub(super) struct Multipart<R> {
    reader: R,
    boundary: Vec<u8>,
    at_boundary: bool,
}

impl<R: BufRead> Multipart<R> {
    pub(super) fn new(reader: R, boundary: &str) -> Self {
        Self { reader, boundary: boundary.as_bytes().to_vec(), at_boundary: false }
    }

    /// The next part's body. `UnexpectedEof` when the stream ends, `InvalidData` when it breaks the rules.
    pub(super) fn next_part(&mut self) -> io::Result<Vec<u8>> {
        let mut lines = 0;
        while !self.at_boundary {
            let line = self.line(&mut lines)?;
            self.at_boundary = self.is_boundary(&line);
        }
        let mut length = None;
        loop {
            let line = self.line(&mut lines)?;
            let line = line.trim_ascii();
            if line.is_empty() {
                break;
            }
            length = content_length(line)?.or(length);
        }
        self.at_boundary = false;
        match length {
            Some(length) => self.counted(length),
            None => self.until_boundary(),
        }
    }

    fn counted(&mut self, length: u64) -> io::Result<Vec<u8>> {
        if length > MAX_PART_BYTES {
            return Err(broken("a part is too long"));
        }
        let mut body = vec![0; length as usize];
        self.reader.read_exact(&mut body)?;
        Ok(body)
    }

    fn until_boundary(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        let mut rest = (&mut self.reader).take(MAX_PART_BYTES);
        loop {
            let start = body.len();
            if rest.read_until(b'\n', &mut body)? == 0 {
                let over = rest.limit() == 0;
                return Err(if over {
                    broken("a part is too long")
                } else {
                    io::ErrorKind::UnexpectedEof.into()
                });
            }
            let line = body.get(start..).unwrap_or_default();
            if line.starts_with(b"--") && is_boundary(line, &self.boundary) {
                self.at_boundary = true;
                body.truncate(start);
                for end in [b'\n', b'\r'] {
                    if body.last() == Some(&end) {
                        body.pop();
                    }
                }
                return Ok(body);
            }
        }
    }

    fn line(&mut self, lines: &mut usize) -> io::Result<Vec<u8>> {
        *lines += 1;
        if *lines > MAX_LINES {
            return Err(broken("there is no part"));
        }
        let mut line = Vec::new();
        (&mut self.reader).take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
        match line.last() {
            Some(b'\n') => Ok(line),
            _ if line.len() as u64 == MAX_LINE_BYTES => Err(broken("a line is too long")),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn is_boundary(&self, line: &[u8]) -> bool {
        is_boundary(line, &self.boundary)
    }
}

/// Whether a line is the boundary, with any dashes in front, and two behind for the last one.
fn is_boundary(line: &[u8], boundary: &[u8]) -> bool {
    let start = line.iter().position(|&byte| byte != b'-').unwrap_or(line.len());
    let Some(rest) = line.get(start..).and_then(|line| line.strip_prefix(boundary)) else { return false };
    matches!(rest.trim_ascii_end(), b"" | b"--")
}

fn content_length(line: &[u8]) -> io::Result<Option<u64>> {
    let Some((name, value)) = str::from_utf8(line).ok().and_then(|line| line.split_once(':')) else {
        return Ok(None);
    };
    if !name.trim().eq_ignore_ascii_case("content-length") {
        return Ok(None);
    }
    value.trim().parse().map(Some).map_err(|_| broken("a part's length is not a number"))
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(stream: &[u8]) -> (Vec<Vec<u8>>, io::ErrorKind) {
        let mut multipart = Multipart::new(stream, "cut");
        let mut parts = Vec::new();
        loop {
            match multipart.next_part() {
                Ok(part) => parts.push(part),
                Err(err) => return (parts, err.kind()),
            }
        }
    }

    #[test]
    fn boundaries_are_found_in_every_spelling() {
        for text in [
            "multipart/x-mixed-replace; boundary=cut",
            "multipart/x-mixed-replace;boundary=--cut",
            "Multipart/X-Mixed-Replace; charset=x; Boundary=\"cut\"",
        ] {
            assert_eq!(boundary(text).as_deref(), Some("cut"), "{text}");
        }
        for text in ["image/jpeg", "multipart/x-mixed-replace", "multipart/x-mixed-replace; boundary=--", ""]
        {
            assert_eq!(boundary(text), None, "{text}");
        }
    }

    #[test]
    fn parts_with_and_without_a_length() {
        let stream =
            b"preamble\r\n--cut\r\nContent-Type: image/jpeg\r\ncontent-LENGTH: 9\r\n\r\na\r\n--cut\r\r\n\
            --cut\r\n\r\nb\n--no\r\n\r\n----cut\n\nc\r\n--cut--";
        let (parts, end) = parts(stream);
        assert_eq!(parts, [&b"a\r\n--cut\r"[..], b"b\n--no\r\n", b"c"]);
        assert_eq!(end, io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_stream_that_breaks_the_rules_is_refused_early() {
        let bad: [&[u8]; 4] = [
            b"--cut\r\nContent-Length: many\r\n\r\n",
            b"--cut\r\nContent-Length: 99999999999\r\n\r\n",
            &[b'x'; 5000],
            &b"\n".repeat(100),
        ];
        for stream in bad {
            assert_eq!(parts(stream).1, io::ErrorKind::InvalidData);
        }
        let endless = [&b"--cut\r\n\r\n"[..], &vec![b'x'; MAX_PART_BYTES as usize + 1]].concat();
        assert_eq!(parts(&endless).1, io::ErrorKind::InvalidData);
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(
            bodies in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..200), any::<bool>()), 0..5)
        ) {
            let mut stream = Vec::new();
            for (body, counted) in &bodies {
                stream.extend_from_slice(b"--cut\r\n");
                if *counted {
                    stream.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
                }
                stream.extend_from_slice(b"\r\n");
                stream.extend_from_slice(body);
                stream.extend_from_slice(b"\r\n");
            }
            stream.extend_from_slice(b"--cut--\r\n");
            let (got, _) = parts(&stream);
            let want: Vec<_> = bodies.into_iter().map(|(body, _)| body).collect();
            prop_assert_eq!(got, want);
        }

        #[test]
        fn no_bytes_make_it_panic_or_run_for_ever(
            pieces in prop::collection::vec(prop_oneof![
                Just(b"--cut".to_vec()), Just(b"\r\n".to_vec()), Just(b"Content-Length: 3".to_vec()),
                prop::collection::vec(any::<u8>(), 0..20)
            ], 0..30)
        ) {
            parts(&pieces.concat());
        }
    }
}
