//! Faceprint: a wall-mounted attendance kiosk that recognises people by face.
//!
//! One row per module, in reading order. Data flows down the table and records flow back up to the window;
//! a module may name only what its row allows, and `tests/architecture.rs` reads the sources and fails when
//! one does otherwise.
//!
//! | module | its one job | may use |
//! |---|---|---|
//! | [`domain`] | plain types: people, events, embeddings, times, ids; the [`domain::Clock`] trait. No I/O | - |
//! | [`imaging`] | frames, pixel formats, resize, warp, crop geometry. Pure | domain |
//! | [`settings`] | the settings file: parsed once into a type that cannot be wrong | domain |
//! | [`crypto`] | seal and open with associated data, key derivation and wrapping, PIN hashing, secret types | domain |
//! | [`camera`] | frame sources: webcam, folder, MJPEG over http, built-in demo; re-opening after a fault | domain imaging |
//! | [`nn`] | network building blocks and the fast CPU kernels; candle lives here and in `vision` only | - |
//! | [`vision`] | frame in, faces out: SCRFD, alignment, ArcFace, liveness, quality; loading and importing weights | domain imaging nn |
//! | [`tracking`] | the same person keeps the same track; evidence gathered over frames. Pure | domain |
//! | [`matching`] | the in-memory index: exact top-k cosine search, margins, calibration | domain nn |
//! | [`attendance`] | the policy: evidence and time in, decisions out. Pure | domain |
//! | [`access`] | roles, PIN check, lockout, host session. Pure but for the clock | domain crypto |
//! | [`vault`] | everything kept: sealed records in sled, journal, codec, audit chain, backup. sled lives here only | domain crypto |
//! | [`reports`] | CSV and PDF from plain data into any `Write` | domain |
//! | [`runtime`] | threads, messages, start and stop; wires the modules above | domain imaging settings crypto camera nn vision tracking matching attendance access vault reports |
//! | [`diagnostics`] | stage timings, frame-rate and latency figures, `bench`, `doctor` | domain imaging settings crypto camera nn vision tracking matching attendance access vault reports runtime |
//! | [`ui`] | screens, widgets, theme, words. Views take a model and return actions | domain imaging settings runtime |
//! | [`app`] | `eframe::App`: drains messages, draws the screen, carries out actions | domain imaging settings runtime diagnostics ui |
//! | [`cli`] | arguments to calls; the only place with `anyhow` and exit codes | everything |

pub mod access;
pub mod app;
pub mod attendance;
pub mod camera;
pub mod cli;
pub mod crypto;
pub mod diagnostics;
pub mod domain;
pub mod imaging;
pub mod matching;
pub mod nn;
pub mod reports;
pub mod runtime;
pub mod settings;
pub mod tracking;
pub mod ui;
pub mod vault;
pub mod vision;
