//! Opening the window, and saying in words why it cannot be opened.
//!
//! Job: one call from the command line to the running window. It must not know what the window shows.

use super::{BenchRun, FaceprintApp};
use crate::{
    diagnostics::window::WindowWatch, domain::Clock, runtime::messages::Link, settings::Settings, ui::theme,
};
use eframe::NativeOptions;
use egui::{CursorIcon, Rect, Vec2, ViewportBuilder, ViewportCommand};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
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
    /// The speed test of Diagnostics.
    pub bench: BenchRun,
    /// Set from outside, for example by a signal: the window closes.
    pub quit: Arc<AtomicBool>,
    /// Counts what the window draws.
    pub watch: Arc<WindowWatch>,
    /// Filled once there is a window: what workers call when there is something to draw. They need not know egui.
    pub repaint: Arc<OnceLock<Repaint>>,
}

/// How soon after a worker's word the window is drawn. Not at once: egui draws twice for a request without delay.
const WAKES_IN: Duration = Duration::from_millis(1);

/// Asks the window to draw again. May be called from any thread.
pub type Repaint = Box<dyn Fn() + Send + Sync>;

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
    let AppOptions { settings, clock, strip, fullscreen, bench, quit, watch, repaint } = options;
    let viewport = ViewportBuilder::default()
        .with_title("Faceprint")
        .with_app_id("faceprint")
        .with_inner_size([1280.0, 720.0])
        .with_min_inner_size([640.0, 400.0])
        .with_fullscreen(fullscreen)
        .with_decorations(!fullscreen);
    // No colour here runs into another, so that dithering would only cost.
    let native =
        NativeOptions { viewport, centered: !fullscreen, dithering: false, ..NativeOptions::default() };
    let open = move || {
        eframe::run_native(
            "faceprint",
            native,
            Box::new(move |creation| {
                let ctx = creation.egui_ctx.clone();
                dress(&ctx);
                let _ = repaint.set(Box::new(move || ctx.request_repaint_after(WAKES_IN))); // one window, so it was empty
                Ok(Box::new(Window {
                    app: FaceprintApp::new(link, settings, clock, strip).with_bench(bench),
                    kiosk: fullscreen,
                    pointer: Pointer::default(),
                    quit,
                    watch,
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
    /// On a wall: the whole screen, no pointer, and nobody closes it without a session.
    kiosk: bool,
    pointer: Pointer,
    quit: Arc<AtomicBool>,
    watch: Arc<WindowWatch>,
}

impl eframe::App for Window {
    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }

    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        ctx.set_zoom_factor(theme::zoom(ctx.content_rect().size() * ctx.zoom_factor()));
        let pictures = self.app.take_in(ctx);
        self.watch.pictures.fetch_add(u64::from(pictures), Ordering::Relaxed);
        let told = self.quit.load(Ordering::Relaxed) || self.app.quitting();
        let (asked, monitor, window, fullscreen) = ctx.input(|input| {
            let viewport = input.viewport();
            (viewport.close_requested(), viewport.monitor_size, viewport.outer_rect, viewport.fullscreen)
        });
        if told {
            ctx.send_viewport_cmd(ViewportCommand::Close);
        } else if asked && self.kiosk && !self.app.may_close() {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
        }
        if self.kiosk {
            for command in refit(monitor, window, fullscreen) {
                ctx.send_viewport_cmd(command);
            }
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.app.draw(ui);
        self.watch.drawn.fetch_add(1, Ordering::Relaxed);
        if self.kiosk && self.pointer.rests(ui.ctx()) {
            ui.ctx().set_cursor_icon(CursorIcon::None);
        }
    }
}

/// What brings a kiosk's window back over the whole monitor: after another one was plugged in, or its mode changed.
/// Without a window manager nobody else does.
fn refit(monitor: Option<Vec2>, window: Option<Rect>, fullscreen: Option<bool>) -> Vec<ViewportCommand> {
    let mut commands = Vec::new();
    if fullscreen == Some(false) {
        commands.push(ViewportCommand::Fullscreen(true));
    }
    if let (Some(monitor), Some(window)) = (monitor, window)
        && (window.size() - monitor).abs().max_elem() > 1.0
    {
        commands.push(ViewportCommand::OuterPosition(egui::Pos2::ZERO));
        commands.push(ViewportCommand::InnerSize(monitor));
    }
    commands
}

/// When a mouse was last moved. A finger needs no pointer, a technician with a mouse does.
#[derive(Default)]
struct Pointer {
    moved_at: Option<f64>,
}

/// A pointer that rests this many seconds goes.
const POINTER_RESTS_SECS: f64 = 3.0;

impl Pointer {
    fn rests(&mut self, ctx: &egui::Context) -> bool {
        ctx.input(|input| {
            if input.pointer.delta() != Vec2::ZERO && !input.any_touches() {
                self.moved_at = Some(input.time);
            }
            self.moved_at.is_none_or(|at| input.time - at > POINTER_RESTS_SECS)
        })
    }
}

/// Theme and behaviour that do not depend on a screen or a setting.
pub(crate) fn dress(ctx: &egui::Context) {
    theme::install(ctx);
    ctx.options_mut(|options| options.zoom_with_keyboard = false);
}

impl From<eframe::Error> for AppError {
    fn from(error: eframe::Error) -> Self {
        let reason = reason(&error.to_string()).to_owned();
        match error {
            eframe::Error::Winit(_) | eframe::Error::WinitEventLoop(_) => Self::NoDisplay(reason),
            eframe::Error::Glutin(_) | eframe::Error::NoGlutinConfigs(..) | eframe::Error::OpenGL(_) => {
                Self::NoOpenGl(reason)
            }
            eframe::Error::AppCreation(_) => Self::Library(reason),
        }
    }
}

/// What winit says, without the place in its own sources.
fn reason(said: &str) -> &str {
    let behind = said.split_once("os error at ").and_then(|(_, place)| place.split_once(".rs:"));
    let reason = behind.and_then(|(_, line)| line.split_once(": ")).map_or(said, |(_, reason)| reason);
    reason.trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{Pos2, vec2};

    #[test]
    fn the_reason_for_no_window_names_no_folder_of_the_machine_that_built_it() {
        let said =
            "winit EventLoopError: os error at /home/me/winit-0.30/src/mod.rs:765: neither DISPLAY is set.";
        assert_eq!(reason(said), "neither DISPLAY is set");
        assert_eq!(reason("no OpenGL: none"), "no OpenGL: none");
    }

    #[test]
    fn another_monitor_is_filled_and_a_filled_one_is_left_alone() {
        let monitor = vec2(1920.0, 1080.0);
        let whole = Rect::from_min_size(Pos2::ZERO, monitor);
        assert!(refit(Some(monitor), Some(whole), Some(true)).is_empty());
        assert!(refit(None, None, None).is_empty(), "nothing is known yet");
        let portrait = vec2(1080.0, 1920.0);
        let commands = refit(Some(portrait), Some(whole), Some(true));
        assert!(commands.contains(&ViewportCommand::InnerSize(portrait)));
        assert_eq!(refit(Some(monitor), Some(whole), Some(false)), [ViewportCommand::Fullscreen(true)]);
    }
}
