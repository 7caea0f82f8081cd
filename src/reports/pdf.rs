//! A4 or Letter pages: title, marks, totals per person, the audit log's head on every page. Nothing is cut off:
//! long cells wrap, and characters that the font lacks are printed as `?`, counted, and spoken of at the end.

use super::{AttendanceReport, ReportError, Row, Total};
use crate::domain::{MarkKind, MarkSource};
use epaint_default_fonts::UBUNTU_LIGHT;
use jiff::SignedDuration;
use printpdf::{
    Color, FontId, Greyscale, Line, LinePoint, OffsetDateTime, Op, PaintMode, ParsedFont, PdfDocument,
    PdfFontHandle, PdfPage, PdfSaveOptions, Point, Pt, Rect, TextItem,
};
use std::{fmt::Write as _, io::Write};

/// Paper size, upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paper {
    /// 210 x 297 mm.
    #[default]
    A4,
    /// 8.5 x 11 inches.
    Letter,
}

/// What became of a report on paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PdfFigures {
    /// Pages.
    pub pages: usize,
    /// Characters printed as `?`, because the font (Latin, Greek and Cyrillic) lacks them.
    pub unprintable: usize,
}

/// Writes a report as PDF. The font is embedded, only the glyphs that occur.
pub fn write_pdf(
    report: &AttendanceReport,
    paper: Paper,
    mut out: impl Write,
) -> Result<PdfFigures, ReportError> {
    let font = ParsedFont::from_bytes(UBUNTU_LIGHT, 0, &mut Vec::new()).ok_or(ReportError::Font)?;
    let mut document = PdfDocument::new("Attendance report");
    if let Ok(made) = OffsetDateTime::from_unix_timestamp(report.generated_at.timestamp().as_second()) {
        let info = &mut document.metadata.info;
        (info.creation_date, info.modification_date, info.metadata_date) = (made, made, made);
    }
    let font_id = document.add_font(&font);
    let mut sheet = Sheet::new(Face { font, id: font_id, unprintable: 0 }, paper);
    title(&mut sheet, report);
    marks(&mut sheet, report);
    totals(&mut sheet, &report.totals);
    sheet.note_unprintable();
    let (pages, unprintable) = sheet.finish(&audit_line(report));
    let figures = PdfFigures { pages: pages.len(), unprintable };
    let bytes = document.with_pages(pages).save(&PdfSaveOptions::default(), &mut Vec::new());
    out.write_all(&bytes)?;
    out.flush()?;
    Ok(figures)
}

fn title(sheet: &mut Sheet, report: &AttendanceReport) {
    sheet.line(18.0, 24.0, "Attendance report");
    sheet.line(11.0, 16.0, &report.site);
    let range = if report.from == report.to {
        report.from.to_string()
    } else {
        format!("{} to {}", report.from, report.to)
    };
    let made = report.generated_at.strftime("%Y-%m-%d %H:%M %:z");
    let zone = report.generated_at.time_zone().iana_name().unwrap_or("local time");
    sheet.line(BODY, 12.0, &format!("{range}; all times {zone}"));
    sheet.line(BODY, 12.0, &format!("Made {made}; {} marks", report.rows.len()));
    sheet.y -= 8.0;
    sheet.running_head = format!("Attendance report, {range}");
}

fn marks(sheet: &mut Sheet, report: &AttendanceReport) {
    if report.rows.is_empty() {
        sheet.line(BODY, 14.0, "No marks in this range.");
        return;
    }
    let columns = [
        Column::left("Date", 11.5),
        Column::left("Time", 14.5),
        Column::left("Name", 27.0),
        Column::left("Badge", 11.0),
        Column::left("Mark", 6.5),
        Column::left("Source", 8.5),
        Column::left("Note", 21.0),
    ];
    sheet.table(&columns, report.rows.iter().map(mark_cells));
}

fn mark_cells(row: &Row) -> Vec<String> {
    let note = match (row.corrected, row.reason.as_str()) {
        (false, reason) => reason.to_owned(),
        (true, "") => "corrected".to_owned(),
        (true, reason) => format!("corrected: {reason}"),
    };
    vec![
        row.date.to_string(),
        row.at.strftime("%H:%M %:z").to_string(),
        row.name.as_ref().map_or("(erased)", |name| name.as_str()).to_owned(),
        row.badge.clone().unwrap_or_default(),
        match row.kind {
            MarkKind::CheckIn => "In",
            MarkKind::CheckOut => "Out",
            MarkKind::BreakStart => "Break",
            MarkKind::BreakEnd => "Back",
        }
        .to_owned(),
        match row.source {
            MarkSource::Face => "Face",
            MarkSource::Host => "Host",
            MarkSource::NotMe => "Not me",
            MarkSource::Pin => "PIN",
        }
        .to_owned(),
        note,
    ]
}

fn totals(sheet: &mut Sheet, totals: &[Total]) {
    if totals.is_empty() {
        return;
    }
    // The heading stays with the table's head and its first rows.
    sheet.need(90.0);
    sheet.y -= 14.0;
    sheet.line(12.0, 18.0, "Totals per person");
    let columns = [
        Column::left("Name", 45.0),
        Column::left("Badge", 19.0),
        Column::right("Days", 10.0),
        Column::right("Hours", 12.0),
        Column::right("Incomplete", 14.0),
    ];
    sheet.table(&columns, totals.iter().map(total_cells));
    sheet.line(SMALL, 12.0, "Hours: from each check-in to its check-out. Incomplete: days with a mark missing, whose open time is not counted.");
}

fn total_cells(total: &Total) -> Vec<String> {
    vec![
        total.name.as_ref().map_or("(erased)", |name| name.as_str()).to_owned(),
        total.badge.clone().unwrap_or_default(),
        total.days.to_string(),
        hours_and_minutes(total.worked),
        if total.incomplete_days == 0 { String::new() } else { total.incomplete_days.to_string() },
    ]
}

/// `125:07`; seconds are cut off.
fn hours_and_minutes(duration: SignedDuration) -> String {
    let minutes = duration.as_mins();
    let sign = if minutes < 0 { "-" } else { "" };
    format!("{sign}{}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

fn audit_line(report: &AttendanceReport) -> String {
    let mut line = format!("Audit log at entry {}: ", report.audit_head.number);
    for byte in report.audit_head.hash {
        let _ = write!(line, "{byte:02x}"); // a String takes everything
    }
    line
}

// All lengths below are points, 1/72 inch; y runs up from the bottom of the page.

const BODY: f32 = 9.0;
const SMALL: f32 = 7.0;
/// From one line of a table to the next.
const LEADING: f32 = 12.0;
const MARGIN: f32 = 43.0;
/// Nothing but the footer is below.
const BOTTOM: f32 = 62.0;
/// Between a column's edge and its text.
const PADDING: f32 = 4.0;

/// A table's column.
struct Column {
    title: &'static str,
    /// Share of the width, in hundredths.
    share: f32,
    right: bool,
}

impl Column {
    fn left(title: &'static str, share: f32) -> Self {
        Self { title, share, right: false }
    }

    fn right(title: &'static str, share: f32) -> Self {
        Self { title, share, right: true }
    }
}

/// Pages being filled from the top.
struct Sheet {
    face: Face,
    width: f32,
    height: f32,
    full: Vec<Vec<Op>>,
    /// The page being filled.
    page: Vec<Op>,
    /// Everything above is used.
    y: f32,
    /// Top of every page but the first.
    running_head: String,
}

impl Sheet {
    fn new(face: Face, paper: Paper) -> Self {
        let (width, height) = match paper {
            Paper::A4 => (595.276, 841.89),
            Paper::Letter => (612.0, 792.0),
        };
        Self {
            face,
            width,
            height,
            full: Vec::new(),
            page: Vec::new(),
            y: height - MARGIN,
            running_head: String::new(),
        }
    }

    /// Text over the full width, `height` apart from what is above; wraps.
    fn line(&mut self, size: f32, height: f32, text: &str) {
        let text = self.face.printable(text);
        for line in self.face.wrap(&text, size, self.width - 2.0 * MARGIN) {
            self.need(height);
            self.y -= height;
            let baseline = self.y + 3.0;
            self.text(MARGIN, baseline, size, &line);
        }
    }

    /// A table whose head is repeated on each page. A row that fits on a page is not split.
    fn table(&mut self, columns: &[Column], rows: impl Iterator<Item = Vec<String>>) {
        self.need(3.0 * LEADING);
        self.table_head(columns);
        for row in rows {
            let cells: Vec<Vec<String>> = row
                .iter()
                .zip(columns)
                .map(|(cell, column)| {
                    let cell = self.face.printable(cell);
                    let room = self.column_width(column) - 2.0 * PADDING;
                    self.face.wrap(&cell, BODY, room)
                })
                .collect();
            let lines = cells.iter().map(Vec::len).max().unwrap_or(0);
            let whole = lines as f32 * LEADING + 2.0;
            let page = self.height - 2.0 * MARGIN - BOTTOM;
            if self.need(if whole < page { whole } else { LEADING }) {
                self.table_head(columns);
            }
            for n in 0..lines {
                if self.need(LEADING) {
                    self.table_head(columns);
                }
                self.table_line(columns, cells.iter().map(|cell| cell.get(n).map_or("", String::as_str)));
            }
            self.y -= 2.0;
            self.rule();
        }
    }

    fn table_head(&mut self, columns: &[Column]) {
        let rectangle = Rect {
            x: Pt(MARGIN),
            y: Pt(self.y - LEADING - 2.0),
            width: Pt(self.width - 2.0 * MARGIN),
            height: Pt(LEADING + 2.0),
            mode: Some(PaintMode::Fill),
            winding_order: None,
        };
        self.page.extend([fill(0.90), Op::DrawRectangle { rectangle }, fill(0.0)]);
        self.table_line(columns, columns.iter().map(|column| column.title));
        self.y -= 2.0;
    }

    fn table_line<'a>(&mut self, columns: &[Column], cells: impl Iterator<Item = &'a str>) {
        self.y -= LEADING;
        let mut left = MARGIN;
        for (column, cell) in columns.iter().zip(cells) {
            let width = self.column_width(column);
            let x = if column.right {
                left + width - PADDING - self.face.width(cell, BODY)
            } else {
                left + PADDING
            };
            self.text(x, self.y + 2.0, BODY, cell);
            left += width;
        }
    }

    fn column_width(&self, column: &Column) -> f32 {
        (self.width - 2.0 * MARGIN) * column.share / 100.0
    }

    fn rule(&mut self) {
        let at = |x| LinePoint { p: Point { x: Pt(x), y: Pt(self.y) }, bezier: false };
        let line = Line { points: vec![at(MARGIN), at(self.width - MARGIN)], is_closed: false };
        let grey = Color::Greyscale(Greyscale::new(0.8, None));
        self.page.extend([
            Op::SetOutlineColor { col: grey },
            Op::SetOutlineThickness { pt: Pt(0.4) },
            Op::DrawLine { line },
        ]);
    }

    /// Begins a new page when less than `height` is left on this one; says whether it did.
    fn need(&mut self, height: f32) -> bool {
        if self.y - height >= BOTTOM {
            return false;
        }
        self.full.push(std::mem::take(&mut self.page));
        self.y = self.height - MARGIN;
        let head = self.running_head.clone();
        self.text(MARGIN, self.y, SMALL, &head);
        self.y -= 10.0;
        true
    }

    fn note_unprintable(&mut self) {
        let count = self.face.unprintable;
        if count > 0 {
            let (noun, them) = if count == 1 { ("character", "it") } else { ("characters", "them") };
            self.y -= 6.0;
            self.line(
                SMALL,
                12.0,
                &format!("{count} {noun} could not be printed and appear as '?'; the CSV export has {them}."),
            );
        }
    }

    /// Adds the footers, which need the number of pages. Returns the pages and how many characters were lost.
    fn finish(mut self, footer: &str) -> (Vec<PdfPage>, usize) {
        self.full.push(std::mem::take(&mut self.page));
        let count = self.full.len();
        let mut pages = Vec::with_capacity(count);
        for (n, mut ops) in std::mem::take(&mut self.full).into_iter().enumerate() {
            let number = format!("Page {} of {count}", n + 1);
            let right = self.width - MARGIN - self.face.width(&number, SMALL);
            ops.extend(self.face.ops(MARGIN, MARGIN, SMALL - 0.5, footer));
            ops.extend(self.face.ops(right, MARGIN, SMALL, &number));
            pages.push(PdfPage::new(Pt(self.width).into(), Pt(self.height).into(), ops));
        }
        (pages, self.face.unprintable)
    }

    /// `text` must be printable.
    fn text(&mut self, x: f32, baseline: f32, size: f32, text: &str) {
        self.page.extend(self.face.ops(x, baseline, size, text));
    }
}

fn fill(grey: f32) -> Op {
    Op::SetFillColor { col: Color::Greyscale(Greyscale::new(grey, None)) }
}

/// The one typeface, and what it could not print.
struct Face {
    font: ParsedFont,
    id: FontId,
    unprintable: usize,
}

impl Face {
    /// The text with spaces for control characters and `?` for what has no glyph, which is counted.
    fn printable(&mut self, text: &str) -> String {
        text.chars()
            .map(|c| {
                if c.is_control() || c.is_whitespace() {
                    ' '
                } else if self.glyph(c).is_some() {
                    c
                } else {
                    self.unprintable += 1;
                    '?'
                }
            })
            .collect()
    }

    fn glyph(&self, c: char) -> Option<u16> {
        self.font.lookup_glyph_index(c as u32).filter(|&glyph| glyph != 0)
    }

    fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|c| self.advance(c, size)).sum()
    }

    fn advance(&self, c: char, size: f32) -> f32 {
        let units = self.glyph(c).map_or(0, |glyph| self.font.get_horizontal_advance(glyph));
        f32::from(units) * size / f32::from(self.font.pdf_font_metrics.units_per_em.max(1))
    }

    /// Breaks at spaces, and inside a word that is wider than `room`. At least one line.
    fn wrap(&self, text: &str, size: f32, room: f32) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        let mut used = 0.0;
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let (space, width) = (self.advance(' ', size), self.width(word, size));
            if !line.is_empty() && used + space + width <= room {
                line.push(' ');
                used += space;
            } else if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                used = 0.0;
            }
            for c in word.chars() {
                let advance = self.advance(c, size);
                if used + advance > room && !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                    used = 0.0;
                }
                line.push(c);
                used += advance;
            }
        }
        lines.push(line);
        lines
    }

    fn ops(&self, x: f32, baseline: f32, size: f32, text: &str) -> Vec<Op> {
        if text.is_empty() {
            return Vec::new();
        }
        vec![
            Op::StartTextSection,
            Op::SetFont { font: PdfFontHandle::External(self.id.clone()), size: Pt(size) },
            Op::SetTextCursor { pos: Point { x: Pt(x), y: Pt(baseline) } },
            Op::ShowText { items: vec![TextItem::Text(text.to_owned())] },
            Op::EndTextSection,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testkit, *};
    use crate::domain::PersonName;
    use proptest::prelude::*;
    use std::{process::Command, time::Instant};

    fn written(report: &AttendanceReport, paper: Paper) -> (Vec<u8>, PdfFigures) {
        let mut bytes = Vec::new();
        let figures = write_pdf(report, paper, &mut bytes).unwrap();
        assert!(bytes.starts_with(b"%PDF-"));
        (bytes, figures)
    }

    /// The text of a PDF as an independent reader sees it; `None`, said aloud, where that reader is not installed.
    fn text_of(bytes: &[u8]) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.pdf");
        std::fs::write(&path, bytes).unwrap();
        let Ok(output) = Command::new("pdftotext").arg("-layout").arg(&path).arg("-").output() else {
            eprintln!("skipped: pdftotext (poppler-utils) is not installed");
            return None;
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8(output.stdout).unwrap())
    }

    fn face() -> Face {
        let font = ParsedFont::from_bytes(UBUNTU_LIGHT, 0, &mut Vec::new()).unwrap();
        let id = PdfDocument::new("test").add_font(&font);
        Face { font, id, unprintable: 0 }
    }

    #[test]
    fn names_in_three_scripts_totals_and_the_audit_head_are_on_paper() {
        for paper in [Paper::A4, Paper::Letter] {
            let (bytes, figures) = written(&testkit::report(60), paper);
            assert_eq!(figures.unprintable, 0);
            assert_eq!(figures.pages, 2);
            assert!(bytes.len() < 60_000, "only the glyphs in use are embedded: {} bytes", bytes.len());
            let Some(text) = text_of(&bytes) else { return };
            for name in testkit::NAMES {
                assert!(text.matches(name).count() >= 13, "{name}: {text}");
            }
            for expected in ["Werk Süd", "2026-03-02 to 2026-03-31", "Europe/Berlin", "25:07", "Page 2 of 2"]
            {
                assert!(text.contains(expected), "{expected}: {text}");
            }
            let head =
                "Audit log at entry 4711: 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
            assert_eq!(text.matches(head).count(), 2, "on every page");
            assert_eq!(text.matches("Source").count(), 2, "the head is repeated");
        }
    }

    #[test]
    fn characters_without_a_glyph_are_counted_and_spoken_of() {
        let mut report = testkit::report(2);
        report.rows[0].name = Some(PersonName::new("漢字 Smith 🙂").unwrap());
        let (bytes, figures) = written(&report, Paper::A4);
        assert_eq!(figures.unprintable, 3);
        let Some(text) = text_of(&bytes) else { return };
        assert!(text.contains("?? Smith ?"), "{text}");
        assert!(text.contains("3 characters could not be printed"), "{text}");
    }

    #[test]
    fn long_cells_wrap_and_lose_nothing() {
        let mut report = testkit::report(3);
        let words: Vec<String> = (0..900).map(|n| format!("w{n:03}")).collect();
        report.rows[1].reason = words.join(" "); // more than a page
        report.rows[1].corrected = true;
        report.rows[2].badge = Some("X".repeat(60));
        report.rows[2].name = None;
        let (bytes, figures) = written(&report, Paper::A4);
        assert!(figures.pages > 2);
        let Some(text) = text_of(&bytes) else { return };
        for word in &words {
            assert!(text.contains(word.as_str()), "{word}");
        }
        assert_eq!(text.matches('X').count(), 60);
        assert!(text.contains("(erased)"));
    }

    #[test]
    fn an_empty_report_is_one_page() {
        let (bytes, figures) = written(&testkit::report(0), Paper::A4);
        assert_eq!(figures, PdfFigures { pages: 1, unprintable: 0 });
        let Some(text) = text_of(&bytes) else { return };
        assert!(text.contains("No marks in this range."));
    }

    #[test]
    fn two_thousand_rows_are_quick() {
        let report = testkit::report(2000);
        let started = Instant::now();
        let (bytes, figures) = written(&report, Paper::A4);
        let secs = started.elapsed().as_secs_f32();
        println!("2,000 rows: {} pages, {} bytes, {secs:.2} s", figures.pages, bytes.len());
        assert!(secs < 20.0, "{secs} s");
        assert!((40..60).contains(&figures.pages), "{}", figures.pages);
    }

    #[test]
    fn hours_are_summed_over_a_day() {
        for (secs, text) in [(0, "0:00"), (59, "0:00"), (3600 * 125 + 7 * 60, "125:07"), (-90 * 60, "-1:30")]
        {
            assert_eq!(hours_and_minutes(SignedDuration::from_secs(secs)), text);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn wrapped_lines_fit_and_hold_every_letter(text in "[a-zA-ZäΩя ]{0,200}", room in 12.0..300.0_f32) {
            let face = face();
            let lines = face.wrap(&text, BODY, room);
            for line in &lines {
                prop_assert!(face.width(line, BODY) <= room + 0.01 || line.chars().count() == 1, "{}", line);
            }
            let letters = |s: &str| s.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
