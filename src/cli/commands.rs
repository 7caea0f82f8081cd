//! The commands, one function each. Their JSON is a contract for scripts; the README documents it.

use super::{
    args::{Global, HostLogin, SecondLogin},
    columns::aligned,
    context::{Context, agree, finish, read_pin},
    hosts, sentence,
};
use crate::{
    camera::CameraError,
    crypto::{KeySource, Pin},
    diagnostics::{self, doctor, verify},
    domain::{Actor, CameraSpec, Moment, PersonId, PersonName, SharedDeed},
    imaging::{self, Frame},
    runtime::{
        enrol_frames::{EnrolmentReport, FrameEnrolment},
        messages::PersonRow,
        replay::{self, Decided, ReplayOptions, Summary},
    },
    settings::{Settings, SiteZone},
    vault::InitHost,
    vision::{Manifest, pairs},
};
use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

pub fn init(global: &Global, site: &str, zone: Option<&str>, host: &HostLogin) -> anyhow::Result<()> {
    let context = Context::new(global)?;
    let pin = Pin::for_host(&read_pin(&host.pin_file)?)?;
    let name = PersonName::new(&host.host)?;
    let mut settings = Settings { site_name: site.to_owned(), ..context.settings.clone() };
    if let Some(zone) = zone {
        settings.zone = SiteZone::new(zone)?;
    }
    // The round trip checks the site name as the file's reader would.
    let settings = Settings::parse(&settings.to_toml(), &context.paths.settings)?;
    let ledger = context.ledger_setup()?.create(settings, InitHost { name, pin })?;
    let code = finish(ledger, |ledger| {
        Ok(ledger.vault_mut().new_recovery_code(Actor::Kiosk, context.clock.now())?)
    })?;
    let opener = match *context.key {
        KeySource::File(_) => "device key file safe",
        KeySource::Passphrase(_) => "passphrase in mind",
    };
    eprintln!("{} is set up. Keep the {opener}: without it no record opens.", context.paths.root.display());
    hosts::show_code(&code);
    Ok(())
}

pub fn people_add(
    global: &Global,
    name: &str,
    badge: Option<String>,
    host: &HostLogin,
    as_json: bool,
) -> anyhow::Result<()> {
    let context = Context::new(global)?;
    let name = PersonName::new(name)?;
    let person = context.as_host(host, |ledger, session| {
        Ok(ledger.vault_mut().add_person(session.actor(), name, badge, context.clock.now())?)
    })?;
    if as_json {
        println!("{}", json!({ "person": person.id.to_string() }));
    } else {
        println!("{}", person.id);
    }
    Ok(())
}

pub fn people_list(global: &Global, as_json: bool) -> anyhow::Result<()> {
    let rows = Context::new(global)?.with_ledger(|ledger| Ok(ledger.people()?))?;
    if as_json {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                json!({
                    "person": row.person.id.to_string(),
                    "name": row.person.name.as_str(),
                    "badge": row.person.badge,
                    "active": row.person.active,
                    "templates": row.templates,
                    "consent": row.person.consent.as_ref().map(|c| &c.version),
                })
            })
            .collect();
        println!("{}", serde_json::Value::Array(rows));
    } else {
        let cells = |row: &PersonRow| {
            let badge = row.person.badge.clone().unwrap_or_else(|| "-".to_owned());
            let shots = format!("{:>2} shots", row.templates);
            [row.person.id.to_string(), shots, badge, row.person.name.as_str().to_owned()]
        };
        print_rows(&rows.iter().map(cells).collect::<Vec<_>>());
    }
    Ok(())
}

pub fn people_enrol(
    global: &Global,
    person: PersonId,
    from: &[PathBuf],
    consent: &str,
    host: &HostLogin,
    as_json: bool,
) -> anyhow::Result<()> {
    let context = Context::new(global)?;
    let version = &context.settings.consent_version;
    if consent != version {
        bail!(
            "the site's consent text has version '{version}', not '{consent}': show the person that text, and say --consent \
             {version} once they agree"
        );
    }
    let report = context.as_host(host, |ledger, session| {
        ledger.vault().person(person)?;
        let report = shots(&context, from)?;
        if !report.shots.is_empty() {
            ledger.enrol(session.actor(), person, consent, &report.shots, true)?;
        }
        Ok(report)
    })?;
    let qualities: Vec<f32> = report.shots.iter().map(|shot| shot.quality).collect();
    if as_json {
        println!(
            "{}",
            json!({
                "person": person.to_string(),
                "frames": report.frames,
                "shots": qualities.len(),
                "quality": qualities,
                "refused": report.refused,
            })
        );
    } else {
        println!("{} shots of {} frames", qualities.len(), report.frames);
        for (reason, count) in &report.refused {
            println!("  {count} refused: {reason}");
        }
    }
    if qualities.is_empty() {
        bail!(
            "no frame was good enough to enrol ({}): take pictures of one person, near, frontal and well lit",
            report.refused.iter().map(|(why, n)| format!("{n} {why}")).collect::<Vec<_>>().join(", ")
        );
    }
    Ok(())
}

/// Looks at every frame of folders and pictures and keeps the best.
fn shots(context: &Context, from: &[PathBuf]) -> anyhow::Result<EnrolmentReport> {
    let mut pipeline = context.pipeline()?;
    let mut enrolment = FrameEnrolment::default();
    let progress = spinner("frames");
    let (folders, pictures): (Vec<&PathBuf>, Vec<&PathBuf>) = from.iter().partition(|path| path.is_dir());
    for folder in folders {
        let spec = CameraSpec::Folder { path: folder.clone(), fps: 30.0 };
        let mut source = context.source(&spec, false)?;
        loop {
            match source.next_frame() {
                Ok(frame) => enrolment.add(&mut pipeline, &frame)?,
                Err(CameraError::Ended) => break,
                Err(error) => return Err(error.into()),
            }
            progress.inc(1);
        }
    }
    for (number, path) in pictures.into_iter().enumerate() {
        enrolment.add(&mut pipeline, &still(path, number as u64, context)?)?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(enrolment.finish(&pipeline))
}

/// A picture file as a frame; each has a second of its own, so that each can become a shot.
fn still(path: &Path, number: u64, context: &Context) -> anyhow::Result<Frame> {
    let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let picture = imaging::decode_picture(&bytes).with_context(|| path.display().to_string())?;
    let captured = Moment { utc: context.clock.now().utc, mono: Duration::from_secs(number) };
    Ok(Frame::from_picture(picture, captured, number))
}

pub fn people_erase(
    global: &Global,
    person: PersonId,
    host: &HostLogin,
    second: &SecondLogin,
) -> anyhow::Result<()> {
    let context = Context::new(global)?;
    context.as_host(host, |ledger, session| {
        agree(ledger, session, second, SharedDeed::ErasePerson)?;
        Ok(ledger.erase(session.actor(), person)?)
    })?;
    println!("erased");
    Ok(())
}

pub fn replay(
    global: &Global,
    camera: &CameraSpec,
    record: bool,
    realtime: bool,
    max_frames: Option<u64>,
    as_json: bool,
) -> anyhow::Result<()> {
    if let CameraSpec::Folder { path, .. } = camera
        && !path.exists()
    {
        bail!("the folder {} is not there: see its name", path.display());
    }
    let context = Context::new(global)?;
    let mut out = io::stdout().lock();
    let summary = context.with_ledger(|ledger| {
        let mut pipeline = context.pipeline()?;
        let mut source = context.source(camera, realtime)?;
        let options = ReplayOptions { record, max_frames };
        let result = replay::replay(source.as_mut(), &mut pipeline, ledger, options, |decided| {
            if as_json {
                writeln!(out, "{}", decision_json(decided))?;
            } else {
                writeln!(out, "{}", decision_line(decided))?;
            }
            out.flush()
        });
        result.with_context(|| format!("replay of {camera}"))
    })?;
    if as_json {
        writeln!(out, "{}", summary_json(&summary))?;
    } else {
        writeln!(out, "{} frames, {:.1} a second", summary.frames, fps(&summary))?;
        write!(out, "{}", diagnostics::stage_table(&summary.stages))?;
    }
    Ok(())
}

fn decision_json(decided: &Decided) -> serde_json::Value {
    json!({
        "t_ms": decided.t_ms,
        "decision": decided.done.as_str(),
        "person": decided.person.as_ref().map(|(id, _)| id.to_string()),
        "name": decided.person.as_ref().map(|(_, name)| name.as_str()),
        "track": decided.track.0,
        "cosine": decided.cosine,
        "margin": decided.margin,
        "event": decided.event.map(|event| event.0),
    })
}

fn decision_line(decided: &Decided) -> String {
    let who = decided.person.as_ref().map_or("somebody not enrolled", |(_, name)| name.as_str());
    let seconds = decided.t_ms as f64 / 1e3;
    format!("{seconds:>8.2} s  {:<9}  {who}", decided.done.as_str())
}

fn summary_json(summary: &Summary) -> serde_json::Value {
    json!({
        "frames": summary.frames,
        "fps": fps(summary),
        "threshold_cosine": summary.threshold_cosine,
        "stages": diagnostics::stages_json(&summary.stages),
    })
}

fn fps(summary: &Summary) -> f64 {
    summary.frames as f64 / summary.seconds.max(1e-9)
}

pub fn verify_pairs(
    global: &Global,
    list: &Path,
    images: &Path,
    out: &Path,
    as_json: bool,
) -> anyhow::Result<()> {
    let context = Context::new(global)?;
    let text = std::fs::read_to_string(list)
        .with_context(|| format!("the pairs file {} cannot be read", list.display()))?;
    let list = pairs::parse(&text)?;
    let mut engine = context.engine()?;
    let progress = bar(verify::pictures(&list).len() as u64);
    let result = verify::verify(engine.as_mut(), &list, images, |done| progress.set_position(done))?;
    progress.finish_and_clear();
    std::fs::create_dir_all(out).with_context(|| format!("{} cannot be made", out.display()))?;
    for (name, text) in [("roc.csv", result.roc_csv()), ("roc.svg", result.roc_svg())] {
        let path = out.join(name);
        std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    if as_json {
        println!("{}", result.to_json());
    } else {
        print!("{}", result.to_text());
    }
    Ok(())
}

pub fn audit_show(global: &Global, last: u64, as_json: bool) -> anyhow::Result<()> {
    let entries = Context::new(global)?.with_ledger(|ledger| {
        let head = ledger.vault().audit_head().number;
        Ok(ledger.vault().audit_entries((head + 1).saturating_sub(last).max(1)..=head)?)
    })?;
    for entry in entries {
        if as_json {
            println!("{}", serde_json::to_string(&diagnostics::audit_json(&entry))?);
        } else {
            println!("{:>6}  {}  {}", entry.number, entry.at, diagnostics::audit_words(&entry));
        }
    }
    Ok(())
}

pub fn audit_verify(global: &Global, head: Option<&str>, as_json: bool) -> anyhow::Result<()> {
    let against = head.map(|text| text.parse().with_context(|| format!("'{text}'"))).transpose()?;
    let report = Context::new(global)?.with_ledger(|ledger| {
        let progress = bar(ledger.vault().audit_head().number);
        let checked = ledger.vault().verify_audit(against, |done, _| progress.set_position(done));
        progress.finish_and_clear();
        Ok(checked?)
    })?;
    if let Some(fault) = report.fault {
        bail!(
            "{fault} ({} entries before it are good): keep the folder as it is and restore a backup",
            report.good
        );
    }
    let text = report.head.to_string();
    if as_json {
        println!("{}", json!({ "entries": report.head.number, "head": text }));
    } else {
        println!("{} entries, unbroken. Head {text}", report.head.number);
    }
    Ok(())
}

pub fn weights_list(global: &Global, as_json: bool) -> anyhow::Result<()> {
    let context = Context::new(global)?;
    let mut rows = Vec::new();
    for listed in context.weights_store().list()? {
        let id = listed.id.to_string();
        match &listed.manifest {
            Ok(manifest) if as_json => println!("{}", weights_json(manifest, listed.embedded)),
            Ok(Manifest { kind, licence, .. }) => {
                let place = if listed.embedded { "built in" } else { "installed" };
                rows.push([id, kind.to_string(), place.to_owned(), licence.clone()]);
            }
            Err(error) if as_json => println!("{}", json!({ "id": listed.id, "error": error.to_string() })),
            Err(error) => rows.push([id, "-".to_owned(), "unusable".to_owned(), error.to_string()]),
        }
    }
    print_rows(&rows);
    Ok(())
}

fn print_rows<const N: usize>(rows: &[[String; N]]) {
    for line in aligned(rows) {
        println!("{line}");
    }
}

pub fn weights_json(manifest: &Manifest, built_in: bool) -> serde_json::Value {
    let mut value = json!(manifest);
    value["built_in"] = built_in.into();
    value
}

pub fn weights_verify(global: &Global, as_json: bool) -> anyhow::Result<()> {
    let store = Context::new(global)?.weights_store();
    let (mut bad, listed) = (0, store.list()?);
    // They take seconds each: a line when one is done, not all at the end.
    let width = listed.iter().map(|listed| listed.id.as_str().len()).max().unwrap_or(0);
    for listed in listed {
        let result = store.verify(&listed.id);
        bad += usize::from(result.is_err());
        let words = result.as_ref().map_or_else(ToString::to_string, |_| "ok".to_owned());
        if as_json {
            println!("{}", json!({ "id": listed.id, "ok": result.is_ok(), "detail": words }));
        } else {
            println!("{:<width$}  {words}", listed.id.as_str());
        }
    }
    if bad > 0 {
        bail!("{bad} network files are damaged: install them again");
    }
    Ok(())
}

pub fn doctor(global: &Global, as_json: bool) -> anyhow::Result<()> {
    let checks = match Context::new(global) {
        Ok(context) => {
            let engine = context.engine_loader().unwrap_or_else(|error| {
                let said = sentence(&error);
                Box::new(move || Err(said.clone()))
            });
            doctor::examine(&doctor::Subject {
                paths: &context.paths,
                key: &context.key,
                passphrase_file: global.passphrase_file.as_deref(),
                weights: &context.weights_store(),
                camera: &context.settings.camera,
                engine: &engine,
                clock: context.clock.as_ref(),
            })
        }
        // What cannot be read leaves nothing to look at.
        Err(error) => vec![doctor::Check { name: "settings", ok: false, detail: sentence(&error) }],
    };
    let wrong = checks.iter().filter(|check| !check.ok).count();
    if as_json {
        println!("{}", serde_json::to_string(&checks)?);
    } else {
        for check in &checks {
            println!("{}  {:<14} {}", if check.ok { "ok   " } else { "WRONG" }, check.name, check.detail);
        }
    }
    if wrong > 0 {
        bail!("{wrong} of {} checks found something to do", checks.len());
    }
    Ok(())
}

pub(super) fn spinner(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    bar.set_style(
        ProgressStyle::with_template("{spinner} {pos} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    bar.set_message(what);
    bar
}

pub(super) fn bar(length: u64) -> ProgressBar {
    ProgressBar::new(length)
}
