//! Operators who lose their connections for longer than the server waits: their chats go to colleagues where the group
//! says so, and the judge knows whose they are at each moment.

use serde_json::{Value, json};

use super::replay::{Place, exported};
use super::targets::administrator;
use super::{count, loadtest, words};

/// By this seed every operator asks for a colleague in one of the first chats, and loses connections in the middle.
const LOST: &str = r#"
name = "lost"
seed = 158717
length_s = 10
drain_s = 12
[[visitors]]
arrivals = { kind = "constant", per_minute = 120 }
messages = { least = 6, most = 10 }
typing = 0
pause = { kind = "exponential", mean_s = 0.4 }
linger = { kind = "fixed", s = 1 }
[[operators]]
count = 5
limit = 4
accepts = { kind = "fixed", s = 0.05 }
thinks = { kind = "exponential", mean_s = 0.2 }
typing = 0
transfers = 0.1
invites = 0.1
drops_per_minute = 12
away = { kind = "fixed", s = 1.5 }
"#;

#[test]
fn chats_of_lost_operators_go_to_colleagues_and_no_promise_is_broken() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("lost.toml");
    std::fs::write(&scenario, LOST).unwrap();
    let place = Place::open_with(folder.path(), &[("SWITCHBOARD_FAULT_PATIENCE", "operator_grace=400")]);
    administrator(&place.url, |client, csrf| {
        let rules = json!({ "lost_operator": "requeue" });
        client.patch(format!("{}/api/v1/groups/support", place.url)).header("x-csrf-token", csrf).json(&rules)
    });
    let fixed = ["run", scenario.to_str().unwrap(), "--target", &place.url, "--json", "-"];
    let output = loadtest(&fixed).output().unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", words(&output)));
    assert_eq!((&json["verdict"]["faults"], output.status.code()), (&json!(0), Some(0)), "{}", words(&output));
    assert_eq!(json["verdict"]["chats"].as_u64(), Some(count(&json, "chats_started")), "every chat was judged");
    assert_eq!(count(&json, "chats_ended"), count(&json, "chats_started"), "and served to its end: {}", words(&output));
    assert!(count(&json, "transfers") > 0 && count(&json, "invitations") > 0, "colleagues came: {}", json["counts"]);
    place.close();
    let chats = exported(folder.path(), &folder.path().join("traffic.jsonl"));
    let owners =
        |chat: &Value| chat["events"].as_array().unwrap().iter().filter(|event| event["kind"] == "owned").count();
    let again = chats.iter().map(|chat| owners(chat).saturating_sub(1)).sum::<usize>() as u64;
    assert!(again > count(&json, "transfers"), "{again} times a chat got another owner, and not by transfers alone");
}
