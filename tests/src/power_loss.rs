//! A disk that loses its power: a file system for SQLite that passes everything to the usual one, remembers what was
//! written since each file's last sync, fails from a chosen moment on, and then puts the files back to what a disk
//! would hold: all that was synced, and of the rest whatever chance leaves.

#![expect(unsafe_code, reason = "SQLite takes a file system as C functions only")]

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_int, c_void};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use rusqlite::ffi;

/// A disk under a name that SQLite knows.
pub struct Disk {
    name: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Writes and syncs until the power goes; none while it stays.
    left: Option<u64>,
    off: bool,
    /// Pages that were brought home since somebody last asked.
    home: u64,
    files: HashMap<PathBuf, Vec<Change>>,
}

/// A change of a file that was not synced yet.
struct Change {
    offset: u64,
    before: Vec<u8>,
    length_before: u64,
    /// What was written; none cut the file off at `offset`.
    written: Option<Vec<u8>>,
}

/// An open file: SQLite knows it by its address.
struct Open {
    state: Arc<Mutex<State>>,
    path: PathBuf,
    real: &'static ffi::sqlite3_io_methods,
}

// C functions get no closure: what they need is found by the addresses they are called with.
static DISKS: LazyLock<Mutex<HashMap<usize, Arc<Mutex<State>>>>> = LazyLock::new(Mutex::default);
static FILES: LazyLock<Mutex<HashMap<usize, Open>>> = LazyLock::new(Mutex::default);
static COUNT: AtomicU64 = AtomicU64::new(0);

impl Disk {
    /// Makes a disk, with power.
    pub fn new() -> Self {
        let name = format!("power-loss-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let state = Arc::new(Mutex::new(State::default()));
        register(&name, &state);
        Self { name, state }
    }

    /// The name for SQLite.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The power goes at the write or sync with this number from now.
    pub fn cut_after(&self, operations: u64) {
        lock(&self.state).left = Some(operations);
    }

    /// Pages of the log that were written into the database since it was last asked.
    pub fn brought_home(&self) -> u64 {
        std::mem::take(&mut lock(&self.state).home)
    }

    /// Whether the power is gone.
    pub fn is_off(&self) -> bool {
        lock(&self.state).off
    }

    /// Puts the files to what the disk holds after the cut, once nobody has them open: `keeps` is asked for each
    /// change that was not synced whether it reached the disk all the same. Answers how many did not.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn come_back(&self, mut keeps: impl FnMut() -> bool) -> io::Result<usize> {
        let files = std::mem::take(&mut lock(&self.state).files);
        let mut lost = 0;
        for (path, changes) in files {
            if !path.exists() {
                continue;
            }
            lost += restore(&path, &changes, &mut keeps)?;
        }
        Ok(lost)
    }
}

impl Default for Disk {
    fn default() -> Self {
        Self::new()
    }
}

fn restore(path: &Path, changes: &[Change], keeps: &mut impl FnMut() -> bool) -> io::Result<usize> {
    let file = std::fs::OpenOptions::new().read(true).write(true).open(path)?;
    for change in changes.iter().rev() {
        file.write_all_at(&change.before, change.offset)?;
        file.set_len(change.length_before)?;
    }
    let mut lost = 0;
    for change in changes {
        match &change.written {
            Some(written) if keeps() => file.write_all_at(written, change.offset)?,
            None if keeps() => file.set_len(change.offset)?,
            _ => lost += 1,
        }
    }
    Ok(lost)
}

impl State {
    /// Whether the power lasts for one more operation.
    fn lasts(&mut self) -> bool {
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
            self.off |= *left == 0;
        }
        !self.off
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn register(name: &str, state: &Arc<Mutex<State>>) {
    let name = CString::new(name).expect("a name without NUL").into_raw();
    // SAFETY: the default file system exists for the life of the process; the copy keeps its functions and data, is
    // never freed, and bears a name that is never freed either.
    unsafe {
        let usual = ffi::sqlite3_vfs_find(ptr::null());
        assert!(!usual.is_null(), "SQLite has a file system");
        let own = Box::into_raw(Box::new(ffi::sqlite3_vfs { zName: name, xOpen: Some(open), ..*usual }));
        lock(&DISKS).insert(own as usize, Arc::clone(state));
        assert_eq!(ffi::sqlite3_vfs_register(own, 0), ffi::SQLITE_OK);
    }
}

/// Opens a file with the usual file system, then takes the place of the functions that change it.
///
/// # Safety
/// Called by SQLite alone, under the rules of `xOpen`.
unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: the arguments are SQLite's own and go on unchanged; `file` has room for what the usual file system
    // puts there, because the copy bears its size; its methods are filled in when it was opened.
    unsafe {
        let usual = ffi::sqlite3_vfs_find(ptr::null());
        let Some(usual_open) = (*usual).xOpen else { return ffi::SQLITE_CANTOPEN };
        let opened = usual_open(usual, name, file, flags, out_flags);
        let state = lock(&DISKS).get(&(vfs as usize)).cloned();
        let (Some(state), false, ffi::SQLITE_OK) = (state, name.is_null(), opened) else { return opened };
        let path = PathBuf::from(CStr::from_ptr(name).to_string_lossy().into_owned());
        let real: &'static ffi::sqlite3_io_methods = &*(*file).pMethods;
        let own = ffi::sqlite3_io_methods {
            // Without the third version's memory maps, which would pass by `write`.
            iVersion: 2,
            xClose: Some(close),
            xWrite: Some(write),
            xTruncate: Some(truncate),
            xSync: Some(sync),
            ..*real
        };
        (*file).pMethods = Box::leak(Box::new(own));
        lock(&FILES).insert(file as usize, Open { state, path, real });
        ffi::SQLITE_OK
    }
}

/// What is known of an open file.
fn known(file: *mut ffi::sqlite3_file) -> Option<(Arc<Mutex<State>>, PathBuf, &'static ffi::sqlite3_io_methods)> {
    lock(&FILES).get(&(file as usize)).map(|open| (Arc::clone(&open.state), open.path.clone(), open.real))
}

/// # Safety
/// Called by SQLite alone, with a file that `open` opened.
unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let Some(open) = lock(&FILES).remove(&(file as usize)) else { return ffi::SQLITE_IOERR_CLOSE };
    let Some(real) = open.real.xClose else { return ffi::SQLITE_IOERR_CLOSE };
    // SAFETY: the file is the one that the usual file system opened.
    unsafe { real(file) }
}

/// # Safety
/// Called by SQLite alone, with a file that `open` opened and `amount` bytes at `data`.
unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, data: *const c_void, amount: c_int, offset: i64) -> c_int {
    let Some((state, path, real)) = known(file) else { return ffi::SQLITE_IOERR_WRITE };
    let (Some(real_write), false) = (real.xWrite, offset < 0) else { return ffi::SQLITE_IOERR_WRITE };
    let mut state = lock(&state);
    if !state.lasts() {
        return ffi::SQLITE_IOERR_WRITE;
    }
    // SAFETY: SQLite promises `amount` bytes at `data`; the file is the usual file system's.
    unsafe {
        let written = std::slice::from_raw_parts(data.cast::<u8>(), amount as usize).to_vec();
        let Some((before, length_before)) = contents(file, real, offset as u64, amount as u64) else {
            return ffi::SQLITE_IOERR_READ;
        };
        let change = Change { offset: offset as u64, before, length_before, written: Some(written) };
        state.home += u64::from(path.extension().is_some_and(|ending| ending == "db"));
        state.files.entry(path).or_default().push(change);
        real_write(file, data, amount, offset)
    }
}

/// # Safety
/// Called by SQLite alone, with a file that `open` opened.
unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    let Some((state, path, real)) = known(file) else { return ffi::SQLITE_IOERR_TRUNCATE };
    let (Some(real_truncate), false) = (real.xTruncate, size < 0) else { return ffi::SQLITE_IOERR_TRUNCATE };
    let mut state = lock(&state);
    if !state.lasts() {
        return ffi::SQLITE_IOERR_TRUNCATE;
    }
    // SAFETY: the file is the usual file system's.
    unsafe {
        let Some((before, length_before)) = contents(file, real, size as u64, u64::MAX) else {
            return ffi::SQLITE_IOERR_READ;
        };
        let change = Change { offset: size as u64, before, length_before, written: None };
        state.files.entry(path).or_default().push(change);
        real_truncate(file, size)
    }
}

/// The machine under the test keeps its power: remembering that the file is safe is enough.
///
/// # Safety
/// Called by SQLite alone, with a file that `open` opened.
unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    let Some((state, path, _)) = known(file) else { return ffi::SQLITE_IOERR_FSYNC };
    let mut state = lock(&state);
    if !state.lasts() {
        return ffi::SQLITE_IOERR_FSYNC;
    }
    state.files.remove(&path);
    ffi::SQLITE_OK
}

/// Up to `amount` bytes of a file from `offset`, as far as it goes, and its length.
///
/// # Safety
/// `file` was opened by the usual file system, whose methods are `real`.
unsafe fn contents(
    file: *mut ffi::sqlite3_file,
    real: &ffi::sqlite3_io_methods,
    offset: u64,
    amount: u64,
) -> Option<(Vec<u8>, u64)> {
    let (size, read) = (real.xFileSize?, real.xRead?);
    let mut length = 0_i64;
    // SAFETY: `length` outlives the call; `bytes` has as many bytes as are asked for, and the file has them.
    unsafe {
        if size(file, &raw mut length) != ffi::SQLITE_OK {
            return None;
        }
        let length = u64::try_from(length).ok()?;
        let there = length.saturating_sub(offset).min(amount);
        let mut bytes = vec![0_u8; usize::try_from(there).ok()?];
        if there > 0 {
            let asked = c_int::try_from(there).ok()?;
            if read(file, bytes.as_mut_ptr().cast(), asked, i64::try_from(offset).ok()?) != ffi::SQLITE_OK {
                return None;
            }
        }
        Some((bytes, length))
    }
}
