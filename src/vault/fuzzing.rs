//! What the fuzzer of `tests/fuzz` feeds, and the same over its corpus in the ordinary tests.
//!
//! Job: bytes as somebody with a key could write them, straight to the decoders behind the seals, past which no fuzzer
//! gets by itself. It must not be in the program: only under the fuzzer and in tests.

use super::{
    VaultError,
    audit::{AuditFault, AuditWalk, Chain},
    backup::{BackupReader, Header, TREE, part_key},
    codec::{AttemptRecord, HostRecord, LockRecord, SiteRecord, Tree, decode_change, encode_change},
    people::{open_template, seal_template_as},
};
use crate::{
    crypto::{KEY_ID_PERSON, MacKey, PinCost, PinHash, SealKey, Secret},
    domain::{AuditEntry, AuditHead, Mark, Person, WeightsId},
};
use serde::{Serialize, de::DeserializeOwned};
use std::path::Path;

fn secret() -> Secret {
    Secret::from_slice(&[7; 32]).unwrap_or_else(|| unreachable!("32 bytes"))
}

fn key() -> SealKey {
    SealKey::new(&secret(), KEY_ID_PERSON)
}

/// A record of the kind that the first byte says: what is decoded comes back when it is encoded and decoded again.
pub fn record(data: &[u8]) {
    let Some((kind, content)) = data.split_first() else { return };
    match kind {
        0 => {
            let Ok(change) = decode_change(content) else { return };
            let again = encode_change(&change).map(|bytes| decode_change(&bytes));
            assert!(again.is_err() || again.is_ok_and(|again| again.is_ok_and(|again| again == change)));
        }
        1 => round_trip::<SiteRecord>(content),
        2 => round_trip::<HostRecord>(content),
        3 => round_trip::<Person>(content),
        4 => round_trip::<PinHash>(content),
        5 => round_trip::<AttemptRecord>(content),
        6 => round_trip::<Mark>(content),
        7 => template(content),
        8 => drop(key().open(Tree::Marks.name(), b"place", content)),
        9 => round_trip::<WeightsId>(content),
        10 => round_trip::<PinCost>(content),
        11 => round_trip::<bool>(content),
        12 => round_trip::<LockRecord>(content),
        13 => round_trip::<u64>(content),   // the highest event number given
        14 => round_trip::<i64>(content),   // when a PIN was set with the recovery code
        _ => round_trip::<String>(content), // part of the rules kept with a lock
    }
}

/// 32 bytes of record key, then what is under the seal.
fn template(content: &[u8]) {
    let (place, plain) = content.split_at(content.len().min(32));
    let Ok(sealed) = key().seal(Tree::Templates.name(), place, plain) else { return };
    let Ok(template) = open_template(&key(), place, &sealed) else { return };
    let again = seal_template_as(&key(), &template).map(|write| write.value.unwrap_or_default());
    let again = again.and_then(|sealed| open_template(&key(), place, &sealed));
    assert!(again.is_ok_and(|again| again.embedding == template.embedding && again.id == template.id));
}

/// Entries, each after its length (2 bytes little-endian), in a chain: whatever they say, the walk ends with a verdict.
pub fn audit(data: &[u8]) {
    let _ = walk(data);
}

fn walk(data: &[u8]) -> (u64, Option<AuditFault>) {
    let chain = Chain::new(MacKey::new(secret()));
    let mut walk = AuditWalk::new(None);
    let mut newest = AuditHead { number: 0, hash: [0; 32] };
    for (place, content) in pieces(data).into_iter().enumerate() {
        round_trip::<AuditEntry>(content);
        let entry: Option<AuditEntry> = postcard::from_bytes(content).ok();
        if let Some(entry) = &entry {
            newest = AuditHead { number: entry.number, hash: entry.hash };
        }
        if !walk.next(&chain, &(place as u64 + 1).to_be_bytes(), entry) {
            break;
        }
    }
    let (good, fault) = walk.finish(newest);
    assert!(good == newest.number || fault.is_some(), "an entry is neither good nor at fault");
    (good, fault)
}

/// A header when the first byte is even, else parts, each after its length (2 bytes little-endian), sealed as a backup's
/// are, the last one as the last.
pub fn backup(data: &[u8]) {
    let Some((kind, mut content)) = data.split_first() else { return };
    let path = Path::new("fuzzed");
    if kind.is_multiple_of(2) {
        drop(Header::read(&mut content, path));
    } else {
        drop(parts(content, path));
    }
}

/// How many records there are, once all parts were read.
fn parts(content: &[u8], path: &Path) -> Result<usize, VaultError> {
    let pieces = pieces(content);
    let mut file = Vec::new();
    for (part, plain) in pieces.iter().enumerate() {
        let place = part_key(part as u64, part + 1 == pieces.len());
        let sealed = key().seal(TREE, &place, plain)?;
        file.extend_from_slice(&(sealed.len() as u32).to_le_bytes());
        file.extend_from_slice(&sealed);
    }
    let (mut reader, ..) = BackupReader::after_header(file.as_slice(), path, key(), 0)?;
    let mut records = 0;
    while let Some(change) = reader.records()? {
        records += change.len();
    }
    Ok(records)
}

fn round_trip<T: Serialize + DeserializeOwned + PartialEq>(bytes: &[u8]) {
    let Ok(value) = postcard::from_bytes::<T>(bytes) else { return };
    let again = postcard::to_allocvec(&value).map(|bytes| postcard::from_bytes::<T>(&bytes));
    assert!(again.is_ok_and(|again| again.is_ok_and(|again| again == value)), "another record comes back");
}

fn pieces(mut data: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    while let Some((len, rest)) = data.split_first_chunk() {
        let (piece, rest) = rest.split_at(rest.len().min(u16::from_le_bytes(*len).into()));
        pieces.push(piece);
        data = rest;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crypto::{Keys, Pepper, Pin},
        domain::{
            Actor, AttemptState, AuditAction, Consent, Correction, Embedding, EventId, Host, HostId,
            MarkKind, MarkSource, PersonId, PersonName, SharedDeed, TemplateId,
        },
        vault::{BackupContents, Template, backup::Part, codec::Write},
    };
    use jiff::Timestamp;
    use std::{fs, path::PathBuf};

    type Seed = (&'static str, Vec<u8>);

    fn corpus(target: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target)
    }

    /// Feeds every file of the corpus: seeds, and whatever was found.
    fn replay(target: &str, feed: fn(&[u8]), seeds: &[Seed]) {
        let folder = corpus(target);
        if std::env::var_os("FACEPRINT_WRITE_SEEDS").is_some() {
            fs::create_dir_all(&folder).unwrap();
            for (name, bytes) in seeds {
                fs::write(folder.join(name), bytes).unwrap();
            }
        }
        let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(files.len() >= seeds.len(), "{target}: seeds are missing, write them anew");
        for file in &files {
            println!("{}", file.display());
            feed(&fs::read(file).unwrap());
        }
        println!("{target}: {} files", files.len());
    }

    fn at() -> Timestamp {
        "2026-11-25T08:00:00Z".parse().unwrap()
    }

    fn of_kind(kind: u8, content: &impl Serialize) -> Vec<u8> {
        [vec![kind], postcard::to_allocvec(content).unwrap()].concat()
    }

    fn in_pieces(kind: Option<u8>, pieces: &[Vec<u8>]) -> Vec<u8> {
        let mut data: Vec<u8> = kind.into_iter().collect();
        for piece in pieces {
            data.extend((piece.len() as u16).to_le_bytes());
            data.extend(piece);
        }
        data
    }

    fn change() -> Vec<Write> {
        let put = |tree, key: &[u8]| Write { tree, key: key.to_vec(), value: Some(vec![0x5a; 20]) };
        vec![put(Tree::Meta, b"site"), put(Tree::Marks, &[0, 0, 0, 0, 0, 0, 0, 1])]
    }

    fn person() -> Person {
        Person {
            id: PersonId::from_bytes([1; 16]),
            name: PersonName::new("Ada").unwrap(),
            badge: Some("17".to_owned()),
            active: true,
            created: at(),
            consent: Some(Consent { version: "1".to_owned(), at: at() }),
        }
    }

    fn mark() -> Mark {
        let correction = Correction { replaces: Some(EventId(2)), stands: true, reason: "late".to_owned() };
        Mark {
            id: EventId(3),
            person: PersonId::from_bytes([1; 16]),
            kind: MarkKind::CheckOut,
            at: at(),
            zone: "Europe/Athens".to_owned(),
            mono_ms: 300,
            clock_jumped: true,
            source: MarkSource::Host,
            actor: Actor::Host(HostId::from_bytes([2; 16])),
            correction: Some(correction),
        }
    }

    #[test]
    fn records_of_the_corpus_are_read() {
        let pepper = Pepper::new(secret());
        let hash = PinHash::new(&Pin::new("274916").unwrap(), &pepper, PinCost::FLOOR).unwrap();
        let host = Host { id: HostId::from_bytes([2; 16]), name: PersonName::new("Grace").unwrap() };
        let weights = WeightsId::new("mbf-w8").unwrap();
        let until = jiff::civil::date(2026, 11, 30);
        let lock = LockRecord { until, by: Actor::Host(host.id), at: at(), parts: 2 };
        let state = AttemptState { failures: 3, last_utc_ms: 1_000, last_mono: None };
        let raw: Vec<f32> = (0..512).map(|i| (i as f32 * 0.37).sin()).collect();
        let template = Template {
            id: TemplateId::from_bytes([3; 16]),
            person: PersonId::from_bytes([1; 16]),
            weights: weights.clone(),
            quality: 0.9,
            created: at(),
            embedding: Embedding::from_raw(&raw).unwrap(),
        };
        let sealed = seal_template_as(&key(), &template).unwrap();
        let plain = key().open(Tree::Templates.name(), &sealed.key, &sealed.value.unwrap()).unwrap();
        let in_place = key().seal(Tree::Marks.name(), b"place", b"content").unwrap();
        let changed = encode_change(&change()).unwrap();
        let seeds = [
            ("change", [vec![0], changed].concat()),
            ("broken", vec![0, 9, 1, 1]),
            ("site", of_kind(1, &SiteRecord { zone: "Europe/Athens".to_owned(), created: at() })),
            ("host", of_kind(2, &HostRecord { host, pin: hash.clone() })),
            ("person", of_kind(3, &person())),
            ("pin", of_kind(4, &hash)),
            ("attempts", of_kind(5, &AttemptRecord { run: 9, state })),
            ("mark", of_kind(6, &mark())),
            ("template", [vec![7], sealed.key, plain.to_vec()].concat()),
            ("sealed", [vec![8], in_place].concat()),
            ("weights", of_kind(9, &weights)),
            ("cost", of_kind(10, &PinCost::FLOOR)),
            ("switch", of_kind(11, &true)),
            ("lock", of_kind(12, &lock)),
            ("last-event", of_kind(13, &4_711_u64)),
            ("recovered", of_kind(14, &1_800_000_000_i64)),
            ("rules", of_kind(15, &"schedule = \"mon-fri 08:00-17:00\"")),
        ];
        replay("record", record, &seeds);
    }

    #[test]
    fn audit_entries_of_the_corpus_are_read() {
        let chain = Chain::new(MacKey::new(secret()));
        let (person, host) = (PersonId::from_bytes([1; 16]), HostId::from_bytes([2; 16]));
        let actions = [
            AuditAction::StoreCreated,
            AuditAction::HostAdded(host),
            AuditAction::Marked(EventId(1), person, MarkKind::CheckIn),
            AuditAction::WeightsChanged("mbf-w8".to_owned()),
            AuditAction::ClockJumped(-3600),
            AuditAction::Agreed(host, SharedDeed::RotateKey),
        ];
        let mut head = AuditHead { number: 0, hash: [0; 32] };
        let mut entries = Vec::new();
        for action in actions {
            let entry = chain.entry(head, at(), Actor::Host(host), action).unwrap();
            head = AuditHead { number: entry.number, hash: entry.hash };
            entries.push(postcard::to_allocvec(&entry).unwrap());
        }
        let whole = in_pieces(None, &entries);
        assert_eq!(walk(&whole), (6, None), "not the ways out for faults alone");
        let cut = whole[..whole.len() - 9].to_vec();
        entries.swap(2, 3);
        let swapped = in_pieces(None, &entries);
        let (good, fault) = walk(&swapped);
        assert!(good == 2 && fault.is_some(), "{fault:?}");
        replay("audit", audit, &[("chain", whole), ("cut", cut), ("swapped", swapped)]);
    }

    #[test]
    fn backups_of_the_corpus_are_read() {
        let keys = Keys::generate().unwrap();
        let contents = BackupContents {
            made: at(),
            program: "0.1.0".to_owned(),
            store: *keys.store(),
            entry: 9,
            records: vec![("marks".to_owned(), 1), ("meta".to_owned(), 1)],
        };
        let parts = [
            Part::Contents(contents),
            Part::Keys(vec![0x11; keys.to_bytes().len()]),
            Part::Settings("site_name = \"North gate\"\n".to_owned()),
            Part::Records(encode_change(&change()).unwrap()),
            Part::End,
        ];
        let parts: Vec<_> = parts.iter().map(|part| postcard::to_allocvec(part).unwrap()).collect();
        let mut broken = parts.clone();
        broken[3] = postcard::to_allocvec(&Part::Records(vec![9, 1, 1])).unwrap();
        let salt = "00112233445566778899aabbccddeeff";
        let header = format!("faceprint-backup/1\n-> argon2id m=65536,t=3,p=1 {salt}\n{salt}{salt}\n---\n");
        let seeds = [
            ("parts", in_pieces(Some(1), &parts)),
            ("cut", in_pieces(Some(1), &parts[..4])),
            ("broken", in_pieces(Some(1), &broken)),
            ("other", b"\0something else\nof several lines\n".to_vec()),
            ("header", [vec![0], header.into_bytes()].concat()),
        ];
        let whole = super::parts(&seeds[0].1[1..], Path::new("whole"));
        assert_eq!(whole.unwrap(), 2, "not the ways out for damage alone");
        replay("backup", backup, &seeds);
    }
}
