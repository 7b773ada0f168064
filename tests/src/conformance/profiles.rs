//! Profiles: sets of groups, who has chosen which, and what that makes of their memberships.

use std::sync::Arc;

use engine::domain::ids::{OperatorId, ProfileId};
use engine::ports::profiles::Profile;
use engine::ports::store::{Store, StoreError};
use uuid::Uuid;

use crate::conformance::world::{World, id};

fn conflicts<T: std::fmt::Debug>(result: Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Conflict(_)))
}

pub async fn profiles_are_kept_changed_and_removed(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let other = World::new(Arc::clone(&store), "other").await;
    let account = world.account;
    let early = Profile {
        id: id("early"),
        name: "Early".into(),
        groups: vec![world.group.clone(), world.second_group.clone()],
    };
    let late = Profile { id: id("late"), name: "A late one".into(), groups: vec![] };
    store.put_profile(account, &early).await.unwrap();
    store.put_profile(account, &late).await.unwrap();
    assert_eq!(store.profiles(account).await.unwrap(), [late.clone(), early.clone()], "by name");
    assert_eq!(store.profiles(other.account).await.unwrap(), []);
    let double = Profile { id: id("third"), ..early.clone() };
    let taken = StoreError::Taken { field: "name", thing: "profile" };
    assert_eq!(store.put_profile(account, &double).await, Err(taken.clone()));
    let dangling = Profile { id: id("third"), name: "Third".into(), groups: vec![id("nowhere")] };
    assert!(conflicts(store.put_profile(account, &dangling).await));
    assert_eq!(store.profiles(account).await.unwrap().len(), 2, "nothing of what was refused is there");

    let short = Profile { groups: vec![world.second_group.clone()], ..early.clone() };
    assert!(store.change_profile(account, &early, &short).await.unwrap());
    assert!(!store.change_profile(account, &early, &early).await.unwrap(), "somebody was quicker");
    assert!(!store.change_profile(other.account, &short, &early).await.unwrap());
    let double = Profile { name: late.name.clone(), ..short.clone() };
    assert_eq!(store.change_profile(account, &short, &double).await, Err(taken));
    assert!(store.delete_group(account, &world.second_group).await.unwrap());
    let bare = Profile { groups: vec![], ..short };
    assert_eq!(store.profiles(account).await.unwrap(), [late.clone(), bare], "a group that is removed leaves it");
    assert!(!store.delete_profile(other.account, &early.id).await.unwrap());
    assert!(store.delete_profile(account, &early.id).await.unwrap());
    assert!(!store.delete_profile(account, &early.id).await.unwrap());
    assert_eq!(store.profiles(account).await.unwrap(), [late]);
}

pub async fn a_chosen_profile_says_which_memberships_are_active(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let account = world.account;
    let joe = world.operator(None).await;
    world.join(&world.second_group, joe, None).await;
    let second: ProfileId = id("second");
    let profile = Profile { id: second.clone(), name: "Second".into(), groups: vec![world.second_group.clone()] };
    store.put_profile(account, &profile).await.unwrap();
    let active = || async {
        let mut found = Vec::new();
        for group in [&world.group, &world.second_group] {
            found.extend(store.roster(account, group).await.unwrap().iter().map(|row| row.active));
        }
        found
    };
    assert_eq!((store.chosen_profile(account, joe).await.unwrap(), active().await), (None, vec![true, true]));
    store.choose_profile(account, joe, Some(&second)).await.unwrap();
    assert_eq!(store.chosen_profile(account, joe).await.unwrap(), Some(second.clone()));
    assert_eq!(active().await, [false, true]);
    let there = store.memberships(account, Some(&world.second_group), Some(joe)).await.unwrap().remove(0);
    let inactive = engine::domain::group::Membership { active: false, ..there.clone() };
    assert!(store.change_membership(account, &there, &inactive).await.unwrap());
    assert_eq!(active().await, [false, false], "a profile makes nothing active that is not");
    assert!(store.change_membership(account, &inactive, &there).await.unwrap());

    assert!(conflicts(store.choose_profile(account, joe, Some(&id("nothing"))).await));
    assert!(conflicts(store.choose_profile(account, OperatorId(Uuid::from_u128(404)), None).await));
    assert_eq!(active().await, [false, true]);
    assert!(store.delete_profile(account, &second).await.unwrap());
    assert_eq!((store.chosen_profile(account, joe).await.unwrap(), active().await), (None, vec![true, true]));
}
