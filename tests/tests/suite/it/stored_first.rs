//! No byte of an ack, or of an event, goes to a socket before the sync of the log that holds it has returned: watched
//! at the server's system calls. A crash of the process cannot show this, for the kernel keeps what was written.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;
use switchboard_tests::client::{OperatorClient, SOON, Start, VisitorClient};
use switchboard_tests::server::TestServer;

/// Messages of each side.
const MESSAGES: usize = 25;
/// Those that are under way at once.
const AT_ONCE: usize = 5;

#[tokio::test]
async fn nothing_is_told_before_the_disk_has_it() {
    let (calls, told) = chat_watched(&[]).await;
    assert!(told.len() > 2 * MESSAGES, "{told:?}");
    for told in &told {
        calls.told_after_sync(told).unwrap_or_else(|early| panic!("{early}"));
    }
}

#[tokio::test]
async fn a_server_that_acks_before_it_commits_is_caught() {
    let (calls, told) = chat_watched(&[("SWITCHBOARD_FAULT_ACK_EARLY", "1")]).await;
    let early: Vec<String> = told.iter().filter_map(|told| calls.told_after_sync(told).err()).collect();
    assert!(early.len() > MESSAGES / 2, "{} of {} were caught: {early:?}", early.len(), told.len());
}

/// What was said, and the words by which the client was told that it is stored.
#[derive(Debug)]
struct Told {
    /// Stands in the log.
    text: String,
    /// Stands in the ack, and in no frame that does not follow from the commit.
    id: String,
}

/// A chat on a server whose writes, syncs and sends are watched.
async fn chat_watched(settings: &[(&str, &str)]) -> (Calls, Vec<Told>) {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("calls");
    // The tracer is the server's child: the process that was started is the server itself.
    let under = ["strace", "--daemonize", "-f", "-y", "-s", "70000", "-o", &trace.display().to_string(), "-e"];
    let calls = "trace=write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,fsync,fdatasync";
    let under: Vec<String> = under.into_iter().chain([calls]).map(str::to_owned).collect();
    let mut server = TestServer::under(&under, settings);
    let pid = server.pid();
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut clara = VisitorClient::connect(&server).await;
    let mut told = Vec::new();
    let first = next(&mut told);
    let mut start = Start::support("Clara", &first.0).command();
    start["id"] = json!(first.1);
    clara.send(start).await;
    let chat = clara.ack_of(&first.1).await["chat"].as_str().expect("the ack names the chat").to_owned();
    let offer = joe.offer_of(&chat).await;
    joe.accept(&offer).await;
    for _ in 0..MESSAGES / AT_ONCE {
        let batch: Vec<_> = (0..AT_ONCE).map(|_| (next(&mut told), next(&mut told))).collect();
        for ((hers, her_id), (his, his_id)) in &batch {
            clara.send(json!({ "type": "say", "id": her_id, "text": hers })).await;
            joe.send(json!({ "type": "say", "id": his_id, "chat": chat, "text": his })).await;
        }
        for ((_, hers), (_, his)) in &batch {
            clara.ack_of(hers).await;
            joe.ack_of(his).await;
        }
    }
    server.kill();
    (Calls::read(&trace, pid), told)
}

/// A text and an id that nothing else bears.
fn next(told: &mut Vec<Told>) -> (String, String) {
    let unique = uuid::Uuid::new_v4().simple().to_string();
    let one = Told { text: format!("text-{unique}"), id: format!("id-{unique}") };
    let both = (one.text.clone(), one.id.clone());
    told.push(one);
    both
}

/// The calls of all threads: where each begins and where it ends, counted in lines of the trace, which are in the
/// order in which the kernel held the threads.
struct Calls(Vec<Call>);

struct Call {
    thread: String,
    /// From its name on.
    words: String,
    begins: usize,
    ends: usize,
    file: File,
}

#[derive(PartialEq, Eq, Debug)]
enum File {
    Log,
    Socket,
    Other,
}

impl Calls {
    /// Reads a trace once the tracer has written its last line.
    fn read(trace: &Path, pid: u32) -> Self {
        let deadline = Instant::now() + SOON;
        let mut text = String::new();
        let own = pid.to_string();
        let ended = |line: &str| line.strip_prefix(&own).is_some_and(|rest| rest.trim_start().starts_with("+++"));
        while !text.lines().next_back().is_some_and(ended) {
            assert!(Instant::now() < deadline, "the trace does not end: {} bytes", text.len());
            std::thread::sleep(Duration::from_millis(50));
            text = std::fs::read_to_string(PathBuf::from(trace)).unwrap_or_default();
        }
        let mut calls: Vec<Call> = Vec::new();
        for (place, line) in text.lines().enumerate() {
            let Some((thread, words)) = line.split_once(' ') else { continue };
            let words = words.trim_start();
            if words.starts_with("<... ") {
                let call = calls.iter_mut().rev().find(|call| call.thread == thread && call.ends == usize::MAX);
                call.expect("what is resumed was begun").ends = place;
            } else if let Some((_, rest)) = words.split_once('(') {
                let ends = if words.ends_with("<unfinished ...>") { usize::MAX } else { place };
                let file = rest.split_once('>').map_or("", |(file, _)| file);
                let file = match file {
                    log if log.ends_with("-wal") => File::Log,
                    socket if socket.contains("<socket:") || socket.contains("<TCP") => File::Socket,
                    _ => File::Other,
                };
                calls.push(Call { thread: thread.to_owned(), words: words.to_owned(), begins: place, ends, file });
            }
        }
        Self(calls)
    }

    /// Whether the first bytes to a socket that bear the text or the id come after the end of the first sync of the
    /// log that begins after the text was written to it.
    fn told_after_sync(&self, told: &Told) -> Result<(), String> {
        let written = self.0.iter().find(|call| call.file == File::Log && call.words.contains(&told.text));
        let written = written.ok_or_else(|| format!("{} was acked and never written", told.text))?;
        let is_sync = |call: &&Call| call.words.starts_with("fdatasync(") || call.words.starts_with("fsync(");
        let mut syncs = self.0.iter().filter(is_sync).filter(|call| call.file == File::Log);
        let synced = syncs.find(|call| call.begins > written.ends);
        let sent = |call: &&Call| call.words.contains(&told.text) || call.words.contains(&told.id);
        let sent = self.0.iter().filter(|call| call.file == File::Socket).find(sent);
        let sent = sent.unwrap_or_else(|| panic!("{} was acked, and no call bears it", told.id));
        match synced {
            Some(synced) if synced.ends < sent.begins => Ok(()),
            _ => Err(format!(
                "{} was written in line {}, synced in {:?} and sent in {}",
                told.text,
                written.begins,
                synced.map(|call| call.ends),
                sent.begins
            )),
        }
    }
}
