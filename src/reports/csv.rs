//! CSV by RFC 4180: commas, quotes doubled, CR LF. It begins with a byte order mark, because spreadsheet programs
//! take UTF-8 for a local code page without one; readers that do not strip it see it before the first column's name.
//!
//! A cell that a spreadsheet would take for a formula gets an apostrophe in front, which makes it text.

use super::{AttendanceReport, ReportError, Row, source_word};
use std::io::Write;

/// The header, a contract for scripts: columns are only ever added, at the end.
///
/// | column | content |
/// |---|---|
/// | `event` | number of the event, as in the audit log |
/// | `date` | attendance day, `YYYY-MM-DD` |
/// | `time` | local time with offset, RFC 3339 |
/// | `person` | id, 32 hexadecimal digits |
/// | `name` | display name; empty when the person was erased |
/// | `badge` | badge or number; may be empty |
/// | `kind` | `check_in` or `check_out` |
/// | `source` | `face`, `host` or `not_me` |
/// | `corrected` | `yes` when entered or changed by hand, else `no` |
/// | `reason` | why; may be empty |
pub const CSV_COLUMNS: [&str; 10] =
    ["event", "date", "time", "person", "name", "badge", "kind", "source", "corrected", "reason"];

/// Writes the rows of a report, with a header; totals are left to the spreadsheet.
pub fn write_csv(report: &AttendanceReport, mut out: impl Write) -> Result<(), ReportError> {
    out.write_all("\u{feff}".as_bytes())?;
    let mut csv = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out);
    csv.write_record(CSV_COLUMNS).map_err(std::io::Error::from)?;
    for row in &report.rows {
        csv.write_record(cells(row).map(|cell| harmless(&cell))).map_err(std::io::Error::from)?;
    }
    csv.flush()?;
    Ok(())
}

fn cells(row: &Row) -> [String; CSV_COLUMNS.len()] {
    // Destructured whole: a new field must be placed here.
    let Row { event, date, person, name, badge, kind, at, source, corrected, reason } = row;
    [
        event.to_string(),
        date.to_string(),
        at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        person.to_string(),
        name.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default(),
        badge.clone().unwrap_or_default(),
        kind.as_str().to_owned(),
        source_word(*source).to_owned(),
        if *corrected { "yes" } else { "no" }.to_owned(),
        reason.clone(),
    ]
}

/// Puts an apostrophe before what a spreadsheet would calculate (OWASP's list, with the full-width forms).
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testkit, *};
    use proptest::prelude::*;

    fn written(report: &AttendanceReport) -> String {
        let mut bytes = Vec::new();
        write_csv(report, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    fn read_back(text: &str) -> Vec<Vec<String>> {
        let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
        ::csv::Reader::from_reader(text.as_bytes())
            .records()
            .map(|record| record.unwrap().iter().map(str::to_owned).collect())
            .collect()
    }

    #[test]
    fn the_file_is_as_documented() {
        let mut report = testkit::report(1);
        report.rows[0].reason = "said \"late\", forgot\nto mark".into();
        report.rows[0].corrected = true;
        assert_eq!(
            written(&report),
            "\u{feff}event,date,time,person,name,badge,kind,source,corrected,reason\r\n\
             1,2026-03-02,2026-03-02T08:00:00+01:00,00000000000000000000000000000000,Ana Müller,1000,\
             check_in,face,yes,\"said \"\"late\"\", forgot\nto mark\"\r\n"
        );
    }

    #[test]
    fn an_empty_report_is_a_header() {
        assert_eq!(written(&testkit::report(0)).lines().count(), 1);
    }

    #[test]
    fn formulas_are_text() {
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            let mut report = testkit::report(1);
            report.rows[0].badge = Some(bad.into());
            assert_eq!(read_back(&written(&report))[0][5], format!("'{bad}"));
        }
    }

    #[test]
    fn a_full_disk_is_said() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let error = write_csv(&testkit::report(3), Full).unwrap_err().to_string();
        assert!(error.contains("Check the free space"), "{error}");
    }

    proptest! {
        #[test]
        fn any_text_comes_back(
            badge in "[-=+@'\",;\r\n\ta-zß漢🙂 ]{0,12}", reason in any::<String>(),
        ) {
            let mut report = testkit::report(3);
            report.rows[1].badge = Some(badge.clone());
            report.rows[1].reason = reason.clone();
            let rows = read_back(&written(&report));
            prop_assert_eq!(rows.len(), 3);
            for (cell, original) in [(&rows[1][5], &badge), (&rows[1][9], &reason)] {
                let guarded = original.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
                let expected = if guarded { format!("'{original}") } else { original.clone() };
                prop_assert_eq!(cell, &expected);
            }
        }
    }
}
