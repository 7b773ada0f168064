//! How much of the slots was in use: it adds up by hour, for each and for all, and is nobody else's.

use std::sync::Arc;
use std::time::Duration;

use engine::domain::ids::{GroupId, OperatorId};
use engine::domain::report::Work;
use engine::ports::store::Store;
use engine::ports::work::{GROUPS, OPERATORS, Whose, WorkQuery, WorkRow};
use uuid::Uuid;

use crate::conformance::world::{World, at};

const HOUR: i64 = 3_600_000;

fn minutes(slots: u64, used: u64) -> Work {
    Work { slots: Duration::from_secs(slots * 60), used: Duration::from_secs(used * 60) }
}

pub async fn work_adds_up_by_hour_for_each_and_for_all(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let other = World::new(Arc::clone(&store), "other").await;
    let (one, two) = (OperatorId(Uuid::from_u128(1)), OperatorId(Uuid::from_u128(2)));
    let group: GroupId = "first".parse().ok().unwrap();
    let row = |whose: &Whose, hour: i64, work| WorkRow {
        account: world.account,
        whose: whose.clone(),
        hour: at(hour * HOUR),
        work,
    };
    let (one, two, group) = (Whose::Operator(one), Whose::Operator(two), Whose::Group(group));
    store.add_work(&[row(&one, 0, minutes(60, 30)), row(&two, 0, minutes(40, 0))]).await.unwrap();
    store.add_work(&[row(&one, 0, minutes(60, 60)), row(&group, 0, minutes(100, 90))]).await.unwrap();
    store.add_work(&[row(&one, 1, minutes(10, 1)), row(&one, 2, minutes(7, 7))]).await.unwrap();
    let theirs = WorkRow { account: other.account, ..row(&one, 0, minutes(1, 1)) };
    store.add_work(&[theirs]).await.unwrap();
    store.add_work(&[]).await.unwrap();

    let query = WorkQuery { kind: OPERATORS, from: at(0), to: at(2 * HOUR), only: None };
    let each = store.work_of_each(world.account, &query).await.unwrap();
    assert_eq!(each, [(one.id(), minutes(130, 91)), (two.id(), minutes(40, 0))], "the third hour is not asked for");
    let hours = store.work_by_hour(world.account, &query).await.unwrap();
    assert_eq!(hours, [(at(0), minutes(160, 90)), (at(HOUR), minutes(10, 1))]);
    let own = WorkQuery { only: Some(two.id()), ..query.clone() };
    assert_eq!(store.work_by_hour(world.account, &own).await.unwrap(), [(at(0), minutes(40, 0))]);
    let groups = WorkQuery { kind: GROUPS, ..query.clone() };
    assert_eq!(store.work_of_each(world.account, &groups).await.unwrap(), [("first".to_owned(), minutes(100, 90))]);
    assert_eq!(store.work_of_each(other.account, &query).await.unwrap(), [(one.id(), minutes(1, 1))]);

    store.forget_work(at(HOUR)).await.unwrap();
    let all = WorkQuery { to: at(9 * HOUR), ..query };
    let left = store.work_by_hour(world.account, &all).await.unwrap();
    assert_eq!(left, [(at(HOUR), minutes(10, 1)), (at(2 * HOUR), minutes(7, 7))]);
}
