//! A real Prometheus as a child process: it scrapes a server under test, and is asked what the dashboards ask.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tempfile::TempDir;

use crate::project;

/// How long it may take until it answers.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// A Prometheus that scrapes one server each second, with the alert rules of the project.
pub struct Prometheus {
    child: Child,
    url: String,
    client: reqwest::Client,
    _folder: TempDir,
}

impl Prometheus {
    /// Starts it for the server whose admin address this is (`http://HOST:PORT`), and waits until it answers.
    ///
    /// # Panics
    /// When there is none on this machine, or it does not start.
    pub async fn start(admin_url: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for Prometheus");
        let config = folder.path().join("prometheus.yml");
        let target = admin_url.strip_prefix("http://").expect("an address over HTTP");
        std::fs::write(&config, shipped_config(target)).expect("a configuration");
        let port = free_port();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--log.level=error")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("prometheus is installed (apt-get install prometheus)");
        let url = format!("http://127.0.0.1:{port}");
        let prometheus = Self { child, url, client: reqwest::Client::new(), _folder: folder };
        let begun = Instant::now();
        while !prometheus.is_ready().await {
            assert!(begun.elapsed() < READY_WITHIN, "Prometheus does not answer");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        prometheus
    }

    /// The values of an expression now.
    ///
    /// # Errors
    /// What Prometheus has against it.
    pub async fn query(&self, expression: &str) -> Result<Vec<f64>, String> {
        let answer = self.get("query", &[("query", expression)]).await?;
        let rows = answer["result"].as_array().ok_or("no list of results")?;
        rows.iter().map(|row| number(&row["value"])).collect()
    }

    /// The values of an expression at each second from a moment up to now, of all series together.
    ///
    /// # Errors
    /// What Prometheus has against it.
    pub async fn query_since(&self, expression: &str, begin: SystemTime) -> Result<Vec<f64>, String> {
        let seconds = |at: SystemTime| at.duration_since(UNIX_EPOCH).map(|since| since.as_secs_f64().to_string());
        let times = seconds(begin).and_then(|begin| Ok((begin, seconds(SystemTime::now())?)));
        let (begin, end) = times.map_err(|error| error.to_string())?;
        let asked = [("query", expression), ("start", &begin), ("end", &end), ("step", "1")];
        let answer = self.get("query_range", &asked).await?;
        let rows = answer["result"].as_array().ok_or("no list of results")?;
        let values = rows.iter().flat_map(|row| row["values"].as_array().into_iter().flatten());
        values.map(number).collect()
    }

    /// The values that a label has in series like these.
    ///
    /// # Errors
    /// What Prometheus has against it.
    pub async fn label_values(&self, series: &str, label: &str) -> Result<Vec<String>, String> {
        let answer = self.get(&format!("label/{label}/values"), &[("match[]", series)]).await?;
        let values = answer.as_array().ok_or("no list of values")?;
        Ok(values.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// The alert rules, as it has read and evaluated them.
    pub async fn rules(&self) -> Vec<Value> {
        let answer = self.get("rules", &[("type", "alert")]).await.expect("rules are told");
        let groups = answer["groups"].as_array().cloned().unwrap_or_default();
        groups.iter().flat_map(|group| group["rules"].as_array().cloned().unwrap_or_default()).collect()
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, String> {
        let url = reqwest::Url::parse_with_params(&format!("{}/api/v1/{path}", self.url), query);
        let url = url.map_err(|error| error.to_string())?;
        let answer: Value = match self.client.get(url).send().await {
            Ok(answer) => answer.json().await.map_err(|error| error.to_string())?,
            Err(error) => return Err(error.to_string()),
        };
        match answer["status"].as_str() {
            Some("success") => Ok(answer["data"].clone()),
            _ => Err(answer["error"].to_string()),
        }
    }

    async fn is_ready(&self) -> bool {
        let answer = self.client.get(format!("{}/-/ready", self.url)).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }
}

/// The number of a sample: a moment, and a text.
fn number(sample: &Value) -> Result<f64, String> {
    let number = sample[1].as_str().and_then(|text| text.parse().ok());
    number.ok_or_else(|| format!("no number: {sample}"))
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `promtool` in the folder of the alerts' configuration, with a text on its standard input.
///
/// # Panics
/// When it is not installed.
pub fn promtool(arguments: &[&str], input: Option<&Path>) -> Output {
    let input = input.map_or(Stdio::null(), |path| std::fs::File::open(path).expect("the input").into());
    let mut command = Command::new("promtool");
    command.args(arguments).current_dir(grafana()).stdin(input);
    command.output().expect("promtool is installed (apt-get install prometheus)")
}

/// Where the dashboards, alerts and their configuration are.
pub fn grafana() -> PathBuf {
    project("grafana")
}

/// The configuration that is shipped, with another target and a quicker pace.
fn shipped_config(target: &str) -> String {
    let shipped = std::fs::read_to_string(grafana().join("prometheus.yml")).expect("a shipped configuration");
    let config = shipped
        .replace("localhost:9090", target)
        .replace("scrape_interval: 10s", "scrape_interval: 1s")
        .replace("evaluation_interval: 15s", "evaluation_interval: 1s")
        .replace("- alerts/", &format!("- {}/alerts/", grafana().display()));
    assert!(config.contains(target) && config.contains("scrape_interval: 1s"), "{config}");
    config
}

fn free_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
    socket.local_addr().expect("it has an address").port()
}
