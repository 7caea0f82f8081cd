//! Opening the window, and saying in words why it cannot be opened.
//!
//! Job: one call from the command line to the running window. It must not know what the window shows.

use super::FaceprintApp;
use crate::{domain::Clock, runtime::messages::Link, ui::theme};
use eframe::NativeOptions;
use egui::{ThemePreference, ViewportBuilder};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// How the window opens.
#[derive(Debug, Clone, Default)]
pub struct WindowOptions {
    /// The whole screen without a title bar, as on a wall.
    pub fullscreen: bool,
    /// Light, dark, or as the system says.
    pub look: Look,
    /// Size in points when not full screen; 1280x720 if absent.
    pub size: Option<(f32, f32)>,
    /// A line at the foot of the attendee screen, for a demonstration.
    pub strip: Option<String>,
}

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Look {
    /// As the system says; dark where it says nothing.
    #[default]
    System,
    /// For daylight.
    Light,
    /// For the evening.
    Dark,
}

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// Neither X11 nor Wayland answers.
    #[error(
        "no display answers ({0}): start the kiosk in a graphical session, or set DISPLAY or WAYLAND_DISPLAY; \
         on a machine without a screen use `faceprint replay`"
    )]
    NoDisplay(String),
    /// No OpenGL.
    #[error("the display offers no OpenGL ({0}): install the graphics driver or Mesa (on Debian: libgl1 libegl1)")]
    NoOpenGl(String),
    /// The windowing library gave up, most often for want of a shared library.
    #[error(
        "the window could not be opened ({0}): on Debian install libx11-6 libx11-xcb1 libxcursor1 libxi6 \
         libxkbcommon-x11-0 libgl1"
    )]
    Library(String),
}

/// Opens the window and returns when it is closed. Workers wake it through the link; they need not know egui.
pub fn run(link: Link, clock: Arc<dyn Clock>, options: WindowOptions) -> Result<(), AppError> {
    let WindowOptions { fullscreen, look, size, strip } = options;
    let (width, height) = size.unwrap_or((1280.0, 720.0));
    let viewport = ViewportBuilder::default()
        .with_title("Faceprint")
        .with_app_id("faceprint")
        .with_inner_size([width, height])
        .with_min_inner_size([640.0, 400.0])
        .with_fullscreen(fullscreen)
        .with_decorations(!fullscreen);
    let native = NativeOptions { viewport, centered: !fullscreen, ..NativeOptions::default() };
    let open = move || {
        eframe::run_native(
            "faceprint",
            native,
            Box::new(move |creation| {
                let ctx = creation.egui_ctx.clone();
                dress(&ctx, look);
                link.set_waker(Arc::new(move || ctx.request_repaint()));
                Ok(Box::new(FaceprintApp::new(link, clock, strip)))
            }),
        )
    };
    // A missing libxkbcommon-x11 is a panic of the windowing library, not an error.
    match catch_unwind(AssertUnwindSafe(open)) {
        Ok(result) => result.map_err(AppError::from),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Err(AppError::Library(text.unwrap_or_else(|| "no reason given".to_owned())))
        }
    }
}

/// Theme and behaviour that do not depend on a screen.
pub(crate) fn dress(ctx: &egui::Context, look: Look) {
    theme::install(ctx);
    ctx.set_theme(match look {
        Look::System => ThemePreference::System,
        Look::Light => ThemePreference::Light,
        Look::Dark => ThemePreference::Dark,
    });
    ctx.options_mut(|options| options.zoom_with_keyboard = false);
}

impl From<eframe::Error> for AppError {
    fn from(error: eframe::Error) -> Self {
        let reason = error.to_string();
        match error {
            eframe::Error::Winit(_) | eframe::Error::WinitEventLoop(_) => Self::NoDisplay(reason),
            eframe::Error::Glutin(_) | eframe::Error::NoGlutinConfigs(..) | eframe::Error::OpenGL(_) => {
                Self::NoOpenGl(reason)
            }
            _ => Self::Library(reason),
        }
    }
}
