//! Where things are kept, and who else shares them.

use std::path::PathBuf;

use engine::domain::ids::NodeId;

use crate::config::Reader;

/// Folders and names.
#[derive(Debug, Clone)]
pub struct StorageSettings {
    /// The folder with the database and the files.
    pub data_dir: PathBuf,
    /// This node's name.
    pub node: NodeId,
}

impl StorageSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        reader.not_yet("database_url", "leave it unset: everything is kept in SQLite in data_dir");
        reader.not_yet("redis_url", "leave it unset: one node serves");
        reader.not_yet("files_url", "leave it unset: files are kept in data_dir");
        reader.not_yet("smtp_url", "leave it unset: no mail is sent");
        let node = "expected a name of 1 to 64 of A-Z a-z 0-9 _ -";
        Self {
            data_dir: reader.or("data_dir", PathBuf::from("./data"), "expected a folder", |text| Some(text.into())),
            node: reader.optional("node", node, |text| text.parse().ok()).unwrap_or_else(default_node),
        }
    }
}

fn default_node() -> NodeId {
    #[expect(clippy::unwrap_used, reason = "a constant name of the right form; its test is below")]
    "node".parse().unwrap()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_node_without_a_name_has_one() {
        assert_eq!(super::default_node().as_str(), "node");
    }
}
