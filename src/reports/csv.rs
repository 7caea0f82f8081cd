//! CSV by RFC 4180: commas, quotes doubled, CR LF. It begins with a byte order mark, because spreadsheet programs
//! take UTF-8 for a local code page without one; readers that do not strip it see it before the first column's name.
//!
//! A cell that a spreadsheet would take for a formula gets an apostrophe in front, which makes it text. Names, badges, ids
//! and reasons are quoted whatever is in them: a spreadsheet that is told to take quoted cells for text leaves a badge
//! such as 007 as it is. No form of a cell makes it do so unasked, except a formula.

use super::{AttendanceReport, Column, ReportError, Watch};
use std::io::Write;

/// Writes the rows of a report, with the columns' ids as header; totals are left to the spreadsheet. No file is without the
/// head of the audit log: its column comes last where it was not chosen, and without a row the column's name carries it.
pub fn write_csv(report: &AttendanceReport, out: impl Write, watch: Watch<'_>) -> Result<(), ReportError> {
    let mut columns = report.columns.clone();
    if !columns.contains(&Column::AuditHead) {
        columns.push(Column::AuditHead);
    }
    let header = columns.iter().map(|column| match column {
        Column::AuditHead if report.body.is_empty() => format!("{} {}", column.id(), report.audit_head),
        _ => column.id().to_owned(),
    });
    let rows = report.body.lines().map(|line| {
        let cell = |column: &Column| line.plain(*column, report);
        columns.iter().map(cell).collect::<Vec<_>>()
    });
    let texts: Vec<bool> = columns.iter().map(|column| column.is_text()).collect();
    write_table(header.collect(), &texts, rows, out, watch)
}

/// Writes a header and rows of cells, each made harmless; those of a column in `texts` are quoted, others when they must be.
pub(super) fn write_table(
    header: Vec<String>,
    texts: &[bool],
    rows: impl Iterator<Item = Vec<String>>,
    mut out: impl Write,
    watch: Watch<'_>,
) -> Result<(), ReportError> {
    out.write_all("\u{feff}".as_bytes())?;
    let mut csv = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::CRLF)
        .quote_style(::csv::QuoteStyle::Never) // the writer knows no columns: `field` quotes
        .from_writer(out);
    for (done, row) in std::iter::once(header).chain(rows).enumerate() {
        if !watch(done) {
            return Err(ReportError::Stopped);
        }
        let cells = row.iter().enumerate().map(|(place, cell)| {
            let text = done > 0 && texts.get(place).is_some_and(|text| *text);
            field(&harmless(cell), text)
        });
        csv.write_record(cells).map_err(plain)?;
    }
    csv.flush()?;
    Ok(())
}

/// What the system said, as it said it: a full stick must still be known for one.
fn plain(error: ::csv::Error) -> std::io::Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    }
}

/// Puts an apostrophe before what a spreadsheet would calculate (OWASP's list, with the full-width forms).
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

/// A cell as it stands in the file, in quotes when it is text or could not be read back without.
fn field(cell: &str, text: bool) -> String {
    if text || cell.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testkit, *};
    use crate::reports::{Body, ReportBy, Row, to_the_end};
    use proptest::prelude::*;

    fn written(report: &AttendanceReport) -> String {
        let mut bytes = Vec::new();
        write_csv(report, &mut bytes, &to_the_end).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    fn read_back(text: &str) -> Vec<Vec<String>> {
        let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
        ::csv::Reader::from_reader(text.as_bytes())
            .records()
            .map(|record| record.unwrap().iter().map(str::to_owned).collect())
            .collect()
    }

    fn row(report: &mut AttendanceReport, n: usize) -> &mut Row {
        let Body::Marks(rows) = &mut report.body else { panic!("a report by mark") };
        &mut rows[n]
    }

    #[test]
    fn the_file_is_as_documented() {
        let mut report = testkit::report(1);
        report.columns = ReportBy::Mark.columns().to_vec();
        row(&mut report, 0).reason = "said \"late\", forgot\nto mark".into();
        row(&mut report, 0).corrected = true;
        assert_eq!(
            written(&report),
            "\u{feff}event,date,time,person,name,badge,kind,source,corrected,reason,audit_head,locked\r\n\
             1,2026-03-02,2026-03-02T08:00:00+01:00,\"00000000000000000000000000000000\",\"Ana Müller\",\"1000\",\
             check_in,face,yes,\"said \"\"late\"\", forgot\nto mark\",\
             4711:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f,no\r\n"
        );
    }

    #[test]
    fn columns_are_the_chosen_ones_in_their_order() {
        let mut report = testkit::days();
        report.columns = ReportBy::Day.parse_columns("worked,name,planned,late,state").unwrap();
        assert_eq!(
            written(&report),
            format!(
                "\u{feff}worked,name,planned,late,state,audit_head\r\n\
                 8:05,\"Ana Müller\",22:00-06:00,0:07,late,{head}\r\n\
                 0:00,\"Żaneta Łukasiewicz\",08:00-17:00,,absent,{head}\r\n\
                 3:30,\"\",,,early missing_check_in,{head}\r\n",
                head = report.audit_head
            )
        );
    }

    #[test]
    fn an_empty_report_is_a_header_that_carries_the_head_of_the_log() {
        let mut report = testkit::report(0);
        report.columns = vec![Column::AuditHead, Column::Date];
        assert_eq!(written(&report), format!("\u{feff}audit_head {},date\r\n", report.audit_head));
        report.columns = vec![Column::Date];
        assert_eq!(written(&report), format!("\u{feff}date,audit_head {}\r\n", report.audit_head));
    }

    #[test]
    fn formulas_are_text() {
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            let mut report = testkit::report(1);
            row(&mut report, 0).badge = Some(bad.into());
            let place = report.columns.iter().position(|column| *column == Column::Badge).unwrap();
            assert_eq!(read_back(&written(&report))[0][place], format!("'{bad}"));
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
        let error = write_csv(&testkit::report(3), Full, &to_the_end).unwrap_err().to_string();
        assert!(error.contains("Check the free space"), "{error}");
    }

    /// The cells of the first table of an HTML page, row by row.
    fn cells(html: &str) -> Vec<Vec<String>> {
        let cell = |cell: &str| {
            let text = cell.split_once('>').map_or("", |(_, text)| text);
            let text = text.split("</td>").next().unwrap_or_default().replace("<br>", "\n");
            text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        };
        html.split("<tr>").skip(1).map(|row| row.split("<td").skip(1).map(cell).collect()).collect()
    }

    /// What a host sees who opens the file: through `LibreOffice` to a workbook, and on to a page that can be read here.
    #[test]
    fn libreoffice_shows_every_cell() {
        let nasty = ["=1+1", "@SUM(A1)", "-3", "007"];
        let mut report = testkit::report(4);
        report.columns = ReportBy::Mark.parse_columns("date,name,badge,reason").unwrap();
        for (n, badge) in nasty.iter().enumerate() {
            row(&mut report, n).badge = Some((*badge).to_owned());
            row(&mut report, n).reason = format!("said \"{badge}\", ä; <b>&\nforgot");
        }
        row(&mut report, 1).name = Some(crate::domain::PersonName::new("漢字 Ñandú").unwrap());
        let folder = tempfile::tempdir().unwrap();
        let profile = format!("-env:UserInstallation=file://{}", folder.path().join("profile").display());
        std::fs::write(folder.path().join("report.csv"), written(&report)).unwrap();
        for (from, to) in [("report.csv", "xlsx"), ("report.xlsx", "html")] {
            let mut office = std::process::Command::new("soffice");
            // Comma, double quote, UTF-8 (which the window of LibreOffice sees by the byte order mark), from line 1, and
            // "format quoted field as text".
            let filter: &[&str] =
                if from == "report.csv" { &["--infilter=CSV:44,34,76,1,,0,true"] } else { &[] };
            office.args([&profile, "--headless"]).args(filter).args(["--convert-to", to, from]);
            let Ok(output) = office.current_dir(folder.path()).output() else {
                eprintln!("skipped: soffice (libreoffice-calc) is not installed");
                return;
            };
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        let seen = cells(&std::fs::read_to_string(folder.path().join("report.html")).unwrap());
        let names = ["Ana Müller", "漢字 Ñandú", "Иван Петров", "Ελένη Παπαδοπούλου"];
        let mut expected =
            vec![["date", "name", "badge", "reason", "audit_head"].map(str::to_owned).to_vec()];
        for (n, badge) in nasty.iter().enumerate() {
            let date = if n < 3 { "2026-03-02" } else { "2026-03-03" };
            let reason = format!("said \"{badge}\", ä; <b>&\nforgot");
            let guard = if *badge == "007" { "" } else { "'" };
            let head = report.audit_head.to_string();
            expected.push(vec![date.into(), names[n].into(), format!("{guard}{badge}"), reason, head]);
        }
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_single_column_keeps_its_empty_rows() {
        let mut report = testkit::report(3);
        report.columns = vec![Column::Badge];
        row(&mut report, 1).badge = None;
        let badges = read_back(&written(&report)).into_iter().map(|row| row[0].clone());
        assert_eq!(badges.collect::<Vec<_>>(), ["1000", "", "1002"]);
    }

    #[test]
    fn it_stops_when_it_is_told_to() {
        let mut bytes = Vec::new();
        let stopped = write_csv(&testkit::report(30), &mut bytes, &|done| done < 7);
        assert!(matches!(stopped, Err(ReportError::Stopped)));
    }

    proptest! {
        #[test]
        fn any_text_comes_back(
            badge in "[-=+@'\",;\r\n\ta-zß漢🙂 ]{0,12}", reason in any::<String>(),
        ) {
            let mut report = testkit::report(3);
            report.columns = vec![Column::Badge, Column::Reason, Column::Kind];
            row(&mut report, 1).badge = Some(badge.clone());
            row(&mut report, 1).reason = reason.clone();
            let rows = read_back(&written(&report));
            prop_assert_eq!(rows.len(), 3);
            for (cell, original) in [(&rows[1][0], &badge), (&rows[1][1], &reason)] {
                let guarded = original.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
                let expected = if guarded { format!("'{original}") } else { original.clone() };
                prop_assert_eq!(cell, &expected);
            }
        }
    }
}
