//! Every word on the screen, from Fluent files: a second language is a file.
//!
//! Job: message id (and values) in, text in the chosen language out, with local times and dates. It must not know
//! which screen asks. In `ui` and `app` a literal of the form `two-or-more-parts` is a message id; a test holds
//! these literals and the files against each other.

use crate::domain::{MarkKind, read_day, written_day, written_decimal, written_hours};
use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use std::time::Duration;
use unic_langid::LanguageIdentifier;

/// Languages that are embedded: code, own name, messages.
pub const LANGUAGES: [(&str, &str, &str); 4] = [
    ("en", "English", include_str!("../../assets/locales/en/faceprint.ftl")),
    ("de", "Deutsch", include_str!("../../assets/locales/de/faceprint.ftl")),
    ("fr", "Français", include_str!("../../assets/locales/fr/faceprint.ftl")),
    ("es", "Español", include_str!("../../assets/locales/es/faceprint.ftl")),
];

/// The words of one language; what it lacks is said in English.
pub struct Words {
    language: &'static str,
    bundles: Vec<FluentBundle<FluentResource>>,
}

impl Words {
    /// The language whose code `language` begins with (`de-AT` is `de`), else English.
    #[must_use]
    pub fn new(language: &str) -> Self {
        let short = language.split(['-', '_']).next().unwrap_or_default();
        let chosen = LANGUAGES.iter().find(|(code, ..)| *code == short).unwrap_or(&LANGUAGES[0]);
        let mut bundles = vec![bundle(chosen.0, chosen.2)];
        if chosen.0 != LANGUAGES[0].0 {
            bundles.push(bundle(LANGUAGES[0].0, LANGUAGES[0].2));
        }
        Self { language: chosen.0, bundles }
    }

    /// The code of the language in use.
    #[must_use]
    pub fn language(&self) -> &'static str {
        self.language
    }

    /// A message without values.
    #[must_use]
    pub fn say(&self, id: &str) -> String {
        self.with(id, &[])
    }

    /// The consent text to keep, of what was typed: nothing for the built-in one, whatever spaces surround it.
    #[must_use]
    pub fn own_consent<'a>(&self, typed: Option<&'a str>) -> &'a str {
        let text = typed.unwrap_or_default().trim();
        if text == self.say("consent-text") { "" } else { text }
    }

    /// A message with values. An id that is in no file is shown as it is; a test keeps that from happening.
    #[must_use]
    pub fn with(&self, id: &str, values: &[(&'static str, FluentValue<'_>)]) -> String {
        let mut args = FluentArgs::with_capacity(values.len());
        for (name, value) in values {
            args.set(*name, value.clone());
        }
        for bundle in &self.bundles {
            if let Some(pattern) = bundle.get_message(id).and_then(|message| message.value()) {
                return bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned();
            }
        }
        id.to_owned()
    }

    /// "In", "Out", "Break" or "Back".
    #[must_use]
    pub fn kind(&self, kind: MarkKind) -> String {
        self.say(match kind {
            MarkKind::CheckIn => "kind-in",
            MarkKind::CheckOut => "kind-out",
            MarkKind::BreakStart => "kind-break",
            MarkKind::BreakEnd => "kind-back",
        })
    }

    /// "Wednesday, 25 November 2026".
    #[must_use]
    pub fn date(&self, date: Date) -> String {
        self.with(
            "date-long",
            &[
                ("weekday", date.weekday().to_monday_one_offset().into()),
                ("day", date.day().into()),
                ("month", date.month().into()),
                ("year", date.year().to_string().into()),
            ],
        )
    }

    /// "25 Nov 2026".
    #[must_use]
    pub fn day(&self, date: Date) -> String {
        written_day(self.language, date)
    }

    /// The day of an instant in the site's zone.
    #[must_use]
    pub fn day_of(&self, at: Timestamp, zone: &TimeZone) -> String {
        self.day(at.to_zoned(zone.clone()).date())
    }

    /// "25 Nov 2026 08:58" in the site's zone.
    #[must_use]
    pub fn moment(&self, at: Timestamp, zone: &TimeZone) -> String {
        format!("{} {}", self.day_of(at, zone), time_of_day(at, zone))
    }

    /// "25 Nov 2026 08:58:03" in the site's zone.
    #[must_use]
    pub fn second(&self, at: Timestamp, zone: &TimeZone) -> String {
        format!("{} {}", self.day_of(at, zone), at.to_zoned(zone.clone()).strftime("%H:%M:%S"))
    }

    /// A day that was typed, as it is shown or as 2026-11-25.
    #[must_use]
    pub fn read_day(&self, text: &str) -> Option<Date> {
        read_day(self.language, text)
    }

    /// "28.0", or "28,0" where a comma is the decimal mark.
    #[must_use]
    pub fn decimal(&self, value: f64, digits: usize) -> String {
        written_decimal(self.language, value, digits)
    }

    /// "8:05" hours and minutes; seconds are cut off.
    #[must_use]
    pub fn hours(&self, time: SignedDuration) -> String {
        written_hours(self.language, time)
    }
}

/// "08:58" in the site's zone: the same in all our languages.
#[must_use]
pub fn time_of_day(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

/// "1:05" minutes and seconds, rounded up so that it reaches 0:00 only at the end.
#[must_use]
pub fn countdown(left: Duration) -> String {
    let secs = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    format!("{}:{:02}", secs / 60, secs % 60)
}

/// Text as it must be drawn: the words of a right-to-left script in the order in which they are read. The letters
/// within each word are put in order where text is shaped; only the words of a line are not. What closes them, a full
/// stop or comma, belongs to the sentence around and stays behind them.
#[must_use]
pub fn visual(name: &str) -> String {
    let words: Vec<&str> = name.split(' ').collect();
    let mut shown = Vec::with_capacity(words.len());
    for run in words.chunk_by(|a, b| right_to_left(a) && right_to_left(b)) {
        let (Some((last, before)), true) = (run.split_last(), run.len() > 1) else {
            shown.extend(run.iter().map(|word| (*word).to_owned()));
            continue;
        };
        let bare = last.trim_end_matches([',', '.', ':', ';', '!', '?', '…', '”', '“', '»', '\u{a0}']);
        let mut turned: Vec<String> =
            std::iter::once(bare).chain(before.iter().rev().copied()).map(str::to_owned).collect();
        if let (Some(end), Some(closing)) = (turned.last_mut(), last.get(bare.len()..)) {
            end.push_str(closing);
        }
        shown.extend(turned);
    }
    shown.join(" ")
}

/// Hebrew, Arabic and their neighbours, by the first letter (Unicode blocks U+0590–08FF, FB1D–FDFF, FE70–FEFF).
fn right_to_left(word: &str) -> bool {
    let letter = word.chars().find(|c| c.is_alphabetic());
    letter.is_some_and(
        |c| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'),
    )
}

/// A sentence as it stands on a screen: workers write errors in lower case without a full stop.
#[must_use]
pub fn sentence(text: &str) -> String {
    let mut chars = text.trim().chars();
    let Some(first) = chars.next() else { return String::new() };
    let mut out: String = first.to_uppercase().chain(chars).collect();
    if !out.ends_with(['.', '!', '?', '…']) {
        out.push('.');
    }
    out
}

fn bundle(code: &str, source: &str) -> FluentBundle<FluentResource> {
    let language: LanguageIdentifier = code.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    bundle.set_use_isolating(false); // egui has no glyph for the isolation marks
    // What the parser could read is kept; a test fails on anything it could not.
    let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(partial, _)| partial);
    bundle.add_resource_overriding(resource);
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluent_bundle::FluentResource;
    use std::collections::BTreeSet;

    /// Ids of a file, and the names of the values that each message takes.
    fn messages(source: &str) -> BTreeSet<String> {
        let resource = FluentResource::try_new(source.to_owned()).map_err(|(_, errors)| errors).unwrap();
        drop(resource);
        source
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
            .filter_map(|line| line.split_once('=').map(|(id, _)| id.trim().to_owned()))
            .collect()
    }

    fn values(source: &str) -> BTreeSet<(String, String)> {
        let mut found = BTreeSet::new();
        let mut id = String::new();
        for line in source.lines() {
            if line.starts_with(|c: char| c.is_ascii_lowercase()) {
                id = line.split('=').next().unwrap().trim().to_owned();
            }
            for part in line.split('$').skip(1) {
                let name: String =
                    part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                found.insert((id.clone(), name));
            }
        }
        found
    }

    /// String literals of `ui` and `app`, each with its file.
    fn strings() -> Vec<(String, String)> {
        let mut found = Vec::new();
        for module in ["ui", "app"] {
            for entry in std::fs::read_dir(format!("{}/src/{module}", env!("CARGO_MANIFEST_DIR"))).unwrap() {
                let path = entry.unwrap().path();
                let source = std::fs::read_to_string(&path).unwrap();
                let code = source.split("#[cfg(test)]").next().unwrap();
                for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
                    let literals = line.split('"').skip(1).step_by(2);
                    found.extend(literals.map(|literal| (path.display().to_string(), literal.to_owned())));
                }
            }
        }
        found
    }

    /// Those of the form `two-or-more-parts`.
    fn literals() -> BTreeSet<String> {
        let plain = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        let id = |literal: &String| {
            let starts = literal.starts_with(|c: char| c.is_ascii_lowercase());
            starts && literal.contains('-') && literal.split('-').all(plain)
        };
        strings().into_iter().map(|(_, literal)| literal).filter(id).collect()
    }

    #[test]
    fn no_screen_says_anything_that_is_not_in_the_files() {
        // The names of the languages themselves, an example of a zone, and an id that nobody sees.
        let fine = ["English", "Deutsch", "Français", "Español", "Europe/Berlin", "field of figures"];
        let word = |part: &&str| part.len() > 1 && part.chars().all(char::is_alphabetic);
        let spoken = |text: &str| {
            let begins = text.starts_with(char::is_uppercase) && text.contains(char::is_lowercase);
            begins || text.split_whitespace().filter(word).count() > 2
        };
        // What opens the window speaks to a terminal: there is no screen yet.
        let said = strings().into_iter().filter(|(file, text)| !file.ends_with("window.rs") && spoken(text));
        let said: Vec<_> = said.filter(|(_, text)| !fine.contains(&text.as_str())).collect();
        assert!(said.is_empty(), "words of one language alone: {said:#?}");
    }

    #[test]
    fn no_message_is_missing_and_none_is_unused() {
        let (known, used) = (messages(LANGUAGES[0].2), literals());
        let missing: Vec<_> = used.difference(&known).collect();
        let unused: Vec<_> = known.difference(&used).collect();
        assert!(missing.is_empty(), "not in en/faceprint.ftl: {missing:#?}");
        assert!(unused.is_empty(), "in en/faceprint.ftl, but on no screen: {unused:#?}");
    }

    #[test]
    fn every_language_says_everything_with_the_same_values() {
        let (_, _, english) = LANGUAGES[0];
        for (code, _, source) in &LANGUAGES[1..] {
            let (known, wanted) = (messages(source), messages(english));
            let lacking: Vec<_> = wanted.difference(&known).collect();
            let surplus: Vec<_> = known.difference(&wanted).collect();
            assert!(
                lacking.is_empty() && surplus.is_empty(),
                "{code} lacks {lacking:#?}, has no use for {surplus:#?}"
            );
            assert_eq!(values(source), values(english), "{code}");
        }
    }

    /// What is wrong with a line of French: a mark that may fall off its word at the end of a line, or sticks to it.
    fn french_slips(line: &str) -> Vec<String> {
        const GLUE: char = '\u{a0}';
        let letters: Vec<char> = line.chars().collect();
        let at = |place: Option<usize>| place.and_then(|place| letters.get(place)).copied().unwrap_or(GLUE);
        let mut found = Vec::new();
        for (place, letter) in letters.iter().enumerate() {
            let (before, after) = (at(place.checked_sub(1)), at(Some(place + 1)));
            let wrong = match letter {
                ';' | '!' | '?' | '»' => before != GLUE,
                // Not in 08:00 or http://.
                ':' => before == ' ' || (before != GLUE && after.is_whitespace()),
                '«' => after != GLUE,
                &GLUE => letters.get(place + 1) == Some(&GLUE),
                _ => false,
            };
            if wrong {
                found.push(format!("{letter:?} in {line}"));
            }
        }
        found
    }

    #[test]
    fn french_marks_keep_to_their_words() {
        let paper = include_str!("../reports/words/fr.rs").replace("\\u{a0}", "\u{a0}");
        let paper = paper.lines().filter_map(|line| line.split_once('"')).map(|(_, text)| text.to_owned());
        let screen = LANGUAGES[2].2.lines().filter(|line| !line.starts_with('#')).map(str::to_owned);
        let slips: Vec<_> = paper.chain(screen).flat_map(|line| french_slips(&line)).collect();
        assert!(slips.is_empty(), "{slips:#?}");
        for wrong in [
            "Entrée ou sortie ?",
            "Entrée ou sortie?",
            "Saisi : 7",
            "Saisi: 7",
            "« oui\u{a0}»",
            "«\u{a0}\u{a0}oui\u{a0}»",
        ] {
            assert!(!french_slips(wrong).is_empty(), "{wrong}");
        }
        assert!(french_slips("De 08:00 à http://a, «\u{a0}oui\u{a0}»\u{a0}: bien").is_empty());
    }

    #[test]
    fn values_and_dates_are_filled_in() {
        let words = Words::new("en");
        assert_eq!(words.date(jiff::civil::date(2026, 11, 25)), "Wednesday, 25 November 2026");
        assert_eq!(Words::new("de-AT").date(jiff::civil::date(2026, 11, 25)), "Mittwoch, 25. November 2026");
        assert_eq!(Words::new("xx").language(), "en");
        assert_eq!(words.kind(MarkKind::CheckIn), "In");
    }

    #[test]
    fn times_are_local_and_sentences_have_an_end() {
        let at: Timestamp = "2026-07-01T06:58:03Z".parse().unwrap();
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(time_of_day(at, &zone), "08:58");
        let (en, fr) = (Words::new("en"), Words::new("fr"));
        assert_eq!(en.moment(at, &zone), "1 Jul 2026 08:58");
        assert_eq!(Words::new("de").second(at, &zone), "01.07.2026 08:58:03");
        assert_eq!(fr.hours(SignedDuration::from_mins(485)), "8\u{a0}h\u{a0}05");
        let late: Timestamp = "2026-07-01T22:30:00Z".parse().unwrap();
        assert_eq!(fr.day_of(late, &zone), "02/07/2026", "the day of the site");
        assert_eq!(fr.read_day("2/7/2026"), en.read_day("2 Jul 2026"));
        assert_eq!(countdown(Duration::from_millis(64_200)), "1:05");
        assert_eq!(sentence("the disk is full: free some space"), "The disk is full: free some space.");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn words_of_right_to_left_names_change_places_and_others_do_not() {
        assert_eq!(visual("Ada Lovelace"), "Ada Lovelace");
        assert_eq!(visual("محمد علي"), "علي محمد");
        assert_eq!(visual("דוד בן גוריון"), "גוריון בן דוד");
        assert_eq!(visual("Dr. דוד לוי Smith"), "Dr. לוי דוד Smith");
        assert_eq!(visual("Saisi: דוד לוי, Entrée דוד לוי."), "Saisi: לוי דוד, Entrée לוי דוד.");
        assert_eq!(visual("דוד? a"), "דוד? a");
        assert_eq!(visual(""), "");
    }
}
