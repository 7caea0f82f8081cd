//! The `faceprint` program: see [`faceprint::cli`].
fn main() {}
