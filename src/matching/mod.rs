//! Who a face may be: an exact search over every enrolled template, and the threshold for believing it.
//!
//! Job: the most similar templates and people of one embedding, and from which cosine on they count. It must not
//! know how templates are kept or sealed, and it decides nothing: evidence over frames is `tracking`'s.

mod calibration;
mod index;
mod quantised;

pub use calibration::Calibration;
pub use index::{Hit, Index};
