//! `faceprint export`: a report from options.

use super::{
    args::{ByArg, Format, Global, HostLogin, PaperArg},
    context::{Context, log_in},
};
use crate::{
    domain::{Actor, PersonId},
    reports::{Column, Order, Paper, ReportBy},
    runtime::{
        ledger::Ledger,
        messages::{ExportFormat, ReportSpec},
    },
};
use anyhow::Context as _;
use jiff::civil::Date;
use std::path::Path;

/// The options.
pub struct Wanted<'a> {
    /// Kind of file.
    pub format: Format,
    /// Of a PDF.
    pub paper: PaperArg,
    /// What there is a row for.
    pub by: ByArg,
    /// First attendance day.
    pub from: Date,
    /// Last one, included.
    pub to: Date,
    /// Ids with commas between.
    pub columns: Option<&'a str>,
    /// A column's id, after `-` the other way round.
    pub sort: Option<&'a str>,
    /// Ids or badges; none is everybody.
    pub people: &'a [String],
    /// The file.
    pub out: &'a Path,
}

pub fn export(global: &Global, wanted: &Wanted<'_>, host: Option<&HostLogin>) -> anyhow::Result<()> {
    let by = match wanted.by {
        ByArg::Mark => ReportBy::Mark,
        ByArg::Day => ReportBy::Day,
    };
    let format = match (wanted.format, wanted.paper) {
        (Format::Csv, _) => ExportFormat::Csv,
        (Format::Pdf, PaperArg::A4) => ExportFormat::Pdf(Paper::A4),
        (Format::Pdf, PaperArg::Letter) => ExportFormat::Pdf(Paper::Letter),
    };
    let columns = columns(by, format, wanted.columns)?;
    let order = wanted.sort.map(|text| order(by, text)).transpose()?;
    let rows = Context::new(global)?.with_ledger(|ledger| {
        let who = match host {
            Some(host) => log_in(ledger, host)?.actor(),
            None => Actor::Kiosk,
        };
        let people = people(ledger, wanted.people)?;
        let spec = ReportSpec { by, from: wanted.from, to: wanted.to, people, columns, order };
        Ok(ledger.export(who, &spec, format, wanted.out)?)
    })?;
    eprintln!("{rows} {} in {}", if rows == 1 { "row" } else { "rows" }, wanted.out.display());
    Ok(())
}

fn columns(by: ReportBy, format: ExportFormat, list: Option<&str>) -> anyhow::Result<Vec<Column>> {
    let columns = match (list, format) {
        (Some(list), _) => by.parse_columns(list)?,
        (None, ExportFormat::Csv) => by.columns().to_vec(),
        (None, ExportFormat::Pdf(_)) => by.usual().to_vec(),
    };
    anyhow::ensure!(!columns.is_empty(), "--columns names no column: leave it out for the usual ones");
    Ok(columns)
}

fn order(by: ReportBy, text: &str) -> anyhow::Result<Order> {
    let (id, descending) = text.strip_prefix('-').map_or((text, false), |id| (id, true));
    let column = by.parse_columns(id)?;
    let [by] = column[..] else { anyhow::bail!("--sort takes one column, not '{id}'") };
    Ok(Order { by, descending })
}

fn people(ledger: &Ledger, wanted: &[String]) -> anyhow::Result<Option<Vec<PersonId>>> {
    if wanted.is_empty() {
        return Ok(None);
    }
    let one = |text: &String| {
        let by_id = text.trim().parse::<PersonId>().ok();
        by_id.or_else(|| ledger.vault().person_by_badge(text)).with_context(|| {
            format!("there is nobody with the id or badge '{text}': `faceprint people list` prints both")
        })
    };
    wanted.iter().map(one).collect::<anyhow::Result<Vec<_>>>().map(Some)
}
