//! Opening hours and holidays by the clock on the wall, the account's or a group's own, and groups that help each other in a circle.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Value, json};
use switchboard_tests::client::{OperatorClient, SOON, Start, VisitorClient};
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

const SUPPORT: &str = "/api/v1/groups/support";
const ACCOUNT: &str = "/api/v1/account";

async fn admin_of(server: &TestServer) -> Browser {
    Browser::signed_in(&server.url(), "admin").await
}

fn now_in(zone: &str) -> Zoned {
    Timestamp::now().to_zoned(TimeZone::get(zone).expect("the zone is known"))
}

/// Waits until Support is open, or closed.
async fn becomes(admin: &Browser, state: &str) {
    let deadline = std::time::Instant::now() + SOON;
    while admin.get("/api/v1/status?brand=demo&department=support").await.ok()["state"] != state {
        assert!(std::time::Instant::now() < deadline, "Support is not {state}");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// Open every day for 20 minutes either way of a minute of the day, which may lie beyond midnight.
fn around(zone: &str, minute: i64) -> Value {
    let minute = minute.rem_euclid(1440);
    let mut day = Vec::new();
    let mut open = |from: i64, to: i64| {
        if from < to {
            day.push(json!({ "from_minute": from, "to_minute": to }));
        }
    };
    open(0, minute + 20 - 1440);
    open((minute - 20).max(0), (minute + 20).min(1440));
    open(minute - 20 + 1440, 1440);
    json!({ "zone": zone, "week": vec![day; 7], "holidays": [] })
}

/// Open always but on that day.
fn but_on(zone: &str, day: Date) -> Value {
    let always = json!([{ "from_minute": 0, "to_minute": 1440 }]);
    json!({ "zone": zone, "week": vec![always; 7], "holidays": [{ "date": day.to_string(), "open": [] }] })
}

#[tokio::test]
async fn hours_are_those_of_the_clock_on_the_wall_with_its_daylight_saving() {
    let server = TestServer::start();
    let admin = admin_of(&server).await;
    let _joe = OperatorClient::online(&server, "joe").await;
    // Zones with daylight saving on both halves of the earth: one of them has it now, the other has not.
    for zone in ["Europe/Zurich", "Australia/Sydney", "America/St_Johns"] {
        let now = now_in(zone);
        let minute = i64::from(now.hour()) * 60 + i64::from(now.minute());
        admin.patch(SUPPORT, json!({ "hours": around(zone, minute) })).await.ok();
        becomes(&admin, "online").await;
        // The same clock with the other offset of the year would be an hour off.
        for wrong in [minute + 60, minute - 60] {
            admin.patch(SUPPORT, json!({ "hours": around(zone, wrong) })).await.ok();
            becomes(&admin, "offline").await;
        }
    }
}

#[tokio::test]
async fn a_holiday_is_the_day_of_the_groups_zone() {
    let mut server = TestServer::start();
    let admin = admin_of(&server).await;
    let _joe = OperatorClient::online(&server, "joe").await;
    // These two never have the same date.
    let (early, late) = ("Pacific/Kiritimati", "Pacific/Niue");
    let today = now_in(early).date();
    admin.patch(SUPPORT, json!({ "hours": but_on(early, today) })).await.ok();
    becomes(&admin, "offline").await;
    admin.patch(SUPPORT, json!({ "hours": but_on(late, today) })).await.ok();
    becomes(&admin, "online").await;
    admin.patch(SUPPORT, json!({ "hours": but_on(late, now_in(late).date()) })).await.ok();
    becomes(&admin, "offline").await;
    server.stop();
    server.restart();
    let admin = admin_of(&server).await;
    let mut joe = OperatorClient::connect(&server, "joe").await;
    joe.status("online").await;
    let mut clara = VisitorClient::connect(&server).await;
    let refused = clara.refused(Start::support("Clara", "Open?").command(), "conflict").await;
    assert_eq!(refused["why"], "offline", "{refused}");
    admin.patch(SUPPORT, json!({ "hours": null })).await.ok();
    becomes(&admin, "online").await;
    clara.start(&Start::support("Clara", "And now?")).await;
    joe.offer().await;
}

#[tokio::test]
async fn groups_without_a_zone_follow_the_accounts_at_once_and_after_a_restart() {
    let mut server = TestServer::start();
    let admin = admin_of(&server).await;
    let _joe = OperatorClient::online(&server, "joe").await;
    let usual = admin.get(ACCOUNT).await.ok();
    assert_eq!(usual["time_zone"], "UTC", "{usual}");
    // These two never have the same date: on one of them today is a holiday.
    let (early, late) = ("Pacific/Kiritimati", "Pacific/Niue");
    let holiday = now_in(early).date();
    let mut hours = but_on(early, holiday);
    hours["zone"] = Value::Null;
    let shown = admin.patch(SUPPORT, json!({ "hours": hours })).await.ok();
    assert_eq!(shown["hours"]["zone"], Value::Null, "{shown}");
    let set = admin.patch_seen(&usual, ACCOUNT, json!({ "time_zone": early })).await.ok();
    assert_ne!(set["version"], usual["version"]);
    becomes(&admin, "offline").await;
    let group = admin.get(SUPPORT).await.ok();
    assert_eq!(group["version"], shown["version"], "nothing of the group has changed");
    admin.patch(ACCOUNT, json!({ "time_zone": late })).await.ok();
    becomes(&admin, "online").await;
    // A group that names its own stays as it is.
    admin.patch(SUPPORT, json!({ "hours": but_on(early, holiday) })).await.ok();
    becomes(&admin, "offline").await;
    admin.patch(SUPPORT, json!({ "hours": hours })).await.ok();
    becomes(&admin, "online").await;
    admin.patch(ACCOUNT, json!({ "time_zone": early })).await.ok();
    becomes(&admin, "offline").await;
    server.kill();
    server.restart();
    let admin = admin_of(&server).await;
    assert_eq!(admin.get(ACCOUNT).await.ok()["time_zone"], early);
    let mut joe = OperatorClient::connect(&server, "joe").await;
    joe.status("online").await;
    let mut clara = VisitorClient::connect(&server).await;
    let refused = clara.refused(Start::support("Clara", "Open?").command(), "conflict").await;
    assert_eq!(refused["why"], "offline", "{refused}");
    admin.patch(ACCOUNT, json!({ "time_zone": late })).await.ok();
    becomes(&admin, "online").await;
    clara.start(&Start::support("Clara", "And now?")).await;
    joe.offer().await;
}

#[tokio::test]
async fn a_time_zone_that_nobody_knows_is_named_and_only_administrators_set_one() {
    let server = TestServer::start();
    let admin = admin_of(&server).await;
    let usual = admin.get(ACCOUNT).await.ok();
    for wrong in [json!("Mars/Olympus"), json!(""), json!("+02:00"), json!(7), json!(["UTC"])] {
        let problem = admin.patch(ACCOUNT, json!({ "time_zone": wrong })).await.refused(422, "invalid");
        assert_eq!(problem["field"], "time_zone", "{wrong}: {problem}");
    }
    let nothing = json!({ "zone": "", "week": [[], [], [], [], [], [], []], "holidays": [] });
    let problem = admin.patch(SUPPORT, json!({ "hours": nothing })).await.refused(422, "invalid");
    assert_eq!(problem["field"], "hours.zone", "{problem}");
    for name in ["joe", "mona"] {
        let browser = Browser::signed_in(&server.url(), name).await;
        assert_eq!(browser.get(ACCOUNT).await.ok(), usual);
        browser.patch(ACCOUNT, json!({ "time_zone": "Europe/Zurich" })).await.refused(403, "forbidden");
    }
    assert_eq!(admin.get(ACCOUNT).await.ok(), usual);
    admin.patch_seen(&usual, ACCOUNT, json!({ "time_zone": "Europe/Zurich" })).await.ok();
    let late = admin.patch_seen(&usual, ACCOUNT, json!({ "time_zone": "Asia/Tokyo" })).await.refused(409, "conflict");
    assert_eq!(late["why"], "changed", "{late}");
}

#[tokio::test]
async fn groups_that_help_each_other_in_a_circle_ask_once_and_the_wait_ends() {
    let server = TestServer::start();
    let admin = admin_of(&server).await;
    let mona = Browser::signed_in(&server.url(), "mona").await.operator_id();
    let member = json!({ "group": "sales", "operator": mona, "handling": "pull" });
    admin.post("/api/v1/memberships", member).await.ok();
    for (group, other) in [("support", "sales"), ("sales", "support")] {
        let rules = json!({
            "overflow": { "after_s": 1, "groups": [other] },
            "when_full": { "group": other },
            "queue_wait_max_s": 4,
        });
        admin.patch(&format!("/api/v1/groups/{group}"), rules).await.ok();
    }
    // Mona pulls, so that chats wait in both groups, and nobody is rung.
    let mut mona = OperatorClient::online(&server, "mona").await;
    let mut clara = VisitorClient::connect(&server).await;
    let begun = std::time::Instant::now();
    let chat = clara.start(&Start::support("Clara", "Round and round")).await;
    let ended = clara.expect_within("the end", |frame| frame["event"]["kind"] == "ended", 2 * SOON).await;
    assert_eq!(ended["event"]["why"], "timed_out", "{ended}");
    assert!(begun.elapsed() >= std::time::Duration::from_secs(4), "it waited in one group at least");
    let events = mona.browser.get(&format!("/api/v1/chats/{chat}/events")).await.ok();
    let kinds: Vec<&str> =
        events["items"].as_array().into_iter().flatten().filter_map(|item| item["event"]["kind"].as_str()).collect();
    let queued = kinds.iter().filter(|kind| **kind == "queued").count();
    assert_eq!(queued, 2, "its own group, and the other once: {kinds:?}");
    assert!(!kinds.contains(&"offered"), "{kinds:?}");
    mona.expect_none("offer", |frame| frame["type"] == "offer").await;
}

#[tokio::test]
async fn a_limit_below_zero_is_refused_wherever_one_is_set() {
    let server = TestServer::start();
    let admin = admin_of(&server).await;
    let joe = Browser::signed_in(&server.url(), "joe").await.operator_id();
    for path in [format!("/api/v1/operators/{joe}"), format!("/api/v1/memberships/support/{joe}")] {
        let before = admin.get(&path).await.ok();
        for wrong in [json!(-1), json!(1.5), json!(10_001), json!("many")] {
            let problem = admin.patch(&path, json!({ "limit": wrong })).await.refused(422, "invalid");
            assert_eq!(problem["field"], "limit", "{problem}");
        }
        assert_eq!(admin.get(&path).await.ok(), before);
    }
    for field in ["queue_length_max", "queue_wait_max_s", "offer_expires_after_s", "connection_timeout_s"] {
        let problem = admin.patch(SUPPORT, json!({ field: -1 })).await.refused(422, "invalid");
        assert_eq!(problem["field"], field, "{problem}");
    }
}
