//! What the server answers besides the API's subjects: probes, errors, headers, availability.

use engine::domain::group::Status;
use reqwest::{Client, Method};
use serde_json::json;

use crate::kit::{Answer, TestServer};

#[actix_web::test]
async fn load_balancers_are_told_when_the_server_is_about_to_stop() {
    let server = TestServer::start().await;
    let client = Client::new();
    for url in [server.url("/health/ready"), server.admin_url("/health/ready"), server.admin_url("/health/live")] {
        assert_eq!(Answer::to(client.get(&url)).await.body["ok"], true, "{url}");
    }
    let metrics = client.get(server.admin_url("/metrics")).send().await.unwrap();
    assert!(metrics.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert!(metrics.text().await.unwrap().contains("switchboard_draining 0"));
    server.running.state.readiness.drain();
    for url in [server.url("/health/ready"), server.admin_url("/health/ready")] {
        let ready = client.get(&url).send().await.unwrap();
        assert_eq!(ready.status(), 503);
        assert_eq!(ready.json::<serde_json::Value>().await.unwrap(), json!({ "ok": false, "reasons": ["draining"] }));
    }
    assert_eq!(client.get(server.url("/health/live")).send().await.unwrap().status(), 200);
    let public = client.get(server.url("/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(!public.contains("switchboard_draining"), "metrics are not public");
}

#[actix_web::test]
async fn a_store_that_is_gone_makes_the_server_not_ready() {
    let server = TestServer::start().await;
    server.store.close().await;
    let ready = Client::new().get(server.url("/health/ready")).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    assert!(ready.text().await.unwrap().contains("store"));
}

#[actix_web::test]
async fn requests_that_make_no_sense_are_answered_as_problems() {
    let server = TestServer::start().await;
    let joe = server.signed_in("joe@example.com").await;
    for path in ["/nowhere", "/chats/1/2/3", ""] {
        assert_eq!(joe.get(path).await.code(), "not_found", "{path}");
    }
    assert_eq!(Answer::to(joe.client.get(server.url("/api/v2/chats"))).await.code(), "not_found");
    for (method, path) in
        [(Method::PUT, "/chats"), (Method::GET, "/auth/login"), (Method::DELETE, "/status?brand=demo")]
    {
        assert_eq!(Answer::to(joe.request(method, path)).await.status, 405, "{path}");
    }
    let login = |kind: &str, body: String| {
        let request = joe.client.post(server.url("/api/v1/auth/login")).header("Content-Type", kind.to_owned());
        Answer::to(request.body(body))
    };
    assert_eq!(login("application/json", "{".into()).await.code(), "bad_frame");
    assert_eq!(login("application/json", "[1]".into()).await.code(), "bad_frame");
    assert_eq!(login("text/plain", "{}".into()).await.code(), "bad_frame", "a form of a foreign page cannot send JSON");
    assert_eq!(login("application/json", "{}".into()).await.field(), "email");
    assert_eq!(
        login("application/json", format!("{{\"email\":\"{}\"}}", "x".repeat(65_536))).await.code(),
        "too_large"
    );
    let streamed = futures_util::stream::iter((0..70).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1024])));
    let request = joe.client.post(server.url("/api/v1/auth/login")).header("Content-Type", "application/json");
    let request = request.body(reqwest::Body::wrap_stream(streamed));
    assert_eq!(Answer::to(request).await.status, 413, "without a declared length too");
}

#[actix_web::test]
async fn a_page_of_the_brand_may_ask_whether_somebody_is_there_and_others_may_not() {
    let server = TestServer::start().await;
    let account = server.account().await;
    let admin = server.signed_in("admin@example.com").await;
    for odd in ["shop.example", "*", "https://shop.example/page", "javascript:alert(1)"] {
        let refused = admin.patch("/brands/demo", json!({ "origins": ["https://a.example", odd] })).await;
        assert_eq!((refused.status, refused.field()), (422, "origins.1"), "{odd}");
    }
    let many: Vec<String> = (0..51).map(|number| format!("https://shop-{number}.example")).collect();
    assert_eq!(admin.patch("/brands/demo", json!({ "origins": many })).await.field(), "origins");
    assert_eq!(admin.get("/brands/demo").await.body["origins"], json!([]), "nothing was changed");
    let written = json!({ "origins": ["https://Shop.Example/", "https://shop.example"] });
    let set = admin.patch("/brands/demo", written).await.body;
    assert_eq!(set["origins"], json!(["https://shop.example"]));
    let client = Client::new();
    let ask = async |query: &str, origin: &str| {
        Answer::to(client.get(server.url(&format!("/api/v1/status?{query}"))).header("Origin", origin)).await
    };
    let answer = ask("brand=demo", "https://shop.example").await;
    assert_eq!((answer.status, &answer.body), (200, &json!({ "state": "offline" })));
    assert_eq!(answer.header("access-control-allow-origin"), "https://shop.example");
    assert!(answer.header("cache-control").contains("max-age=5") && answer.header("vary").contains("Origin"));
    assert_eq!(ask("brand=demo", "https://evil.example").await.header("access-control-allow-origin"), "");
    let window = client.get(server.url("/window/demo")).send().await.unwrap();
    let policy = window.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("frame-ancestors 'self' https://shop.example"), "its pages may frame it: {policy}");
    let own = server.url("");
    assert_eq!(ask("brand=demo", &own).await.header("access-control-allow-origin"), own);

    let joe = server.store.credentials("joe@example.com").await.unwrap()[0].operator.id;
    let now = server.running.state.clock.now();
    server.store.own_presence(account, joe).await.unwrap();
    server.store.set_status(account, joe, Status::Online, now, None).await.unwrap();
    // Stored behind the back of the running engine: the next one finds it, and gives the window time to come back.
    let server = server.restart().await;
    let own = server.url("");
    let ask = async |query: &str, origin: &str| {
        Answer::to(client.get(server.url(&format!("/api/v1/status?{query}"))).header("Origin", origin)).await
    };
    let opened = std::time::Instant::now();
    while ask("brand=demo", &own).await.body["state"] != "online" && opened.elapsed().as_secs() < 10 {
        actix_web::rt::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(ask("brand=demo", &own).await.body["state"], "online");
    assert_eq!(ask("brand=demo&department=support", &own).await.body["state"], "online");
    assert_eq!(ask("brand=demo&department=sales", &own).await.body["state"], "offline", "nobody is in sales");
    assert_eq!(ask("", &own).await.field(), "brand");
    for gone in ["brand=other", "brand=a%20b", "brand=demo&department=moon"] {
        assert_eq!(ask(gone, &own).await.code(), "not_found");
    }
}

#[actix_web::test]
async fn every_answer_tells_browsers_to_be_careful() {
    let server = TestServer::start().await;
    let client = Client::new();
    let urls = [
        server.url("/"),
        server.url("/api/v1/auth/me"),
        server.url("/nowhere.txt"),
        server.url("/widget.js"),
        server.url("/window/demo"),
        server.url("/demo"),
        server.url("/health/live"),
        server.admin_url("/metrics"),
    ];
    for url in urls {
        let answer = client.get(&url).send().await.unwrap();
        let header =
            |name: &str| answer.headers().get(name).unwrap_or_else(|| panic!("no {name} at {url}")).to_str().unwrap();
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "strict-origin-when-cross-origin");
        assert!(header("permissions-policy").contains("camera=()"));
        let policy = header("content-security-policy");
        assert!(policy.contains("frame-ancestors") && !policy.contains("unsafe"), "{url}: {policy}");
        assert!(!header("cross-origin-resource-policy").is_empty());
    }
}

#[actix_web::test]
async fn pages_that_are_not_there_say_so_in_words() {
    let server = TestServer::start().await;
    let client = Client::new();
    for path in ["/window/other", "/window/a%20b", "/nowhere.txt", "/assets/nothing.js", "/assets/../../Cargo.toml"] {
        let answer = client.get(server.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        assert_eq!(answer.headers()["content-type"], "text/plain; charset=utf-8");
    }
    assert_eq!(client.post(server.url("/")).send().await.unwrap().status(), 405);
    assert_eq!(client.head(server.url("/health/ready")).send().await.unwrap().status(), 200);
}
