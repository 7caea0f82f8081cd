//! The `faceprint` program: see [`faceprint::cli`].

fn main() -> std::process::ExitCode {
    faceprint::cli::run()
}
