//! Bytes below the frames: headers that lie, masks that are missing, pieces of nothing, ends in the middle.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestCaseError;
use serde_json::Value;
use switchboard_tests::server::TestServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::suite::it::bad_frames::Raw;
use crate::suite::it::fuzz::{fail, judge};

/// Codes that a server may close with for what came (RFC 6455, section 7.4.1).
const CODES: [u16; 4] = [1002, 1003, 1007, 1009];
/// The server has answered and closed by then.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// The server has looked at what came by then.
const LOOKED_AT_WITHIN: Duration = Duration::from_millis(30);

/// One frame as it goes over the wire.
#[derive(Debug, Clone)]
pub struct Piece {
    first: u8,
    masked: bool,
    /// What the header says of the length, in which form, beside the truth.
    declared: Option<(u8, u64)>,
    payload: Vec<u8>,
}

/// Streams of frames, the last of which may be cut off.
pub fn streams() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        4 => select(vec![0x81_u8, 0x01, 0x00, 0x80, 0x82, 0x89, 0x8a]),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        vec(any::<u8>(), 0..200),
        "\\PC{0,60}".prop_map(String::into_bytes),
        Just(br#"{"type":"dance","id":"d"}"#.to_vec()),
        vec(any::<u8>(), 65_530..65_560),
    ];
    let declared = prop::option::weighted(0.2, (select(vec![125_u8, 126, 127]), any::<u64>()));
    let piece = (first, prop::bool::weighted(0.9), declared, payload)
        .prop_map(|(first, masked, declared, payload)| Piece { first, masked, declared, payload });
    (vec(piece, 1..6), prop::option::weighted(0.3, any::<prop::sample::Index>())).prop_map(|(pieces, cut)| {
        let mut bytes: Vec<u8> = pieces.iter().flat_map(written).collect();
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        bytes
    })
}

fn written(piece: &Piece) -> Vec<u8> {
    let length = piece.payload.len() as u64;
    let honest = if length < 126 {
        125
    } else if length < 0x1_0000 {
        126
    } else {
        127
    };
    let (form, length) = piece.declared.unwrap_or((honest, length));
    let mask = if piece.masked { 0x80 } else { 0 };
    let mut bytes = vec![piece.first];
    match form {
        126 => {
            bytes.push(mask | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        127 => {
            bytes.push(mask | 127);
            bytes.extend(length.to_be_bytes());
        }
        _ => bytes.push(mask | (length % 126) as u8),
    }
    if piece.masked {
        bytes.extend([0; 4]);
    }
    bytes.extend(&piece.payload);
    bytes
}

/// Sends a stream after a good `hello`, says that nothing more comes, and reads all that is answered.
pub async fn survive(server: &TestServer, stream: &[u8]) -> Result<(), TestCaseError> {
    let mut raw = Raw::open(server).await;
    // The server may have closed by now: what it said is read all the same.
    let _ = raw.tcp.write_all(stream).await;
    // An end of the stream that came with it would be all that the server sees.
    tokio::time::sleep(LOOKED_AT_WITHIN).await;
    let _ = raw.tcp.shutdown().await;
    let mut answered = Vec::new();
    let mut piece = [0; 16 * 1024];
    let reading = async {
        while let Ok(size @ 1..) = raw.tcp.read(&mut piece).await {
            answered.extend_from_slice(&piece[..size]);
        }
    };
    tokio::time::timeout(ENDS_WITHIN, reading).await.map_err(|_| fail("the server does not let go"))?;
    let said_goodbye = stream.iter().any(|byte| byte & 0x0f == 8);
    check(&answered, said_goodbye)
}

/// Whole frames only, text of the contract, and a code that says what was wrong.
fn check(mut bytes: &[u8], echoes: bool) -> Result<(), TestCaseError> {
    while let [first, length, rest @ ..] = bytes {
        let (length, rest) = match (length, rest) {
            (126, [a, b, rest @ ..]) => (usize::from(u16::from_be_bytes([*a, *b])), rest),
            (short @ 0..126, rest) => (usize::from(*short), rest),
            // Cut in the middle of a long answer, as a connection is.
            _ => return Ok(()),
        };
        let Some((payload, after)) = rest.split_at_checked(length) else { return Ok(()) };
        bytes = after;
        match first {
            0x81 => {
                let frame: Value =
                    serde_json::from_slice(payload).map_err(|error| fail(format!("no JSON: {error}")))?;
                judge(&frame)?;
            }
            0x88 => {
                let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                if !echoes && !code.is_some_and(|code| CODES.contains(&code)) {
                    return Err(fail(format!("closed with {code:?}")));
                }
            }
            0x89 | 0x8a => {}
            other => return Err(fail(format!("a frame of kind {other:#x}"))),
        }
    }
    Ok(())
}
