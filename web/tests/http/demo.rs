//! The demo is made once, whole, and on a store of its own.

use std::sync::Arc;

use engine::adapters::memory::MemoryStore;
use engine::domain::time::Timestamp;
use engine::ports::staff::Operator;
use engine::ports::store::SharedStore;
use switchboard_web::auth::password;
use switchboard_web::demo::{PASSWORD, PEOPLE, fill};
use switchboard_web::provision;

fn at() -> Timestamp {
    Timestamp::from_millis(1)
}

/// What the demo consists of, by name.
async fn all(store: &SharedStore) -> Vec<String> {
    let account = store.accounts().await.unwrap()[0].id;
    let mut found = vec![store.brand(&"demo".parse().unwrap()).await.unwrap().unwrap().name];
    found.extend(store.groups(account).await.unwrap().into_iter().map(|group| group.id.to_string()));
    found.extend(store.operators(account).await.unwrap().into_iter().map(|operator| operator.email));
    let members = store.memberships(account, None, None).await.unwrap();
    found.push(format!("{} members", members.len()));
    found.sort();
    found
}

#[actix_web::test]
async fn a_first_start_that_was_cut_off_is_finished_by_the_next_one() {
    let whole: SharedStore = Arc::new(MemoryStore::new());
    assert!(fill(&whole, at()).await.unwrap());
    let store: SharedStore = Arc::new(MemoryStore::new());
    let account = store.create_account("demo", "Demo", at()).await.unwrap().id;
    let (email, name, role, limit, _) = PEOPLE[0];
    let mona = provision::operator(email, name, role, limit);
    store.create_operator(account, &mona, &password::hash(PASSWORD).unwrap(), at()).await.unwrap();
    assert!(fill(&store, at()).await.unwrap());
    assert_eq!(all(&store).await, all(&whole).await);
    assert!(store.operator(account, mona.id).await.unwrap().is_some(), "who was made stays");
}

#[actix_web::test]
async fn what_people_changed_is_not_made_good_and_another_store_is_left_alone() {
    let store: SharedStore = Arc::new(MemoryStore::new());
    assert!(fill(&store, at()).await.unwrap());
    let account = store.accounts().await.unwrap()[0].id;
    let joe = store.operators(account).await.unwrap().into_iter().find(|one| one.name == "Joe").unwrap();
    let renamed = Operator { name: "Joseph".into(), ..joe.clone() };
    assert!(store.change_operator(account, &joe, &renamed).await.unwrap());
    assert!(fill(&store, at()).await.unwrap(), "it is the demo still");
    assert_eq!(store.operator(account, joe.id).await.unwrap().unwrap().name, "Joseph");

    let own: SharedStore = Arc::new(MemoryStore::new());
    let ada = provision::Administrator::checked(None, "ada@shop.example", "a password of hers").unwrap();
    provision::administrator(&own, &ada, at()).await.unwrap();
    assert!(!fill(&own, at()).await.unwrap());
    assert_eq!(own.accounts().await.unwrap().len(), 1);
}
