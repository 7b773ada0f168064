//! Caps of the stores: commits, the journal and its indexer, the log, what is forgotten when.

use std::time::Duration;

/// Appends of one commit in SQLite. Each group pays wake-ups and writes to sockets once for all its messages of one chat,
/// and the row of a chat goes into the log once: with 1,000 visitors who write without pause a message costs 16 µs of CPU
/// in groups of 256, 14.9 in those of 1,024, 13.4 in those of 4,096. Only a store with so much to do has groups so large.
pub const COMMIT_GROUP_MAX: usize = 4096;
/// Appends of one commit in PostgreSQL: what one statement with its rows brings in a few milliseconds.
pub const POSTGRES_GROUP_MAX: usize = 1024;
/// The most time from the beginning of one commit to that of the next, where many come: what comes meanwhile goes along with
/// it. Each costs as much CPU as ten messages. It is twice what the last ones took, so that a disk that is quick
/// makes nobody wait for company, and never more than this, however slow the disk. Who comes after a quiet moment waits for
/// nobody.
pub const COMMIT_EVERY: Duration = Duration::from_micros(600);
/// Messages of one socket that come in a row and are one append, and appends of one chat that are written as one row:
/// more bring little, and a row stays small.
pub const APPENDS_JOINED_MAX: usize = 16;
/// Appends that may wait for the writer: a third of a second of it. Full means `unavailable`.
pub const WRITER_QUEUE_MAX: usize = 65_536;
/// How long an event may stand in the journal before the indexer has brought it to its chat's others.
pub const INDEX_WITHIN: Duration = Duration::from_secs(2);
/// Ranges that one slice of a calm pass writes beside appends: 50 µs. With 1,000 chats that talk all the time the ranges of
/// a second are written beside the commits of a sixth of it; in slices of a quarter of a millisecond each such commit
/// took twice its time.
pub const INDEX_SLICE_RANGES: usize = 4;
/// How long one slice of any other pass may hold the writer: as long as the appends of the same commit, but at least the one
/// and at most the other. Every message of that commit waits for it.
pub const INDEX_SLICE_MIN: Duration = Duration::from_micros(250);
/// The most: a few commits' time.
pub const INDEX_SLICE_MAX: Duration = Duration::from_millis(1);
/// How long the indexer works at a stretch, and rests afterwards, so that on two cores whoever handles messages needs not wait
/// for it: a second's journal of 5,000 rows takes it 20 ms of work, so less than a tenth of a second.
pub const INDEX_WORK: Duration = Duration::from_micros(200);
/// The rest.
pub const INDEX_REST: Duration = Duration::from_micros(600);
/// Rows of a pass up to which it is calm, the indexer rests and slices are small: what more comes in a second would fall
/// behind.
pub const INDEX_CALM_MAX: usize = INDEX_PASS_MAX / 2;
/// Bytes of ranges that one slice writes, so that no commit has much more to bring to disk than any other; more only
/// where the same commit appends so much that the indexer would fall behind.
pub const INDEX_SLICE_BYTES: usize = 64 * 1024;
/// Rows of the journal from which on a pass begins before its time: a quarter of a second at full load. Emptying a
/// table of that size takes 1 to 2 ms.
pub const INDEX_PASS_MAX: usize = 16_384;
/// Bytes that the indexer puts together at once: that much memory a pass takes, however much there is to do.
pub const INDEX_PART_BYTES: usize = 8 * 1024 * 1024;
/// Bytes of the journal that are kept at hand for the indexer until it has them, instead of being read again, in each of
/// its two tables: the longest pass's worth; at 500 messages a second a fifth of a megabyte.
pub const INDEX_KEPT_BYTES: usize = 24 * 1024 * 1024;
/// Events from which on a range of a chat is full, and not put together with others any more: a page of history is
/// read from a dozen rows then.
pub const RANGE_EVENTS_FULL: u32 = 16;
/// Bytes from which on a range is full: a page of the file.
pub const RANGE_BYTES_FULL: usize = 4096;
/// Bytes from which on a range that is being put together takes no more: what one erasure rewrites.
pub const RANGE_BYTES_MAX: usize = 16 * 1024;
/// Small ranges of a chat that come together to one: a slow chat has no more of them, and an event is written anew
/// two or three times until its range is full.
pub const SMALL_RANGES_MAX: usize = 8;
/// Pages of the log (4 KiB, so 128 MiB) from which on it is brought home: at 5,000 messages a second, each with a commit
/// of its own, every other second, so that fewer than one message in a hundred meets the disk at it; a start after a
/// crash reads as much in two tenths of a second.
pub const LOG_PAGES: u32 = 32_768;
/// Pages that the writer may copy itself when the rest is home: a millisecond's work beside its sync.
pub const LOG_PAGES_REST: u32 = 256;
/// Pages of the log from which on the writer waits for slow readers to leave it: 256 MiB.
pub const LOG_PAGES_MAX: u32 = 2 * LOG_PAGES;
/// Bytes of the log's file that are kept for the next round when it begins anew: what it usually comes to, and a half.
pub const LOG_BYTES_KEPT: u64 = 192 * 1024 * 1024;
/// How long the writer waits for readers when the log has become too long.
pub const LOG_PATIENCE: Duration = Duration::from_millis(100);
/// Bytes of pages that the writer keeps in memory: the heads of 10,000 chats that run and the ends of the tables. What
/// is beyond comes from the system's cache at 1 µs a page.
pub const WRITER_CACHE_BYTES: usize = 2 * 1024 * 1024;
/// Bytes of pages that each connection that reads keeps: the inner pages of the tables.
pub const READER_CACHE_BYTES: usize = 512 * 1024;
/// How often recorded spans are summed up: the memory of those that wait for it is bounded so.
pub const METRICS_UPKEEP_EVERY: Duration = Duration::from_secs(1);
/// How long the store may take to answer whether the node is ready: load balancers ask every few seconds, and one that
/// takes longer has something wrong with its disk.
pub const READY_WITHIN: Duration = Duration::from_secs(2);
/// How long the writer waits after a failed commit before it goes on by itself; commands are tried at once.
pub const STORE_RETRY_AFTER: Duration = Duration::from_secs(1);
/// How long delivered and read marks may be kept in memory only (PROTOCOL: 2 s).
pub const MARKS_WITHIN: Duration = Duration::from_secs(2);
/// How long commands outside a chat are remembered (PROTOCOL: 7 days).
pub const COMMANDS_REMEMBERED: Duration = Duration::from_secs(7 * 24 * 3600);
/// Messages that one visitor may leave within [`LEFT_MESSAGES_WITHIN`]: more are not left by people.
pub const LEFT_MESSAGES_MAX: u32 = 10;
/// The time that counts for [`LEFT_MESSAGES_MAX`].
pub const LEFT_MESSAGES_WITHIN: Duration = Duration::from_secs(3600);
/// Characters of the language that a browser says it has; the longest tags in use have some 20.
pub const LANGUAGE_CHARS_MAX: usize = 35;
/// How long after the latest of them wrong passwords of an account or address are remembered: a day, so that the
/// store does not keep every address that ever tried.
pub const FAILURES_REMEMBERED: Duration = Duration::from_secs(24 * 3600);
/// How often the store forgets what need not be remembered any more.
pub const FORGET_EVERY: Duration = Duration::from_secs(600);
/// Connections of a node that read from the store: reads are short, and two cores can use a few.
pub const READERS_MAX: u32 = 4;
/// Rows that are noted in one write, of work that was done and of who was there: half a millisecond for which messages
/// wait, where those of 1,000 operators at once take eight.
pub const NOTED_AT_ONCE: usize = 64;
