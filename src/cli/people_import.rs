//! `faceprint people import`: a list, what each row would do, and doing it.

use super::{
    args::{Global, HostLogin},
    commands::bar,
    context::{Context, log_in},
};
use crate::runtime::{
    ledger::{Ledger, steps::Steps},
    messages::{ImportDeed, ImportPlan, ReplyBody},
};
use anyhow::bail;
use serde_json::json;
use std::path::Path;

pub fn people_import(
    global: &Global,
    file: &Path,
    dry_run: bool,
    host: Option<&HostLogin>,
    as_json: bool,
) -> anyhow::Result<()> {
    Context::new(global)?.with_ledger(|ledger| import(ledger, file, host.filter(|_| !dry_run), as_json))
}

/// Without a host nothing is changed.
fn import(ledger: &mut Ledger, file: &Path, host: Option<&HostLogin>, as_json: bool) -> anyhow::Result<()> {
    let session = host.map(|host| log_in(ledger, host)).transpose()?;
    let plan = ledger.plan_import(file)?;
    if session.is_none() || as_json {
        print_plan(&plan, as_json);
    }
    let Some(session) = session else {
        let [add, rename, known, refused] = plan.counts();
        eprintln!("would add {add} and rename {rename}; {known} known already, {refused} refused");
        return Ok(());
    };
    let refused_rows = plan.counts()[3];
    let progress = bar(plan.rows.len() as u64);
    let mut steps = Steps::import(session.actor(), plan);
    let done = loop {
        let step = steps.step(ledger);
        progress.set_position(steps.view().done);
        match step {
            Ok(None) => {}
            Ok(Some(done)) => break Ok(done),
            Err(error) => break Err(error),
        }
    };
    progress.finish_and_clear();
    let ReplyBody::Imported { added, changed, refused } = done? else {
        bail!("the import ended without a result: run it again");
    };
    eprintln!("added {added}, renamed {changed}, refused {refused_rows}");
    match refused {
        Some(refused) => bail!("a row was refused by the store: {refused}"),
        None => Ok(()),
    }
}

fn print_plan(plan: &ImportPlan, as_json: bool) {
    for row in &plan.rows {
        let (deed, why) = match &row.deed {
            ImportDeed::Add(_) => ("add", String::new()),
            ImportDeed::Rename(..) => ("rename", String::new()),
            ImportDeed::Known => ("known", String::new()),
            ImportDeed::Refuse(fault) => ("refuse", fault.to_string()),
        };
        if as_json {
            let why = Some(&why).filter(|why| !why.is_empty());
            println!(
                "{}",
                json!({ "line": row.line, "deed": deed, "name": row.name, "badge": row.badge, "why": why })
            );
        } else {
            // A refused name may hold a line break.
            let name: String = row.name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            let badge = row.badge.as_deref().unwrap_or("-");
            println!("{:>6}  {deed:<7} {badge:<12} {name}  {why}", row.line);
        }
    }
}
