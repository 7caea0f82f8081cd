//! How the screen looks to whoever stands in front of it: the `[display]` table of the settings file.
//!
//! Job: these choices and their ranges. It must not know a colour or a font.

use super::SettingsError;
use serde::{Deserialize, Serialize};

/// What a site chooses for people's eyes. Each applies at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Display {
    /// Light or dark.
    pub look: Look,
    /// Letters a quarter larger.
    pub large_type: bool,
    /// Black, white and strong colours only.
    pub high_contrast: bool,
    /// When the keyboard on the screen comes.
    pub keyboard: ScreenKeyboard,
    /// Seconds without anybody after which the screen rests; 0 is never, else 30 to 86 400.
    pub saver_secs: u32,
}

/// Light, dark, or as the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// As the system says; dark where it says nothing.
    #[default]
    System,
    /// For daylight.
    Light,
    /// For the evening.
    Dark,
}

/// When the keyboard on the screen comes with a text field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScreenKeyboard {
    /// When a finger chose the field.
    #[default]
    Auto,
    /// With every field.
    Always,
    /// Never: there is another one.
    Never,
}

impl Default for Display {
    fn default() -> Self {
        Self {
            look: Look::System,
            large_type: false,
            high_contrast: false,
            keyboard: ScreenKeyboard::Auto,
            saver_secs: 300,
        }
    }
}

impl Display {
    pub(super) fn check(self) -> Result<Self, SettingsError> {
        if self.saver_secs == 0 || (30..=86_400).contains(&self.saver_secs) {
            Ok(self)
        } else {
            Err(SettingsError::Value {
                field: "saver_secs",
                given: self.saver_secs.to_string(),
                allowed: "0 for never, or 30 to 86400 seconds",
            })
        }
    }
}
