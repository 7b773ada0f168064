//! Streams of frames, cut at random places, as a network cuts them.

use futures_util::stream::{self, StreamExt};
use proptest::prelude::*;

use super::*;

const TEXT: u8 = 0x1;
const CONTINUATION: u8 = 0x0;
const PING: u8 = 0x9;

/// A frame's bytes; the payload may be shorter than declared, as that of a frame that never comes whole.
fn frame(opcode: u8, last: bool, masked: bool, declared: u64, payload: usize) -> Vec<u8> {
    let mut out = vec![if last { 0x80 | opcode } else { opcode }];
    let mask = if masked { 0x80 } else { 0 };
    match declared {
        0..=125 => out.push(mask | declared as u8),
        126..=0xffff => {
            out.push(mask | 126);
            out.extend((declared as u16).to_be_bytes());
        }
        _ => {
            out.push(mask | 127);
            out.extend(declared.to_be_bytes());
        }
    }
    // Payload and mask are full of bytes that would be a huge frame's header, were they taken for one.
    out.extend(std::iter::repeat_n(0xff, payload + if masked { 4 } else { 0 }));
    out
}

fn whole(opcode: u8, last: bool, length: usize) -> Vec<u8> {
    frame(opcode, last, true, length as u64, length)
}

/// Sends the bytes through a gate in pieces; what came out, and the breach. After a breach the stream says nothing more.
fn through(bytes: &[u8], cuts: &[usize]) -> (Vec<u8>, Option<Breach>) {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    let pieces: Vec<_> = places.windows(2).map(|ends| Ok(Bytes::copy_from_slice(&bytes[ends[0]..ends[1]]))).collect();
    let mut gate = Gate::new(stream::iter(pieces));
    let report = gate.report();
    let (mut out, mut failed) = (Vec::new(), false);
    let ended = futures_util::future::FutureExt::now_or_never(async {
        while let Some(item) = gate.next().await {
            assert!(!failed, "nothing comes after the error");
            match item {
                Ok(chunk) => out.extend_from_slice(&chunk),
                Err(error) => {
                    failed = true;
                    assert_eq!(error.to_string(), report.get().unwrap().to_string());
                }
            }
        }
    });
    assert_eq!(ended.is_none(), failed, "it ends with its source, or is held after a breach");
    assert_eq!(failed, report.get().is_some());
    (out, report.get())
}

#[test]
fn a_frame_of_ten_gibibytes_is_refused_at_its_header() {
    let declared = 10 << 30;
    let mut bytes = whole(TEXT, true, 5);
    let fine = bytes.len();
    bytes.extend(frame(TEXT, true, true, declared, 100));
    assert_eq!(through(&bytes, &[]), (bytes[..fine].to_vec(), Some(Breach::Frame { declared })));
    assert_eq!(through(&frame(TEXT, true, true, u64::MAX, 0), &[]).1, Some(Breach::Frame { declared: u64::MAX }));
}

#[test]
fn the_largest_frame_passes_and_one_byte_more_does_not() {
    let largest = whole(TEXT, true, FRAME_BYTES_MAX);
    assert_eq!(through(&largest, &[]), (largest, None));
    let declared = FRAME_BYTES_MAX as u64 + 1;
    assert_eq!(through(&whole(TEXT, true, FRAME_BYTES_MAX + 1), &[]).1, Some(Breach::Frame { declared }));
}

#[test]
fn continuations_without_end_are_refused_by_their_sum_and_by_their_number() {
    let mut bytes = whole(TEXT, false, 40_000);
    bytes.extend(whole(PING, true, 125));
    bytes.extend(whole(CONTINUATION, false, 40_000));
    assert_eq!(through(&bytes, &[]).1, Some(Breach::Message { total: 80_000 }));
    let mut empty = whole(TEXT, false, 0);
    (0..FRAGMENTS_MAX).for_each(|_| empty.extend(whole(CONTINUATION, false, 0)));
    assert_eq!(through(&empty, &[]).1, Some(Breach::Fragments));
}

#[test]
fn each_message_is_counted_anew() {
    let mut bytes = Vec::new();
    for _ in 0..5 {
        bytes.extend(whole(TEXT, false, 30_000));
        bytes.extend(whole(CONTINUATION, true, 30_000));
        bytes.extend(whole(TEXT, true, 60_000));
    }
    assert_eq!(through(&bytes, &[]), (bytes, None));
}

#[test]
fn a_ping_may_not_be_a_message() {
    assert_eq!(through(&whole(PING, true, 126), &[]).1, Some(Breach::Control { declared: 126 }));
}

proptest! {
    #[test]
    fn wherever_the_network_cuts_it_good_frames_pass_and_the_bad_one_is_found(
        frames in prop::collection::vec((any::<bool>(), 0_usize..400, any::<bool>()), 0..12),
        bad in prop::option::of(FRAME_BYTES_MAX as u64 + 1..u64::MAX),
        cuts in prop::collection::vec(any::<usize>(), 0..60),
    ) {
        let mut bytes = Vec::new();
        for (ping, length, masked) in frames {
            let (opcode, length) = if ping { (PING, length % 126) } else { (TEXT, length) };
            bytes.extend(frame(opcode, true, masked, length as u64, length));
        }
        let fine = bytes.len();
        if let Some(declared) = bad {
            bytes.extend(frame(TEXT, true, true, declared, 50));
        }
        let (out, breach) = through(&bytes, &cuts);
        prop_assert_eq!(breach, bad.map(|declared| Breach::Frame { declared }));
        // Of the bad frame at most its unfinished header has passed, and never its last byte.
        prop_assert!(out.starts_with(&bytes[..fine]) && out.len() < fine + 10);
        prop_assert!(bytes.starts_with(&out));
    }
}
