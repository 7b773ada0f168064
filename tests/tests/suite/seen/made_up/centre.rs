//! A small centre that works: what the panels draw of its series. Each number was reckoned by hand.

use super::Series;

/// Its series.
pub(super) const SERIES: &str = include_str!("centre.txt");

/// A panel by its dashboard and its title, and what each of its expressions draws after 100 minutes.
type Drawn = ((&'static str, &'static str), &'static [&'static [Series]]);

pub(super) const PANELS: &[Drawn] = &[
    (("Overview", "Waiting chats"), &[&[("{}", "8")]]),
    (("Overview", "Longest wait"), &[&[("{}", "90")]]),
    // 75 of 120 a minute.
    (("Overview", "Service level"), &[&[("{}", "0.625")]]),
    // 24 of 192.
    (("Overview", "Abandoned"), &[&[("{}", "0.125")]]),
    // 216 of 360 slot seconds a minute.
    (("Overview", "Occupancy"), &[&[("{}", "0.6")]]),
    (("Overview", "Receiving"), &[&[("{}", "5")]]),
    (("Overview", "Chats begun"), &[&[(SALES, "2"), (SUPPORT, "0.5")]]),
    (("Overview", "Messages"), &[&[(r#"{role="visitor"}"#, "13"), (r#"{role="operator"}"#, "2")]]),
    // Of 840 a minute the 831.6th, the 600.6th of 609 between a tenth of a second and a second.
    (("Overview", "Ack, 99 %"), &[&[("{}", "0.987586")]]),
    (("Overview", "Sockets"), &[&[("{}", "1400")]]),
    (("Overview", "Nodes"), &[&[("{}", "3")]]),
    (("Queues", "Waiting chats"), &[&[(SALES, "3"), (SUPPORT, "5")]]),
    (("Queues", "Longest wait"), &[&[(SALES, "30"), (SUPPORT, "90")]]),
    // Of 40, 94 and 120 a minute up to 10, 20 and 60 seconds: the 60th, the 108th, the 118.8th.
    (
        ("Queues", "Queue time of answered chats"),
        &[&[("{}", "13.703704")], &[("{}", "41.538462")], &[("{}", "58.153846")]],
    ),
    // Of 6, 15 and 24: the 12th, the 21.6th.
    (("Queues", "Queue time of abandoned chats"), &[&[("{}", "16.666667")], &[("{}", "49.333333")]]),
    (
        ("Queues", "Why chats wait"),
        &[&[(r#"{reason="all_full"}"#, "3"), (r#"{reason="ringing"}"#, "1"), (r#"{reason="let_go"}"#, "4")]],
    ),
    (("Queues", "Service level"), &[&[(SALES, "0.75"), (SUPPORT, "0.5")]]),
    (
        ("Queues", "Outcome of waits"),
        &[&[
            (r#"{outcome="answered"}"#, "2"),
            (r#"{outcome="abandoned"}"#, "0.4"),
            (r#"{outcome="sent_to_form"}"#, "0.6"),
            (r#"{outcome="turned_away"}"#, "0.2"),
        ]],
    ),
    (("Queues", "Average speed of answer"), &[&[(SALES, "12"), (SUPPORT, "20")], &[(SALES, "20"), (SUPPORT, "40")]]),
    // 12 of 72, 24 of 84.
    (("Queues", "Bounce rate"), &[&[(SALES, "0.166667"), (SUPPORT, "0.285714")]]),
    (("Queues", "Chats begun"), &[&[(SALES, "2"), (SUPPORT, "0.5")]]),
    (
        ("Queues", "Chats ended"),
        &[
            &[
                (r#"{by="visitor",why="closed"}"#, "2"),
                (r#"{by="operator",why="closed"}"#, "0.5"),
                (r#"{by="system",why="left"}"#, "0.1"),
            ],
            &[(r#"{after="chat"}"#, "0.2"), (r#"{after="nothing"}"#, "0.5")],
        ],
    ),
    (("Queues", "Error of the told wait"), &[&[(r#"{sign="longer"}"#, "50"), (r#"{sign="shorter"}"#, "9")]]),
    (("Queues", "Slots"), &[&[("{}", "5")], &[("{}", "2")], &[("{}", "9")]]),
    // 240 of 480 slot seconds a minute, 90 of 120.
    (("Operators", "Occupancy"), &[&[(SALES, "0.5"), (SUPPORT, "0.75")]]),
    (("Operators", "Free slots"), &[&[(SALES, "5"), (SUPPORT, "4")]]),
    (("Operators", "Members who receive"), &[&[(SALES, "2"), (SUPPORT, "3")]]),
    (("Operators", "Slots"), &[&[("{}", "5")], &[("{}", "2")], &[("{}", "18")]]),
    // Of 80 and 120 a minute up to 10 and 60 seconds: the 60th, the 108th.
    (("Operators", "First reply"), &[&[("{}", "7.5")], &[("{}", "45")]]),
    // Of 100 and 120.
    (("Operators", "Idle time"), &[&[("{}", "6")], &[("{}", "30")]]),
    (("Operators", "Handling time"), &[&[(SALES, "300"), (SUPPORT, "600")]]),
    (("Operators", "Chats handled"), &[&[(SALES, "0.2"), (SUPPORT, "0.4")]]),
    (("Operators", "Offers"), &[&[(SALES, "0.5"), (SUPPORT, "1")]]),
    (
        ("Operators", "How offers end"),
        &[&[(r#"{outcome="accepted"}"#, "1"), (r#"{outcome="declined"}"#, "0.1"), (r#"{outcome="expired"}"#, "0.2")]],
    ),
    (("Nodes", "Processor"), &[&[(A, "0.5"), (B, "1")]]),
    (("Nodes", "Memory"), &[&[(A, "100000000"), (B, "230000000")]]),
    (("Nodes", "Open files"), &[&[(A, "0.1"), (B, "0.3")]]),
    (
        ("Nodes", "Sockets"),
        &[&[
            (r#"{instance="a",side="visitor"}"#, "100"),
            (r#"{instance="a",side="operator"}"#, "10"),
            (r#"{instance="b",side="visitor"}"#, "200"),
            (r#"{instance="b",side="operator"}"#, "20"),
        ]],
    ),
    (("Nodes", "Threads"), &[&[(A, "12"), (B, "14")]]),
    // Of 75, 117 and 120 a minute up to a hundredth, a tenth and a second, at `b` of 85, 114 and 120: the 60th, the 118.8th.
    (("Nodes", "Ack"), &[&[(A, "0.008"), (B, "0.007059")], &[(A, "0.64"), (B, "0.82")]]),
    (("Nodes", "Refused commands"), &[&[(r#"{code="conflict"}"#, "0.2"), (r#"{code="invalid"}"#, "0.3")]]),
    // Of 60, 108 and 120 a minute up to a thousandth, a hundredth and a tenth, at `b` of 80, 120 and 120.
    (("Nodes", "Commit"), &[&[(A, "0.001"), (B, "0.00075")], &[(A, "0.091"), (B, "0.00973")]]),
    (("Nodes", "Commands of a commit"), &[&[(A, "10"), (B, "4")]]),
    (("Nodes", "Waiting for the writer"), &[&[(A, "5"), (B, "7")]]),
    (("Nodes", "Indexer"), &[&[(A, "0.5"), (B, "0.25")]]),
    (("Nodes", "Journal"), &[&[(A, "10"), (B, "20")]]),
    (("Nodes", "Write-ahead log"), &[&[(A, "1000000"), (B, "2000000")], &[(A, "2"), (B, "4")]]),
    (("Nodes", "Actors"), &[&[(r#"{kind="visitor_session"}"#, "120"), (r#"{kind="queue"}"#, "9")]]),
    (("Nodes", "Fullest mailbox"), &[&[(r#"{kind="queue"}"#, "0.5"), (r#"{kind="operator"}"#, "0.125")]]),
    (("Nodes", "Resumes"), &[&[(r#"{side="visitor"}"#, "3"), (r#"{side="operator"}"#, "0.5")]]),
    (("Load test", "Messages"), &[&[(r#"{role="visitor"}"#, "3"), (r#"{role="operator"}"#, "1")]]),
    (("Load test", "Sockets and chats"), &[&[("{}", "330")], &[("{}", "120")]]),
    // Of 160, 231 and 240 a minute: the 120th, the 237.6th, the 239.76th.
    (("Load test", "Ack"), &[&[("{}", "0.0075")], &[("{}", "0.76")], &[("{}", "0.976")]]),
    // Of 140, 228 and 240.
    (("Load test", "Commit"), &[&[("{}", "0.082")]]),
    // At `a` and `b` there are Sales and Support alone.
    (("Load test", "Queue time"), &[&[("{}", "13.703704")], &[("{}", "41.538462")]]),
    // 1.5 seconds of processors for 4 messages.
    (("Load test", "Processor a message"), &[&[("{}", "0.375")]]),
    (("Load test", "Memory a socket"), &[&[("{}", "1000000")]]),
    // 1,080 in 180.
    (("Load test", "Commands a commit"), &[&[("{}", "6")]]),
    (("Load test", "Refused commands"), &[&[("{}", "0.5")]]),
    (("Load test", "Processor"), &[&[(A, "0.5"), (B, "1")]]),
    (("Load test", "Memory"), &[&[(A, "100000000"), (B, "230000000")]]),
    (("Load test", "Waiting for the writer"), &[&[(A, "5"), (B, "7")]]),
];

const SALES: &str = r#"{account="1",group="sales"}"#;
const SUPPORT: &str = r#"{account="1",group="support"}"#;
const A: &str = r#"{instance="a"}"#;
const B: &str = r#"{instance="b"}"#;
