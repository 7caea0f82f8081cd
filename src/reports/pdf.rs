//! A4 or Letter pages, sideways when the columns need it: title, rows, totals per person, the audit log's head on every
//! page. Nothing is cut off: long cells wrap, and characters that the font lacks are printed as `?`, counted, and spoken of at the end.

use super::{
    AttendanceReport, PersonFile, ReportError, Total, Watch,
    columns::Line as ReportLine,
    words::{ReportWords, fill},
};
use crate::domain::AuditHead;
use epaint_default_fonts::UBUNTU_LIGHT;
use jiff::{SignedDuration, Zoned};
use printpdf::{
    Color, FontId, Greyscale, Line, LinePoint, OffsetDateTime, Op, PaintMode, ParsedFont, PdfDocument,
    PdfFontHandle, PdfPage, PdfSaveOptions, Point, Pt, Rect, TextItem,
};
use std::io::Write;

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
    words: &ReportWords,
    paper: Paper,
    out: impl Write,
    watch: Watch<'_>,
) -> Result<PdfFigures, ReportError> {
    let rows = report.body.len();
    write_document(words.title, &report.generated_at, out, &|| watch(rows), |face| {
        let widths = Widths::new(&face, report, words);
        let mut sheet = Sheet::new(face, paper, widths.least());
        title(&mut sheet, report, words);
        body(&mut sheet, report, words, &widths, watch);
        totals(&mut sheet, &report.totals, words);
        sheet.note_unprintable(words);
        Ok(sheet.finish(&audit_line(&report.audit_head, words), words))
    })
}

/// Writes what is stored about a person as PDF, in the words' language.
pub fn write_person_pdf(
    file: &PersonFile,
    words: &ReportWords,
    paper: Paper,
    out: impl Write,
) -> Result<PdfFigures, ReportError> {
    let title = words.person.title;
    write_document(title, &file.generated_at, out, &|| true, |face| {
        let mut sheet = Sheet::new(face, paper, 0.0);
        sheet.line(18.0, 24.0, title);
        sheet.line(11.0, 16.0, &file.site);
        for (what, value) in file.facts(words) {
            sheet.line(BODY, 13.0, &fill(words.person.fact, &[what, &value]));
        }
        sheet.y -= 8.0;
        title.clone_into(&mut sheet.running_head);
        let columns = [
            Column::left(words.column(super::Column::Event), 10.0),
            Column::left(words.column(super::Column::Time), 26.0),
            Column::left(words.column(super::Column::Kind), 14.0),
            Column::left(words.column(super::Column::Source), 16.0),
            Column::left(words.column(super::Column::Reason), 34.0),
        ];
        sheet.table(&columns, file.mark_rows(words).into_iter());
        sheet.note_unprintable(words);
        Ok(sheet.finish(&audit_line(&file.audit_head, words), words))
    })
}

/// Bytes written before somebody may stop it: a slow stick takes a moment for them.
const PIECE: usize = 16 << 10;

/// Makes the font and the document; `draw` fills pages and counts what it could not print. It ends early when `go_on` says
/// so: before the pages become bytes, which takes under a second for 10,000 rows, and after each [`PIECE`].
fn write_document(
    title: &str,
    made: &Zoned,
    mut out: impl Write,
    go_on: &dyn Fn() -> bool,
    draw: impl FnOnce(Face) -> Result<(Vec<PdfPage>, usize), ReportError>,
) -> Result<PdfFigures, ReportError> {
    let font = ParsedFont::from_bytes(UBUNTU_LIGHT, 0, &mut Vec::new()).ok_or(ReportError::Font)?;
    let mut document = PdfDocument::new(title);
    if let Ok(made) = OffsetDateTime::from_unix_timestamp(made.timestamp().as_second()) {
        let info = &mut document.metadata.info;
        (info.creation_date, info.modification_date, info.metadata_date) = (made, made, made);
    }
    let font_id = document.add_font(&font);
    let (pages, unprintable) = draw(Face::new(font, font_id))?;
    let going = || if go_on() { Ok(()) } else { Err(ReportError::Stopped) };
    going()?;
    let figures = PdfFigures { pages: pages.len(), unprintable };
    let bytes = document.with_pages(pages).save(&PdfSaveOptions::default(), &mut Vec::new());
    for piece in bytes.chunks(PIECE) {
        going()?;
        out.write_all(piece)?;
    }
    out.flush()?;
    Ok(figures)
}

fn title(sheet: &mut Sheet, report: &AttendanceReport, words: &ReportWords) {
    sheet.line(18.0, 24.0, words.title);
    sheet.line(11.0, 16.0, &report.site);
    let range = if report.from == report.to {
        words.date(report.from)
    } else {
        fill(words.range, &[&words.date(report.from), &words.date(report.to)])
    };
    let made = words.moment(&report.generated_at);
    let zone = report.generated_at.time_zone().iana_name().unwrap_or("UTC");
    sheet.line(BODY, 12.0, &fill(words.times, &[&range, zone]));
    sheet.line(BODY, 12.0, &fill(words.made, &[&made, &report.body.len().to_string()]));
    if let Some(until) = report.locked_until.filter(|until| *until >= report.from) {
        sheet.line(BODY, 12.0, &fill(words.locked, &[&words.date(until)]));
    }
    if report.chosen_people {
        sheet.line(BODY, 12.0, words.chosen_people);
    }
    sheet.y -= 8.0;
    sheet.running_head = format!("{}, {range}", words.title);
}

/// How the rows' columns share the page.
struct Widths {
    columns: Vec<Width>,
}

#[derive(Clone, Copy)]
enum Width {
    /// Points of a column that never wraps.
    Firm(f32),
    /// Parts of what is left, and the points that its title takes.
    Part(f32, f32),
}

impl Widths {
    fn new(face: &Face, report: &AttendanceReport, words: &ReportWords) -> Self {
        let width = |column: &super::Column| match column.widest(words) {
            Some(texts) => {
                let widths = texts.iter().map(|text| face.width(text, BODY));
                let widest = widths.fold(face.width(words.column(*column), BODY), f32::max);
                Width::Firm(widest + 2.0 * PADDING + 1.0)
            }
            None => Width::Part(column.weight(), face.width(words.column(*column), BODY) + 2.0 * PADDING),
        };
        Self { columns: report.columns.iter().map(width).collect() }
    }

    /// Firm points, and parts.
    fn sums(&self) -> (f32, f32) {
        self.columns.iter().fold((0.0, 0.0), |(firm, parts), width| match width {
            Width::Firm(points) => (firm + points, parts),
            Width::Part(part, _) => (firm, parts + part),
        })
    }

    /// The same with `left` points to share: where a part of them is less than the column's title, the title counts.
    fn settled(&self, left: f32, parts: f32) -> Self {
        let settle = |width: &Width| match width {
            Width::Part(part, title) if left * part / parts.max(1.0) < *title => Width::Firm(*title),
            other => *other,
        };
        Self { columns: self.columns.iter().map(settle).collect() }
    }

    /// Points below which the page must lie on its side.
    fn least(&self) -> f32 {
        let (firm, parts) = self.sums();
        firm + parts * 3.0
    }

    /// Hundredths of a width of `room` points.
    fn shares(&self, room: f32) -> Vec<f32> {
        let (firm, parts) = self.sums();
        let settled = self.settled(room - firm, parts);
        let (firm, parts) = settled.sums();
        let left = (room - firm).max(parts * 1.5);
        let share = |width: &Width| match width {
            Width::Firm(points) => *points,
            Width::Part(part, title) => (left * part / parts.max(1.0)).max(*title),
        };
        let points: Vec<f32> = settled.columns.iter().map(share).collect();
        let whole: f32 = points.iter().sum::<f32>().max(1.0);
        // Firm columns alone do not spread over the page.
        let whole = if parts == 0.0 { whole.max(room) } else { whole };
        points.iter().map(|points| points * 100.0 / whole).collect()
    }
}

/// Ends early when it is told to.
fn body(
    sheet: &mut Sheet,
    report: &AttendanceReport,
    words: &ReportWords,
    widths: &Widths,
    watch: Watch<'_>,
) {
    if report.body.is_empty() {
        sheet.line(BODY, 14.0, words.no_rows);
        return;
    }
    let shares = widths.shares(sheet.width - 2.0 * MARGIN);
    let columns: Vec<Column> = report
        .columns
        .iter()
        .zip(shares)
        .map(|(column, share)| Column { title: words.column(*column), share, right: column.is_figure() })
        .collect();
    let cells = |line: ReportLine<'_>| {
        report.columns.iter().map(|column| line.worded(*column, report, words)).collect::<Vec<_>>()
    };
    let rows = report.body.lines().enumerate();
    sheet.table(&columns, rows.map_while(|(done, line)| watch(done).then(|| cells(line))));
}

fn totals(sheet: &mut Sheet, totals: &[Total], words: &ReportWords) {
    use super::Column as Name;
    if totals.is_empty() {
        return;
    }
    // The heading stays with the table's head and its first rows.
    sheet.need(90.0);
    sheet.y -= 14.0;
    sheet.line(12.0, 18.0, words.totals);
    // A figure's column is as wide as its title or the hours of a year; names have what is left.
    let hours = sheet.face.width(&words.duration(SignedDuration::from_hours(1_000)), BODY);
    let room = sheet.width - 2.0 * MARGIN;
    let figure = |title: &'static str| {
        let wide = sheet.face.width(title, BODY).max(hours) + 2.0 * PADDING;
        Column::right(title, wide * 100.0 / room)
    };
    let figures = [
        words.days,
        words.column(Name::Worked),
        words.column(Name::Counted),
        words.late_days,
        words.absent_days,
        words.incomplete,
    ]
    .map(figure);
    let left = 100.0 - figures.iter().map(|column| column.share).sum::<f32>();
    let badge = sheet.face.width(words.column(Name::Badge), BODY).max(54.0) + 2.0 * PADDING;
    let badge = badge * 100.0 / room;
    let names = [
        Column::left(words.column(Name::Name), left - badge),
        Column::left(words.column(Name::Badge), badge),
    ];
    let columns: Vec<Column> = names.into_iter().chain(figures).collect();
    sheet.table(&columns, totals.iter().map(|total| total_cells(total, words)));
    sheet.line(SMALL, 12.0, words.totals_note);
}

fn total_cells(total: &Total, words: &ReportWords) -> Vec<String> {
    let count = |days: u32| if days == 0 { String::new() } else { days.to_string() };
    vec![
        total.name.as_ref().map_or(words.erased, |name| name.as_str()).to_owned(),
        total.badge.clone().unwrap_or_default(),
        total.days.to_string(),
        words.duration(total.worked),
        words.duration(total.counted),
        count(total.late_days),
        count(total.absent_days),
        count(total.incomplete_days),
    ]
}

fn audit_line(head: &AuditHead, words: &ReportWords) -> String {
    let head = head.to_string();
    let (number, hash) = head.split_once(':').unwrap_or((&head, ""));
    fill(words.audit, &[number, hash])
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
    /// `least` is how wide the table must be.
    fn new(face: Face, paper: Paper, least: f32) -> Self {
        let (short, long) = match paper {
            Paper::A4 => (595.276, 841.89),
            Paper::Letter => (612.0, 792.0),
        };
        let sideways = least > short - 2.0 * MARGIN;
        let (width, height) = if sideways { (long, short) } else { (short, long) };
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
        self.page.extend([grey_fill(0.90), Op::DrawRectangle { rectangle }, grey_fill(0.0)]);
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

    fn note_unprintable(&mut self, words: &ReportWords) {
        let count = self.face.unprintable;
        if count > 0 {
            self.y -= 6.0;
            self.line(SMALL, 12.0, &fill(words.unprintable, &[&count.to_string()]));
        }
    }

    /// Adds the footers, which need the number of pages. Returns the pages and how many characters were lost.
    fn finish(mut self, footer: &str, words: &ReportWords) -> (Vec<PdfPage>, usize) {
        self.full.push(std::mem::take(&mut self.page));
        let count = self.full.len();
        let mut pages = Vec::with_capacity(count);
        for (n, mut ops) in std::mem::take(&mut self.full).into_iter().enumerate() {
            let number = fill(words.page, &[&(n + 1).to_string(), &count.to_string()]);
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

fn grey_fill(grey: f32) -> Op {
    Op::SetFillColor { col: Color::Greyscale(Greyscale::new(grey, None)) }
}

/// A space at which no line ends: before a colon in French, within `8 h 05`.
const UNBROKEN: char = '\u{a0}';

/// The one typeface, and what it could not print.
struct Face {
    font: ParsedFont,
    id: FontId,
    /// Widths in ems of the characters below [`KNOWN`] that have a glyph: asking the font for each letter of ten
    /// thousand rows takes longer than everything else.
    known: Vec<Option<f32>>,
    unprintable: usize,
}

/// Latin, Greek and Cyrillic lie below, with the punctuation of the three.
const KNOWN: u32 = 0x2100;

impl Face {
    fn new(font: ParsedFont, id: FontId) -> Self {
        let known = (0..KNOWN).map(|code| char::from_u32(code).and_then(|c| ems(&font, c))).collect();
        Self { font, id, known, unprintable: 0 }
    }

    /// The text with spaces for control characters and `?` for what has no glyph, which is counted.
    fn printable(&mut self, text: &str) -> String {
        text.chars()
            .map(|c| {
                if c == UNBROKEN {
                    c
                } else if c.is_control() || c.is_whitespace() {
                    ' '
                } else if self.ems(c).is_some() {
                    c
                } else {
                    self.unprintable += 1;
                    '?'
                }
            })
            .collect()
    }

    /// Width in ems; `None` without a glyph.
    fn ems(&self, c: char) -> Option<f32> {
        self.known.get(c as usize).copied().unwrap_or_else(|| ems(&self.font, c))
    }

    fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|c| self.advance(c, size)).sum()
    }

    fn advance(&self, c: char, size: f32) -> f32 {
        self.ems(c).unwrap_or(0.0) * size
    }

    /// Breaks at spaces, after hyphens, and inside what is wider than `room` even so. At least one line.
    fn wrap(&self, text: &str, size: f32, room: f32) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        let mut used = 0.0;
        let words = text.split(' ').filter(|word| !word.is_empty());
        let pieces = words.flat_map(|word| {
            let pieces = word.split_inclusive('-').enumerate();
            pieces.map(|(n, piece)| (if n == 0 { " " } else { "" }, piece))
        });
        for (between, word) in pieces {
            let (space, width) = (self.width(between, size), self.width(word, size));
            if !line.is_empty() && used + space + width <= room {
                line.push_str(between);
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

fn ems(font: &ParsedFont, c: char) -> Option<f32> {
    let glyph = font.lookup_glyph_index(c as u32).filter(|&glyph| glyph != 0)?;
    Some(f32::from(font.get_horizontal_advance(glyph)) / f32::from(font.pdf_font_metrics.units_per_em.max(1)))
}

#[cfg(test)]
mod tests {
    use super::{super::testkit, *};
    use crate::{
        domain::PersonName,
        reports::{Body, Row, to_the_end},
    };
    use proptest::prelude::*;
    use std::{cell::Cell, process::Command, time::Instant};

    fn written(report: &AttendanceReport, paper: Paper) -> (Vec<u8>, PdfFigures) {
        let mut bytes = Vec::new();
        let figures = write_pdf(report, ReportWords::of("en"), paper, &mut bytes, &to_the_end).unwrap();
        assert!(bytes.starts_with(b"%PDF-"));
        (bytes, figures)
    }

    #[test]
    fn a_person_sees_on_paper_what_is_stored_about_them() {
        let mut bytes = Vec::new();
        let file = super::super::person::tests::file();
        let figures = write_person_pdf(&file, ReportWords::of("en"), Paper::A4, &mut bytes).unwrap();
        assert_eq!(figures, PdfFigures { pages: 1, unprintable: 0 });
        let Some(text) = text_of(&bytes) else { return };
        for word in ["Ελένη", "17", "25 Nov 2026 09:58", "came later", "text 1", "replaced", "abab"] {
            assert!(text.contains(word), "{word}: {text}");
        }
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

    fn rows(report: &mut AttendanceReport) -> &mut [Row] {
        let Body::Marks(rows) = &mut report.body else { panic!("a report by mark") };
        rows
    }

    fn face() -> Face {
        let font = ParsedFont::from_bytes(UBUNTU_LIGHT, 0, &mut Vec::new()).unwrap();
        let id = PdfDocument::new("test").add_font(&font);
        Face::new(font, id)
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
            for expected in ["Werk Süd", "2 Mar 2026 to 31 Mar 2026", "Europe/Berlin", "25:07", "Page 2 of 2"]
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
        rows(&mut report)[0].name = Some(PersonName::new("漢字 Smith 🙂").unwrap());
        let (bytes, figures) = written(&report, Paper::A4);
        assert_eq!(figures.unprintable, 3);
        let Some(text) = text_of(&bytes) else { return };
        assert!(text.contains("?? Smith ?"), "{text}");
        assert!(text.contains("appear as '?': 3."), "{text}");
    }

    #[test]
    fn long_cells_wrap_and_lose_nothing() {
        let mut report = testkit::report(3);
        let words: Vec<String> = (0..900).map(|n| format!("w{n:03}")).collect();
        rows(&mut report)[1].reason = words.join(" "); // more than a page
        rows(&mut report)[1].corrected = true;
        rows(&mut report)[2].badge = Some("X".repeat(60));
        rows(&mut report)[2].name = None;
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
    fn it_stops_when_it_is_told_to_and_writes_nothing() {
        let mut bytes = Vec::new();
        let (report, words) = (testkit::report(300), ReportWords::of("en"));
        let stopped = write_pdf(&report, words, Paper::A4, &mut bytes, &|done| done < 70);
        assert!(matches!(stopped, Err(ReportError::Stopped)) && bytes.is_empty());
    }

    /// A stick so slow that somebody presses Stop while it is written to.
    struct Slow<'a> {
        written: &'a Cell<usize>,
    }

    impl Write for Slow<'_> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.written.set(self.written.get() + bytes.len());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn it_stops_while_it_is_being_saved() {
        let (report, words) = (testkit::report(300), ReportWords::of("en"));
        let written = Cell::new(0);
        let slow = || Slow { written: &written };
        write_pdf(&report, words, Paper::A4, slow(), &|_| true).unwrap();
        let whole = written.replace(0);
        assert!(whole > 2 * PIECE, "{whole} bytes");
        let stopped = write_pdf(&report, words, Paper::A4, slow(), &|_| written.get() < PIECE);
        assert!(matches!(stopped, Err(ReportError::Stopped)));
        assert_eq!(written.get(), PIECE);
    }

    #[test]
    fn an_empty_report_is_one_page() {
        let (bytes, figures) = written(&testkit::report(0), Paper::A4);
        assert_eq!(figures, PdfFigures { pages: 1, unprintable: 0 });
        let Some(text) = text_of(&bytes) else { return };
        assert!(text.contains("Nothing in this range."));
    }

    #[test]
    fn days_lie_on_their_side_when_every_column_is_chosen_and_speak_german() {
        let mut report = testkit::days();
        report.columns = crate::reports::ReportBy::Day.columns().to_vec();
        report.columns.retain(|column| *column != crate::reports::Column::AuditHead);
        let mut bytes = Vec::new();
        write_pdf(&report, ReportWords::of("de"), Paper::A4, &mut bytes, &to_the_end).unwrap();
        let Some(text) = text_of(&bytes) else { return };
        for word in [
            "Anwesenheitsbericht",
            "22:00–06:00",
            "02.03.2026 bis 31.03.2026",
            "06:05 (+1)",
            "0:07",
            "gefehlt",
            "Kommen fehlt",
            "(gelöscht)",
        ] {
            assert!(text.contains(word), "{word}: {text}");
        }
    }

    #[test]
    fn every_language_has_its_own_words_on_paper_and_a_glyph_for_each_letter() {
        for (code, expected) in [
            ("en", ["Attendance report", "8:05", "2 Mar 2026", "absent", "Totals per person", "Page 1 of 1"]),
            (
                "de",
                ["Anwesenheitsbericht", "8:05", "02.03.2026", "gefehlt", "Summen je Person", "Seite 1 von 1"],
            ),
            (
                "fr",
                [
                    "Rapport de présence",
                    "8 h 05",
                    "02/03/2026",
                    "absence",
                    "Totaux par personne",
                    "Page 1 sur 1",
                ],
            ),
            (
                "es",
                [
                    "Informe de asistencia",
                    "8:05",
                    "02/03/2026",
                    "ausencia",
                    "Totales por persona",
                    "Página 1 de 1",
                ],
            ),
        ] {
            let words = ReportWords::of(code);
            for paper in [Paper::A4, Paper::Letter] {
                let report = AttendanceReport { totals: testkit::report(3).totals, ..testkit::days() };
                let mut bytes = Vec::new();
                let figures = write_pdf(&report, words, paper, &mut bytes, &to_the_end).unwrap();
                assert_eq!(figures, PdfFigures { pages: 1, unprintable: 0 }, "{code}");
                let Some(text) = text_of(&bytes) else { return };
                let text = text.replace('\u{a0}', " ");
                for word in expected {
                    assert!(text.contains(word), "{code}, {word}: {text}");
                }
            }
            let mut bytes = Vec::new();
            let file = super::super::person::tests::file();
            let figures = write_person_pdf(&file, words, Paper::A4, &mut bytes).unwrap();
            assert_eq!(figures.unprintable, 0, "{code}");
            let Some(text) = text_of(&bytes) else { return };
            assert!(text.contains(words.person.title) && text.contains(words.person.pin_kept), "{text}");
        }
    }

    /// With `--nocapture` it prints the figures of the README.
    #[test]
    fn ten_thousand_rows_are_quick() {
        let report = testkit::report(10_000);
        let started = Instant::now();
        let (bytes, figures) = written(&report, Paper::A4);
        let pdf_secs = started.elapsed().as_secs_f32();
        let started = Instant::now();
        let mut csv = Vec::new();
        crate::reports::write_csv(&report, &mut csv, &to_the_end).unwrap();
        let csv_secs = started.elapsed().as_secs_f32();
        println!(
            "10,000 rows: PDF {} pages, {} bytes, {pdf_secs:.2} s; CSV {} bytes, {csv_secs:.2} s",
            figures.pages,
            bytes.len(),
            csv.len()
        );
        assert!(pdf_secs < 60.0 && csv_secs < 10.0, "PDF {pdf_secs} s, CSV {csv_secs} s"); // of a busy debug build
        assert!((200..300).contains(&figures.pages), "{}", figures.pages);
    }

    #[test]
    fn a_double_name_breaks_after_its_hyphen() {
        let face = face();
        let room = face.width("Papadimitropoulos-S", BODY);
        let lines = face.wrap("Papadimitropoulos-Schwarz -3", BODY, room);
        assert_eq!(lines, ["Papadimitropoulos-", "Schwarz -3"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn wrapped_lines_fit_and_hold_every_letter(text in "[a-zA-ZäΩя -]{0,200}", room in 12.0..300.0_f32) {
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
