//! Threads, messages, start and stop: wires the modules above into a running kiosk.

pub mod messages;
