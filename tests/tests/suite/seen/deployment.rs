//! `compose.yaml` and the `Dockerfile`: every path they name is there, ports and addresses of one file are those of
//! the others, settings are settings, and the commands that can run without a container do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use switchboard_tests::project;
use switchboard_tests::server::TestServer;
use switchboard_web::config::{Settings, Sources};

use crate::suite::seen::files::dashboards;

/// Where Prometheus and Grafana listen unless told otherwise.
const PROMETHEUS_PORT: &str = "9090";
const GRAFANA_PORT: &str = "3000";

#[test]
fn dashboards_begin_with_the_source_that_is_provisioned() {
    let sources = yaml("grafana/provisioning/datasources/prometheus.yaml");
    let [source] = sources["datasources"].as_array().expect("a list").as_slice() else { panic!("one: {sources}") };
    for dashboard in dashboards() {
        let title = &dashboard["title"];
        let variables = dashboard["templating"]["list"].as_array().expect("a list of variables");
        let chosen = variables.iter().find(|variable| variable["name"] == "datasource");
        let chosen = chosen.unwrap_or_else(|| panic!("{title} lets nobody choose its source"));
        assert_eq!((&chosen["type"], &chosen["query"]), (&"datasource".into(), &source["type"]), "{title}");
        assert_eq!(
            (&chosen["current"]["value"], &chosen["current"]["text"]),
            (&source["uid"], &source["name"]),
            "{title}"
        );
        for panel in
            dashboard["panels"].as_array().expect("a list of panels").iter().filter(|panel| panel["type"] != "row")
        {
            let targets = panel["targets"].as_array().into_iter().flatten();
            for asked in std::iter::once(panel).chain(targets).filter(|asked| !asked["datasource"].is_null()) {
                assert_eq!(asked["datasource"]["uid"], "${datasource}", "{title}, {}", panel["title"]);
            }
        }
    }
}

#[test]
fn what_compose_mounts_is_there_and_every_volume_is_used() {
    let compose = yaml("compose.yaml");
    let mut used = BTreeSet::new();
    for (name, service) in services(&compose) {
        for mount in mounts(&service) {
            if mount.from.starts_with("./") {
                assert!(project(&mount.from).exists(), "{name} mounts {}, which is not there", mount.from);
                assert!(mount.read_only, "{name} may write to {}", mount.from);
            } else {
                used.insert(mount.from);
            }
        }
        for before in keys(&service["depends_on"]) {
            assert!(compose["services"][&before].is_object(), "{name} waits for {before}, which is no service");
        }
    }
    assert_eq!(used, keys(&compose["volumes"]), "volumes that are declared and those that are mounted");
    assert_eq!(keys(&compose["services"]), ["grafana", "prometheus", "server"].map(str::to_owned).into());
}

#[test]
fn the_server_of_compose_and_of_the_image_have_settings_that_agree() {
    let (compose, image) = (yaml("compose.yaml"), Dockerfile::read());
    let server = &compose["services"]["server"];
    let of_compose = settings(&environment(server));
    let of_image = settings(&image.environment());
    for settings in [&of_compose, &of_image] {
        assert!(settings.network.listen.ip().is_unspecified(), "it is reached from outside of its container");
        assert!(settings.logs.json, "logs are read by programs there");
    }
    assert_eq!(of_compose.network.listen, of_image.network.listen);
    assert_eq!(of_compose.network.admin_listen, of_image.network.admin_listen);
    assert_eq!(of_compose.storage.data_dir, of_image.storage.data_dir);
    let (public, admin) = (of_image.network.listen.port(), of_image.network.admin_listen.port());
    assert_eq!(inner_ports(server), [public.to_string()], "visitors reach it, and nobody its admin address");
    assert_eq!(image.last("EXPOSE"), format!("{public} {admin}"));
    assert_eq!(image.last("VOLUME"), of_image.storage.data_dir.display().to_string());
    let data = mounts(server).into_iter().find(|mount| mount.to == image.last("VOLUME"));
    assert!(data.is_some_and(|mount| !mount.read_only && !mount.from.starts_with('.')), "data outlives the container");
    let wait = server["stop_grace_period"].as_str().and_then(|wait| wait.strip_suffix('s')?.parse::<u64>().ok());
    assert!(wait >= Some(30), "a drain takes up to 30 s, {wait:?} is not enough");
}

#[test]
fn prometheus_of_compose_finds_the_server_and_its_rules() {
    let compose = yaml("compose.yaml");
    let (server, prometheus) = (&compose["services"]["server"], &compose["services"]["prometheus"]);
    let mounted = mounts(prometheus);
    let command = list(&prometheus["command"]);
    let config = command.iter().find_map(|part| part.strip_prefix("--config.file=")).expect("a configuration");
    let mount = mounted.iter().find(|mount| mount.to == config).expect("the configuration is mounted");
    let (own, shipped) = (yaml(&mount.from), yaml("grafana/prometheus.yml"));
    let target = format!("server:{}", settings(&environment(server)).network.admin_listen.port());
    let mut as_shipped = own.clone();
    let targets = &mut as_shipped["scrape_configs"][0]["static_configs"][0]["targets"];
    assert_eq!(list(targets), [target.as_str()], "the service's name and its admin port");
    *targets = shipped["scrape_configs"][0]["static_configs"][0]["targets"].clone();
    assert_eq!(as_shipped, shipped, "but for the target it is the configuration that is shipped");
    let folder = config.rsplit_once('/').expect("an absolute path").0;
    for rules in list(&own["rule_files"]) {
        let at = on_this_machine(&mounted, &format!("{folder}/{rules}"));
        assert!(at.as_ref().is_some_and(|path| path.is_file()), "{rules} is not mounted: {at:?}");
    }
    let data = command.iter().find_map(|part| part.strip_prefix("--storage.tsdb.path=")).expect("a data folder");
    assert!(mounted.iter().any(|mount| mount.to == data && !mount.read_only), "{data} outlives the container");
    assert!(!command.iter().any(|part| part.starts_with("--web.listen-address")), "it listens where it does");
    assert_eq!(inner_ports(prometheus), [PROMETHEUS_PORT]);
}

#[test]
fn grafana_of_compose_finds_prometheus_and_the_dashboards() {
    let compose = yaml("compose.yaml");
    let grafana = &compose["services"]["grafana"];
    let (mounted, given) = (mounts(grafana), environment(grafana));
    let provisioning = on_this_machine(&mounted, "/etc/grafana/provisioning").expect("provisioning is mounted");
    assert!(["datasources", "dashboards"].iter().all(|part| provisioning.join(part).is_dir()), "{provisioning:?}");
    let source = &yaml("grafana/provisioning/datasources/prometheus.yaml")["datasources"][0];
    let variable = source["url"].as_str().and_then(|url| url.strip_prefix("${")?.strip_suffix('}')).expect("one");
    assert_eq!(given.get(variable).map(String::as_str), Some(format!("http://prometheus:{PROMETHEUS_PORT}").as_str()));
    let provider = &yaml("grafana/provisioning/dashboards/switchboard.yaml")["providers"][0];
    let folder = provider["options"]["path"].as_str().expect("a folder of dashboards");
    let here = on_this_machine(&mounted, folder).expect("the folder of the dashboards is mounted");
    assert_eq!(here.canonicalize().ok(), project("grafana/dashboards").canonicalize().ok());
    let home = on_this_machine(&mounted, &given["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]);
    assert!(home.as_ref().is_some_and(|path| path.is_file()), "the first dashboard: {home:?}");
    assert_eq!(inner_ports(grafana), [GRAFANA_PORT]);
    let password = grafana["environment"]["GF_SECURITY_ADMIN_PASSWORD"].as_str().expect("a password");
    assert!(password.starts_with("${GRAFANA_PASSWORD:?"), "nobody knows it beforehand: {password}");
}

#[test]
fn the_image_is_built_from_what_is_there_and_does_not_run_as_root() {
    let image = Dockerfile::read();
    let mut stages = Vec::new();
    let mut copied = BTreeSet::new();
    for (word, rest) in &image.0 {
        match word.as_str() {
            "FROM" => stages.extend(rest.split_once(" AS ").map(|(_, name)| name.to_owned())),
            "COPY" => {
                let mut words = rest.split_whitespace().peekable();
                if let Some(from) = words.next_if(|word| word.starts_with("--from=")) {
                    assert!(stages.iter().any(|stage| from == format!("--from={stage}")), "{rest}: no such stage");
                    continue;
                }
                let words: Vec<&str> = words.collect();
                for source in &words[..words.len() - 1] {
                    assert!(project(source).exists(), "{source} is copied, and not there");
                    copied.insert((*source).to_owned());
                }
            }
            _ => {}
        }
    }
    let manifest: BTreeMap<String, Value> = serde_json::from_str(&read("web/ui/package.json")).expect("JSON");
    for part in list(&manifest["workspaces"]) {
        assert!(copied.contains(&format!("web/ui/{part}/package.json")), "npm needs to know {part}");
    }
    let cargo = read("Cargo.toml");
    let members = cargo.lines().find_map(|line| line.strip_prefix("members = ")).expect("members");
    let members: Vec<String> = serde_json::from_str(members).expect("a list");
    assert!(members.iter().all(|member| copied.contains(member)), "cargo needs to know {members:?}");
    let rust = image.0.iter().find_map(|(_, rest)| rest.strip_prefix("rust:")?.split('-').next()).expect("Rust");
    let least = cargo.lines().find_map(|line| line.strip_prefix("rust-version = ")).expect("the least Rust");
    assert!(minor(rust) >= minor(least.trim_matches('"')), "{rust} is older than {least}");
    let user = image.last("USER");
    let number = user.split(':').next().and_then(|user| user.parse::<u32>().ok());
    assert!(number.is_some_and(|number| number > 0), "{user}: a number, so that platforms see that it is not root");
    assert_eq!(image.last("STOPSIGNAL"), "SIGTERM");
}

#[tokio::test]
async fn the_health_check_of_the_image_tells_a_server_that_serves_from_one_that_does_not() {
    let mut server = TestServer::start();
    let port = server.admin_url().rsplit(':').next().expect("a port").to_owned();
    let asked = settings(&Dockerfile::read().environment()).network.admin_listen.port().to_string();
    let check = Dockerfile::read().last("HEALTHCHECK");
    let words: Vec<String> = serde_json::from_str(check.split_once("CMD ").expect("a command").1).expect("a list");
    assert!(words.iter().any(|word| word.contains(&format!("/{asked} "))), "it asks the admin address: {words:?}");
    let healthy = || {
        let mut command = Command::new(&words[0]);
        command.args(words[1..].iter().map(|word| word.replace(&format!("/{asked} "), &format!("/{port} "))));
        command.output().expect("bash runs").status.success()
    };
    assert!(healthy(), "a server that serves");
    server.stop();
    assert!(!healthy(), "nobody listens any more");
}

/// A volume or folder in a container.
struct Mount {
    from: String,
    to: String,
    read_only: bool,
}

/// The instructions of the Dockerfile, in order, each with what follows its word.
struct Dockerfile(Vec<(String, String)>);

impl Dockerfile {
    fn read() -> Self {
        let text = read("Dockerfile");
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
        let whole = lines.join("\n").replace("\\\n", " ");
        let words = whole.lines().filter_map(|line| line.trim().split_once(' '));
        Self(words.map(|(word, rest)| (word.to_owned(), rest.trim().to_owned())).collect())
    }

    /// What the last instruction of a kind says: that of the image that is run.
    fn last(&self, wanted: &str) -> String {
        let found = self.0.iter().rev().find(|(word, _)| word == wanted);
        found.unwrap_or_else(|| panic!("the image has no {wanted}")).1.clone()
    }

    fn environment(&self) -> BTreeMap<String, String> {
        let words = self.last("ENV");
        let pairs = words.split_whitespace().map(|word| word.split_once('=').expect("NAME=value"));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

/// What the server makes of these variables; each must be one of its settings.
fn settings(environment: &BTreeMap<String, String>) -> Settings {
    for name in environment.keys() {
        let setting = name.strip_prefix("SWITCHBOARD_").unwrap_or_default().to_lowercase();
        assert!(switchboard_web::config::NAMES.contains(&setting.as_str()), "{name} is no setting");
    }
    let sources = Sources { environment: environment.clone().into_iter().collect(), ..Sources::default() };
    Settings::read(&sources).expect("settings that are right")
}

fn services(compose: &Value) -> Vec<(String, Value)> {
    let services = compose["services"].as_object().expect("services");
    services.iter().map(|(name, service)| (name.clone(), service.clone())).collect()
}

fn mounts(service: &Value) -> Vec<Mount> {
    let mount = |text: &str| {
        let mut parts = text.split(':').map(str::to_owned);
        let (from, to) = (parts.next().expect("from"), parts.next().expect("to"));
        Mount { from, to, read_only: parts.next().as_deref() == Some("ro") }
    };
    list(&service["volumes"]).iter().map(|text| mount(text)).collect()
}

/// Where a path of a container lies on this machine.
fn on_this_machine(mounts: &[Mount], path: &str) -> Option<PathBuf> {
    mounts.iter().find_map(|mount| {
        let rest = path.strip_prefix(&mount.to)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| project(&format!("{}{rest}", mount.from)))
    })
}

/// The ports within the container that are reached from outside.
fn inner_ports(service: &Value) -> Vec<String> {
    list(&service["ports"]).iter().filter_map(|port| Some(port.rsplit_once(':')?.1.to_owned())).collect()
}

/// Variables as a container gets them when nobody sets any; one that must be set is a word.
fn environment(service: &Value) -> BTreeMap<String, String> {
    let filled = |text: &str| match text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
        Some(variable) => match variable.split_once(":-") {
            Some((_, default)) => default.to_owned(),
            None => "given".to_owned(),
        },
        None => text.to_owned(),
    };
    let all = service["environment"].as_object().expect("variables");
    all.iter().map(|(name, value)| (name.clone(), filled(value.as_str().expect("a text")))).collect()
}

fn minor(version: &str) -> u32 {
    version.split('.').nth(1).and_then(|minor| minor.parse().ok()).expect("1.MINOR")
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default()
}

fn list(value: &Value) -> Vec<&str> {
    value.as_array().map(|all| all.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(project(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
