//! The networks that are part of the program, so that it works on a machine that has no others.
//!
//! Job: name the files of `weights/` that are compiled in. It must not know what is in them.

/// One embedded network: the two files of `weights/<id>/`.
pub struct Pack {
    /// The folder's name.
    pub id: &'static str,
    /// `manifest.json`.
    pub manifest: &'static str,
    /// `model.safetensors`.
    pub model: &'static [u8],
}

/// Every network compiled in. One line per folder of `weights/`, as
/// `Pack { id: "x", manifest: include_str!("../../weights/x/manifest.json"), model: include_bytes!(…) }`.
pub const PACKS: &[Pack] = &[];
