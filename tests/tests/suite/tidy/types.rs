//! The generated TypeScript is what the Rust types give now.

use switchboard_tests::typescript::generated;

#[test]
fn generated_types_are_fresh() {
    for file in generated() {
        if std::env::var_os("WRITE_TYPES").is_some() {
            std::fs::create_dir_all(file.path.parent().expect("a file has a folder")).expect("the folder is ours");
            std::fs::write(&file.path, &file.text).expect("the file is ours");
        }
        let kept = std::fs::read_to_string(&file.path).unwrap_or_default();
        let differs = kept.lines().zip(file.text.lines()).find(|(kept, now)| kept != now);
        assert!(
            kept == file.text,
            "{} is stale ({differs:?}); write it with WRITE_TYPES=1 cargo nextest run generated_types",
            file.path.display()
        );
    }
}
