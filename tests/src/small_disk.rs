//! A real file system that is soon full: memory of a fixed size, mounted in a name space of its own, which the server
//! enters and the test looks into from outside. It needs no rights beyond those of whoever runs the tests.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The file that takes up the space.
const FILLER: &str = "filler";

/// See the module. Dropped, it is gone with all that is on it.
pub struct SmallDisk {
    folder: tempfile::TempDir,
    /// Sleeps in the name space, and so keeps it.
    keeper: Child,
}

impl SmallDisk {
    /// Mounts one of that many bytes.
    ///
    /// # Panics
    /// When the machine lets nobody make a name space.
    pub fn mount(bytes: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder to mount on");
        let script = r#"mount -t tmpfs -o size="$1" tmpfs "$2" && echo mounted && exec sleep 3600"#;
        let mut keeper = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", &bytes.to_string()])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare, of util-linux, is there");
        let mut said = String::new();
        BufReader::new(keeper.stdout.take().expect("it is piped")).read_line(&mut said).expect("it says so");
        assert_eq!(said, "mounted\n", "users may make name spaces: kernel.unprivileged_userns_clone");
        Self { folder, keeper }
    }

    /// What makes a program run where the disk is mounted.
    pub fn enter(&self) -> Vec<String> {
        let keeper = self.keeper.id().to_string();
        ["nsenter", "--target", &keeper, "--user", "--mount", "--preserve-credentials"].map(str::to_owned).into()
    }

    /// Where those who have entered find it.
    pub fn inside(&self) -> &Path {
        self.folder.path()
    }

    /// Where everybody else finds it.
    pub fn outside(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.keeper.id()));
        root.join(self.folder.path().strip_prefix("/").expect("an absolute path"))
    }

    /// Writes until nothing is left.
    ///
    /// # Panics
    /// When something else than a full disk ends it.
    pub fn fill(&self) {
        let mut file = File::create(self.outside().join(FILLER)).expect("there is space for a name");
        let (mut piece, mut size) = (vec![b'x'; 64 * 1024], 64 * 1024);
        while size > 0 {
            piece.truncate(size);
            match file.write_all(&piece) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => size /= 2,
                Err(error) => panic!("the disk is not full: {error}"),
            }
        }
    }

    /// Makes it one that can only be read, or one that can be written again, whoever asks.
    ///
    /// # Panics
    /// When something writes to it just now.
    pub fn lock(&self, locked: bool) {
        let how = if locked { "remount,ro" } else { "remount,rw" };
        let enter = self.enter();
        let told = Command::new(&enter[0]).args(&enter[1..]).args(["mount", "-o", how]).arg(self.inside()).status();
        assert!(told.expect("nsenter, of util-linux, is there").success(), "nobody writes to it");
    }

    /// Gives the space back.
    ///
    /// # Panics
    /// When it was not taken.
    pub fn free(&self) {
        std::fs::remove_file(self.outside().join(FILLER)).expect("it was filled");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}
