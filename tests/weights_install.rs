//! `weights install` and `weights use` through the real program. Network files come from `../shared`; without it the
//! tests say so.
#![allow(clippy::unwrap_used)] // helpers of tests, not only tests, fail by panicking

mod common;

use common::{Site, json, ok, refused, shared};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::{
    io::{BufRead as _, BufReader, Read, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

const NETWORK: &str = "2.7_80x80_MiniFASNetV2.onnx";

/// Serves one file under any name, once a connection; its address.
fn serve(file: &Path, name: &str) -> String {
    let content = std::fs::read(file).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/{name}", listener.local_addr().unwrap());
    let serve = move || listener.incoming().flatten().for_each(|stream| answer(stream, &content));
    std::thread::Builder::new().name("file server".into()).spawn(serve).unwrap();
    url
}

/// As [`serve`], over https with a certificate of an authority of our own; its address, and the authority as PEM.
fn serve_securely(content: Vec<u8>, name: &str) -> (String, String) {
    let (config, authority) = secured("localhost");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}/{name}", listener.local_addr().unwrap().port());
    let serve = move || {
        for stream in listener.incoming().flatten() {
            let session = ServerConnection::new(config.clone()).unwrap();
            answer(StreamOwned::new(session, stream), &content);
        }
    };
    std::thread::Builder::new().name("https server".into()).spawn(serve).unwrap();
    (url, authority)
}

/// A proxy that answers in the place of `host`; its address, the authority of its certificate, and whom it was asked for.
fn proxy(host: &str, content: Vec<u8>) -> (String, String, Arc<Mutex<Vec<String>>>) {
    let (config, authority) = secured(host);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let asks = asked.clone();
    let serve = move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            asks.lock().unwrap().push(lines.next().unwrap().unwrap());
            lines.by_ref().take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty())).for_each(drop);
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let session = ServerConnection::new(config.clone()).unwrap();
            answer(StreamOwned::new(session, stream), &content);
        }
    };
    std::thread::Builder::new().name("proxy".into()).spawn(serve).unwrap();
    (url, authority, asked)
}

/// What an https server needs to be `host`, and the authority that says so as PEM.
fn secured(host: &str) -> (Arc<ServerConfig>, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec![host.into()]).unwrap().signed_by(&key, &authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = key.serialize_der().try_into().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![own.der().clone()], key).unwrap();
    (Arc::new(config), authority.pem())
}

fn answer(stream: impl Read + Write, content: &[u8]) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream.read_line(&mut line).is_ok_and(|read| read > 2) {
        line.clear();
    }
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", content.len());
    let out = stream.get_mut();
    let _ = out.write_all(head.as_bytes()).and_then(|()| out.write_all(content)).and_then(|()| out.flush());
}

/// A copy in the site's own folder: no test lets the program near the originals.
fn copied(site: &Site, original: &Path) -> PathBuf {
    let copy = site.folder.path().join(original.file_name().unwrap());
    std::fs::copy(original, &copy).unwrap();
    copy
}

fn ids(site: &Site) -> Vec<String> {
    let list = ok(&mut site.command(&["weights", "list", "--json"]));
    list.lines().map(|line| json(line)["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_list_has_its_columns_below_each_other() {
    let list = ok(&mut Site::bare().command(&["weights", "list"]));
    let places: Vec<_> = list.lines().map(|line| line.find("  built in  ")).collect();
    assert!(places.len() > 1 && places[0].is_some(), "{list}");
    assert!(places.iter().all(|place| *place == places[0]), "{list}");
}

#[test]
fn a_licence_must_be_accepted_and_a_known_file_needs_no_sum() {
    let Some(weights) = shared("weights") else { return };
    let site = Site::bare();
    let url = serve(&weights.join(NETWORK), "net.onnx");
    let sentence = refused(&mut site.command(&["weights", "install", &url]));
    assert!(sentence.contains("Apache-2.0") && sentence.contains("--accept-licence"), "{sentence}");
    assert!(!ids(&site).contains(&"minifasnet-v2".to_owned()));

    let out = site.command(&["weights", "install", &url, "--accept-licence", "--json"]).output().unwrap();
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(out.status.success() && !said.contains("not measured here"), "{said}");
    let manifest = json(&String::from_utf8(out.stdout).unwrap());
    assert_eq!(manifest["id"], "minifasnet-v2");
    assert!(manifest["source"].as_str().unwrap().contains(&url), "{manifest}");
    assert!(ids(&site).contains(&"minifasnet-v2".to_owned()));
    ok(&mut site.command(&["weights", "verify"]));
    let left = site.data().join("weights/.downloads");
    assert_eq!(std::fs::read_dir(left).unwrap().count(), 0, "what was downloaded is not kept twice");
}

#[test]
fn https_is_spoken_with_servers_that_the_system_trusts() {
    let site = Site::bare();
    let (url, authority) = serve_securely(b"no network".to_vec(), "net.onnx");
    let install = |trusted: &str| {
        let file = site.folder.path().join("trusted.pem");
        std::fs::write(&file, trusted).unwrap();
        let sum = faceprint::vision::weights::sha256_hex(b"no network");
        let mut command = site.command(&["weights", "install", &url, "--accept-licence", "--sha256", &sum]);
        command.env("SSL_CERT_FILE", file);
        refused(&mut command)
    };
    let (_, stranger) = serve_securely(Vec::new(), "");
    let sentence = install(&stranger);
    assert!(sentence.contains("certificate"), "{sentence}");
    let sentence = install(&authority);
    assert!(
        !sentence.contains("certificate") && sentence.contains("net.onnx"),
        "it arrived, and is no network: {sentence}"
    );
}

#[test]
fn a_pack_comes_through_a_proxy_after_its_licence_and_must_be_the_one_that_is_known() {
    let site = Site::bare();
    for (pack, host, sum) in [
        ("antelopev2", "github.com", "8e182f14fc6e80b3bfa375b33eb6cff7ee05d8ef7633e738d1c89021dcf0c5c5"),
        ("auraface", "huggingface.co", "a7933ea5330113b01c9b60351d8f4c33003f145d8470ac5f0e52ee2effe25c60"),
    ] {
        let (url, authority, asked) = proxy(host, b"no network".to_vec());
        let trusted = site.folder.path().join("trusted.pem");
        std::fs::write(&trusted, authority).unwrap();
        let install = |more: &[&str]| {
            let mut command = site.command(&["weights", "install", pack]);
            refused(command.args(more).env("https_proxy", &url).env("SSL_CERT_FILE", &trusted))
        };
        let sentence = install(&[]);
        assert!(sentence.contains("--accept-licence"), "{sentence}");
        assert_eq!(asked.lock().unwrap().len(), 0, "nothing is fetched before the licence is accepted");
        let sentence = install(&["--accept-licence"]);
        assert!(sentence.contains(sum) && sentence.contains("do not use it"), "{sentence}");
        assert!(!sentence.contains("curl"), "no other way to a file that must not be used: {sentence}");
        let asked = asked.lock().unwrap();
        assert!(asked.len() == 1 && asked[0].starts_with(&format!("CONNECT {host}:443 ")), "{asked:?}");
    }
    assert_eq!(common::files(&site.data().join("weights")), Vec::<PathBuf>::new(), "nothing of it is left");
}

#[test]
fn what_was_given_as_a_file_or_folder_is_still_there_afterwards() {
    let Some(weights) = shared("weights") else { return };
    let site = Site::bare();
    let file = copied(&site, &weights.join(NETWORK));
    let before = std::fs::read(&file).unwrap();
    for accept in [&["--accept-licence"][..], &[]] {
        // Once installed, once refused.
        let out =
            site.command(&["weights", "install", file.to_str().unwrap()]).args(accept).output().unwrap();
        assert_eq!(out.status.success(), !accept.is_empty());
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }
}

#[test]
fn what_nobody_knows_needs_a_sum_over_a_network() {
    let Some(weights) = shared("weights") else { return };
    let site = Site::bare();
    // One byte of a weight differs: the same network for the eye, and no known file.
    let mut changed = std::fs::read(weights.join(NETWORK)).unwrap();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    let file = site.folder.path().join("changed.onnx");
    std::fs::write(&file, &changed).unwrap();
    let sum = faceprint::vision::weights::sha256_hex(&changed);
    let url = serve(&file, "changed.onnx");
    let install = |more: &[&str]| {
        let mut command = site.command(&["weights", "install", &url, "--accept-licence", "--json"]);
        command.args(more);
        command
    };
    assert!(refused(&mut install(&[])).contains("--sha256"));
    let sentence = refused(&mut install(&["--sha256", &"0".repeat(64)]));
    assert!(sentence.contains(&sum) && sentence.contains("do not use it"), "{sentence}");
    let output = install(&["--sha256", &sum]).output().unwrap();
    assert_eq!(json(&String::from_utf8(output.stdout).unwrap())["id"], "changed");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("not measured here") && said.contains("picture of one"), "{said}");
    // An id stands for one network, so another one may not take it.
    changed[middle] ^= 2;
    std::fs::write(&file, &changed).unwrap();
    let sentence =
        refused(&mut site.command(&["weights", "install", file.to_str().unwrap(), "--accept-licence"]));
    assert!(sentence.contains("another network is called 'changed'"), "{sentence}");
}

#[test]
fn packs_and_files_that_are_not_there_are_said_in_words() {
    let site = Site::bare();
    let sentence = refused(&mut site.command(&["weights", "install", "buffalo_xxl", "--accept-licence"]));
    assert!(sentence.contains("buffalo_l") && sentence.contains("antelopev2"), "{sentence}");
    let out = site.command(&["weights", "install", "auraface", "--sha256", "12ab"]).output().unwrap();
    let sentence = String::from_utf8(out.stderr).unwrap();
    assert!(out.status.code() == Some(2) && sentence.contains("64 hexadecimal digits"), "{sentence}");
    let url = "http://127.0.0.1:9/pack.zip";
    let started = std::time::Instant::now();
    let sentence = refused(&mut site.command(&["weights", "install", url, "--accept-licence"]));
    assert!(sentence.contains(&format!("curl -LO {url}")) && started.elapsed().as_secs() < 60, "{sentence}");
}

#[test]
fn a_host_is_told_who_must_be_enrolled_again() {
    let (Some(weights), Some(clips)) = (shared("weights"), shared("data/clips")) else { return };
    let mut site = Site::new();
    for file in ["det_500m.onnx", "mbf_w8dequant.onnx"] {
        let file = copied(&site, &weights.join(file));
        ok(&mut site.command(&["weights", "install", file.to_str().unwrap(), "--accept-licence"]));
        assert!(file.exists(), "a file that somebody gave stays where it is");
    }
    ok(&mut site.command(&["weights", "use", "scrfd-500m"]));
    // Enrolled with other weights than those that are chosen then.
    site.weights = vec!["--weights".into(), "mbf-w8".into()];
    let person = site.add("Grace Hopper");
    site.add("Never enrolled");
    assert!(site.enrol(&person, &clips.join("p1_a"))["shots"].as_u64().unwrap() > 0);
    site.weights = Vec::new();
    let words = ok(&mut site.command(&["weights", "use", "fp-face-4"]));
    assert!(words.contains(&person) && words.contains("Grace Hopper"), "{words}");
    assert!(!words.contains("Never enrolled"), "{words}");
    let words = ok(&mut site.command(&["weights", "use", "mbf-w8"]));
    assert!(!words.contains("Grace Hopper"), "{words}");
}
