//! The ways of chats as traces over OTLP: the id of a chat is that of its trace, so that whoever knows one finds the
//! other. A thread of its own gathers spans and sends them; when it cannot keep up, or the collector is away, spans
//! are dropped and the log says so.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use engine::domain::ids::{AccountId, ChatId};
use engine::domain::limits::TRACES_WITHIN;
use engine::domain::time::Timestamp;
use engine::ports::traces::{Life, Step, Traces};
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor};

use crate::config::Settings;
use crate::telemetry::collector::Collector;

/// Why traces cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("otlp_url: traces cannot be sent: {0}")]
pub struct OtlpError(#[from] ExporterBuildError);

/// Sends traces to a collector.
#[derive(Debug)]
pub struct Otlp {
    processor: BatchSpanProcessor,
    scope: InstrumentationScope,
    /// Chats whose digest is below it are traced.
    below: u64,
}

impl Otlp {
    /// Begins, where the settings name a collector. Nothing is sent before there is something to send.
    ///
    /// # Errors
    /// The client cannot be made.
    pub fn start(settings: &Settings) -> Result<Option<Self>, OtlpError> {
        let Some(url) = &settings.logs.otlp_url else { return Ok(None) };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{url}v1/traces"))
            .with_http_client(Collector::trusting(&settings.logs.otlp_authorities))
            .with_timeout(TRACES_WITHIN)
            .build()?;
        let mut processor = BatchSpanProcessor::builder(exporter).build();
        let about = [
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", settings.storage.node.to_string()),
        ];
        processor.set_resource(&Resource::builder().with_service_name("switchboard").with_attributes(about).build());
        // A share of the whole range; 1 is all of it, as the cast does not go beyond.
        let below = (settings.logs.otlp_ratio * u64::MAX as f64) as u64;
        Ok(Some(Self { processor, scope: InstrumentationScope::builder("switchboard").build(), below }))
    }

    /// Sends what is left, and ends.
    pub async fn finish(self: Arc<Self>) {
        let done = actix_web::web::block(move || self.processor.shutdown_with_timeout(TRACES_WITHIN)).await;
        if !matches!(done, Ok(Ok(()))) {
            tracing::warn!("the last traces could not be sent");
        }
    }

    fn tell(&self, place: Place, name: String, (from, to): (SystemTime, SystemTime), attributes: Vec<KeyValue>) {
        let context = |span| SpanContext::new(place.trace, span, TraceFlags::SAMPLED, false, TraceState::NONE);
        self.processor.on_end(SpanData {
            span_context: context(place.span),
            parent_span_id: place.parent,
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: name.into(),
            start_time: from,
            end_time: to,
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: self.scope.clone(),
        });
    }
}

impl Traces for Otlp {
    fn wants(&self, chat: ChatId) -> bool {
        digest(chat, 0) <= self.below
    }

    fn step(&self, step: Step) {
        let now = SystemTime::now();
        let begun = now - step.told_after;
        let stored = begun + step.stored_after;
        let own = u64::from(step.seq);
        let place = Place::of(step.chat, own, root(step.chat));
        let mut attributes = common(step.account, step.chat);
        attributes.push(KeyValue::new("switchboard.seq", i64::from(step.seq)));
        attributes.push(KeyValue::new("switchboard.by", step.by));
        self.tell(place, step.kinds.join(" "), (begun, now), attributes);
        for (part, name, span) in [(1, "store", (begun, stored)), (2, "tell", (stored, now))] {
            let place = Place::of(step.chat, own | part << 32, place.span);
            self.tell(place, name.to_owned(), span, Vec::new());
        }
    }

    fn life(&self, life: Life) {
        let root = root(life.chat);
        let (from, to) = (time(life.started_at), time(life.ended_at));
        let mut attributes = common(life.account, life.chat);
        attributes.push(KeyValue::new("switchboard.group", life.group.to_string()));
        attributes.push(KeyValue::new("switchboard.outcome", life.outcome.as_str()));
        attributes.push(KeyValue::new("switchboard.messages", i64::from(life.messages)));
        let whole = Place { trace: trace(life.chat), span: root, parent: SpanId::INVALID };
        self.tell(whole, "chat".to_owned(), (from, to), attributes);
        let assigned = life.assigned_at.map(time);
        self.tell(Place::of(life.chat, 3 << 32, root), "wait".to_owned(), (from, assigned.unwrap_or(to)), Vec::new());
        if let Some(assigned) = assigned {
            self.tell(Place::of(life.chat, 4 << 32, root), "conversation".to_owned(), (assigned, to), Vec::new());
        }
    }
}

/// Where a span stands.
#[derive(Clone, Copy)]
struct Place {
    trace: TraceId,
    span: SpanId,
    parent: SpanId,
}

impl Place {
    /// The span of a chat with that number: the same number is the same span, whichever node tells it.
    fn of(chat: ChatId, number: u64, parent: SpanId) -> Self {
        Self { trace: trace(chat), span: SpanId::from_bytes(digest(chat, number).max(1).to_be_bytes()), parent }
    }
}

fn common(account: AccountId, chat: ChatId) -> Vec<KeyValue> {
    vec![KeyValue::new("switchboard.account", account.0), KeyValue::new("switchboard.chat", chat.to_string())]
}

fn trace(chat: ChatId) -> TraceId {
    TraceId::from_bytes(*chat.0.as_bytes())
}

/// The span of the whole chat. No event has this number.
fn root(chat: ChatId) -> SpanId {
    Place::of(chat, u64::MAX, SpanId::INVALID).span
}

/// Mixes the id, whose bits are not all of chance, with a number.
fn digest(chat: ChatId, number: u64) -> u64 {
    let (high, low) = chat.0.as_u64_pair();
    let mix = |value: u64| {
        let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    };
    mix(mix(mix(high) ^ low).wrapping_add(number))
}

fn time(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(at.millis()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use engine::domain::ids::Shard;

    use super::*;

    #[test]
    fn a_share_of_the_chats_is_traced_and_always_the_same_ones() {
        let chats: Vec<ChatId> =
            (0..10_000_u64).map(|n| ChatId::new(1_700_000_000_000 + n, u128::from(n) * 7919, Shard(7))).collect();
        let below = (0.1 * u64::MAX as f64) as u64;
        let wanted = chats.iter().filter(|chat| digest(**chat, 0) <= below).count();
        assert!((800..1_200).contains(&wanted), "a tenth of 10,000: {wanted}");
    }

    #[test]
    fn spans_of_a_chat_differ_and_lie_in_its_trace() {
        let chat = ChatId::new(1_700_000_000_000, 42, Shard(1));
        let spans = [root(chat), Place::of(chat, 1, root(chat)).span, Place::of(chat, 1 | 1 << 32, root(chat)).span];
        assert!(spans[0] != spans[1] && spans[1] != spans[2] && spans[0] != spans[2]);
        assert_eq!(trace(chat).to_string(), chat.to_string(), "one id finds both");
    }
}
