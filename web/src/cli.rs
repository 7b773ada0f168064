//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::Sources;

/// Live chat for websites: visitors write, operators answer.
#[derive(Debug, Parser)]
#[command(name = "switchboard", version, about, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Settings that go before file and environment.
    #[command(flatten)]
    pub overrides: Overrides,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve visitors and operators until a signal ends it
    Serve {
        /// Fill an empty store with a shop and its people, and serve the shop at /demo
        #[arg(long)]
        demo: bool,
    },
    /// Show the settings in force, or everything that is wrong with them
    CheckConfig,
    /// Bring the database to this version's form
    Migrate,
    /// Make an administrator, with account, brand, department and group where missing
    CreateAdmin(CreateAdmin),
    /// Write ended chats as a file for `loadtest replay`, every name, address and text replaced
    ExportTraffic(ExportTraffic),
}

/// Who is made administrator.
#[derive(Debug, Args)]
pub struct CreateAdmin {
    /// The address to sign in with
    #[arg(long, value_name = "E")]
    pub email: String,
    /// The account's short name; needed where there are several
    #[arg(long, value_name = "SLUG")]
    pub account: Option<String>,
    /// Read the password from standard input; else one is made and printed
    #[arg(long)]
    pub password_stdin: bool,
}

/// Which chats are written, and where to.
#[derive(Debug, Args)]
pub struct ExportTraffic {
    /// The account's short name; needed where there are several
    #[arg(long, value_name = "SLUG")]
    pub account: Option<String>,
    /// The file to make; standard output without it
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// Where settings come from besides the environment.
#[derive(Debug, Clone, Default, Args)]
pub struct Overrides {
    /// TOML file with settings; every one can be given as SWITCHBOARD_… too
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where visitors and operators connect; port 0 picks one
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// The folder with the database and the files
    #[arg(long, global = true, value_name = "FOLDER")]
    pub data_dir: Option<String>,
    /// PostgreSQL instead of SQLite in the data folder; not served by this version
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Redis, for several nodes; not served by this version
    #[arg(long, global = true, value_name = "URL")]
    pub redis_url: Option<String>,
    /// This node's name
    #[arg(long, global = true, value_name = "NAME")]
    pub node: Option<String>,
}

impl Overrides {
    /// All sources of this process's settings.
    pub fn sources(&self) -> Sources {
        let flags = [
            ("listen", &self.listen),
            ("data_dir", &self.data_dir),
            ("database_url", &self.database_url),
            ("redis_url", &self.redis_url),
            ("node", &self.node),
        ];
        let given = flags.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
        Sources::of_process(self.config.clone(), given.collect())
    }
}
