//! `faceprint period`: up to and including which day attendance is locked.

use super::{
    args::{Global, HostLogin, Period},
    context::Context,
};
use crate::{domain::Actor, runtime::ledger::Ledger};
use serde_json::json;

pub fn run(global: &Global, command: Period) -> anyhow::Result<()> {
    match command {
        Period::Lock { until, host, json } => {
            change(global, &host, json, |ledger, actor| Ok(ledger.lock_period(actor, until)?))
        }
        Period::Unlock { until, all: _, reason, host, json } => {
            change(global, &host, json, |ledger, actor| Ok(ledger.unlock_period(actor, until, &reason)?))
        }
        Period::Show { json } => Context::new(global)?.with_ledger(|ledger| show(ledger, json)),
    }
}

fn change(
    global: &Global,
    host: &HostLogin,
    as_json: bool,
    what: impl FnOnce(&mut Ledger, Actor) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    Context::new(global)?.as_host(host, |ledger, session| {
        what(ledger, session.actor())?;
        show(ledger, as_json)
    })
}

/// The state as it is now.
fn show(ledger: &Ledger, as_json: bool) -> anyhow::Result<()> {
    let Some(lock) = ledger.period() else {
        if as_json {
            println!("{}", json!({ "locked_until": null }));
        } else {
            println!("No day is locked.");
        }
        return Ok(());
    };
    let host = match lock.by {
        Actor::Host(id) => ledger.vault().hosts()?.into_iter().find(|host| host.id == id),
        Actor::Kiosk | Actor::Person(_) => None,
    };
    let name = host.map(|host| host.name.as_str().to_owned());
    if as_json {
        let (until, at) = (lock.until.to_string(), lock.at.to_string());
        println!("{}", json!({ "locked_until": until, "by": name, "at": at }));
    } else {
        let name = name.unwrap_or_else(|| "a former host".to_owned());
        println!("Locked up to and including {}, by {name}, {}", lock.until, lock.at);
    }
    Ok(())
}
