//! Figures of a span of time, as JSON with the formula of each, or as CSV that says where those stand. Who may read all chats sees all of the account;
//! anybody else the figures of the own chats.

pub mod ended;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use engine::domain::group::RoutingRules;
use engine::domain::ids::{GroupId, OperatorId};
use engine::domain::limits::{REPORT_SPAN_MAX, SERVICE_LEVEL_S};
use engine::domain::permission::Permission;
use engine::domain::report::{ChatFacts, FORMULAS, Figures, NOTES, Tally, Work, hour_of};
use engine::domain::time::Timestamp;
use engine::ports::journal::ChatRecord;
use engine::ports::work::{GROUPS, OPERATORS, WorkQuery};
use engine::protocol::error::Failure;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::auth::SignedIn;
use crate::error::Problem;
use crate::routes::reports::ended::{Pages, ended_chats};
use crate::state::AppState;

/// `GET /reports/summary?from=…&to=…&by=…`, and `/reports/summary.csv`
pub async fn summary(
    state: web::Data<AppState>,
    who: SignedIn,
    asked: web::Query<ReportQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (from, to) = (moment("from", asked.from.as_deref())?, moment("to", asked.to.as_deref())?);
    if to <= from || to.since(from) > REPORT_SPAN_MAX {
        return Err(Failure::invalid("to", "expected a moment after from, at most 93 days later").into());
    }
    let by = By::parse(asked.by.as_deref())?;
    let within = within(asked.within.as_deref())?;
    let own = (!who.may(Permission::ReadAllChats)).then_some(who.operator.id);
    let worked = worked(&state, &who, (from, to), by, own).await?;
    let promises = Promises::read(&state, &who, within).await?;
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut all = Tally::default();
    let mut group_within_s = BTreeMap::new();
    let add = |chat: ChatRecord| {
        let Some(facts) = chat.facts() else { return };
        let within = promises.of(&facts.group);
        group_within_s.entry(facts.group.clone()).or_insert(within.as_secs());
        all.add(&facts, within);
        if let Some(key) = by.key(&chat, &facts) {
            tallies.entry(key).or_default().add(&facts, within);
        }
    };
    ended_chats(&state.store, who.account, (from, to), own, &Pages::default(), add).await?;
    all.work(worked.all);
    for (key, work) in worked.rows {
        tallies.entry(key).or_default().work(work);
    }
    let rows = tallies.into_iter().map(|(key, tally)| ReportRow { key, figures: tally.figures() }).collect();
    let report = Report {
        from,
        to,
        by,
        within_s: within.map(|within| within.as_secs()),
        group_within_s,
        total: all.figures(),
        rows,
        formulas: FORMULAS.into_iter().collect(),
        notes: NOTES,
    };
    if wants_csv(&request) {
        let mut response = HttpResponse::Ok();
        response.insert_header((header::LINK, described_by(&request)));
        return Ok(response.content_type("text/csv; charset=utf-8").body(csv(&report)));
    }
    Ok(HttpResponse::Ok().json(report))
}

/// What is asked.
#[derive(Debug, Deserialize)]
pub struct ReportQuery {
    from: Option<String>,
    to: Option<String>,
    by: Option<String>,
    within: Option<String>,
}

#[derive(Debug, Serialize)]
struct Report {
    from: Timestamp,
    to: Timestamp,
    by: By,
    /// T of the service level, where the report was asked for one.
    within_s: Option<u64>,
    /// T by which the chats of each group were judged: else what the group sets.
    group_within_s: BTreeMap<GroupId, u64>,
    total: Figures,
    rows: Vec<ReportRow>,
    formulas: BTreeMap<&'static str, &'static str>,
    notes: [&'static str; NOTES.len()],
}

#[derive(Debug, Serialize)]
struct ReportRow {
    key: String,
    #[serde(flatten)]
    figures: Figures,
}

/// What the rows are.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum By {
    Hour,
    Group,
    Department,
    Brand,
    Operator,
}

impl By {
    fn parse(text: Option<&str>) -> Result<Self, Problem> {
        match text {
            None | Some("hour") => Ok(Self::Hour),
            Some("group") => Ok(Self::Group),
            Some("department") => Ok(Self::Department),
            Some("brand") => Ok(Self::Brand),
            Some("operator") => Ok(Self::Operator),
            Some(_) => Err(Failure::invalid("by", "expected hour, group, department, brand or operator").into()),
        }
    }

    /// In which row the chat is; hours are those in which it began, in UTC.
    fn key(self, chat: &ChatRecord, facts: &ChatFacts) -> Option<String> {
        match self {
            Self::Hour => Some(hour_of(chat.started_at).to_rfc3339()),
            Self::Group => Some(facts.group.to_string()),
            Self::Department => chat.department.as_ref().map(ToString::to_string),
            Self::Brand => Some(chat.brand.to_string()),
            Self::Operator => chat.head.owner.map(|operator| operator.to_string()),
        }
    }
}

/// How much of the slots was in use.
struct Worked {
    all: Work,
    rows: Vec<(String, Work)>,
}

/// Of whom the report is: of all operators together, and in each row; one's own where somebody may see no more, who
/// then sees nothing of whole groups.
async fn worked(
    state: &AppState,
    who: &SignedIn,
    (from, to): (Timestamp, Timestamp),
    by: By,
    own: Option<OperatorId>,
) -> Result<Worked, Problem> {
    let only = own.map(|operator| operator.to_string());
    let of = |kind| WorkQuery { kind, from: hour_of(from), to, only: only.clone() };
    let hours = state.store.work_by_hour(who.account, &of(OPERATORS)).await?;
    let mut all = Work::default();
    hours.iter().for_each(|(_, work)| all += *work);
    let rows = match by {
        By::Hour => hours.into_iter().map(|(hour, work)| (hour.to_rfc3339(), work)).collect(),
        By::Operator => state.store.work_of_each(who.account, &of(OPERATORS)).await?,
        By::Group | By::Department if own.is_none() => {
            let groups = state.store.work_of_each(who.account, &of(GROUPS)).await?;
            if matches!(by, By::Group) { groups } else { by_department(state, who, groups).await? }
        }
        // Nobody receives for a brand.
        By::Group | By::Department | By::Brand => Vec::new(),
    };
    Ok(Worked { all, rows })
}

async fn by_department(
    state: &AppState,
    who: &SignedIn,
    groups: Vec<(String, Work)>,
) -> Result<Vec<(String, Work)>, Problem> {
    let known = state.store.groups(who.account).await?;
    let department = |id: String| Some(known.iter().find(|group| group.id.as_str() == id)?.department.to_string());
    Ok(groups.into_iter().filter_map(|(group, work)| Some((department(group)?, work))).collect())
}

/// T of the service level, in whole seconds, where one is asked for.
fn within(text: Option<&str>) -> Result<Option<Duration>, Problem> {
    let Some(text) = text else { return Ok(None) };
    match text.parse().ok().filter(|seconds| SERVICE_LEVEL_S.contains(seconds)) {
        Some(seconds) => Ok(Some(Duration::from_secs(seconds.into()))),
        None => Err(Failure::invalid("within", "expected seconds, from 1 to 3600").into()),
    }
}

/// What each group calls an answer in time.
struct Promises {
    asked: Option<Duration>,
    groups: BTreeMap<GroupId, Duration>,
}

impl Promises {
    async fn read(state: &AppState, who: &SignedIn, asked: Option<Duration>) -> Result<Self, Problem> {
        let groups = match asked {
            Some(_) => Vec::new(),
            None => state.store.groups(who.account).await?,
        };
        let groups = groups.into_iter().map(|group| (group.id, group.rules.service_level_within())).collect();
        Ok(Self { asked, groups })
    }

    /// T for chats of a group; one that is gone has what is usual.
    fn of(&self, group: &GroupId) -> Duration {
        let own = || self.groups.get(group).copied();
        self.asked.or_else(own).unwrap_or_else(|| RoutingRules::default().service_level_within())
    }
}

fn moment(field: &'static str, text: Option<&str>) -> Result<Timestamp, Problem> {
    let parsed = text.and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let rule = "expected a moment such as 2030-01-31T09:00:00Z";
    parsed.map(|at| Timestamp::from_millis(at.as_millisecond())).ok_or_else(|| Failure::invalid(field, rule).into())
}

fn wants_csv(request: &HttpRequest) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    request.path().ends_with(".csv") || accept.is_some_and(|accept| accept.starts_with("text/csv"))
}

/// Where the same report is as JSON, which has the formula of each column: beside this one, whatever path leads here.
fn described_by(request: &HttpRequest) -> String {
    format!("<summary?{}>; rel=\"describedby\"; type=\"application/json\"", request.query_string())
}

/// One line a row, and the total last; keys are ids and moments, which need no quotes.
fn csv(report: &Report) -> String {
    let mut text = String::new();
    let total = ReportRow { key: "total".to_owned(), figures: report.total.clone() };
    let names = columns(&total.figures).into_iter().map(|(name, _)| name);
    text.extend([std::iter::once("key".to_owned()).chain(names).collect::<Vec<_>>().join(","), "\r\n".to_owned()]);
    for row in report.rows.iter().chain([&total]) {
        text.push_str(&row.key);
        for (_, value) in columns(&row.figures) {
            // Writing to a text does not fail.
            let _ = write!(text, ",{value}");
        }
        text.push_str("\r\n");
    }
    text
}

/// The figures side by side: a spread is five columns, and what nothing can be said of is empty.
fn columns(figures: &Figures) -> Vec<(String, String)> {
    let value = |value: &Value| if value.is_null() { String::new() } else { value.to_string() };
    let Ok(Value::Object(all)) = serde_json::to_value(figures) else { return Vec::new() };
    let mut columns = Vec::new();
    for (name, _) in FORMULAS {
        let figure = &all[name];
        let parts: &[&str] = if name == "idle_time_s" { &PARTS[1..4] } else { &PARTS };
        if SPREADS.contains(&name) {
            columns.extend(parts.iter().map(|part| (format!("{name}_{part}"), value(&figure[*part]))));
        } else {
            columns.push((name.to_owned(), value(figure)));
        }
    }
    columns
}

const SPREADS: [&str; 5] =
    ["queue_time_s", "queue_time_abandoned_s", "first_reply_s", "idle_time_s", "handling_time_s"];
const PARTS: [&str; 5] = ["mean", "p50", "p90", "p99", "max"];
