//! What went wrong, in the words of the screen's language.
//!
//! Job: the causes that workers tell, and the mistakes that a form finds, to sentences. The window puts what arrives into
//! words once, before a page sees it; a page shows what it gets. It must not know which page that is.

use super::{
    Asked, Words,
    words::{countdown, sentence},
};
use crate::{
    domain::{Schedule, WorkError},
    runtime::messages::{
        AuditFault, BadMoment, BadRequest, Cause, KeyFault, ListFault, Notice, Place, Reason, Refusal,
        Refused, ReplyBody, Stopped, StorePlace, Tree, Trouble,
    },
    settings::SettingsError,
};

/// A reply with whatever is wrong in words. What a page or a dialog counts itself (wrong PINs at a login) stays as it is.
pub fn worded_reply(
    words: &Words,
    asked: Asked,
    body: Result<ReplyBody, Refusal>,
) -> Result<ReplyBody, Refusal> {
    let counted = !matches!(asked, Asked::ChangePin | Asked::Recover | Asked::Backup | Asked::ChangeKey);
    let said = |text: String| Refusal::Failed(text.into());
    match body {
        Ok(ReplyBody::Imported { added, changed, refused }) => {
            let refused = refused.map(|why| trouble(words, &why).into());
            Ok(ReplyBody::Imported { added, changed, refused })
        }
        Err(Refusal::Failed(why)) => Err(said(trouble(words, &why))),
        Err(Refusal::WrongPin { tries_left }) if !counted => {
            Err(said(words.with("login-wrong", &[("tries", tries_left.into())])))
        }
        Err(Refusal::LockedOut { retry_in }) if !counted => Err(said(match retry_in {
            Some(wait) => words.with("login-locked-for", &[("wait", countdown(wait).into())]),
            None => words.say("login-locked"),
        })),
        Err(Refusal::WrongCode) => Err(said(words.say("trouble-wrong-code"))),
        other => other,
    }
}

/// News with whatever is wrong in words.
#[must_use]
pub fn worded_notice(words: &Words, notice: Notice) -> Notice {
    match notice {
        Notice::NotRecorded { sentence } => {
            Notice::NotRecorded { sentence: trouble(words, &sentence).into() }
        }
        Notice::EnrolmentFailed { person, sentence } => {
            Notice::EnrolmentFailed { person, sentence: trouble(words, &sentence).into() }
        }
        other => other,
    }
}

/// A sentence: what happened and what to do. A second line is the technical reason, which has no words but its own.
#[must_use]
pub fn trouble(words: &Words, trouble: &Trouble) -> String {
    cause(words, trouble.cause()).unwrap_or_else(|| sentence(&trouble.to_string()))
}

/// `None` where only the sentence itself says it.
fn cause(words: &Words, cause: &Cause) -> Option<String> {
    let about =
        |id: &str, name: &'static str, value: &str| Some(words.with(id, &[(name, value.to_owned().into())]));
    let file = |id: &str, path: &str, why: Reason| {
        Some(words.with(id, &[("path", path.to_owned().into()), ("reason", reason(words, why).into())]))
    };
    match cause {
        Cause::Said => None,
        Cause::Request(request) => Some(words.say(bad_request(*request))),
        Cause::Moment(moment) => Some(words.say(bad_moment(*moment))),
        Cause::Restarting(worker) => Some(words.say(match worker {
            Stopped::Recogniser => "trouble-recogniser-restarts",
            Stopped::Ledger => "trouble-ledger-restarts",
            Stopped::Write => "trouble-write-failed",
            Stopped::Weights => "trouble-weights-changed",
        })),
        Cause::Networks(why) => Some(with_reason(words, "trouble-networks", why)),
        Cause::Line(line, inner) => {
            let text = self::cause(words, inner)?;
            Some(words.with("trouble-line", &[("line", (*line).into()), ("text", text.into())]))
        }
        Cause::DiskFull => Some(words.say("trouble-disk-full")),
        Cause::Unreadable(path, why) => file("trouble-unreadable", path, *why),
        Cause::Unwritable(path, why) => file("trouble-unwritable", path, *why),
        Cause::FileExists(path) => about("trouble-file-exists", "path", path),
        Cause::Report(why) => about("trouble-report", "reason", &reason(words, *why)),
        Cause::Font => Some(words.say("trouble-font")),
        Cause::Damaged(place) => about("trouble-damaged", "place", &self::place(words, place)),
        Cause::Later(what) => about("trouble-later", "what", what),
        Cause::LaterRules => Some(words.say("trouble-later-rules")),
        Cause::StoreFailed => Some(words.say("trouble-store-failed")),
        Cause::StorePlace(place, path) => {
            let id = match place {
                StorePlace::AlreadyThere => "trouble-store-there",
                StorePlace::NotThere => "trouble-store-missing",
                StorePlace::WithoutKeys => "trouble-store-keyless",
                StorePlace::InUse => "trouble-store-in-use",
            };
            about(id, "path", path)
        }
        Cause::KeyFile(fault, path) => {
            let id = match fault {
                KeyFault::Missing => "trouble-key-missing",
                KeyFault::Open => "trouble-key-open",
                KeyFault::Damaged => "trouble-key-damaged",
                KeyFault::Unusable => "trouble-key-unusable",
            };
            about(id, "path", path)
        }
        Cause::WrongKey => Some(words.say("trouble-wrong-key")),
        Cause::KeyBlob => Some(words.say("trouble-key-blob")),
        Cause::Machine => Some(words.say("trouble-machine")),
        Cause::Locked(until, by, on) => {
            let values = [
                ("until", words.date(*until).into()),
                ("name", by.as_str().into()),
                ("date", words.date(*on).into()),
            ];
            Some(words.with("trouble-locked", &values))
        }
        Cause::Records(refused) => Some(records(words, *refused)),
        Cause::SettingsFile(path) => about("trouble-settings-file", "path", path),
        Cause::Setting(field) => Some(wrong_setting(words, field)),
        Cause::List(fault) => Some(list(words, *fault)),
    }
}

/// A message, and below it the technical reason as the machine tells it.
pub(super) fn with_reason(words: &Words, id: &str, why: &str) -> String {
    format!("{}\n{why}", words.say(id))
}

fn reason(words: &Words, reason: Reason) -> String {
    match reason {
        Reason::Full => words.say("reason-full"),
        Reason::Missing => words.say("reason-missing"),
        Reason::Denied => words.say("reason-denied"),
        Reason::ReadOnly => words.say("reason-read-only"),
        Reason::Pulled => words.say("reason-pulled"),
        Reason::Other(number) => words.with("reason-other", &[("number", number.into())]),
    }
}

/// Where a store is damaged. The names of files stay: they are what stands in the folder.
fn place(words: &Words, place: &Place) -> String {
    match place {
        Place::File(file) => file.clone(),
        Place::Entry(file, entry, byte) => {
            let values =
                [("file", file.as_str().into()), ("entry", (*entry).into()), ("byte", (*byte).into())];
            words.with("place-entry", &values)
        }
        Place::Missing(from, to) => {
            words.with("place-missing", &[("from", (*from).into()), ("to", (*to).into())])
        }
        Place::Checkpoint(part) => words.with("place-checkpoint", &[("part", (*part).into())]),
        Place::Record(tree) => words.with("place-record", &[("kind", words.say(records_of(*tree)).into())]),
    }
}

fn records_of(tree: Tree) -> &'static str {
    match tree {
        Tree::Meta => "settings-site",
        Tree::Hosts => "page-hosts",
        Tree::People => "page-people",
        Tree::PersonKeys => "place-person-keys",
        Tree::Templates => "place-faces",
        Tree::Marks => "page-attendance",
        Tree::Audit => "page-audit",
        Tree::Attempts => "place-attempts",
        Tree::PersonPins => "place-person-pins",
    }
}

/// The setting as its page calls it, and as it stands in the file, where it has to be looked for.
fn wrong_setting(words: &Words, field: &str) -> String {
    match label(field) {
        Some(id) => {
            let values = [("label", words.say(id).into()), ("field", field.to_owned().into())];
            words.with("trouble-setting", &values)
        }
        None => words.with("trouble-setting-key", &[("field", field.to_owned().into())]),
    }
}

/// What the page of the settings calls a key of the file.
fn label(field: &str) -> Option<&'static str> {
    Some(match field {
        "site_name" => "first-site-name",
        "zone" => "first-zone",
        "language" => "settings-language",
        "rotate_degrees" => "settings-rotate",
        "detector" => "settings-detector",
        "recogniser" => "settings-recogniser",
        "min_bona_fide" => "settings-bona-fide",
        "mark_mode" => "settings-mode",
        "guard_secs" => "settings-guard",
        "day_start_hour" => "settings-day-start",
        "not_me_secs" => "settings-not-me",
        "session_idle_secs" => "settings-idle",
        "fpir" => "settings-fpir",
        "consent_version" => "settings-consent",
        "consent_text" => "consent-title",
        "saver_secs" => "settings-saver",
        "reports" => "page-reports",
        "keep_marks_days" => "settings-keep-marks",
        "keep_faces_days" => "settings-keep-faces",
        _ => return None,
    })
}

fn bad_request(request: BadRequest) -> &'static str {
    match request {
        BadRequest::StickGone => "trouble-stick-gone",
        BadRequest::NoLongerEnrolled => "trouble-no-longer-enrolled",
        BadRequest::InFuture => "trouble-in-future",
        BadRequest::ReasonMissing => "trouble-reason-missing",
        BadRequest::ReasonLong => "trouble-reason-long",
        BadRequest::RangeBackwards => "trouble-range-backwards",
        BadRequest::RangeLong => "trouble-range-long",
        BadRequest::MarkTooOld => "trouble-mark-too-old",
        BadRequest::DayNotOver => "trouble-day-not-over",
        BadRequest::TooLongAgo => "trouble-too-long-ago",
        BadRequest::UnlockReasonMissing => "trouble-unlock-reason",
        BadRequest::PicturesGone => "trouble-pictures-gone",
        BadRequest::NotRenewed => "trouble-not-renewed",
        BadRequest::NeedsNoSecond => "trouble-needs-no-second",
        BadRequest::SecondIsFirst => "trouble-second-is-first",
        BadRequest::UnlocksThemselves => "trouble-unlocks-themselves",
        BadRequest::RecoveredLately => "trouble-recovered-lately",
        BadRequest::NoKeyFile => "trouble-no-key-file",
    }
}

fn bad_moment(moment: BadMoment) -> &'static str {
    match moment {
        BadMoment::Internal => "trouble-internal",
        BadMoment::UnderWay => "trouble-under-way",
        BadMoment::Stopped => "trouble-stopped",
        BadMoment::ClosedMeanwhile => "trouble-closed-meanwhile",
        BadMoment::StoreClosed => "trouble-store-closed",
        BadMoment::VisitLost => "trouble-visit-lost",
        BadMoment::NotSetUp => "trouble-not-set-up",
        BadMoment::SetUpAlready => "trouble-set-up-already",
        BadMoment::RecogniserSilent => "trouble-recogniser-silent",
        BadMoment::NobodyCame => "trouble-nobody-came",
        BadMoment::BegunAnew => "trouble-begun-anew",
        BadMoment::Busy => "workers-busy",
    }
}

fn records(words: &Words, refused: Refused) -> String {
    let mark = |id: &str, event: u64| words.with(id, &[("event", event.into())]);
    match refused {
        Refused::TooLong => words.say("trouble-too-long"),
        Refused::NoSuchPerson => words.say("trouble-no-such-person"),
        Refused::NoSuchHost => words.say("trouble-no-such-host"),
        Refused::NoRecoveryCode => words.say("trouble-no-recovery-code"),
        Refused::LastHost => words.say("trouble-last-host"),
        Refused::LastPair => words.say("trouble-last-pair"),
        Refused::NoPair => words.say("trouble-no-pair"),
        Refused::NoSuchMark(event) => mark("trouble-no-such-mark", event),
        Refused::AlreadyCorrected(event) => mark("trouble-already-corrected", event),
        Refused::LockedAlready(until) => {
            words.with("trouble-locked-already", &[("date", words.date(until).into())])
        }
        Refused::LockedOnlyUntil(until) => {
            words.with("trouble-locked-only", &[("date", words.date(until).into())])
        }
        Refused::NothingLocked => words.say("trouble-nothing-locked"),
        Refused::BadgeTaken => words.say("trouble-badge-taken"),
        Refused::HostTaken => words.say("trouble-host-taken"),
        Refused::ErasurePending => words.say("trouble-erasure-pending"),
    }
}

fn list(words: &Words, fault: ListFault) -> String {
    let most = |id: &str, most: usize| words.with(id, &[("most", most.into())]);
    match fault {
        ListFault::Large(megabytes) => most("trouble-list-large", megabytes),
        ListFault::Rows(rows) => most("trouble-list-rows", rows),
        ListFault::NotUtf8 => words.say("trouble-list-coding"),
        ListFault::NoName => words.say("trouble-list-name"),
        ListFault::Broken => words.say("trouble-list-broken"),
    }
}

/// What is the matter with the audit log.
pub(super) fn audit_fault(words: &Words, fault: AuditFault) -> String {
    let (id, number) = match fault {
        AuditFault::Missing(number) => ("audit-fault-missing", number),
        AuditFault::Unreadable(number) => ("audit-fault-unreadable", number),
        AuditFault::Changed(number) => ("audit-fault-changed", number),
        AuditFault::Cut(number) => ("audit-fault-cut", number),
        AuditFault::Replaced(number) => ("audit-fault-replaced", number),
    };
    words.with(id, &[("number", number.into())])
}

/// A value of a form that a setting cannot have.
pub(super) fn setting(words: &Words, error: &SettingsError) -> String {
    let SettingsError::Value { field, .. } = error else { return sentence(&error.to_string()) }; // a file's, not a form's
    match *field {
        "site_name" => words.say("first-site-rule"),
        "zone" => words.say("first-zone-rule"),
        "mark_mode" => words.say("shift-time"),
        "consent_text" => words.say("first-consent-rule"),
        "detector" | "recogniser" => words.say("setting-weights"),
        field => wrong_setting(words, field),
    }
}

/// Working time that cannot be.
pub(super) fn work(words: &Words, error: &WorkError) -> String {
    match error {
        WorkError::NoDay => words.say("shift-no-day"),
        WorkError::Length => words.say("shift-length"),
        WorkError::Overlap => words.say("shift-overlap"),
        WorkError::Schedule(_) => words.say("shift-time"),
        WorkError::TooMany => words.with("setting-shifts", &[("most", Schedule::MAX_SHIFTS.into())]),
        WorkError::Break(_) => words.say("setting-breaks"),
        WorkError::Holiday(_) => {
            let example = words.day(jiff::civil::date(2026, 12, 25));
            words.with("setting-holidays", &[("example", example.into())])
        }
        WorkError::Rounding(_) | WorkError::Person(_) => sentence(&error.to_string()), // no field is typed for these
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::words::LANGUAGES;

    /// Everything on the screen that is made of what a worker tells is in the language of the screen: no sentence of two
    /// languages is the same but where it names a file.
    fn in_other_languages(what: &str, say: impl Fn(&Words) -> String) {
        let english = say(&Words::new("en"));
        for (code, ..) in &LANGUAGES[1..] {
            assert_ne!(say(&Words::new(code)), english, "{code}: {what} is in English");
        }
    }

    #[test]
    fn a_damaged_place_is_named_in_the_language_of_the_screen() {
        let places = [
            Place::Entry("journal-7".into(), 12, 4096),
            Place::Missing(3, 5),
            Place::Checkpoint(2),
            Place::Record(Tree::Hosts),
        ];
        for shown in &places {
            in_other_languages(&format!("{shown:?}"), |words| place(words, shown));
        }
        for tree in Tree::ALL {
            let english = Words::new("en").say(records_of(tree));
            assert!(!english.is_empty() && english != records_of(tree), "{tree:?} has no word");
        }
        assert_eq!(
            place(&Words::new("de"), &Place::File("journal-7".into())),
            "journal-7",
            "as in the folder"
        );
    }

    #[test]
    fn a_wrong_setting_is_named_as_on_its_page_and_as_in_the_file() {
        let said = wrong_setting(&Words::new("de"), "not_me_secs");
        let label = Words::new("de").say("settings-not-me");
        assert!(said.contains(&label) && said.contains("not_me_secs"), "{said}");
        // Every key that the file is refused for.
        let mut keys = Vec::new();
        for file in ["mod", "display", "reports"] {
            let path = format!("{}/src/settings/{file}.rs", env!("CARGO_MANIFEST_DIR"));
            let source = std::fs::read_to_string(path).unwrap();
            let code = source.split("#[cfg(test)]").next().unwrap().replace(['\n', ' '], "");
            for start in ["field:\"", "within(\"", "short(\"", "long(\"", "weights(\""] {
                let found = code.split(start).skip(1).filter_map(|rest| rest.split('"').next());
                keys.extend(found.map(str::to_owned));
            }
        }
        assert!(keys.len() >= 15, "{keys:?}");
        for key in keys {
            assert!(super::label(&key).is_some(), "{key} has no name beside it");
            in_other_languages(&key, |words| wrong_setting(words, &key));
        }
    }

    #[test]
    fn a_french_host_reads_french_and_what_has_no_words_stays() {
        let words = Words::new("fr");
        let why = Trouble::new(Cause::Unwritable("/media/usb/a.csv".into(), Reason::Full), "no room");
        let text = trouble(&words, &why);
        assert!(text.starts_with("Impossible d’écrire /media/usb/a.csv") && text.contains("place"), "{text}");
        assert_eq!(trouble(&words, &"the wire broke".into()), "The wire broke.");
        let networks = trouble(&words, &Trouble::networks("no such tensor"));
        let (said, why) = networks.split_once('\n').unwrap();
        assert!(said.ends_with('.') && !said.contains("tensor") && why == "no such tensor", "{networks}");
        let reply = worded_reply(&words, Asked::ChangePin, Err(Refusal::WrongPin { tries_left: 3 }));
        assert!(matches!(reply, Err(Refusal::Failed(why)) if why.to_string().contains('3')));
        let counted = worded_reply(&words, Asked::Login, Err(Refusal::WrongPin { tries_left: 3 }));
        assert!(matches!(counted, Err(Refusal::WrongPin { tries_left: 3 })));
        let row = Trouble::new(Cause::Records(Refused::BadgeTaken), "taken").in_line(7);
        let imported = Ok(ReplyBody::Imported { added: 1, changed: 0, refused: Some(row) });
        let Ok(ReplyBody::Imported { refused: Some(said), .. }) =
            worded_reply(&words, Asked::Import, imported)
        else {
            panic!("the refused row is gone")
        };
        assert!(said.to_string().starts_with("Ligne 7"), "{said}");
    }
}
