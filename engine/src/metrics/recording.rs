//! A recorder for metrics of the catalogue, and counters by the values of a label that are looked up once.

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Recorder, SharedString};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::catalogue::{CATALOGUE, Definition, Kind, Values};

/// A recorder. Not the process-wide one, so that two engines in one process do not mix.
pub(crate) struct Recording {
    recorder: PrometheusRecorder,
}

impl Recording {
    /// With nothing counted.
    ///
    /// # Errors
    /// Only if a list of buckets were empty.
    pub fn new() -> Result<Self, BuildError> {
        let mut builder = PrometheusBuilder::new();
        for metric in CATALOGUE.iter().filter(|metric| metric.kind == Kind::Histogram) {
            builder = builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), metric.buckets)?;
        }
        let recorder = builder.build_recorder();
        for metric in CATALOGUE {
            let (key, help) = (KeyName::from_const_str(metric.name), SharedString::const_str(metric.help()));
            match metric.kind {
                Kind::Counter => recorder.describe_counter(key, metric.unit(), help),
                Kind::Gauge => recorder.describe_gauge(key, metric.unit(), help),
                Kind::Histogram => recorder.describe_histogram(key, metric.unit(), help),
            }
        }
        Ok(Self { recorder })
    }

    /// What makes the text.
    pub fn handle(&self) -> PrometheusHandle {
        self.recorder.handle()
    }

    /// The counter of these labels.
    pub fn counter(&self, metric: &Definition, labels: &[&str]) -> Counter {
        self.recorder.register_counter(&key(metric, labels), &META)
    }

    /// The gauge of these labels.
    pub fn gauge(&self, metric: &Definition, labels: &[&str]) -> Gauge {
        self.recorder.register_gauge(&key(metric, labels), &META)
    }

    /// The histogram of these labels.
    pub fn histogram(&self, metric: &Definition, labels: &[&str]) -> Histogram {
        self.recorder.register_histogram(&key(metric, labels), &META)
    }

    /// A counter for each value of the metric's last label; those before it are given.
    pub fn each(&self, metric: &Definition, before: &[&str]) -> Each {
        let values = match metric.labels.last().map(|label| label.values) {
            Some(Values::Of(values)) => values,
            _ => &[],
        };
        let counter = |value: &'static str| {
            let labels: Vec<&str> = before.iter().copied().chain([value]).collect();
            (value, self.counter(metric, &labels))
        };
        Each(values.iter().copied().map(counter).collect())
    }
}

/// A counter for each value of a label. They are there from the start, so that the first count is seen as a rise.
#[derive(Clone)]
pub(crate) struct Each(Box<[(&'static str, Counter)]>);

impl Each {
    /// Counts one of them.
    pub fn count(&self, value: &str) {
        match self.0.iter().find(|(known, _)| *known == value) {
            Some((_, counter)) => counter.increment(1),
            None => tracing::error!(value, "a metric has no such label, it is not counted"),
        }
    }
}

const META: Metadata<'static> = Metadata::new("switchboard", Level::INFO, None);

fn key(metric: &Definition, values: &[&str]) -> Key {
    let labels = metric.labels.iter().zip(values).map(|(label, value)| Label::new(label.name, (*value).to_owned()));
    Key::from_parts(metric.name, labels.collect::<Vec<_>>())
}
