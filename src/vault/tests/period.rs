//! Locks are kept with their rules, however long, and unlocking cuts them where it says.

use super::{super::*, Site};
use jiff::civil::{Date, date};

fn kept(vault: &Vault) -> Vec<(Date, usize)> {
    vault.period_locks().iter().map(|lock| (lock.until, lock.rules.len())).collect()
}

#[test]
fn locks_survive_restarts_and_rebuilds_and_are_cut_in_the_middle() {
    let site = Site::new();
    let mut vault = site.create();
    let long = "schedule = \"mon-fri 08:00-17:00\" # ü\n".repeat(600); // more than three records hold
    for (until, rules) in
        [(date(2026, 8, 31), ""), (date(2026, 9, 30), &*long), (date(2026, 10, 31), "short")]
    {
        vault.lock_period(Actor::Kiosk, until, rules, site.now()).unwrap();
    }
    let all = [(date(2026, 8, 31), 0), (date(2026, 9, 30), long.len()), (date(2026, 10, 31), 5)];
    assert_eq!(kept(&vault), all);
    assert!(matches!(
        vault.lock_period(Actor::Kiosk, date(2026, 10, 31), "", site.now()),
        Err(VaultError::LockedAlready(until)) if until == date(2026, 10, 31)
    ));
    vault.close(site.now()).unwrap();
    let vault = site.open();
    assert_eq!(kept(&vault), all);
    assert_eq!(vault.period_locks()[1].rules, long);
    drop(vault); // not in order: the working copy is made anew from the journal
    let mut vault = site.open();
    assert_eq!(kept(&vault), all);

    vault.unlock_period(Actor::Kiosk, Some(date(2026, 9, 15)), "  audit ", site.now()).unwrap();
    let cut = [(date(2026, 8, 31), 0), (date(2026, 9, 15), long.len())];
    assert_eq!(kept(&vault), cut);
    vault.rewrite_lock_rules(vec!["a".to_owned(), "bc".to_owned()], site.now()).unwrap();
    vault.close(site.now()).unwrap();
    let mut vault = site.open();
    assert_eq!(
        kept(&vault),
        [(date(2026, 8, 31), 1), (date(2026, 9, 15), 2)],
        "no part is left of the longer text"
    );
    assert!(matches!(
        vault.unlock_period(Actor::Kiosk, Some(date(2026, 9, 15)), "x", site.now()),
        Err(VaultError::NotLocked(Some(_)))
    ));
    vault.unlock_period(Actor::Kiosk, Some(date(2026, 8, 31)), "x", site.now()).unwrap();
    assert_eq!(kept(&vault), [(date(2026, 8, 31), 1)], "exactly at a border");
    vault.unlock_period(Actor::Kiosk, None, "x", site.now()).unwrap();
    vault.close(site.now()).unwrap();
    let mut vault = site.open();
    assert_eq!(kept(&vault), []);
    assert!(matches!(
        vault.unlock_period(Actor::Kiosk, None, "x", site.now()),
        Err(VaultError::NotLocked(None))
    ));
    assert_eq!(vault.verify_audit(None, |_, _| ()).unwrap().fault, None);
}
