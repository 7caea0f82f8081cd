//! Days and hours as a language writes them, on the screen and on paper alike; tables for programs stay with ISO 8601.

use jiff::{SignedDuration, civil::Date, fmt::strtime::BrokenDownTime};

/// Days before this one are slips of the finger.
const FIRST_YEAR: i16 = 1970;

/// "25 Nov 2026" in a language, by its code: `de` or `de-AT`.
#[must_use]
pub fn written_day(language: &str, day: Date) -> String {
    day.strftime(day_form(language)).to_string()
}

/// A day that was typed as its language writes it, or as 2026-11-25.
#[must_use]
pub fn read_day(language: &str, text: &str) -> Option<Date> {
    let text = text.trim();
    let day = text.parse().or_else(|_| Date::strptime(day_form(language), text)).ok()?;
    (day.year() >= FIRST_YEAR).then_some(day)
}

/// A day that was typed likewise at the beginning of a line, and what follows it.
#[must_use]
pub fn read_day_first<'a>(language: &str, line: &'a str) -> Option<(Date, &'a str)> {
    let line = line.trim();
    let with = |form: &str| {
        let (time, read) = BrokenDownTime::parse_prefix(form, line).ok()?;
        let rest = line.get(read..)?;
        let apart = rest.is_empty() || rest.starts_with(char::is_whitespace);
        let day = time.to_date().ok().filter(|day| apart && day.year() >= FIRST_YEAR)?;
        Some((day, rest.trim_start()))
    };
    with("%Y-%m-%d").or_else(|| with(day_form(language)))
}

/// A rule for breaks as the settings file has it, "30 after 6:00", in a language: "30 nach 6:00".
#[must_use]
pub fn written_break(language: &str, rule: &str) -> String {
    rule.replacen(" after ", &format!(" {} ", after(language)), 1)
}

/// A rule for breaks that was typed as its language writes it, as the settings file has it.
#[must_use]
pub fn read_break(language: &str, text: &str) -> String {
    text.replacen(&format!(" {} ", after(language)), " after ", 1)
}

/// "125:07" hours and minutes in a language; seconds are cut off.
#[must_use]
pub fn written_hours(language: &str, time: SignedDuration) -> String {
    let between = if base(language) == "fr" { "\u{a0}h\u{a0}" } else { ":" };
    let minutes = time.as_mins();
    let sign = if minutes < 0 { "-" } else { "" };
    format!("{sign}{}{between}{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// A number with so many digits after the decimal mark of a language.
#[must_use]
pub fn written_decimal(language: &str, value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    if matches!(base(language), "de" | "fr" | "es") { text.replace('.', ",") } else { text }
}

fn after(language: &str) -> &'static str {
    match base(language) {
        "de" => "nach",
        "fr" => "après",
        "es" => "después de",
        _ => "after",
    }
}

/// Of `strftime`; English names the month, for 02/03 is two days to its readers.
fn day_form(language: &str) -> &'static str {
    match base(language) {
        "de" => "%d.%m.%Y",
        "fr" | "es" => "%d/%m/%Y",
        _ => "%-d %b %Y",
    }
}

fn base(language: &str) -> &str {
    language.split(['-', '_']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn days_and_hours_have_the_form_of_their_language() {
        let time = SignedDuration::from_mins(125 * 60 + 7);
        let said = ["en", "de", "fr", "es", "de-AT", "fr_CA", "xx"]
            .map(|code| (written_day(code, date(2026, 3, 2)), written_hours(code, time)));
        let expected = [
            ("2 Mar 2026", "125:07"),
            ("02.03.2026", "125:07"),
            ("02/03/2026", "125\u{a0}h\u{a0}07"),
            ("02/03/2026", "125:07"),
            ("02.03.2026", "125:07"),
            ("02/03/2026", "125\u{a0}h\u{a0}07"),
            ("2 Mar 2026", "125:07"),
        ];
        assert_eq!(said, expected.map(|(day, hours)| (day.to_owned(), hours.to_owned())));
        let decimals = ["en", "de", "fr", "es", "xx"].map(|code| written_decimal(code, 29.96, 1));
        assert_eq!(decimals, ["30.0", "30,0", "30,0", "30,0", "30.0"]);
        for (secs, text) in [(0, "0:00"), (59, "0:00"), (-59, "0:00"), (-90 * 60, "-1:30")] {
            assert_eq!(written_hours("en", SignedDuration::from_secs(secs)), text);
        }
    }

    #[test]
    fn a_day_may_be_typed_with_a_digit_less_and_never_as_another_day() {
        let second = Some(date(2026, 3, 2));
        for (language, text) in
            [("de", "2.3.2026"), ("fr", " 2/3/2026 "), ("en", "02 mar 2026"), ("es", "2026-03-02")]
        {
            assert_eq!(read_day(language, text), second, "{language} {text}");
        }
        for (language, text) in [
            ("en", "2/3/2026"),
            ("de", "2.3.26"),
            ("de", "31.2.2026"),
            ("fr", "2.3.2026"),
            ("es", ""),
            ("en", "soon"),
        ] {
            assert_eq!(read_day(language, text), None, "{language} {text}");
        }
    }

    #[test]
    fn a_line_may_begin_with_a_day() {
        let christmas = date(2026, 12, 25);
        for (language, line, rest) in [
            ("en", "25 Dec 2026 Christmas Day", "Christmas Day"),
            ("en", " 2026-12-25  Christmas Day ", "Christmas Day"),
            ("de", "25.12.2026 1. Weihnachtstag", "1. Weihnachtstag"),
            ("fr", "25/12/2026", ""),
        ] {
            assert_eq!(read_day_first(language, line), Some((christmas, rest)), "{line}");
        }
        for (language, line) in [
            ("en", "Christmas 25 Dec 2026"),
            ("de", "25.12.20261 Weihnachten"),
            ("fr", "25.12.2026 Noël"),
            ("en", ""),
        ] {
            assert_eq!(read_day_first(language, line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(year in 1970_i16..=9999, ordinal in 1_i16..=365, language in 0_usize..4) {
            let language = ["en", "de", "fr", "es"][language];
            let day = Date::new(year, 1, 1).unwrap().with().day_of_year(ordinal).build().unwrap();
            prop_assert_eq!(read_day(language, &written_day(language, day)), Some(day));
            prop_assert_eq!(read_day(language, &day.to_string()), Some(day));
            let line = format!("{} 1 2", written_day(language, day));
            prop_assert_eq!(read_day_first(language, &line), Some((day, "1 2")));
        }
    }
}
