//! The process itself: what of its memory may reach a disk.
//!
//! A core dump would hold keys, PINs and faces. Swap is the machine's business; `faceprint doctor` looks at it.

use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};

/// Whether this process would leave a core dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoreDumps {
    /// Neither a file nor a handler gets one.
    Forbidden,
    /// They may be written.
    Allowed,
}

/// Lets no core dump of this process be written, and no other process of the same user read its memory. A kernel that
/// refuses is logged: the kiosk goes on.
pub fn forbid_core_dumps() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let limited = setrlimit(Resource::Core, none);
    // The limit does not hold for a handler that core_pattern pipes to; this does.
    if let Err(error) = limited.and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable)) {
        log::warn!("core dumps cannot be turned off ({error}): a crash could write keys to disk");
    }
}

/// Looks whether [`forbid_core_dumps`] worked.
#[must_use]
pub fn core_dumps() -> CoreDumps {
    let dumpable = rustix::process::dumpable_behavior();
    let forbidden = getrlimit(Resource::Core).current == Some(0)
        && matches!(
            dumpable,
            Ok(DumpableBehavior::NotDumpable | DumpableBehavior::DumpableReadableOnlyByRoot)
        );
    if forbidden { CoreDumps::Forbidden } else { CoreDumps::Allowed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_core_dump_once_forbidden() {
        forbid_core_dumps();
        assert_eq!(core_dumps(), CoreDumps::Forbidden);
    }
}
