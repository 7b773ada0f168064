//! Builds the browser UI when its sources are newer than what was built last, so that one `cargo build` makes a whole
//! binary. `SWITCHBOARD_SKIP_UI=1` leaves the UI alone and takes what is there, be it nothing.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::SystemTime;

const UI: &str = "ui";
const SKIP: &str = "SWITCHBOARD_SKIP_UI";
/// Parts of the workspace that end up in the binary.
const PARTS: [&str; 5] = ["protocol", "kit", "console", "widget", "scripts"];
/// Folders inside a part that are made, not written.
const MADE: [&str; 5] = ["node_modules", "dist", ".svelte-kit", "coverage", "test-results"];

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={SKIP}");
    let (ui, dist) = (Path::new(UI), Path::new(UI).join("dist"));
    if let Err(error) = std::fs::create_dir_all(&dist) {
        return fail(&format!("{} cannot be made: {error}", dist.display()));
    }
    if std::env::var_os(SKIP).is_some_and(|skip| !skip.is_empty() && skip != "0") {
        println!("cargo::rerun-if-changed={}", dist.display());
        return ExitCode::SUCCESS;
    }
    let sources = sources(ui);
    for source in &sources {
        println!("cargo::rerun-if-changed={}", source.display());
    }
    // The newest page of the last build: all of them are written anew each time.
    let built = ["console/index.html", "widget/widget.js"].map(|file| changed(&dist.join(file)));
    let built = built.into_iter().min().flatten();
    let newest = sources.iter().filter_map(|source| newest(source)).max();
    if built.is_some() && built >= newest {
        return ExitCode::SUCCESS;
    }
    if !runs("node", &["--version"], ui) {
        if built.is_some() {
            println!("cargo::warning=the browser UI is older than its sources, and there is no Node to build it");
            return ExitCode::SUCCESS;
        }
        return fail(&format!(
            "there is no built browser UI, and no Node to build it: install Node 20 or set {SKIP}=1"
        ));
    }
    if !ui.join("node_modules").is_dir() && !runs("npm", &["ci", "--no-audit", "--no-fund"], ui) {
        return fail("`npm ci` failed in web/ui; its words are above");
    }
    if !runs("npm", &["run", "build"], ui) {
        return fail("`npm run build` failed in web/ui; its words are above");
    }
    ExitCode::SUCCESS
}

/// Files and folders that people write; folders stand for all in them.
fn sources(ui: &Path) -> Vec<PathBuf> {
    let mut found = vec![ui.join("package.json"), ui.join("package-lock.json")];
    for part in PARTS {
        let Ok(entries) = std::fs::read_dir(ui.join(part)) else { continue };
        let written = |path: &PathBuf| !path.file_name().is_some_and(|name| MADE.iter().any(|made| name == *made));
        found.extend(entries.filter_map(|entry| Some(entry.ok()?.path())).filter(written));
    }
    found.retain(|path| path.exists());
    found.sort();
    found
}

fn newest(path: &Path) -> Option<SystemTime> {
    let Ok(entries) = std::fs::read_dir(path) else { return changed(path) };
    let inside = entries.filter_map(|entry| newest(&entry.ok()?.path()));
    inside.max().max(changed(path))
}

fn changed(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|metadata| metadata.modified()).ok()
}

/// Runs a program with its words on our standard error, where cargo shows them when we fail.
fn runs(program: &str, arguments: &[&str], folder: &Path) -> bool {
    let output = Command::new(program).args(arguments).current_dir(folder).output();
    let Ok(output) = output else { return false };
    if !output.status.success() {
        eprintln!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    }
    output.status.success()
}

fn fail(words: &str) -> ExitCode {
    println!("cargo::error={words}");
    ExitCode::FAILURE
}
