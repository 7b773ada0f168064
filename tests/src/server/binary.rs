//! Finds the binary under test beside the test's own, and refuses one that is older than its sources: a test of
//! yesterday's server proves nothing.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

/// Names another binary to test: one of the release profile, say.
const UNDER_TEST: &str = "SWITCHBOARD_UNDER_TEST";

/// The binary `switchboard` of the profile that the test was built with, or the one that the environment names.
///
/// # Panics
/// When it was not built, or its sources are newer.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(named) = std::env::var_os(UNDER_TEST).map(PathBuf::from) {
            assert!(named.is_file(), "{UNDER_TEST}: {} is not there", named.display());
            return named;
        }
        let own = std::env::current_exe().expect("a process knows its program");
        let profile = own.ancestors().find(|folder| folder.join("deps").is_dir()).expect("tests run from target/");
        let binary = profile.join("switchboard");
        let build = "build it first: cargo build -p switchboard-web";
        assert!(binary.is_file(), "{} is not there; {build}", binary.display());
        if let Some(newer) = newer_source(&binary) {
            panic!("{} is newer than {}; {build}", newer.display(), binary.display());
        }
        binary
    })
}

/// A source of the binary that changed since: cargo lists them in a file beside it.
fn newer_source(binary: &Path) -> Option<PathBuf> {
    let listed = std::fs::read_to_string(binary.with_extension("d")).ok()?;
    let built = modified(binary)?;
    let (_, sources) = listed.split_once(": ")?;
    let sources =
        sources.split_whitespace().map(PathBuf::from).filter(|path| path.extension().is_some_and(|e| e == "rs"));
    let mut newer = sources.filter(|path| modified(path).is_some_and(|changed| changed > built));
    newer.next()
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|about| about.modified()).ok()
}
