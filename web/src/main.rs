//! The binary `switchboard`.

use std::process::ExitCode;

use clap::Parser;
use switchboard_web::cli::Cli;
use switchboard_web::commands;

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
