//! Browser sessions, failures, secrets.

use std::sync::Arc;
use std::time::Duration;

use engine::domain::ids::OperatorId;
use engine::ports::staff::{Failures, Session};
use engine::ports::store::{Store, StoreError};

use crate::conformance::world::{World, at};

fn session(world: &World, operator: OperatorId, token: u8) -> Session {
    Session {
        token_hash: [token; 32],
        account: world.account,
        operator,
        csrf_hash: [token ^ 0xff; 32],
        created_at: at(0),
        used_at: at(i64::from(token)),
        expires_at: at(10_000),
        user_agent: "A browser".into(),
        address: "192.0.2.7".into(),
    }
}

pub async fn a_session_lasts_until_it_runs_out_or_is_ended(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let operator = world.operator(None).await;
    let one = session(&world, operator, 1);
    world.store.create_session(&one).await.unwrap();
    let find = |millis| world.store.session(&one.token_hash, at(millis));
    assert_eq!(find(9_999).await.unwrap(), Some(one.clone()));
    assert_eq!(find(10_000).await.unwrap(), None);
    world.store.touch_session(&one.token_hash, at(9_000), at(20_000)).await.unwrap();
    let touched = find(10_000).await.unwrap().unwrap();
    assert_eq!((touched.used_at, touched.expires_at, touched.created_at), (at(9_000), at(20_000), at(0)));
    assert!(world.store.end_session(&one.token_hash).await.unwrap());
    assert!(!world.store.end_session(&one.token_hash).await.unwrap());
    assert_eq!(find(0).await.unwrap(), None);
    assert!(matches!(
        world.store.create_session(&session(&world, OperatorId(uuid::Uuid::from_u128(404)), 9)).await,
        Err(StoreError::Conflict(_))
    ));
}

pub async fn a_new_password_and_a_removal_end_all_sessions(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let (one, other) = (world.operator(None).await, world.operator(None).await);
    for (operator, token) in [(one, 1), (one, 2), (other, 3)] {
        world.store.create_session(&session(&world, operator, token)).await.unwrap();
    }
    let tokens = |operator| {
        let (store, account) = (Arc::clone(&world.store), world.account);
        async move {
            let sessions = store.sessions_of(account, operator).await.unwrap();
            sessions.iter().map(|session| session.token_hash[0]).collect::<Vec<_>>()
        }
    };
    assert_eq!(tokens(one).await, [2, 1], "latest use first");
    assert!(world.store.set_password(world.account, one, "$new$").await.unwrap());
    assert_eq!(tokens(one).await, [0_u8; 0]);
    assert_eq!(tokens(other).await, [3]);
    assert!(world.store.delete_operator(world.account, other).await.unwrap());
    assert_eq!(world.store.session(&[3; 32], at(0)).await.unwrap(), None);
    assert!(!world.store.set_password(world.account, other, "$new$").await.unwrap());
}

pub async fn wrong_passwords_lead_to_a_pause_and_begin_anew_after_it(store: Arc<dyn Store>) {
    let pause = Duration::from_secs(60);
    let count = |millis| store.count_failure("k", at(millis), 3, pause);
    assert_eq!(store.failures("k").await.unwrap(), Failures::default());
    assert_eq!(count(0).await.unwrap(), Failures { count: 1, until: None });
    assert_eq!(count(1).await.unwrap(), Failures { count: 2, until: None });
    let paused = Failures { count: 3, until: Some(at(60_002)) };
    assert_eq!(count(2).await.unwrap(), paused);
    assert_eq!(store.failures("k").await.unwrap(), paused);
    assert_eq!(count(3).await.unwrap(), Failures { count: 4, until: Some(at(60_002)) }, "the pause is not prolonged");
    assert_eq!(store.failures("another").await.unwrap(), Failures::default());
    assert_eq!(count(60_002).await.unwrap(), Failures { count: 1, until: None });
    store.clear_failures("k").await.unwrap();
    assert_eq!(store.failures("k").await.unwrap(), Failures::default());
    assert_eq!(store.count_failure("one", at(0), 1, pause).await.unwrap().until, Some(at(60_000)));
}

pub async fn failures_counted_at_once_are_all_counted(store: Arc<dyn Store>) {
    let counting: Vec<_> = (0..20)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.count_failure("k", at(0), 5, Duration::from_secs(60)).await.unwrap() })
        })
        .collect();
    for one in counting {
        one.await.unwrap();
    }
    assert_eq!(store.failures("k").await.unwrap(), Failures { count: 20, until: Some(at(60_000)) });
}

pub async fn a_secret_is_made_once(store: Arc<dyn Store>) {
    assert_eq!(store.secret("visitor-tokens", b"first").await.unwrap(), b"first");
    assert_eq!(store.secret("visitor-tokens", b"second").await.unwrap(), b"first");
    assert_eq!(store.secret("other", b"second").await.unwrap(), b"second");
}
