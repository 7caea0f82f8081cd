//! Opening the window, and saying in words why it cannot be opened.
//!
//! Job: one call from the command line to the running window. It must not know what the window shows.

use super::FaceprintApp;
use crate::{domain::Clock, runtime::messages::Link, settings::Settings, ui::theme};
use eframe::NativeOptions;
use egui::{ThemePreference, ViewportBuilder, ViewportCommand};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

/// How the window opens.
pub struct AppOptions {
    /// Settings in force at the start.
    pub settings: Settings,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// A line at the foot of the attendee screen, for a demonstration.
    pub strip: Option<String>,
    /// The whole screen without a title bar, as on a wall.
    pub fullscreen: bool,
    /// Light, dark, or as the system says.
    pub look: Look,
    /// Set from outside, for example by a signal: the window closes.
    pub quit: Arc<AtomicBool>,
    /// Filled once there is a window: what workers call when there is something to draw. They need not know egui.
    pub repaint: Arc<OnceLock<Repaint>>,
}

/// Asks the window to draw again. May be called from any thread.
pub type Repaint = Box<dyn Fn() + Send + Sync>;

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
    #[error(
        "the display offers no OpenGL ({0}): install the graphics driver or Mesa (on Debian: libgl1 libegl1)"
    )]
    NoOpenGl(String),
    /// The windowing library gave up, most often for want of a shared library.
    #[error(
        "the window could not be opened ({0}): on Debian install libx11-6 libx11-xcb1 libxcursor1 libxi6 \
         libxkbcommon-x11-0 libgl1"
    )]
    Library(String),
}

/// Opens the window and returns when it is closed.
pub fn run(link: Link, options: AppOptions) -> Result<(), AppError> {
    let AppOptions { settings, clock, strip, fullscreen, look, quit, repaint } = options;
    let viewport = ViewportBuilder::default()
        .with_title("Faceprint")
        .with_app_id("faceprint")
        .with_inner_size([1280.0, 720.0])
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
                let _ = repaint.set(Box::new(move || ctx.request_repaint())); // one window, so it was empty
                Ok(Box::new(Window {
                    app: FaceprintApp::new(link, settings, clock, strip),
                    fill: fullscreen,
                    quit,
                }))
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

/// The app as eframe calls it.
struct Window {
    app: FaceprintApp,
    /// Keep to the monitor's size. Without a window manager nobody else makes a window full screen.
    fill: bool,
    quit: Arc<AtomicBool>,
}

impl eframe::App for Window {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.app.take_in(ctx);
        if self.quit.load(Ordering::Relaxed) {
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
        let (monitor, window) =
            ctx.input(|input| (input.viewport().monitor_size, input.viewport().outer_rect));
        if let (true, Some(monitor), Some(window)) = (self.fill, monitor, window)
            && (window.size() - monitor).abs().max_elem() > 1.0
        {
            ctx.send_viewport_cmd(ViewportCommand::OuterPosition(egui::Pos2::ZERO));
            ctx.send_viewport_cmd(ViewportCommand::InnerSize(monitor));
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.app.draw(ui);
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
            eframe::Error::AppCreation(_) => Self::Library(reason),
        }
    }
}
