//! The live picture: one texture, replaced when a newer frame arrives, shown as in a mirror.
//!
//! Job: pixels of a frame to the screen, and frame coordinates to screen coordinates. It must not know what is in
//! the picture. Mirroring and cropping are texture coordinates; no pixel is copied twice.

use super::theme;
use crate::{domain, domain::Moment, imaging::Frame};
use egui::{ColorImage, Pos2, Rect, TextureHandle, TextureOptions, Ui, Vec2, epaint::RectShape, pos2, vec2};

/// The newest frame on the graphics side.
#[derive(Default)]
pub struct PictureTexture {
    shown: Option<(u64, Moment)>,
    texture: Option<TextureHandle>,
}

impl PictureTexture {
    /// Uploads `frame` unless it is the one already there. True when it was new.
    pub fn update(&mut self, ctx: &egui::Context, frame: &Frame) -> bool {
        let this = (frame.number(), frame.captured());
        if self.shown == Some(this) {
            return false;
        }
        let size = [frame.width() as usize, frame.height() as usize];
        let image = ColorImage::from_rgb(size, frame.rgb());
        match &mut self.texture {
            Some(texture) => texture.set(image, TextureOptions::LINEAR),
            none => *none = Some(ctx.load_texture("camera", image, TextureOptions::LINEAR)),
        }
        self.shown = Some(this);
        true
    }

    /// Forgets the picture, so that nothing stale is shown when the camera is gone.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Fills `rect` with the picture, cropped to its shape; `None` while there is no picture.
    pub fn show(&self, ui: &Ui, rect: Rect, mirror: bool) -> Option<Placement> {
        let texture = self.texture.as_ref()?;
        let placement = Placement::cover(rect, texture.size_vec2(), mirror);
        let shape = RectShape::filled(rect, theme::rounded(), theme::UNTINTED)
            .with_texture(texture.id(), placement.uv());
        ui.painter().add(shape);
        Some(placement)
    }
}

/// Where a frame lies on the screen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placement {
    screen: Rect,
    frame_size: Vec2,
    mirror: bool,
    /// Screen points per frame pixel.
    scale: f32,
}

impl Placement {
    /// The frame fills `screen`; what does not fit is cut evenly from both sides.
    #[must_use]
    pub fn cover(screen: Rect, frame_size: Vec2, mirror: bool) -> Self {
        let frame_size = frame_size.max(Vec2::splat(1.0));
        let scale = (screen.width() / frame_size.x).max(screen.height() / frame_size.y);
        Self { screen, frame_size, mirror, scale }
    }

    /// The screen rectangle it fills.
    #[must_use]
    pub fn screen(&self) -> Rect {
        self.screen
    }

    /// The part of the texture that is shown; left and right are exchanged in a mirror.
    #[must_use]
    pub fn uv(&self) -> Rect {
        let half = self.screen.size() / self.scale / self.frame_size / 2.0;
        let (left, right) =
            if self.mirror { (0.5 + half.x, 0.5 - half.x) } else { (0.5 - half.x, 0.5 + half.x) };
        Rect { min: pos2(left, 0.5 - half.y), max: pos2(right, 0.5 + half.y) }
    }

    /// A rectangle in frame pixels as it lies on the screen; may reach outside the picture.
    #[must_use]
    pub fn to_screen(&self, in_frame: &domain::Rect) -> Rect {
        let a = self.point(in_frame.x0, in_frame.y0);
        let b = self.point(in_frame.x1, in_frame.y1);
        Rect::from_two_pos(a, b)
    }

    fn point(&self, x: f32, y: f32) -> Pos2 {
        let from_centre = vec2(x, y) - self.frame_size / 2.0;
        let side = if self.mirror { -1.0 } else { 1.0 };
        self.screen.center() + self.scale * vec2(side * from_centre.x, from_centre.y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use proptest::prelude::*;
    use std::time::Duration;

    fn frame(number: u64) -> Frame {
        let at = Moment { utc: Timestamp::UNIX_EPOCH, mono: Duration::from_millis(number) };
        Frame::new(4, 2, vec![7; 24], at, number).unwrap()
    }

    #[test]
    fn only_a_new_frame_is_uploaded() {
        let ctx = egui::Context::default();
        let mut picture = PictureTexture::default();
        assert!(picture.update(&ctx, &frame(1)));
        assert!(!picture.update(&ctx, &frame(1)));
        assert!(picture.update(&ctx, &frame(2)));
        picture.clear();
        assert!(picture.update(&ctx, &frame(2)));
    }

    #[test]
    fn a_mirror_exchanges_left_and_right() {
        let screen = Rect::from_min_size(pos2(10.0, 0.0), vec2(200.0, 100.0));
        let left_of_frame = domain::Rect { x0: 0.0, y0: 0.0, x1: 10.0, y1: 50.0 };
        let plain = Placement::cover(screen, vec2(100.0, 50.0), false);
        let mirrored = Placement::cover(screen, vec2(100.0, 50.0), true);
        assert_eq!(plain.to_screen(&left_of_frame).left(), screen.left());
        assert_eq!(mirrored.to_screen(&left_of_frame).right(), screen.right());
        assert_eq!(mirrored.uv().left(), 1.0);
        assert_eq!(mirrored.uv().right(), 0.0);
    }

    proptest! {
        /// What the texture coordinates show at a corner of the screen is what `to_screen` puts there.
        #[test]
        fn boxes_lie_on_the_pixels_they_name(
            w in 50.0f32..2000.0, h in 50.0f32..2000.0, fw in 16.0f32..4000.0, fh in 16.0f32..4000.0, mirror: bool,
        ) {
            let screen = Rect::from_min_size(pos2(30.0, 40.0), vec2(w, h));
            let place = Placement::cover(screen, vec2(fw, fh), mirror);
            let uv = place.uv();
            prop_assert!(uv.min.x.min(uv.max.x) >= -1e-3 && uv.min.x.max(uv.max.x) <= 1.001);
            prop_assert!(uv.min.y >= -1e-3 && uv.max.y <= 1.001);
            let shown = domain::Rect {
                x0: uv.min.x.min(uv.max.x) * fw, y0: uv.min.y * fh,
                x1: uv.min.x.max(uv.max.x) * fw, y1: uv.max.y * fh,
            };
            let back = place.to_screen(&shown);
            prop_assert!((back.min - screen.min).length() < 0.5, "{back:?} {screen:?}");
            prop_assert!((back.max - screen.max).length() < 0.5, "{back:?} {screen:?}");
        }
    }
}
