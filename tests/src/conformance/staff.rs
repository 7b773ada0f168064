//! What people set up: kept as it was put, listed in order, guarded against doubles and dangling references.

use std::sync::Arc;
use std::time::Duration;

use engine::domain::group::{
    GroupSettings, Handling, InTime, Instead, LostOperator, Membership, OfferMode, Overflow, RoutingRules,
};
use engine::domain::hours::{Holiday, Hours, Interval};
use engine::domain::identity_key::{IdentityKey, KeyAlgorithm, KeyMaterial};
use engine::domain::ids::{AccountId, GroupId, OperatorId};
use engine::domain::needs::DepartmentNeeds;
use engine::domain::permission::StaffRole;
use engine::domain::skills::{Level, Need, Skills};
use engine::domain::urgency::{BrandPriorities, VariablePriority};
use engine::ports::staff::{Brand, Department, Operator};
use engine::ports::store::{Store, StoreError};
use engine::protocol::visitor::{FieldRule, WelcomeScreen};
use uuid::Uuid;

use crate::conformance::world::{World, at, id};

fn conflicts<T: std::fmt::Debug>(result: Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Conflict(_)))
}

/// Refused because another one has what is in the field.
fn takes<T: std::fmt::Debug>(field: &str, result: Result<T, StoreError>) -> bool {
    matches!(&result, Err(StoreError::Taken { field: taken, .. }) if *taken == field)
}

fn operator(number: u128, email: &str, name: &str) -> Operator {
    Operator {
        id: OperatorId(Uuid::from_u128(number)),
        email: email.into(),
        name: name.into(),
        role: StaffRole::Manager,
        limit: Some(4),
        disabled: false,
        skills: Skills::default(),
    }
}

fn skills(levels: &[(&str, i64)]) -> Skills {
    levels.iter().map(|(name, level)| (name.parse().unwrap(), Level::new(*level).unwrap())).collect()
}

/// Rules of which none is as if nobody had set it.
fn rules(other: &GroupId) -> RoutingRules {
    let mut week: [Vec<Interval>; 7] = Default::default();
    week[0] = vec![Interval { from_minute: 480, to_minute: 720 }, Interval { from_minute: 780, to_minute: 1440 }];
    let holidays = vec![Holiday { date: "2027-01-01".into(), open: vec![] }];
    RoutingRules {
        overflow: Some(Overflow { after_s: 45, groups: vec![other.clone()] }),
        queue_length_max: Some(0),
        queue_wait_max_s: Some(600),
        when_full: Instead::Group(other.clone()),
        skill_relaxed_every_s: Some(30),
        last_operator_days: 14,
        last_operator_waits_s: 20,
        wanted_operator_waits_s: 40,
        expired_offers_until_away: Some(3),
        lost_operator: LostOperator::Requeue,
        priority: -2,
        hours: Some(Hours { zone: Some("Europe/Zurich".into()), week, holidays }),
        greeting: Some("Good day!".into()),
        greeting_after_s: 5,
        queue_text: Some("{ahead} before you".into()),
        service_level_within_s: InTime(45),
    }
}

pub async fn accounts_have_short_names_of_their_own(store: Arc<dyn Store>) {
    assert_eq!(store.accounts().await.unwrap(), []);
    let one = store.create_account("acme", "Acme", at(0)).await.unwrap();
    let other = store.create_account("other", "Acme", at(0)).await.unwrap();
    assert!(one.id < other.id);
    assert!(takes("slug", store.create_account("acme", "Another", at(0)).await));
    assert_eq!(store.accounts().await.unwrap(), [one, other]);
}

pub async fn brands_are_kept_and_replaced(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let other = World::new(Arc::clone(&store), "other").await;
    let mut brand = store.brand(&world.brand).await.unwrap().unwrap();
    brand.name = "A shop".into();
    brand.origins = vec![];
    brand.welcome =
        WelcomeScreen { on: false, name: FieldRule::Hidden, email: FieldRule::Required, question: FieldRule::Optional };
    store.put_brand(&brand).await.unwrap();
    assert_eq!(store.brand(&world.brand).await.unwrap().as_ref(), Some(&brand));
    let outlet = Brand { id: id("outlet"), name: "Outlet".into(), ..brand.clone() };
    store.put_brand(&outlet).await.unwrap();
    assert_eq!(store.brands(world.account).await.unwrap(), [brand.clone(), outlet.clone()]);
    assert!(takes("name", store.put_brand(&Brand { id: id("third"), ..outlet.clone() }).await), "a double name");
    let hijack = Brand { account: other.account, name: "Mine".into(), ..outlet.clone() };
    assert!(takes("id", store.put_brand(&hijack).await), "a key of another account");
    assert!(conflicts(store.put_brand(&Brand { account: AccountId(404), id: id("x"), ..outlet }).await));
    assert_eq!(store.brands(world.account).await.unwrap().len(), 2);
    assert_eq!(store.brand(&id("nothing")).await.unwrap(), None);
}

pub async fn brands_keep_how_urgent_their_chats_are(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let other = World::new(Arc::clone(&store), "other").await;
    let before = store.brand(&world.brand).await.unwrap().unwrap();
    assert_eq!(before.priorities, BrandPriorities::default());
    let gold = VariablePriority { variable: "tier".into(), value: "gold \"ä\"".into(), steps: -7 };
    let priorities = BrandPriorities {
        priority: 3,
        trusted_variables: vec!["tier".into(), "a".into()],
        variable_priorities: vec![gold],
    };
    let key = IdentityKey {
        id: "2026.a".into(),
        algorithm: KeyAlgorithm::Hs256,
        material: KeyMaterial::new("a secret with \"quotes\" and ü in it"),
        created_at: at(7),
    };
    let after = Brand { priorities, identity_keys: vec![key], ..before.clone() };
    assert!(store.change_brand(&before, &after).await.unwrap());
    assert!(!store.change_brand(&before, &before).await.unwrap(), "somebody was quicker");
    assert_eq!(store.brand(&world.brand).await.unwrap(), Some(after.clone()));
    assert_eq!(store.brands(world.account).await.unwrap(), std::slice::from_ref(&after));
    let taken = Brand { account: other.account, ..after.clone() };
    assert!(!store.change_brand(&taken, &taken).await.unwrap(), "it is not the other account's");
    let outlet = Brand { id: id("outlet"), name: "Outlet".into(), ..after.clone() };
    store.put_brand(&outlet).await.unwrap();
    assert!(takes("name", store.change_brand(&after, &Brand { name: "Outlet".into(), ..after.clone() }).await));
}

pub async fn departments_are_listed_by_place(store: Arc<dyn Store>) {
    let account = store.create_account("acme", "Acme", at(0)).await.unwrap().id;
    let department = |text: &str, name: &str, place| Department {
        id: id(text),
        name: name.into(),
        place,
        needs: Default::default(),
    };
    for one in [department("b", "Zwei", 2), department("a", "Eins", 1), department("c", "Nought", 0)] {
        store.put_department(account, &one).await.unwrap();
    }
    store.put_department(account, &department("b", "Two", 2)).await.unwrap();
    let names: Vec<String> = store.departments(account).await.unwrap().into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["Nought", "Eins", "Two"]);
    assert!(takes("name", store.put_department(account, &department("d", "Two", 9)).await));
    assert!(conflicts(store.put_department(AccountId(404), &department("d", "Four", 9)).await));
}

pub async fn departments_keep_what_their_chats_need(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let other = World::new(Arc::clone(&store), "other").await;
    let need = |skill: &str, level| Need { skill: id(skill), level: Level::new(level).unwrap() };
    let needs = DepartmentNeeds { skills: vec![need("z", 2), need("a", 10)], match_language: true, priority: -3 };
    let spares = Department { id: id("spares"), name: "Spares".into(), place: 7, needs };
    store.put_department(world.account, &spares).await.unwrap();
    assert_eq!(store.department(world.account, &spares.id).await.unwrap(), Some(spares.clone()));
    assert_eq!(store.departments(world.account).await.unwrap().last(), Some(&spares), "skills keep their order");
    assert_eq!(store.department(other.account, &spares.id).await.unwrap(), None, "another account has none");

    let mut after = spares.clone();
    after.needs.skills.reverse();
    assert!(!store.change_department(other.account, &spares, &after).await.unwrap());
    assert!(store.change_department(world.account, &spares, &after).await.unwrap());
    assert!(!store.change_department(world.account, &spares, &spares).await.unwrap(), "somebody was quicker");
    let double = Department { name: "Sales".into(), ..after.clone() };
    assert!(takes("name", store.change_department(world.account, &after, &double).await));
    assert_eq!(store.department(world.account, &spares.id).await.unwrap(), Some(after));

    assert!(conflicts(store.delete_department(world.account, &id("sales")).await), "it has groups");
    assert!(!store.delete_department(other.account, &spares.id).await.unwrap());
    assert!(store.delete_department(world.account, &spares.id).await.unwrap());
    assert!(!store.delete_department(world.account, &spares.id).await.unwrap());
    assert_eq!(store.department(world.account, &spares.id).await.unwrap(), None);
}

pub async fn groups_are_kept_replaced_and_removed(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let mut group = store.group(world.account, &world.group).await.unwrap().unwrap();
    assert_eq!(group, GroupSettings::new(world.group.clone(), id("sales"), "first"));
    group.name = "A first one".into();
    group.offer_mode = OfferMode::Automatic;
    group.offer_expires_after = Duration::from_millis(12_345);
    group.connection_timeout = Duration::from_secs(77);
    *group.rules = rules(&world.second_group);
    let before = store.group(world.account, &world.group).await.unwrap().unwrap();
    assert!(store.change_group(world.account, &before, &group).await.unwrap());
    assert!(!store.change_group(world.account, &before, &before).await.unwrap(), "somebody was quicker");
    let groups = store.groups(world.account).await.unwrap();
    assert_eq!(groups[0], group, "lists are by name");
    assert_eq!(groups.len(), 2);
    let mut bad = group.clone();
    bad.department = id("nowhere");
    assert!(conflicts(store.put_group(world.account, &bad).await));
    let double = GroupSettings { id: id("third"), ..group.clone() };
    assert!(takes("name", store.put_group(world.account, &double).await));
    assert_eq!(store.group(world.account, &world.group).await.unwrap(), Some(group));

    let member = world.operator(None).await;
    let mut talk = world.chat(0).await;
    assert!(conflicts(store.delete_group(world.account, &world.group).await), "a chat waits in it");
    let append = talk.is_assigned_to(member, 1_000);
    talk.done(append).await;
    assert!(conflicts(store.delete_group(world.account, &world.group).await), "a chat runs in it");
    let append = talk.ends(2_000);
    talk.done(append).await;
    assert!(store.delete_group(world.account, &world.group).await.unwrap());
    assert!(!store.delete_group(world.account, &world.group).await.unwrap());
    assert_eq!(store.memberships(world.account, None, Some(member)).await.unwrap(), []);
    assert_eq!(store.group(world.account, &world.group).await.unwrap(), None);
}

pub async fn a_group_that_is_gone_is_named_by_no_other(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let (gone, other) = (world.group.clone(), world.second_group.clone());
    let before = store.group(world.account, &other).await.unwrap().expect("it was made");
    let mut naming = before.clone();
    naming.rules.overflow = Some(Overflow { after_s: 30, groups: vec![gone.clone()] });
    naming.rules.when_full = Instead::Group(gone.clone());
    store.put_group(world.account, &naming).await.unwrap();
    let elsewhere = World::new(Arc::clone(&store), "other").await;
    let mut theirs = elsewhere.store.group(elsewhere.account, &other).await.unwrap().expect("it was made");
    theirs.rules.overflow = Some(Overflow { after_s: 30, groups: vec![gone.clone()] });
    store.put_group(elsewhere.account, &theirs).await.unwrap();
    assert!(store.delete_group(world.account, &gone).await.unwrap());
    assert_eq!(store.group(world.account, &other).await.unwrap(), Some(before));
    assert_eq!(store.group(elsewhere.account, &other).await.unwrap(), Some(theirs), "another account's own is there");
}

pub async fn an_address_belongs_to_one_operator_of_an_account(store: Arc<dyn Store>) {
    let account = store.create_account("acme", "Acme", at(0)).await.unwrap().id;
    let other = store.create_account("other", "Other", at(0)).await.unwrap().id;
    let zoe = operator(1, "Zoe@Acme.example", "Zoe");
    let amir = operator(2, "amir@acme.example", "Amir");
    for one in [&zoe, &amir] {
        store.create_operator(account, one, "$hash$", at(0)).await.unwrap();
    }
    assert!(takes("email", store.create_operator(account, &operator(3, "zoe@ACME.example", "Z"), "", at(0)).await));
    assert!(conflicts(store.create_operator(other, &operator(1, "new@acme.example", "N"), "", at(0)).await));
    assert!(conflicts(store.create_operator(AccountId(404), &operator(4, "n@x.example", "N"), "", at(0)).await));
    let double = Operator { email: "ZOE@acme.example".into(), ..amir.clone() };
    assert!(takes("email", store.change_operator(account, &amir, &double).await));
    assert_eq!(store.operators(account).await.unwrap(), [amir.clone(), zoe.clone()], "by name");

    let again = operator(5, "zoe@acme.example", "Zoe of the other");
    store.create_operator(other, &again, "$other$", at(0)).await.unwrap();
    let credentials = store.credentials("ZOE@ACME.EXAMPLE").await.unwrap();
    let found: Vec<_> =
        credentials.iter().map(|one| (one.account, &one.operator, one.password_hash.as_str())).collect();
    assert_eq!(found, [(account, &zoe, "$hash$"), (other, &again, "$other$")]);
    assert!(store.set_password(account, zoe.id, "$changed$").await.unwrap());
    assert_eq!(store.credentials("zoe@acme.example").await.unwrap()[0].password_hash, "$changed$");
    assert_eq!(store.credentials("nobody@acme.example").await.unwrap(), []);
}

pub async fn an_operator_is_changed_and_removed(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let one = world.operator(Some(2)).await;
    let mut talk = world.chat(0).await;
    let append = talk.is_assigned_to(one, 1_000);
    talk.done(append).await;
    let before = store.operator(world.account, one).await.unwrap().unwrap();
    let mut row = before.clone();
    row.role = StaffRole::Administrator;
    row.disabled = true;
    row.limit = None;
    row.email = "new@acme.example".into();
    row.skills = skills(&[("billing", 7), ("language:de", 10)]);
    assert!(store.change_operator(world.account, &before, &row).await.unwrap());
    assert!(!store.change_operator(world.account, &before, &before).await.unwrap(), "somebody was quicker");
    let roster = store.roster(world.account, &world.group).await.unwrap();
    assert_eq!(roster.iter().map(|member| &member.skills).collect::<Vec<_>>(), [&row.skills]);
    assert_eq!(store.operator(world.account, one).await.unwrap(), Some(row.clone()));
    assert_eq!(store.credentials("new@acme.example").await.unwrap()[0].password_hash, "$argon2id$", "as it was");
    assert!(conflicts(store.delete_operator(world.account, one).await), "a chat of theirs runs");
    let append = talk.ends(2_000);
    talk.done(append).await;
    assert!(store.delete_operator(world.account, one).await.unwrap());
    assert!(!store.delete_operator(world.account, one).await.unwrap());
    assert!(!store.change_operator(world.account, &row, &before).await.unwrap());
    assert_eq!(store.memberships(world.account, None, None).await.unwrap(), []);
    let record = store.chat(world.account, talk.id()).await.unwrap().unwrap();
    assert_eq!((record.head.owner, record.owner_name), (Some(one), None), "the chat stays");
}

pub async fn memberships_are_listed_by_group_then_operator(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let (one, other) = (world.operator(None).await, world.operator(None).await);
    world.join(&world.second_group, other, Some(1)).await;
    world.join(&world.second_group, one, Some(0)).await;
    let listed = |group, operator| {
        let (store, account) = (Arc::clone(&store), world.account);
        async move {
            let memberships = store.memberships(account, group, operator).await.unwrap();
            memberships.into_iter().map(|row| (row.group, row.operator, row.limit)).collect::<Vec<_>>()
        }
    };
    let (first, second) = (world.group.clone(), world.second_group.clone());
    let all = [
        (first.clone(), one, None),
        (first, other, None),
        (second.clone(), one, Some(0)),
        (second.clone(), other, Some(1)),
    ];
    assert_eq!(listed(None, None).await, all);
    assert_eq!(listed(Some(&world.second_group), None).await, all[2..]);
    assert_eq!(listed(None, Some(one)).await, [all[0].clone(), all[2].clone()]);
    assert_eq!(listed(Some(&world.second_group), Some(other)).await, all[3..]);
    let there = store.memberships(world.account, Some(&second), Some(other)).await.unwrap().remove(0);
    let pulling = Membership { handling: Handling::Pull, active: false, ..there.clone() };
    assert!(store.change_membership(world.account, &there, &pulling).await.unwrap());
    assert!(!store.change_membership(world.account, &there, &there).await.unwrap(), "somebody was quicker");
    assert_eq!(
        store.memberships(world.account, Some(&second), Some(other)).await.unwrap(),
        std::slice::from_ref(&pulling)
    );
    assert!(store.delete_membership(world.account, &second, other).await.unwrap());
    assert!(!store.change_membership(world.account, &pulling, &there).await.unwrap());
    assert!(!store.delete_membership(world.account, &second, other).await.unwrap());
    let dangling = |group, operator| {
        let store = Arc::clone(&store);
        let membership = Membership { group, operator, handling: Handling::Primary, limit: None, active: true };
        async move { conflicts(store.put_membership(world.account, &membership).await) }
    };
    assert!(dangling(id("nowhere"), one).await);
    assert!(dangling(second, OperatorId(Uuid::from_u128(404))).await);
}
