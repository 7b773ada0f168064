//! Who may import whom: the core knows nothing of the world, actors know no adapter, and only the start-up code
//! names one.

use switchboard_tests::project;

use crate::suite::tidy::scrub::{code, shipped};
use crate::suite::tidy::sources::{Source, rust_in, shipped_in, with_ending};

/// The layers of the engine, each with those it may import. Ports speak of rows in the types of the protocol, so
/// that a list is not turned over twice; the protocol knows no port.
const ENGINE: [(&str, &[&str]); 7] = [
    ("domain", &["domain"]),
    ("protocol", &["protocol", "domain"]),
    ("ports", &["ports", "protocol", "domain"]),
    ("actors", &["actors", "ports", "protocol", "domain", "metrics"]),
    ("adapters", &["adapters", "ports", "protocol", "domain", "metrics"]),
    ("simulation", &["simulation", "domain"]),
    ("metrics", &["metrics", "ports", "protocol", "domain"]),
];

/// What the pure core may use from outside; nothing of it knows time, chance, threads or files.
const DOMAIN_CRATES: [&str; 10] =
    ["std", "core", "serde", "serde_json", "thiserror", "uuid", "jiff", "ts_rs", "bytestring", "itoa"];

/// What the core must not do even with those: ask for the time, roll a die, iterate in an order of chance, wait.
const NOT_IN_DOMAIN: [&str; 16] = [
    "SystemTime",
    "Instant",
    "HashMap",
    "HashSet",
    "std::thread",
    "std::fs",
    "std::net",
    "std::env",
    "now_v7",
    "new_v4",
    "Timestamp::now",
    "Zoned::now",
    "async fn",
    ".await",
    "Mutex",
    "RwLock",
];

#[test]
fn layers_of_the_engine_import_only_what_is_below_them() {
    let mut wrong = Vec::new();
    for (layer, allowed) in ENGINE {
        for source in shipped_in(&format!("engine/src/{layer}")) {
            let imported = names_behind(&shipped(&source.text), "crate::");
            let names = imported.into_iter().filter(|name| ENGINE.iter().any(|(layer, _)| layer == name));
            let outside = names.filter(|name| !allowed.contains(&name.as_str()));
            wrong.extend(outside.map(|name| format!("{} imports {name}", source.path)));
            if source.text.contains("super::super::") {
                wrong.push(format!("{} climbs with super::super::, which hides the layer it means", source.path));
            }
        }
    }
    assert!(rust_in("engine/src/domain").len() > 5 && rust_in("engine/src/protocol").len() > 3);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_domain_is_pure() {
    let mut wrong = Vec::new();
    let manifest = std::fs::read_to_string(project("engine/Cargo.toml")).expect("the engine has a manifest");
    let dependencies = manifest.split("[dependencies]").nth(1).and_then(|rest| rest.split("\n[").next());
    let names = dependencies.unwrap_or_default().lines().filter_map(|line| line.split(['.', ' ', '=']).next());
    let names = names.filter(|name| !name.is_empty()).map(|name| name.replace('-', "_"));
    let others: Vec<String> = names.filter(|name| !DOMAIN_CRATES.contains(&name.as_str())).collect();
    assert!(others.len() > 10 && others.contains(&"tokio".to_owned()), "{others:?}");
    for source in shipped_in("engine/src/domain") {
        let code = shipped(&source.text);
        for line in code.lines().map(str::trim_start) {
            let Some(path) = line.strip_prefix("use ").or_else(|| line.strip_prefix("pub use ")) else { continue };
            let root = path.split([':', ';', ' ']).next().unwrap_or_default();
            // Others go on from a type or a module of this file.
            let of_this_file = root.starts_with(char::is_uppercase) || code.contains(&format!("mod {root};"));
            let own = ["crate", "self", "super"].contains(&root) || of_this_file;
            if !own && !DOMAIN_CRATES.contains(&root) {
                wrong.push(format!("{} uses {root}", source.path));
            }
        }
        // Whatever is named where it stands is used, too.
        let named = others.iter().filter(|name| code.contains(&format!("{name}::")) && has_word(&code, name));
        wrong.extend(named.map(|name| format!("{} names {name}", source.path)));
        let words = NOT_IN_DOMAIN.iter().filter(|word| has_word(&code, word));
        wrong.extend(words.map(|word| format!("{} has {word}", source.path)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the load tester may know of the engine: what is public, what it judges by, and the simulation. Its own view of a
/// chat is worth something only while it does not come from the actors or the store.
#[test]
fn the_load_tester_knows_the_contract_and_not_the_works() {
    let allowed = ["protocol", "domain", "simulation"];
    let (mut wrong, mut used) = (Vec::new(), 0);
    for source in rust_in("loadtest/src") {
        let names = names_behind(&code(&source.text), "engine::");
        used += names.len();
        let outside = names.into_iter().filter(|name| !allowed.contains(&name.as_str()));
        wrong.extend(outside.map(|name| format!("{} uses engine::{name}", source.path)));
    }
    assert!(used > 3, "the rule found nothing");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_start_up_code_names_an_adapter() {
    let names = |source: &Source| names_behind(&code(&source.text), "engine::").contains(&"adapters".to_owned());
    let users = rust_in("web/src").into_iter().filter(names).map(|source| source.path);
    let others: Vec<String> =
        users.filter(|path| path != "web/src/startup.rs" && !path.starts_with("web/src/startup/")).collect();
    assert!(others.is_empty(), "adapters are named by {others:?}");
}

#[test]
fn the_deprecated_transport_stays_in_its_folder() {
    let uses = |source: &Source| has_word(&code(&source.text), "actix_web_actors");
    let users: Vec<String> = with_ending(&["rs"]).into_iter().filter(uses).map(|source| source.path).collect();
    let inside = |path: &str| {
        // The floor under the sockets is that transport and nothing else.
        path == "web/src/socket.rs" || path.starts_with("web/src/socket/") || path == "benches/src/relay.rs"
    };
    let outside: Vec<&String> = users.iter().filter(|path| !inside(path)).collect();
    assert!(users.contains(&"benches/src/relay.rs".to_owned()), "the rule found nothing: {users:?}");
    assert!(outside.is_empty(), "actix_web_actors is used by {outside:?}");
}

#[test]
fn the_engine_knows_no_http() {
    let crates = ["actix_web", "actix_http", "actix_web_actors", "reqwest", "tokio_tungstenite"];
    let mut wrong = Vec::new();
    for source in rust_in("engine/src") {
        let code = code(&source.text);
        wrong.extend(crates.iter().filter(|name| has_word(&code, name)).map(|name| format!("{}: {name}", source.path)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The first names of all paths that begin with `root`, those of groups (`crate::{a::b, c}`) included.
fn names_behind(code: &str, root: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (place, _) in code.match_indices(root) {
        if code[..place].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[place + root.len()..];
        match rest.strip_prefix('{') {
            Some(group) => names.extend(first_names(group)),
            None => names.extend(first_name(rest)),
        }
    }
    names
}

/// The first name of each path of a group, up to its closing brace.
fn first_names(group: &str) -> Vec<String> {
    let (mut depth, mut names, mut begins) = (0, first_name(group).into_iter().collect::<Vec<_>>(), false);
    for (place, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            _ if begins && !letter.is_whitespace() => {
                names.extend(first_name(&group[place..]));
                begins = false;
            }
            _ => {}
        }
    }
    names
}

fn first_name(path: &str) -> Option<String> {
    let name: String = path.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

fn has_word(code: &str, word: &str) -> bool {
    let part_of_one = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(place, _)| {
        let joined = word.starts_with(part_of_one) && code[..place].ends_with(part_of_one);
        !joined && !code[place + word.len()..].starts_with(part_of_one)
    })
}

#[test]
fn imports_are_read_in_every_form() {
    let code =
        "use crate::{domain::{ids, time}, ports, self as me};\nfn f() -> crate::actors::X {}\nuse mycrate::other;";
    assert_eq!(names_behind(code, "crate::"), ["domain", "ports", "self", "actors"]);
    assert!(has_word("use std::time::Instant;", "Instant") && !has_word("Instantly", "Instant"));
}
