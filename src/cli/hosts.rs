//! `faceprint hosts`, and what hosts do for people's PINs and consent.

use super::{
    args::{Global, HostLogin, SecondLogin},
    context::{Context, agree, read_pin},
};
use crate::{
    access::LockoutPolicy,
    crypto::{Pin, PinAttempt, RecoveryCode},
    domain::{Actor, Host, PersonId, PersonName, SharedDeed},
    runtime::{ledger::Ledger, messages::PersonChange},
};
use anyhow::{Context as _, anyhow};
use serde_json::json;
use std::path::Path;

pub fn list(global: &Global, as_json: bool) -> anyhow::Result<()> {
    let (rows, recovery, two_person) = Context::new(global)?.with_ledger(|ledger| {
        let (vault, policy) = (ledger.vault(), LockoutPolicy::default());
        let mut rows = Vec::new();
        for host in vault.hosts()? {
            rows.push((policy.is_locked(vault.attempts(host.id)?), host));
        }
        Ok((rows, vault.has_recovery_code()?, vault.two_person()?))
    })?;
    if as_json {
        let hosts: Vec<_> = rows
            .iter()
            .map(|(locked, host)| json!({ "host": host.id.to_string(), "name": host.name.as_str(), "locked": locked }))
            .collect();
        println!("{}", json!({ "hosts": hosts, "recovery_code": recovery, "two_person": two_person }));
        return Ok(());
    }
    for (locked, host) in &rows {
        println!("{}  {:<6}  {}", host.id, if *locked { "locked" } else { "" }, host.name.as_str());
    }
    if two_person {
        eprintln!("The two-person rule is on.");
    }
    if !recovery {
        eprintln!("There is no recovery code: make one with `faceprint hosts recovery`.");
    }
    Ok(())
}

pub fn add(
    global: &Global,
    name: &str,
    new_pin: &Path,
    host: &HostLogin,
    second: &SecondLogin,
) -> anyhow::Result<()> {
    let name = PersonName::new(name)?;
    let shared = Shared { second, deed: SharedDeed::AddHost };
    change_together(global, host, &shared, |ledger, context, actor| {
        let pin = Pin::for_host(&read_pin(new_pin)?)?;
        let host = ledger.vault_mut().add_host(actor, name, &pin, context.clock.now())?;
        println!("{}", host.id);
        Ok(())
    })
}

pub fn remove(global: &Global, name: &str, host: &HostLogin) -> anyhow::Result<()> {
    change(global, host, |ledger, context, actor| {
        let gone = find(ledger, name)?;
        Ok(ledger.vault_mut().remove_host(actor, gone.id, context.clock.now())?)
    })
}

pub fn pin(global: &Global, new_pin: &Path, host: &HostLogin) -> anyhow::Result<()> {
    change(global, host, |ledger, context, actor| {
        let pin = Pin::for_host(&read_pin(new_pin)?)?;
        let own = find(ledger, &host.host)?;
        Ok(ledger.vault_mut().set_host_pin(actor, own.id, &pin, context.clock.now())?)
    })
}

pub fn unlock(global: &Global, name: &str, host: Option<&HostLogin>) -> anyhow::Result<()> {
    let host = host.context("say --host and --pin-file of another host, or --recovery-file")?;
    change(global, host, |ledger, context, actor| {
        let locked = find(ledger, name)?;
        Ok(ledger.vault_mut().unlock_host(actor, locked.id, context.clock.now())?)
    })
}

pub fn recover(global: &Global, name: &str, code: &Path, new_pin: Option<&Path>) -> anyhow::Result<()> {
    let context = Context::new(global)?;
    let code = PinAttempt::new(&read_pin(code)?);
    let new_pin = new_pin.map(|file| anyhow::Ok(Pin::for_host(&read_pin(file)?)?)).transpose()?;
    let next = context.with_ledger(|ledger| {
        let host = find(ledger, name)?;
        ledger.recover(host.id, &code, new_pin.as_ref()).map_err(|refusal| anyhow!("{refusal}"))
    })?;
    show_code(&next);
    Ok(())
}

pub fn two_person(global: &Global, on: bool, host: &HostLogin, second: &SecondLogin) -> anyhow::Result<()> {
    let context = Context::new(global)?;
    context.as_host(host, |ledger, session| {
        if !on {
            agree(ledger, session, second, SharedDeed::EndRule)?;
        }
        Ok(ledger.vault_mut().set_two_person(session.actor(), on, context.clock.now())?)
    })?;
    eprintln!("The two-person rule is {}.", if on { "on" } else { "off" });
    Ok(())
}

pub fn recovery(global: &Global, host: &HostLogin, second: &SecondLogin) -> anyhow::Result<()> {
    let shared = Shared { second, deed: SharedDeed::MakeRecoveryCode };
    change_together(global, host, &shared, |ledger, context, actor| {
        show_code(&ledger.vault_mut().new_recovery_code(actor, context.clock.now())?);
        Ok(())
    })
}

pub fn people_withdraw(global: &Global, person: PersonId, host: &HostLogin) -> anyhow::Result<()> {
    change(global, host, |ledger, _, actor| {
        let templates = ledger.withdraw_consent(actor, person)?;
        println!("{templates} templates destroyed");
        Ok(())
    })
}

pub fn people_export(global: &Global, person: PersonId, out: &Path, host: &HostLogin) -> anyhow::Result<()> {
    change(global, host, |ledger, _, actor| {
        for file in ledger.export_person(actor, person, out)? {
            println!("{}", file.display());
        }
        Ok(())
    })
}

/// What of a person is changed; the rest stays as it is.
pub struct PersonChanges {
    pub name: Option<String>,
    pub badge: Option<String>,
    pub no_badge: bool,
    pub active: Option<bool>,
}

pub fn people_change(
    global: &Global,
    person: PersonId,
    changes: PersonChanges,
    host: &HostLogin,
) -> anyhow::Result<()> {
    let PersonChanges { name, badge, no_badge, active } = changes;
    let name = name.map(|name| PersonName::new(&name)).transpose()?;
    change(global, host, |ledger, _, actor| {
        let old = ledger.vault().person(person)?;
        let badge = if no_badge { None } else { badge.or(old.badge) };
        let schedule = ledger.settings().work.people.get(&person).cloned();
        let (name, active) = (name.unwrap_or(old.name), active.unwrap_or(old.active));
        Ok(ledger.change_person(actor, PersonChange { person, name, badge, active, schedule })?)
    })
}

pub fn people_unlock(global: &Global, person: PersonId, host: &HostLogin) -> anyhow::Result<()> {
    change(global, host, |ledger, context, actor| {
        Ok(ledger.vault_mut().unlock_person(actor, person, context.clock.now())?)
    })
}

/// Sets a PIN, or takes it away without a file.
pub fn people_pin(
    global: &Global,
    person: PersonId,
    new_pin: Option<&Path>,
    host: &HostLogin,
) -> anyhow::Result<()> {
    change(global, host, |ledger, context, actor| {
        let pin = new_pin.map(|file| anyhow::Ok(Pin::new(&read_pin(file)?)?)).transpose()?;
        Ok(ledger.vault_mut().set_person_pin(actor, person, pin.as_ref(), context.clock.now())?)
    })
}

/// Prints a recovery code, the only time that anybody sees it.
pub fn show_code(code: &RecoveryCode) {
    println!("{}", code.shown());
    eprintln!(
        "This is the recovery code: it unlocks a host when no other host can, once. Write it down and keep it \
         where no kiosk stands; it is not shown again."
    );
}

/// What takes two hosts while the rule is on, and who the second is.
struct Shared<'a> {
    second: &'a SecondLogin,
    deed: SharedDeed,
}

/// As [`change`], once a second host agreed.
fn change_together(
    global: &Global,
    host: &HostLogin,
    shared: &Shared<'_>,
    what: impl FnOnce(&mut Ledger, &Context, Actor) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let context = Context::new(global)?;
    context.as_host(host, |ledger, session| {
        agree(ledger, session, shared.second, shared.deed)?;
        what(ledger, &context, session.actor())
    })
}

/// Opens the store, logs in, does something and closes.
fn change(
    global: &Global,
    host: &HostLogin,
    what: impl FnOnce(&mut Ledger, &Context, Actor) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let context = Context::new(global)?;
    context.as_host(host, |ledger, session| what(ledger, &context, session.actor()))
}

fn find(ledger: &Ledger, name: &str) -> anyhow::Result<Host> {
    let found = ledger.vault().host_by_name(&PersonName::new(name)?)?;
    found.with_context(|| format!("there is no host '{name}': see `faceprint hosts list`"))
}
