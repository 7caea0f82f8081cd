//! Threads, messages, start and stop: wires the modules above into a running kiosk.
//!
//! | thread | takes | gives |
//! |---|---|---|
//! | `camera` (and its watchdog) | the device | the newest frame, in a one-slot mailbox |
//! | `recogniser` | the newest frame | the snapshot (may be dropped), sightings (may not) |
//! | `ledger` | sightings, requests | durable records, then notices and replies |
//! | `machine` | the system | its figures, into the snapshot |
//! | `sound` | tones | them, through a player of the system; while it runs, more may be dropped |
//! | `export`, one for each file | a report | a file that appears whole or not at all |
//! | the caller's, usually the window's | the snapshot, notices, replies | requests |
//!
//! It must not know egui: whoever looks at the snapshot is woken by a closure.

pub mod enrol_frames;
pub mod enrolment;
pub mod folders;
pub mod kiosk;
pub mod ledger;
pub mod look_alike;
pub mod machine;
pub mod messages;
pub mod networks;
pub mod passing;
pub mod people_csv;
pub mod pipeline;
pub mod replay;
pub mod sound;
pub mod stages;
pub mod trouble;
pub mod workers;
