//! Contacts: who a chat's visitor is known as, and what people have set of them.

use std::sync::Arc;

use engine::domain::identity::Identity;
use engine::ports::contacts::ContactSettings;
use engine::ports::journal::ChatQuery;
use engine::ports::store::Store;

use crate::conformance::world::World;

fn customer(world: &World, subject: &str) -> Identity {
    Identity::of(&world.brand, Some(&subject.parse().unwrap()), None).unwrap()
}

pub async fn what_is_set_of_a_contact_is_kept(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let other = World::new(Arc::clone(&store), "other").await;
    let ann = customer(&world, "customer:7");
    let (usual, first) = (ContactSettings::default(), ContactSettings { priority: -30 });
    let set = async || store.contact(world.account, &ann).await.unwrap();
    assert_eq!(set().await, usual);
    assert!(!store.change_contact(world.account, &ann, first, usual).await.unwrap(), "it was never so");
    assert!(store.change_contact(world.account, &ann, usual, first).await.unwrap());
    assert_eq!(set().await, first);
    assert!(!store.change_contact(world.account, &ann, usual, usual).await.unwrap(), "somebody was quicker");
    assert_eq!(set().await, first);

    assert_eq!(store.contact(world.account, &customer(&world, "customer:8")).await.unwrap(), usual);
    let typed = Identity::Unverified("customer:7".into());
    assert_eq!(store.contact(world.account, &typed).await.unwrap(), usual, "the name is only claimed");
    assert_eq!(store.contact(other.account, &ann).await.unwrap(), usual, "another account knows nothing");
    assert!(store.change_contact(world.account, &ann, first, usual).await.unwrap());
    assert!(store.change_contact(world.account, &ann, usual, first).await.unwrap(), "and so on");
}

pub async fn a_chat_keeps_who_its_visitor_is_known_as(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let (_, mut birth) = world.start(world.visitor(), 0);
    birth.contact = Some(customer(&world, "https://login.example/users:7"));
    let chat = birth.chat;
    let expected = birth.contact.clone();
    store.birth(birth).await.unwrap();
    let (_, mut nobody) = world.start(world.visitor(), 1_000);
    (nobody.contact, nobody.email) = (None, None);
    let unknown = nobody.chat;
    store.birth(nobody).await.unwrap();
    let of = async |chat| store.chat(world.account, chat).await.unwrap().unwrap().contact;
    assert_eq!((of(chat).await, of(unknown).await), (expected.clone(), None));
    let listed = store.chats(world.account, &ChatQuery { limit: 5, ..ChatQuery::default() }).await.unwrap();
    let contacts: Vec<_> = listed.rows.into_iter().map(|row| row.contact).collect();
    assert_eq!(contacts, [None, expected.clone()], "the latest first");
    let awake = store.activate(world.account, chat, world.epoch).await.unwrap().unwrap();
    assert_eq!(awake.record.contact, expected);
}
