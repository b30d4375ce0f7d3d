//! The `gatehand` binary: all of it is in [`gatehand::cli`].

fn main() -> std::process::ExitCode {
    gatehand::cli::main().into()
}
