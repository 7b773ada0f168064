//! Panels of what is 0 in every story: what is drawn when there is something.

use super::{Panel, Series};

/// Nodes began 50, 60 and 50 minutes before they are asked: what was counted before they were asked for the first time
/// shows no rise, and is of the last hour at `a` and `c`. What `a` counted before it began anew is a rise of that hour.
const BROKEN: &[Series] = &[
    (r#"process_start_time_seconds{instance="a"}"#, "3000x120"),
    (r#"process_start_time_seconds{instance="b"}"#, "2400x120"),
    (r#"process_start_time_seconds{instance="c"}"#, "3000x120"),
    (r#"switchboard_invariant_violations_total{instance="a",which="slots_recounted"}"#, "3x120"),
    (r#"switchboard_invariant_violations_total{instance="a",which="chat_set_aside"}"#, "0x120"),
    (r#"switchboard_invariant_violations_total{instance="a",which="slot_not_refilled"}"#, "0+1x49 0x70"),
    (r#"switchboard_invariant_violations_total{instance="b",which="slots_recounted"}"#, "500x120"),
    (r#"switchboard_invariant_violations_total{instance="b",which="queue_disagrees"}"#, "0+1x120"),
    (r#"switchboard_invariant_violations_total{instance="c",which="slots_recounted"}"#, "7x120"),
    (r#"switchboard_invariant_violations_total{instance="c",which="queue_disagrees"}"#, "0+1x120"),
];
/// The same of actors.
const REBUILT: &[Series] = &[
    (r#"process_start_time_seconds{instance="a"}"#, "3000x120"),
    (r#"process_start_time_seconds{instance="b"}"#, "2400x120"),
    (r#"process_start_time_seconds{instance="c"}"#, "3000x120"),
    (r#"switchboard_actor_restarts_total{instance="a",kind="queue"}"#, "3x120"),
    (r#"switchboard_actor_restarts_total{instance="a",kind="visitor_session"}"#, "0x120"),
    (r#"switchboard_actor_restarts_total{instance="b",kind="queue"}"#, "500x120"),
    (r#"switchboard_actor_restarts_total{instance="b",kind="operator"}"#, "0+1x120"),
    (r#"switchboard_actor_restarts_total{instance="c",kind="queue"}"#, "7x120"),
    (r#"switchboard_actor_restarts_total{instance="c",kind="operator"}"#, "0+1x120"),
];

pub(super) const PANELS: &[Panel] = &[
    Panel { at: ("Overview", "Never happens"), series: BROKEN, draws: &[&[("{}", "139")]] },
    Panel { at: ("Overview", "Actors rebuilt"), series: REBUILT, draws: &[&[("{}", "130")]] },
    Panel {
        at: ("Nodes", "Never happens"),
        series: BROKEN,
        draws: &[&[
            (r#"{which="slots_recounted"}"#, "3"),
            (r#"{which="chat_set_aside"}"#, "0"),
            (r#"{which="slot_not_refilled"}"#, "9"),
            (r#"{which="queue_disagrees"}"#, "60"),
        ]],
    },
    Panel {
        at: ("Nodes", "Rebuilt after a panic"),
        series: REBUILT,
        draws: &[&[(r#"{kind="queue"}"#, "3"), (r#"{kind="visitor_session"}"#, "0"), (r#"{kind="operator"}"#, "60")]],
    },
    Panel {
        at: ("Overview", "Refused for our fault"),
        series: &[
            (r#"switchboard_commands_refused_total{instance="a",code="unavailable"}"#, "0+30x120"),
            (r#"switchboard_commands_refused_total{instance="b",code="internal"}"#, "0+30x120"),
            (r#"switchboard_commands_refused_total{instance="a",code="conflict"}"#, "0+120x120"),
            (r#"switchboard_ack_seconds_count{instance="a"}"#, "0+30x120"),
            (r#"switchboard_ack_seconds_count{instance="b"}"#, "0+30x120"),
        ],
        draws: &[&[("{}", "0.25")]],
    },
    Panel {
        at: ("Load test", "Lost ground"),
        series: &[
            (r#"switchboard_slow_readers_total{instance="a"}"#, "0+60x120"),
            (r#"switchboard_slow_readers_total{instance="b"}"#, "0+120x120"),
            (r#"switchboard_slow_readers_total{instance="c"}"#, "0+600x120"),
            (r#"switchboard_mailbox_full_total{instance="a",kind="queue"}"#, "0+30x120"),
            (r#"switchboard_mailbox_full_total{instance="b",kind="operator"}"#, "0+60x120"),
            (r#"switchboard_mailbox_full_total{instance="c",kind="queue"}"#, "0+600x120"),
        ],
        draws: &[&[("{}", "3")], &[("{}", "1.5")]],
    },
    Panel {
        at: ("Nodes", "Version"),
        series: &[
            (r#"switchboard_build_info{instance="a",version="1.2.3"}"#, "1x120"),
            (r#"switchboard_build_info{instance="c",version="1.2.3"}"#, "1x120"),
            (r#"switchboard_draining{instance="a"}"#, "1x120"),
            (r#"switchboard_draining{instance="b"}"#, "0x120"),
            (r#"switchboard_draining{instance="c"}"#, "1x120"),
        ],
        draws: &[
            &[(r#"{instance="a",version="1.2.3"}"#, "1")],
            &[(r#"{instance="a"}"#, "1"), (r#"{instance="b"}"#, "0")],
        ],
    },
    Panel {
        at: ("Nodes", "Full mailboxes"),
        series: &[
            (r#"switchboard_mailbox_full_total{instance="a",kind="queue"}"#, "0+60x120"),
            (r#"switchboard_mailbox_full_total{instance="b",kind="queue"}"#, "0+120x120"),
            (r#"switchboard_mailbox_full_total{instance="b",kind="operator"}"#, "0+30x120"),
            (r#"switchboard_mailbox_full_total{instance="c",kind="queue"}"#, "0+600x120"),
        ],
        draws: &[&[(r#"{kind="queue"}"#, "3"), (r#"{kind="operator"}"#, "0.5")]],
    },
    Panel {
        at: ("Nodes", "Slow readers"),
        series: &[
            (r#"switchboard_slow_readers_total{instance="a"}"#, "0+60x120"),
            (r#"switchboard_slow_readers_total{instance="b"}"#, "0x120"),
            (r#"switchboard_slow_readers_total{instance="c"}"#, "0+600x120"),
        ],
        draws: &[&[(r#"{instance="a"}"#, "1"), (r#"{instance="b"}"#, "0")]],
    },
    Panel {
        at: ("Nodes", "Sent to other nodes"),
        series: &[
            (r#"switchboard_bus_sent_total{instance="a",kind="command"}"#, "0+60x120"),
            (r#"switchboard_bus_sent_total{instance="b",kind="command"}"#, "0+120x120"),
            (r#"switchboard_bus_sent_total{instance="b",kind="news"}"#, "0+30x120"),
            (r#"switchboard_bus_sent_total{instance="c",kind="command"}"#, "0+600x120"),
        ],
        draws: &[&[(r#"{kind="command"}"#, "3"), (r#"{kind="news"}"#, "0.5")]],
    },
    Panel {
        at: ("Nodes", "Come from other nodes"),
        series: &[
            (r#"switchboard_bus_received_total{instance="a",kind="command"}"#, "0+60x120"),
            (r#"switchboard_bus_received_total{instance="b",kind="command"}"#, "0+120x120"),
            (r#"switchboard_bus_received_total{instance="b",kind="news"}"#, "0+30x120"),
            (r#"switchboard_bus_received_total{instance="c",kind="command"}"#, "0+600x120"),
        ],
        draws: &[&[(r#"{kind="command"}"#, "3"), (r#"{kind="news"}"#, "0.5")]],
    },
    Panel {
        at: ("Nodes", "Passed over"),
        series: &[
            (r#"switchboard_bus_dropped_total{instance="a",why="doubled"}"#, "0+60x120"),
            (r#"switchboard_bus_dropped_total{instance="b",why="doubled"}"#, "0+120x120"),
            (r#"switchboard_bus_dropped_total{instance="b",why="not_understood"}"#, "0+30x120"),
            (r#"switchboard_bus_dropped_total{instance="c",why="doubled"}"#, "0+600x120"),
        ],
        draws: &[&[(r#"{why="doubled"}"#, "3"), (r#"{why="not_understood"}"#, "0.5")]],
    },
    Panel {
        at: ("Nodes", "Repairs"),
        series: &[
            (r#"switchboard_bus_sent_again_total{instance="a"}"#, "0+60x120"),
            (r#"switchboard_bus_sent_again_total{instance="b"}"#, "0x120"),
            (r#"switchboard_bus_sent_again_total{instance="c"}"#, "0+600x120"),
            (r#"switchboard_bus_commands_again_total{instance="a"}"#, "0+120x120"),
            (r#"switchboard_bus_commands_again_total{instance="b"}"#, "0x120"),
            (r#"switchboard_bus_commands_again_total{instance="c"}"#, "0+600x120"),
            (r#"switchboard_bus_gaps_filled_total{instance="a"}"#, "0+180x120"),
            (r#"switchboard_bus_gaps_filled_total{instance="b"}"#, "0x120"),
            (r#"switchboard_bus_gaps_filled_total{instance="c"}"#, "0+600x120"),
            (r#"switchboard_chats_fenced_total{instance="a"}"#, "0+240x120"),
            (r#"switchboard_chats_fenced_total{instance="b"}"#, "0x120"),
            (r#"switchboard_chats_fenced_total{instance="c"}"#, "0+600x120"),
        ],
        draws: &[
            &[(r#"{instance="a"}"#, "1"), (r#"{instance="b"}"#, "0")],
            &[(r#"{instance="a"}"#, "2"), (r#"{instance="b"}"#, "0")],
            &[(r#"{instance="a"}"#, "3"), (r#"{instance="b"}"#, "0")],
            &[(r#"{instance="a"}"#, "4"), (r#"{instance="b"}"#, "0")],
        ],
    },
    Panel {
        at: ("Nodes", "Held against the log"),
        series: &[
            (r#"switchboard_figures_checked_total{instance="a"}"#, "0+60x120"),
            (r#"switchboard_figures_checked_total{instance="b"}"#, "0x120"),
            (r#"switchboard_figures_checked_total{instance="c"}"#, "0+600x120"),
            (r#"switchboard_figures_unchecked_total{instance="a"}"#, "0+120x120"),
            (r#"switchboard_figures_unchecked_total{instance="b"}"#, "0x120"),
            (r#"switchboard_figures_unchecked_total{instance="c"}"#, "0+600x120"),
            (r#"switchboard_figures_reviewed_total{instance="a"}"#, "0+240x120"),
            (r#"switchboard_figures_reviewed_total{instance="b"}"#, "0x120"),
            (r#"switchboard_figures_reviewed_total{instance="c"}"#, "0+600x120"),
        ],
        draws: &[
            &[(r#"{instance="a"}"#, "1"), (r#"{instance="b"}"#, "0")],
            &[(r#"{instance="a"}"#, "2"), (r#"{instance="b"}"#, "0")],
            &[(r#"{instance="a"}"#, "4"), (r#"{instance="b"}"#, "0")],
        ],
    },
    Panel {
        at: ("Nodes", "Drift"),
        series: &[
            (r#"switchboard_figures_drift_total{instance="a",kept="row",figure="messages"}"#, "0+1x120"),
            (r#"switchboard_figures_drift_total{instance="b",kept="row",figure="messages"}"#, "0+2x120"),
            (r#"switchboard_figures_drift_total{instance="b",kept="counted",figure="messages"}"#, "0+4x120"),
            (r#"switchboard_figures_drift_total{instance="b",kept="row",figure="outcome"}"#, "0x120"),
            (r#"switchboard_figures_drift_total{instance="c",kept="row",figure="messages"}"#, "0+8x120"),
        ],
        draws: &[&[
            (r#"{kept="row",figure="messages"}"#, "180"),
            (r#"{kept="counted",figure="messages"}"#, "240"),
            (r#"{kept="row",figure="outcome"}"#, "0"),
        ]],
    },
];
