//! The binary `switchboard`.

use std::process::ExitCode;

use clap::Parser;
use switchboard_web::cli::Cli;
use switchboard_web::commands;

/// Frames and events are made on one thread and let go on another, a hundred thousand times a second.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match actix_web::rt::System::new().block_on(commands::run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("switchboard: {error}");
            ExitCode::from(error.status())
        }
    }
}
