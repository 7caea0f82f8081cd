//! Plain types that every other module speaks in: people, faces, embeddings, events, audit entries, times.
//!
//! Job: data that cannot be wrong once it exists. It must not know how anything is captured, computed, kept
//! or drawn, and it does no I/O; the one exception is [`SystemClock`], the one place that reads the clock.

mod attempts;
mod audit;
mod calibration;
mod camera_spec;
mod clock;
mod embedding;
mod event;
mod face;
mod ids;
mod person;
mod work;
mod written;

pub use attempts::AttemptState;
pub use audit::{Actor, AuditAction, AuditEntry, AuditHead, EarlierHead, NotAHead, SharedDeed};
pub use calibration::{CalibrationData, ScoreSample};
pub use camera_spec::{CameraSpec, CameraSpecError};
pub use clock::{Clock, ManualClock, Moment, SystemClock};
pub use embedding::{Candidate, EMBEDDING_LEN, Embedding, EmbeddingError};
pub use event::{Correction, Mark, MarkKind, MarkSource, effective_marks};
pub use face::{DetectedFace, Landmarks, Point, Quality, QualityIssue, QualityLimits, Rect};
pub use ids::{EventId, Fingerprint, HostId, IdError, PersonId, TemplateId, TrackId, WeightsId, hex};
pub use person::{Consent, Host, NameError, Person, PersonName};
pub use work::{BreakRule, Rounding, Schedule, Shift, Weekdays, WorkError, WorkRules};
pub use written::{
    read_break, read_day, read_day_first, written_break, written_day, written_decimal, written_hours,
};
