//! The files of the project, as they are on disk.

use std::path::Path;

use switchboard_tests::project;

/// Folders that hold nothing we wrote.
const NOT_OURS: [&str; 5] = ["target", "node_modules", "dist", "data", "generated"];

/// A file of the project.
pub struct Source {
    /// From the project's root, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// All files with one of these endings, by path.
pub fn with_ending(endings: &[&str]) -> Vec<Source> {
    let root = project("");
    let mut found = Vec::new();
    collect(&root, &root, endings, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "there are no files with {endings:?}");
    found
}

/// The Rust files below a folder, or the file itself.
pub fn rust_in(folder: &str) -> Vec<Source> {
    let inside = |path: &str| path == format!("{folder}.rs") || path.starts_with(&format!("{folder}/"));
    with_ending(&["rs"]).into_iter().filter(|source| inside(&source.path)).collect()
}

fn collect(root: &Path, folder: &Path, endings: &[&str], found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the project can be read").flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() {
            if !NOT_OURS.contains(&name.as_str()) && (!name.starts_with('.') || name == ".ci") {
                collect(root, &path, endings, found);
            }
            continue;
        }
        let ending = path.extension().map(|ending| ending.to_string_lossy().into_owned()).unwrap_or_default();
        if endings.contains(&ending.as_str())
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            let path = path.strip_prefix(root).expect("it is below the root").to_string_lossy().replace('\\', "/");
            found.push(Source { path, text });
        }
    }
}
