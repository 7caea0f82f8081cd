//! Motion JPEG over plain http, from a network camera or a phone on the site's own network.

use super::{
    CameraError, FrameSource, Pace, SourceInfo, SourceName,
    multipart::{Multipart, boundary},
};
use crate::imaging::{Frame, Picture, decode_jpeg};
use std::{
    io::{self, BufReader},
    time::{Duration, Instant},
};
use ureq::{Agent, BodyReader};

const CONNECT_LIMIT: Duration = Duration::from_secs(3);
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
const SILENCE_LIMIT: Duration = Duration::from_secs(2);
/// Broken pictures in a row before the stream is given up.
const MAX_BROKEN: u32 = 30;

/// One connection; ends with the first time-out, broken rule or close.
pub(super) struct HttpStream {
    parts: Multipart<BufReader<BodyReader<'static>>>,
    first: Option<Picture>,
    size: (u32, u32),
    pace: Pace,
}

impl HttpStream {
    /// Connects and waits for the first good picture, which tells the size.
    pub(super) fn open(url: &str, pace: Pace) -> Result<Self, CameraError> {
        let config = Agent::config_builder()
            .proxy(None)
            .timeout_connect(Some(CONNECT_LIMIT))
            .timeout_recv_response(Some(ANSWER_LIMIT))
            .timeout_per_read(Some(SILENCE_LIMIT))
            .build();
        let response = Agent::new_with_config(config).get(url).call().map_err(|err| refused(&err))?;
        let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
        let Some(boundary) = content_type.and_then(boundary) else {
            let message =
                "the address does not send motion JPEG: look up the stream's address in the camera's manual";
            return Err(CameraError::Failed(message.into()));
        };
        let body = BufReader::new(response.into_body().into_with_config().limit(u64::MAX).reader());
        let mut stream = Self { parts: Multipart::new(body, &boundary), first: None, size: (0, 0), pace };
        let first = stream.next_picture()?;
        stream.size = stream.pace.turned(first.width(), first.height());
        stream.first = Some(first);
        Ok(stream)
    }

    fn next_picture(&mut self) -> Result<Picture, CameraError> {
        let mut reason = String::new();
        for _ in 0..MAX_BROKEN {
            let asked = Instant::now();
            let part = self.parts.next_part().map_err(|err| lost(&err))?;
            match self.pace.convert(asked, || decode_jpeg(&part)) {
                Ok(picture) => return Ok(picture),
                Err(err) => reason = err.to_string(),
            }
        }
        Err(CameraError::Failed(format!("{MAX_BROKEN} pictures in a row were broken ({reason})")))
    }
}

impl FrameSource for HttpStream {
    fn next_frame(&mut self) -> Result<Frame, CameraError> {
        let picture = match self.first.take() {
            Some(picture) => picture,
            None => self.next_picture()?,
        };
        Ok(self.pace.live(picture))
    }

    fn describe(&self) -> SourceInfo {
        SourceInfo {
            name: SourceName::Network,
            width: self.size.0,
            height: self.size.1,
            fps: 0.0,
            pixel_format: "MJPEG",
        }
    }
}

/// Never repeats the address: it may hold a password.
fn refused(err: &ureq::Error) -> CameraError {
    match err {
        ureq::Error::StatusCode(401 | 403) => CameraError::Denied,
        ureq::Error::StatusCode(404) | ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => {
            CameraError::Missing
        }
        ureq::Error::StatusCode(503) => CameraError::Busy,
        ureq::Error::StatusCode(code) => CameraError::Failed(format!("it answers with http status {code}")),
        ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => CameraError::Missing,
        ureq::Error::Timeout(_) => CameraError::Frozen,
        ureq::Error::BadUri(_) => CameraError::Failed("its address is not a valid http address".into()),
        ureq::Error::Io(err) if err.kind() == io::ErrorKind::ConnectionRefused => CameraError::Missing,
        ureq::Error::Io(err) => lost(err),
        _ => CameraError::Failed("it does not answer as an http server does".into()),
    }
}

fn lost(err: &io::Error) -> CameraError {
    let inner = err.get_ref().and_then(|inner| inner.downcast_ref());
    match err.kind() {
        _ if matches!(inner, Some(ureq::Error::Timeout(_))) => CameraError::Frozen,
        io::ErrorKind::InvalidData => CameraError::Failed(format!("its stream cannot be understood: {err}")),
        _ => CameraError::Unplugged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        camera::{CameraOptions, open},
        domain::{CameraSpec, SystemClock},
        imaging::Rotation,
    };
    use std::{
        io::{Cursor, Read, Write},
        net::{TcpListener, TcpStream},
        sync::Arc,
        thread::{Builder, JoinHandle},
    };

    const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=--frame\r\n\r\n";

    fn jpeg(grey: u8) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let image = image::RgbImage::from_pixel(32, 16, image::Rgb([grey; 3]));
        image.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
        bytes.into_inner()
    }

    fn part(body: &[u8]) -> Vec<u8> {
        let head = format!("--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n", body.len());
        [head.as_bytes(), body, b"\r\n"].concat()
    }

    /// A server for one connection: reads the request, lets `answer` write, and closes when it returns.
    fn server(answer: impl FnOnce(&mut TcpStream) + Send + 'static) -> (CameraSpec, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let spec = CameraSpec::Http(format!("http://{}/video", listener.local_addr().unwrap()));
        let serve = move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            assert!(stream.read(&mut request).unwrap() > 0);
            answer(&mut stream);
        };
        (spec, Builder::new().spawn(serve).unwrap())
    }

    fn opened(spec: &CameraSpec) -> Result<Box<dyn FrameSource>, CameraError> {
        let options = CameraOptions { rotate: Rotation::Clockwise90, ..CameraOptions::default() };
        open(spec, options, Arc::new(SystemClock::new()))
    }

    #[test]
    fn frames_come_and_a_broken_one_is_skipped_until_the_server_goes() {
        let (spec, server) = server(|stream| {
            let stream_bytes =
                [HEAD.as_bytes(), &part(&jpeg(50)), &part(b"junk"), &part(&jpeg(200))].concat();
            stream.write_all(&stream_bytes).unwrap();
        });
        let mut source = opened(&spec).unwrap();
        assert_eq!((source.describe().width, source.describe().height), (16, 32), "turned");
        assert!(source.next_frame().unwrap().rgb()[0].abs_diff(50) < 4);
        let frame = source.next_frame().unwrap();
        assert!(frame.rgb()[0].abs_diff(200) < 4);
        assert_eq!((frame.width(), frame.number()), (16, 2));
        assert_eq!(source.next_frame().unwrap_err(), CameraError::Unplugged);
        server.join().unwrap();
    }

    #[test]
    fn a_server_that_stalls_is_a_frozen_camera() {
        let (done, wait) = crossbeam_channel::bounded::<()>(0);
        let (spec, server) = server(move |stream| {
            stream.write_all(&[HEAD.as_bytes(), &part(&jpeg(50)), b"--fra"].concat()).unwrap();
            let _ = wait.recv();
        });
        let mut source = opened(&spec).unwrap();
        source.next_frame().unwrap();
        let since = Instant::now();
        assert_eq!(source.next_frame().unwrap_err(), CameraError::Frozen);
        assert!(since.elapsed() < SILENCE_LIMIT * 2);
        drop(done);
        server.join().unwrap();
    }

    #[test]
    fn refusals_have_their_own_words() {
        for (answer, want) in [
            ("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", Some(CameraError::Denied)),
            ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", Some(CameraError::Missing)),
            ("HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 0\r\n\r\n", None),
            ("SSH-2.0-OpenSSH\r\n", None),
        ] {
            let (spec, server) = server(move |stream| stream.write_all(answer.as_bytes()).unwrap());
            let err = opened(&spec).err().unwrap();
            assert!(
                want.map_or(matches!(err, CameraError::Failed(_)), |want| err == want),
                "{answer} {err:?}"
            );
            server.join().unwrap();
        }
        let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(opened(&CameraSpec::Http(format!("http://{unused}/"))).err(), Some(CameraError::Missing));
    }
}
