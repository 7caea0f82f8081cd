//! Every colour, size and font of the window, light and dark.
//!
//! Job: one place to change how the product looks. It must not know any screen: names say what a colour is for
//! (`ground`, `quiet`, `alarm`), never where it is used. A test keeps colour literals out of every other file.

use super::fonts::SystemFonts;
use crate::settings::{Display, Look};
use egui::{
    Color32, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, Style, TextStyle, Theme,
    ThemePreference, Ui, Vec2, Visuals,
    style::{Selection, WidgetVisuals},
};
use std::sync::Arc;

/// Smallest side of anything that a finger presses, points.
pub const TOUCH: f32 = 48.0;
/// Space between things that belong together.
pub const GAP: f32 = 12.0;
/// Space between groups, and around a page.
pub const SPACE: f32 = 24.0;
/// Corners of cards and pictures.
pub const RADIUS: u8 = 16;
/// Corners of buttons and fields.
pub const RADIUS_SMALL: u8 = 10;
/// Height of a table row; holds a button.
pub const ROW: f32 = 52.0;
/// Height of a plot's curves.
pub const PLOT: f32 = 120.0;
/// Widest column of text and fields that still reads well.
pub const COLUMN: f32 = 520.0;
/// Width of the host navigation.
pub const NAV: f32 = 216.0;
/// The same on a small screen.
pub const NAV_SMALL: f32 = 148.0;
/// Screens narrower than this are small.
pub const SMALL_WIDTH: f32 = 1000.0;
/// Screens lower than this are small.
pub const SMALL_HEIGHT: f32 = 600.0;

/// How much larger letters are for those who asked for it.
const LARGE_TYPE: f32 = 1.25;
/// Above it a screen of 4K has room for more instead.
const MOST_ZOOM: f32 = 3.0;

/// Large text of a page's title.
pub const TITLE: f32 = 30.0;
/// Figures on tiles.
pub const FIGURE: f32 = 36.0;
/// Digits of the PIN pad.
pub const DIGIT: f32 = 26.0;
/// A picture in its own colours.
pub const UNTINTED: Color32 = Color32::WHITE;
/// Letters are never smaller than this.
pub const SMALLEST: f32 = 14.0;
const HEADING: f32 = 22.0;
const BODY: f32 = 17.0;
const SMALL: f32 = 14.5;

/// A colour with what it means, in the forms that screens need. Text on `solid` is `on_solid`, on `soft` `on_soft`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tone {
    /// Strong fill; also lines and text on ground or surface.
    pub solid: Color32,
    /// Text on `solid`.
    pub on_solid: Color32,
    /// Quiet fill.
    pub soft: Color32,
    /// Text on `soft`.
    pub on_soft: Color32,
}

/// Everything a screen may paint with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    /// Behind everything.
    pub ground: Color32,
    /// Cards and panels.
    pub surface: Color32,
    /// Fields, stripes, the place of a missing picture.
    pub sunken: Color32,
    /// Hairlines and borders.
    pub line: Color32,
    /// Text.
    pub ink: Color32,
    /// Text of less weight.
    pub quiet: Color32,
    /// The product's own colour: what to press next.
    pub accent: Tone,
    /// Somebody came in; all is well.
    pub arrived: Tone,
    /// Somebody went out.
    pub left: Tone,
    /// Something to notice: advice, a stranger.
    pub notice: Tone,
    /// Something is wrong, or cannot be undone.
    pub alarm: Tone,
    /// Over a picture, under a dialog.
    pub shade: Color32,
    /// Text and frames on a picture.
    pub on_picture: Color32,
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

const fn tone(solid: u32, on_solid: u32, soft: u32, on_soft: u32) -> Tone {
    Tone { solid: rgb(solid), on_solid: rgb(on_solid), soft: rgb(soft), on_soft: rgb(on_soft) }
}

/// For daylight.
pub const LIGHT: Palette = Palette {
    ground: rgb(0x00f4_f3ef),
    surface: rgb(0x00ff_ffff),
    sunken: rgb(0x00ec_ebe5),
    line: rgb(0x00d8_d6cd),
    ink: rgb(0x0016_201e),
    quiet: rgb(0x0053_5f5b),
    accent: tone(0x000d_6656, 0x00ff_ffff, 0x00dc_eee9, 0x000a_4f43),
    arrived: tone(0x0018_733e, 0x00ff_ffff, 0x00da_f0e1, 0x0012_552d),
    left: tone(0x0029_5ba8, 0x00ff_ffff, 0x00e0_e9f8, 0x001f_4785),
    notice: tone(0x0087_5700, 0x00ff_ffff, 0x00fb_ebcb, 0x0066_4200),
    alarm: tone(0x00b0_251d, 0x00ff_ffff, 0x00fb_e2df, 0x008c_1d18),
    shade: Color32::from_black_alpha(150),
    on_picture: rgb(0x00ff_ffff),
};

/// For the evening and for entrances without daylight.
pub const DARK: Palette = Palette {
    ground: rgb(0x000e_1413),
    surface: rgb(0x0019_2220),
    sunken: rgb(0x000a_0f0e),
    line: rgb(0x002f_3a37),
    ink: rgb(0x00ec_f1ef),
    quiet: rgb(0x00a5_b3ae),
    accent: tone(0x0050_c4ab, 0x0004_231d, 0x0013_3a33, 0x00a5_e6d8),
    arrived: tone(0x005a_c987, 0x0005_2612, 0x0013_3523, 0x009f_e5ba),
    left: tone(0x0084_b3ff, 0x0009_1e3e, 0x0018_2a4b, 0x00bf_d6ff),
    notice: tone(0x00f0_b95a, 0x002c_1c00, 0x0039_2a0d, 0x00f6_d798),
    alarm: tone(0x00ff_8a80, 0x0038_0703, 0x0044_1611, 0x00ff_c4bd),
    shade: Color32::from_black_alpha(170),
    on_picture: rgb(0x00ff_ffff),
};

/// For daylight and weak eyes: black on white, 7:1 and more.
pub const LIGHT_STRONG: Palette = Palette {
    ground: rgb(0x00ff_fffe),
    surface: rgb(0x00ff_ffff),
    sunken: rgb(0x00f0_f0f0),
    line: rgb(0x0000_0000),
    ink: rgb(0x0000_0000),
    quiet: rgb(0x002b_2b2b),
    accent: tone(0x0000_4a3c, 0x00ff_ffff, 0x00d9_f5ee, 0x0000_3329),
    arrived: tone(0x0000_5223, 0x00ff_ffff, 0x00d6_f5e0, 0x0000_3a18),
    left: tone(0x0008_3a86, 0x00ff_ffff, 0x00dd_e8fb, 0x0006_2c66),
    notice: tone(0x005c_3a00, 0x00ff_ffff, 0x00ff_edc7, 0x0044_2b00),
    alarm: tone(0x008f_0d07, 0x00ff_ffff, 0x00ff_e1de, 0x006b_0904),
    shade: Color32::from_black_alpha(210),
    on_picture: rgb(0x00ff_ffff),
};

/// For the evening and weak eyes: white on black, 7:1 and more.
pub const DARK_STRONG: Palette = Palette {
    ground: rgb(0x0000_0001),
    surface: rgb(0x0000_0000),
    sunken: rgb(0x0010_1010),
    line: rgb(0x00ff_ffff),
    ink: rgb(0x00ff_ffff),
    quiet: rgb(0x00dc_dcdc),
    accent: tone(0x006f_ebd0, 0x0000_0000, 0x0000_2b23, 0x00b9_fbea),
    arrived: tone(0x006d_ed9f, 0x0000_0000, 0x0000_2c12, 0x00b4_fccd),
    left: tone(0x00a9_cbff, 0x0000_0000, 0x000a_1f44, 0x00d2_e4ff),
    notice: tone(0x00ff_d06b, 0x0000_0000, 0x0036_2500, 0x00ff_e5ac),
    alarm: tone(0x00ff_aaa2, 0x0000_0000, 0x0042_0f0a, 0x00ff_d2cd),
    shade: Color32::from_black_alpha(220),
    on_picture: rgb(0x00ff_ffff),
};

const PALETTES: [&Palette; 4] = [&LIGHT, &DARK, &LIGHT_STRONG, &DARK_STRONG];

/// The palette in force: the one whose ground the style carries (no two share one).
#[must_use]
pub fn palette(ui: &Ui) -> &'static Palette {
    let ground = ui.visuals().panel_fill;
    PALETTES.into_iter().find(|palette| palette.ground == ground).unwrap_or(&DARK)
}

/// Prepares a context, once: both looks as a new site has them, and the system's fonts for names that the built-in
/// ones cannot write.
pub fn install(ctx: &egui::Context) {
    ctx.add_font_provider(Arc::new(SystemFonts::of_this_machine()));
    apply(ctx, &Display::default());
}

/// Dresses a context as the site chose.
pub fn apply(ctx: &egui::Context, display: &Display) {
    let (light, dark) = if display.high_contrast { (&LIGHT_STRONG, &DARK_STRONG) } else { (&LIGHT, &DARK) };
    let enlarge = if display.large_type { LARGE_TYPE } else { 1.0 };
    ctx.set_style_of(Theme::Light, style(light, Visuals::light(), enlarge));
    ctx.set_style_of(Theme::Dark, style(dark, Visuals::dark(), enlarge));
    ctx.set_theme(match display.look {
        Look::System => ThemePreference::System,
        Look::Light => ThemePreference::Light,
        Look::Dark => ThemePreference::Dark,
    });
}

/// How much larger than its points the whole window is drawn, by its size in unscaled points: what fits 1280x720 fills
/// 1920x1080 as well, so that a host at arm's length reads it there. Never below 1; in portrait 800 points across are left.
#[must_use]
pub fn zoom(window: Vec2) -> f32 {
    let fits = if window.x >= window.y { Vec2::new(1280.0, 720.0) } else { Vec2::new(800.0, 1280.0) };
    let zoom = (window / fits).min_elem().clamp(1.0, MOST_ZOOM);
    (zoom * 20.0 + 1e-3).floor() / 20.0 // in steps: a size that is off by a rounding changes nothing
}

/// A font of `size` points in the text family.
#[must_use]
pub fn font(size: f32) -> FontId {
    FontId::new(size, FontFamily::Proportional)
}

/// Corners of cards.
#[must_use]
pub fn rounded() -> CornerRadius {
    CornerRadius::same(RADIUS)
}

/// How large things are on the attendee screen, which is read from two metres on anything from 800x480 to
/// a portrait 1080x1920.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    lengths: f32,
    letters: f32,
}

impl Scale {
    /// By the window's size in points; 1 at 1280x720. Large type enlarges letters, not lengths.
    #[must_use]
    pub fn of(window: Vec2, large_type: bool) -> Self {
        let (short, long) = (window.min_elem(), window.max_elem());
        let lengths = (short / 720.0).min(long / 1280.0).clamp(0.6, 2.0);
        Self { lengths, letters: lengths * if large_type { LARGE_TYPE } else { 1.0 } }
    }

    /// A length that is `points` at 1280x720.
    #[must_use]
    pub fn px(self, points: f32) -> f32 {
        (points * self.lengths).round()
    }

    /// The height of letters that are `points` high at 1280x720.
    #[must_use]
    pub fn letters(self, points: f32) -> f32 {
        (points * self.letters).round().max(SMALLEST)
    }

    /// A length for fingers: never below [`TOUCH`].
    #[must_use]
    pub fn touch(self, points: f32) -> f32 {
        self.px(points).max(TOUCH)
    }

    /// A font that is `points` high at 1280x720, and never too small to read.
    #[must_use]
    pub fn font(self, points: f32) -> FontId {
        font(self.letters(points))
    }
}

fn style(colours: &Palette, visuals: Visuals, enlarge: f32) -> Style {
    let mut style = Style { visuals: visuals_of(colours, visuals), ..Style::default() };
    style.text_styles = [
        (TextStyle::Heading, font(HEADING * enlarge)),
        (TextStyle::Body, font(BODY * enlarge)),
        (TextStyle::Button, font(BODY * enlarge)),
        (TextStyle::Small, font(SMALL * enlarge)),
        (TextStyle::Monospace, FontId::new(SMALL * enlarge, FontFamily::Monospace)),
    ]
    .into();
    let spacing = &mut style.spacing;
    spacing.item_spacing = Vec2::splat(GAP);
    spacing.button_padding = Vec2::new(18.0, 10.0);
    spacing.interact_size = Vec2::new(TOUCH, TOUCH);
    spacing.icon_width = 26.0;
    spacing.icon_width_inner = 16.0;
    spacing.icon_spacing = 10.0;
    spacing.combo_height = 360.0;
    spacing.window_margin = Margin::same(SPACE as i8);
    spacing.menu_margin = Margin::same(8);
    style.interaction.selectable_labels = false; // a finger that slides must not select words
    style
}

fn visuals_of(colours: &Palette, mut visuals: Visuals) -> Visuals {
    let widget = |fill: Color32, stroke: Color32, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, stroke),
        corner_radius: CornerRadius::same(RADIUS_SMALL),
        fg_stroke: Stroke::new(1.5, text),
        expansion: 0.0,
    };
    let accent = colours.accent;
    visuals.widgets.noninteractive = widget(colours.surface, colours.line, colours.ink);
    visuals.widgets.inactive = widget(colours.surface, colours.line, colours.ink);
    visuals.widgets.hovered = widget(colours.surface, accent.solid, colours.ink);
    visuals.widgets.active = widget(accent.soft, accent.solid, accent.on_soft);
    visuals.widgets.open = widget(colours.surface, accent.solid, colours.ink);
    visuals.selection = Selection { bg_fill: accent.soft, stroke: Stroke::new(1.5, accent.on_soft) };
    visuals.override_text_color = None;
    visuals.weak_text_color = Some(colours.quiet);
    visuals.hyperlink_color = accent.solid;
    visuals.panel_fill = colours.ground;
    visuals.window_fill = colours.surface;
    visuals.window_stroke = Stroke::new(1.0, colours.line);
    visuals.window_corner_radius = rounded();
    visuals.menu_corner_radius = CornerRadius::same(RADIUS_SMALL);
    visuals.extreme_bg_color = colours.sunken;
    visuals.text_edit_bg_color = Some(colours.surface);
    visuals.faint_bg_color = colours.surface;
    visuals.code_bg_color = colours.sunken;
    visuals.warn_fg_color = colours.notice.solid;
    visuals.error_fg_color = colours.alarm.solid;
    let shadow = Shadow { offset: [0, 6], blur: 28, spread: 0, color: Color32::from_black_alpha(60) };
    visuals.window_shadow = shadow;
    visuals.popup_shadow = shadow;
    visuals
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast ratio of WCAG 2.2, 1 to 21.
    fn contrast(a: Color32, b: Color32) -> f64 {
        let luminance = |c: Color32| {
            let part = |v: u8| {
                let v = f64::from(v) / 255.0;
                if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * part(c.r()) + 0.7152 * part(c.g()) + 0.0722 * part(c.b())
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn large_screens_are_drawn_larger_and_leave_the_room_that_pages_are_made_for() {
        let sizes = [
            ((800.0, 480.0), 1.0),
            ((1280.0, 720.0), 1.0),
            ((1024.0, 768.0), 1.0),
            ((1280.0, 1024.0), 1.0),
            ((1366.0, 768.0), 1.05),
            ((1920.0, 1080.0), 1.5),
            ((1080.0, 1920.0), 1.35),
            ((3840.0, 2160.0), 3.0),
            ((7680.0, 4320.0), 3.0),
        ];
        for ((x, y), expected) in sizes {
            let window = Vec2::new(x, y);
            let zoom = zoom(window);
            assert!((zoom - expected).abs() < 1e-4, "{window:?}: {zoom}");
            let points = window / zoom;
            assert!(points.x >= 799.0 && points.y >= 479.0, "{window:?} has only {points:?}");
            // The window hands back its size with what was lost by dividing.
            assert_eq!(super::zoom(points * zoom), zoom, "{window:?}");
            assert_eq!(super::zoom(points * zoom * 0.999_999), zoom, "{window:?}");
        }
    }

    #[test]
    fn every_text_reads_at_4_5_to_1_on_what_it_stands_on() {
        let looks = ["light", "dark", "light, high contrast", "dark, high contrast"];
        for (look, p) in looks.into_iter().zip(PALETTES) {
            let wanted = if look.contains("high") { 7.0 } else { 4.5 };
            let mut pairs = vec![
                ("ink on ground", p.ink, p.ground),
                ("ink on surface", p.ink, p.surface),
                ("ink on sunken", p.ink, p.sunken),
                ("quiet on ground", p.quiet, p.ground),
                ("quiet on surface", p.quiet, p.surface),
                ("quiet on sunken", p.quiet, p.sunken),
                (
                    "text on a shaded white picture",
                    p.on_picture,
                    Color32::WHITE.lerp_to_gamma(Color32::BLACK, f32::from(p.shade.a()) / 255.0),
                ),
            ];
            for tone in [p.accent, p.arrived, p.left, p.notice, p.alarm] {
                pairs.extend([
                    ("on_solid on solid", tone.on_solid, tone.solid),
                    ("on_soft on soft", tone.on_soft, tone.soft),
                    ("solid on ground", tone.solid, p.ground),
                    ("solid on surface", tone.solid, p.surface),
                ]);
            }
            for (what, text, behind) in pairs {
                let ratio = contrast(text, behind);
                assert!(ratio >= wanted, "{look}: {what} is {ratio:.2}:1 ({text:?} on {behind:?})");
            }
        }
        let grounds: std::collections::BTreeSet<_> = PALETTES.map(|p| p.ground.to_array()).into();
        assert_eq!(grounds.len(), PALETTES.len(), "a palette is known by its ground");
        assert!((contrast(Color32::WHITE, Color32::BLACK) - 21.0).abs() < 1e-9);
        assert!(contrast(rgb(0x0077_7777), Color32::WHITE) < 4.5);
    }

    #[test]
    fn colours_are_named_here_and_nowhere_else() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
        for module in ["ui", "app"] {
            for entry in std::fs::read_dir(format!("{folder}/{module}")).unwrap() {
                let path = entry.unwrap().path();
                if path.ends_with("theme.rs") {
                    continue;
                }
                let source = std::fs::read_to_string(&path).unwrap();
                for word in
                    ["Color32::from_", "Color32::WHITE", "Color32::BLACK", "Color32::RED", "hex_color!"]
                {
                    assert!(!source.contains(word), "{} names a colour: {word}", path.display());
                }
            }
        }
    }

    #[test]
    fn touch_targets_stay_large_on_small_screens() {
        let small = Scale::of(Vec2::new(800.0, 480.0), false);
        let portrait = Scale::of(Vec2::new(1080.0, 1920.0), false);
        assert!(small.touch(56.0) >= TOUCH);
        assert!(small.font(22.0).size >= 14.0);
        assert!(portrait.px(100.0) > small.px(100.0));
        let large = Scale::of(Vec2::new(1280.0, 720.0), true);
        assert!(large.font(40.0).size >= 50.0 && large.px(100.0) == 100.0);
    }
}
