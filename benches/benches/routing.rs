//! What routing costs: one decision among ever more operators, one change of an operator, and a chat that rings at all.
//! What counts is the growth: tenfold the size shall cost a constant more.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use engine::domain::chat::Tried;
use engine::domain::group::{GroupSettings, OfferMode};
use engine::domain::ids::OperatorId;
use engine::domain::routing::{Arrival, Demand, Desk, LoadNews, Outcome, Wishes, decide};
use engine::domain::skills::{Level, Need};

#[path = "shared/chats.rs"]
mod chats;
#[path = "shared/roster.rs"]
mod roster;
#[path = "shared/scattered.rs"]
mod scattered;

use chats::chat;
use roster::{NOW, members, roster, skill};
use scattered::operator;

fn needs(n: u64) -> Vec<Need> {
    vec![Need { skill: skill(n), level: Level::new(3).expect("a level") }]
}

/// A group at work; each chat of the first `classes` kinds asks for another language, so that so many orders are kept.
fn desk(count: u64, classes: u64) -> Desk {
    let mut settings =
        GroupSettings::new("support".parse().expect("a name"), "shop".parse().expect("a name"), "Support");
    settings.offer_mode = OfferMode::Automatic;
    let (mut desk, _) = Desk::open(settings, members(count), [], NOW);
    for class in 0..classes {
        let wishes = Wishes { skills: needs(class), ..Wishes::default() };
        let arrival = Arrival { wishes, ..Arrival::new(chat(class), NOW) };
        black_box(desk.handle_waiting(arrival, NOW));
        desk.handle_gone(chat(class), NOW);
    }
    desk
}

fn decisions(c: &mut Criterion) {
    let mut group = c.benchmark_group("decision");
    for members in [10, 100, 1_000, 10_000] {
        let mut roster = roster(members);
        let fresh = Demand::default();
        group.bench_function(BenchmarkId::new("fresh", members), |b| {
            b.iter(|| decide(black_box(&fresh), black_box(&roster), NOW));
        });
        let best: Vec<OperatorId> = roster.free().take(5).map(|score| score.operator).collect();
        let tried = Demand::new(best.into_iter().map(|operator| Tried { operator, at: NOW }));
        group.bench_function(BenchmarkId::new("let go by five", members), |b| {
            b.iter(|| decide(black_box(&tried), black_box(&roster), NOW));
        });
        group.bench_function(BenchmarkId::new("with its reservation and release", members), |b| {
            b.iter(|| {
                let Outcome::Offer { operator, .. } = decide(&fresh, &roster, NOW).outcome else { return };
                roster.reserve(operator);
                roster.release(black_box(operator));
            });
        });
        // All that a desk does for one chat: it comes, is proposed with its record, and leaves again.
        for classes in [0, 1, 10] {
            let mut desk = desk(members, classes);
            let name = format!("a chat comes, is proposed, and leaves; {classes} skill classes in use");
            // The names of skills are read where a department is set up, not with each chat.
            let asked: Vec<Vec<Need>> = (0..classes).map(needs).collect();
            let mut n = 1_000;
            group.bench_function(BenchmarkId::new(name, members), |b| {
                b.iter(|| {
                    n += 1;
                    let skills = asked.get((n % classes.max(1)) as usize).cloned().unwrap_or_default();
                    let wishes = Wishes { skills, ..Wishes::default() };
                    let arrival = Arrival { wishes, ..Arrival::new(chat(n), NOW) };
                    black_box(desk.handle_waiting(arrival, NOW));
                    desk.handle_gone(chat(n), NOW)
                });
            });
        }
        let mut version = 1;
        group.bench_function(BenchmarkId::new("news of a load", members), |b| {
            b.iter(|| {
                version += 1;
                let news = LoadNews {
                    operator: operator(version % members),
                    group: "support".parse().expect("a name"),
                    held: (version / members % 2) as u32,
                    reserved: 0,
                    group_held: 0,
                    group_reserved: 0,
                    last_ended_at: None,
                    version,
                };
                roster.set_load(black_box(&news));
            });
        });
    }
    group.finish();
}

/// A chat that comes to a group that rings at all, rings at everybody who is free, and leaves: among chats that nobody may
/// have, and behind twenty that ring already.
fn rings(c: &mut Criterion) {
    let mut group = c.benchmark_group("ring at all");
    let open = |members_count| {
        let mut settings =
            GroupSettings::new("support".parse().expect("a name"), "shop".parse().expect("a name"), "Support");
        settings.offer_mode = OfferMode::RingAll;
        Desk::open(settings, members(members_count), [], NOW).0
    };
    let mut comes_and_leaves = |name: BenchmarkId, mut desk: Desk| {
        let mut n = 10_000_000;
        group.bench_function(name, |b| {
            b.iter(|| {
                n += 1;
                black_box(desk.handle_waiting(Arrival::new(chat(n), NOW), NOW));
                desk.handle_gone(chat(n), NOW)
            });
        });
    };
    for members in [10, 100, 1_000] {
        comes_and_leaves(BenchmarkId::new("a chat rings and leaves", members), open(members));
        let mut desk = open(members);
        (0..20).for_each(|n| drop(desk.handle_waiting(Arrival::new(chat(n), NOW), NOW)));
        comes_and_leaves(BenchmarkId::new("a chat comes behind twenty that ring, and leaves", members), desk);
    }
    for waiting in [100, 10_000, 100_000] {
        let mut desk = open(100);
        // A language that nobody has.
        let wishes = Wishes { skills: needs(99), ..Wishes::default() };
        let before = NOW - Duration::from_secs(1);
        for n in 0..waiting {
            let arrival = Arrival { wishes: wishes.clone(), ..Arrival::new(chat(n), before) };
            desk.handle_waiting(arrival, NOW);
        }
        comes_and_leaves(BenchmarkId::new("a chat rings and leaves; so many wait that nobody may have", waiting), desk);
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500)).sample_size(20).without_plots();
    targets = decisions, rings
}
criterion_main!(benches);
