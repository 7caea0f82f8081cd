//! What people see: screens, widgets, theme and words.
//!
//! Job: a model in, pixels and typed [`Action`]s out. It must not know a worker, a file (but for the
//! system's fonts) or a clock: a view gets the moment with its [`Scene`], keeps only what was typed, and asks for
//! everything else by returning an action.

mod attendance;
mod attendee;
mod attendee_picture;
mod audit;
mod badge;
mod camera_words;
mod card_view;
mod cards;
mod code;
mod day_chart;
mod diagnostics;
mod enrol;
mod first_start;
mod fonts;
mod history;
mod host;
mod hosts;
mod keyboard;
mod keyboard_layout;
mod keys;
mod lamps;
mod login;
mod marks;
mod networks;
mod people;
mod people_edit;
mod people_import;
mod period;
mod picture;
mod range;
mod reports;
mod saver;
mod schedule_editor;
mod screen;
mod second_host;
mod settings_form;
mod table;
pub mod theme;
mod today;
mod troubles;
mod widgets;
mod words;
mod work_form;

pub use attendee::{AttendeeModel, attendee_ui};
pub use badge::{Badge, badge_ui};
pub use cards::Cards;
pub use code::CodePage;
pub use diagnostics::{BenchFigures, BenchView};
pub use first_start::{FirstStart, first_start_ui};
pub use history::History;
pub use host::host_ui;
pub use keyboard::Keyboard;
pub use lamps::{Lamp, Lamps};
pub use login::{Login, login_ui};
pub use picture::PictureTexture;
pub use saver::{resting, saver_ui};
pub use screen::{Action, Asked, Goto, HostPage, HostScreen, Scene, Screen};
pub use troubles::{trouble, worded_notice, worded_reply};
pub use words::{Words, sentence};
