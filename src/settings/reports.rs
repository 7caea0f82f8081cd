//! Which columns a host chose last, for each kind of report: the `[reports]` table of the settings file.
//!
//! Job: four lists of names, kept. It must not know which columns there are; whoever reads a list takes the usual columns
//! in place of one that it does not understand.

use super::SettingsError;
use serde::{Deserialize, Serialize};

/// Longest list, characters.
const MAX_CHARS: usize = 400;

/// Lists such as `date,name,worked`; an empty one is the usual columns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportColumns {
    /// A row for each day, as CSV.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub day_csv: String,
    /// A row for each day, as PDF.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub day_pdf: String,
    /// A row for each mark, as CSV.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub mark_csv: String,
    /// A row for each mark, as PDF.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub mark_pdf: String,
}

impl ReportColumns {
    pub(super) fn check(self) -> Result<Self, SettingsError> {
        let plain = |list: &String| {
            list.len() <= MAX_CHARS && list.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b',')
        };
        let lists = [&self.day_csv, &self.day_pdf, &self.mark_csv, &self.mark_pdf];
        if let Some(list) = lists.into_iter().find(|list| !plain(list)) {
            return Err(SettingsError::Value {
                field: "reports",
                given: list.chars().take(20).collect(),
                allowed: "names of columns with commas between, such as date,name,worked",
            });
        }
        Ok(self)
    }
}
