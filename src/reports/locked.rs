//! The line on paper that says up to when attendance is locked.

use super::AttendanceReport;
use jiff::civil::Date;

/// One line for each language; another language is printed in English. `{}` is the last locked day.
const LINES: [(&str, &str); 4] = [
    ("en", "Locked up to and including {}: nothing was changed since, and hours keep the rules of then."),
    ("de", "Gesperrt bis einschließlich {}: seither unverändert, die Stunden nach den damaligen Regeln."),
    ("fr", "Verrouillé jusqu’au {} inclus : rien n’a changé depuis, heures selon les règles d’alors."),
    (
        "es",
        "Bloqueado hasta el {} inclusive: nada ha cambiado desde entonces, horas según las reglas de entonces.",
    ),
];

impl AttendanceReport {
    /// What a report in a language says about a lock that reaches into its range.
    #[must_use]
    pub fn lock_note(language: &str, from: Date, locked_until: Option<Date>) -> Option<String> {
        let until = locked_until.filter(|until| *until >= from)?;
        let short = language.split(['-', '_']).next().unwrap_or_default();
        let (_, line) = LINES.iter().find(|(code, _)| *code == short).unwrap_or(&LINES[0]);
        Some(line.replace("{}", &until.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_lock_before_the_range_is_not_mentioned() {
        let note = |from| AttendanceReport::lock_note("de-AT", from, Some(date(2026, 3, 3)));
        assert!(note(date(2026, 3, 3)).unwrap().contains("bis einschließlich 2026-03-03"));
        assert_eq!(note(date(2026, 3, 4)), None);
        assert_eq!(AttendanceReport::lock_note("en", date(2026, 3, 1), None), None);
    }
}
