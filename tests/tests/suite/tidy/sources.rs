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

/// The same without files that exist for tests only, which may set the scene as they like.
pub fn shipped_in(folder: &str) -> Vec<Source> {
    let all = rust_in(folder);
    let for_tests: Vec<String> = all.iter().flat_map(test_modules).collect();
    let is_one =
        |path: &str| for_tests.iter().any(|test| path == format!("{test}.rs") || path.starts_with(&format!("{test}/")));
    all.into_iter().filter(|source| !is_one(&source.path)).collect()
}

/// The modules that a file declares for tests only, as paths without ending.
fn test_modules(source: &Source) -> Vec<String> {
    let folder = source.path.trim_end_matches(".rs").trim_end_matches("/lib").trim_end_matches("/main");
    let lines: Vec<&str> = source.text.lines().map(str::trim).collect();
    let declared = lines.windows(2).filter(|pair| pair[0].starts_with("#[cfg(test)]"));
    let names = declared.filter_map(|pair| pair[1].strip_prefix("mod ")?.strip_suffix(';'));
    names.map(|name| format!("{folder}/{name}")).collect()
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
