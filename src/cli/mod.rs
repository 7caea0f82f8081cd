//! The command line: arguments to calls, errors to sentences and exit codes.
//!
//! It must not know how anything is done: each command is a short function that calls the library and prints.

mod args;
mod bench;
mod columns;
mod commands;
mod context;
mod demo;
mod export;
mod hosts;
mod install;
mod keeping;
mod people_import;
mod period;
mod service;
mod window;

use crate::crypto::forbid_core_dumps;
use args::{Audit, Cli, Command, Global, HostLogin, Hosts, Key, People, Service, Weights};
use clap::{CommandFactory as _, Parser as _, error::ErrorKind};
use signal_hook::consts::SIGPIPE;
use std::{
    process::ExitCode,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

/// Runs the program with the process's arguments. Results go to standard output, one clear sentence to standard
/// error on failure, with exit code 1 (2 for arguments that are not understood).
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    if let Err(error) = window_options_alone(&cli) {
        error.exit();
    }
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn,faceprint=info")).init();
    forbid_core_dumps();
    if cli.command.is_some()
        && let Err(error) = end_with_the_reader()
    {
        log::warn!("SIGPIPE keeps being ignored: {error}");
    }
    match dispatch(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("faceprint: {}", sentence(&error));
            ExitCode::FAILURE
        }
    }
}

/// The options of the window say nothing to a command, which would work on the real site all the same.
fn window_options_alone(cli: &Cli) -> Result<(), clap::Error> {
    let named = [("--demo", cli.demo), ("--windowed", cli.windowed)].into_iter().find(|(_, given)| *given);
    match (&cli.command, named) {
        (Some(_), Some((option, _))) => Err(Cli::command().error(
            ErrorKind::ArgumentConflict,
            format!("{option} opens the kiosk window and cannot stand before a command: leave it out"),
        )),
        _ => Ok(()),
    }
}

/// An error with its causes. Many name their cause themselves: that is not said twice.
fn sentence(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if said.is_empty() {
            said = cause;
        } else if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}

/// Whoever reads what a command prints may stop before its end (`| head`): that ends the command, as it ends others.
/// Not the kiosk, which prints nothing and has players of tones at the end of pipes.
fn end_with_the_reader() -> std::io::Result<()> {
    signal_hook::flag::register_conditional_default(SIGPIPE, Arc::new(AtomicBool::new(true))).map(|_| ())
}

fn dispatch(cli: Cli) -> anyhow::Result<()> {
    let global = cli.global;
    match cli.command {
        None if cli.demo => demo::run(&global),
        None => window::run(&global, cli.windowed),
        Some(Command::Init { site, zone, host }) => commands::init(&global, &site, zone.as_deref(), &host),
        Some(Command::People(People::Add { name, id, host, json })) => {
            commands::people_add(&global, &name, id, &host, json)
        }
        Some(Command::People(People::List { json })) => commands::people_list(&global, json),
        Some(Command::People(People::Import { file, dry_run, host, pin_file, json })) => {
            let host = host.zip(pin_file).map(|(host, pin_file)| HostLogin { host, pin_file });
            people_import::people_import(&global, &file, dry_run, host.as_ref(), json)
        }
        Some(Command::People(People::Enrol { person, from, consent, host, json })) => {
            commands::people_enrol(&global, person, &from, &consent, &host, json)
        }
        Some(Command::People(People::Change { person, name, badge, no_badge, active, host })) => {
            let active = active.map(|active| active == args::Switch::On);
            let changes = hosts::PersonChanges { name, badge, no_badge, active };
            hosts::people_change(&global, person, changes, &host)
        }
        Some(Command::People(People::Unlock { person, host })) => {
            hosts::people_unlock(&global, person, &host)
        }
        Some(Command::People(People::Erase { person, host, second })) => {
            commands::people_erase(&global, person, &host, &second)
        }
        Some(Command::People(People::Withdraw { person, host })) => {
            hosts::people_withdraw(&global, person, &host)
        }
        Some(Command::People(People::Export { person, out, host })) => {
            hosts::people_export(&global, person, &out, &host)
        }
        Some(Command::People(People::Pin { person, new_pin_file, remove: _, host })) => {
            hosts::people_pin(&global, person, new_pin_file.as_deref(), &host)
        }
        Some(Command::Hosts(command)) => hosts_command(&global, command),
        Some(Command::Replay { camera, record, realtime, max_frames, json }) => {
            commands::replay(&global, &camera, record, realtime, max_frames, json)
        }
        Some(Command::VerifyPairs { pairs, images, out, json }) => {
            commands::verify_pairs(&global, &pairs, &images, &out, json)
        }
        Some(Command::Export { format, from, to, out, by, columns, sort, people, paper, host, pin_file }) => {
            let host = host.zip(pin_file).map(|(host, pin_file)| HostLogin { host, pin_file });
            let columns = columns.as_deref();
            let sort = sort.as_deref();
            let wanted =
                export::Wanted { format, paper, by, from, to, columns, sort, people: &people, out: &out };
            export::export(&global, &wanted, host.as_ref())
        }
        Some(Command::Period(command)) => period::run(&global, command),
        Some(Command::Audit(Audit::Show { last, json })) => commands::audit_show(&global, last, json),
        Some(Command::Audit(Audit::Verify { head, json })) => {
            commands::audit_verify(&global, head.as_deref(), json)
        }
        Some(Command::Key(Key::Change { new_key_file, new_passphrase_file, host, second })) => {
            keeping::key_change(&global, new_key_file, new_passphrase_file.as_deref(), &host, &second)
        }
        Some(Command::Key(Key::Rotate { host, second })) => keeping::key_rotate(&global, &host, &second),
        Some(Command::Backup { file, backup_passphrase_file, json }) => {
            keeping::backup(&global, &file, backup_passphrase_file.as_deref(), json)
        }
        Some(Command::Restore { file, dry_run, backup_passphrase_file, json }) => {
            keeping::restore(&global, &file, dry_run, backup_passphrase_file.as_deref(), json)
        }
        Some(Command::Weights(Weights::List { json })) => commands::weights_list(&global, json),
        Some(Command::Weights(Weights::Install { what, accept_licence, sha256, json })) => {
            let options = install::Options { accept_licence, sha256: sha256.as_deref(), json };
            install::install(&global, &what, &options)
        }
        Some(Command::Weights(Weights::Use { id })) => install::choose(&global, &id),
        Some(Command::Weights(Weights::Verify { json })) => commands::weights_verify(&global, json),
        Some(Command::Bench { compare, .. }) if !compare.is_empty() => bench::compare(&compare),
        Some(Command::Bench { frames, live, window, json, .. }) => {
            bench::run(&global, frames, Duration::from_secs(live), Duration::from_secs(window), json)
        }
        Some(Command::Service(Service::Print { system, user })) => {
            service::print(&global, system, user.as_deref())
        }
        Some(Command::Doctor { json }) => commands::doctor(&global, json),
    }
}

fn hosts_command(global: &Global, command: Hosts) -> anyhow::Result<()> {
    match command {
        Hosts::List { json } => hosts::list(global, json),
        Hosts::Add { name, new_pin_file, host, second } => {
            hosts::add(global, &name, &new_pin_file, &host, &second)
        }
        Hosts::Remove { name, host } => hosts::remove(global, &name, &host),
        Hosts::Pin { new_pin_file, host } => hosts::pin(global, &new_pin_file, &host),
        Hosts::Unlock { name, recovery_file: Some(code), new_pin_file, .. } => {
            hosts::recover(global, &name, &code, new_pin_file.as_deref())
        }
        Hosts::Unlock { name, host, pin_file, .. } => {
            let host = host.zip(pin_file).map(|(host, pin_file)| HostLogin { host, pin_file });
            hosts::unlock(global, &name, host.as_ref())
        }
        Hosts::TwoPerson { rule, host, second } => {
            hosts::two_person(global, rule == args::Switch::On, &host, &second)
        }
        Hosts::Recovery { host, second } => hosts::recovery(global, &host, &second),
    }
}
