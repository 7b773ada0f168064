//! Accounts with their time zone, brands and departments.

use crate::adapters::sql::value::json;
use crate::adapters::sql::{Query, Row, Sql};
use crate::domain::ids::{AccountId, BrandId, DepartmentId};
use crate::domain::time::Timestamp;
use crate::domain::zone::Zone;
use crate::ports::staff::{Account, Brand, Department};
use crate::ports::store::StoreError;

pub(super) async fn accounts(sql: &mut dyn Sql) -> Result<Vec<Account>, StoreError> {
    sql.run(Query::new("SELECT id, slug, name FROM account ORDER BY id"))
        .await?
        .all(|mut row| Ok(Account { id: row.account()?, slug: row.text()?, name: row.text()? }))
}

pub(super) async fn create_account(
    sql: &mut dyn Sql,
    slug: String,
    name: String,
    at: Timestamp,
) -> Result<Account, StoreError> {
    let query = Query::new("INSERT INTO account (slug, name, created_at) VALUES ($1, $2, $3) RETURNING id");
    let query = query.arg(slug.as_str()).arg(name.as_str()).arg(at);
    let id = sql.run(query).await?.first(|mut row| row.account())?;
    let id = id.ok_or_else(|| StoreError::Corrupt("a new account has no id".into()))?;
    Ok(Account { id, slug, name })
}

pub(super) async fn time_zone(sql: &mut dyn Sql, account: AccountId) -> Result<Zone, StoreError> {
    let query = Query::new("SELECT time_zone FROM account WHERE id = $1").arg(account);
    let zone = sql.run(query).await?.first(|mut row| row.text().map(Zone::new))?;
    Ok(zone.unwrap_or_default())
}

pub(super) async fn change_time_zone(
    sql: &mut dyn Sql,
    account: AccountId,
    before: Zone,
    after: Zone,
) -> Result<bool, StoreError> {
    let query = Query::new("UPDATE account SET time_zone = $1 WHERE id = $2 AND time_zone = $3");
    Ok(sql.run(query.arg(after.as_str()).arg(account).arg(before.as_str())).await?.affected > 0)
}

const BRAND_COLUMNS: &str =
    "SELECT account, id, name, color, language, origins, welcome, priorities, identity_keys FROM brand ";

pub(super) async fn brand(sql: &mut dyn Sql, key: BrandId) -> Result<Option<Brand>, StoreError> {
    let mut query = Query::new(BRAND_COLUMNS).arg(key.as_str());
    query.push("WHERE id = $1");
    sql.run(query).await?.first(read_brand)
}

pub(super) async fn brands(sql: &mut dyn Sql, account: AccountId) -> Result<Vec<Brand>, StoreError> {
    let mut query = Query::new(BRAND_COLUMNS).arg(account);
    query.push("WHERE account = $1 ORDER BY name, id");
    sql.run(query).await?.all(read_brand)
}

fn read_brand(mut row: Row) -> Result<Brand, StoreError> {
    Ok(Brand {
        account: row.account()?,
        id: row.parsed()?,
        name: row.text()?,
        color: row.text()?,
        language: row.text()?,
        origins: row.json()?,
        welcome: row.json()?,
        priorities: row.json()?,
        identity_keys: row.json()?,
    })
}

pub(super) async fn put_brand(sql: &mut dyn Sql, brand: Brand) -> Result<(), StoreError> {
    let query = Query::new(
        "INSERT INTO brand (id, account, name, color, language, origins, welcome, priorities, identity_keys) VALUES \
         ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO UPDATE SET name = excluded.name, \
         color = excluded.color, language = excluded.language, origins = excluded.origins, \
         welcome = excluded.welcome, priorities = excluded.priorities, \
         identity_keys = excluded.identity_keys WHERE brand.account = excluded.account",
    );
    let query = query.arg(brand.id.as_str()).arg(brand.account).arg(brand.name).arg(brand.color).arg(brand.language);
    let query = query.arg(json(&brand.origins)?).arg(json(&brand.welcome)?).arg(json(&brand.priorities)?);
    let query = query.arg(json(&brand.identity_keys)?);
    match sql.run(query).await?.affected {
        0 => Err(StoreError::Taken { field: "id", thing: "brand" }),
        _ => Ok(()),
    }
}

/// Changes a brand if it is still as it was seen.
pub(super) async fn change_brand(sql: &mut dyn Sql, before: Brand, after: Brand) -> Result<bool, StoreError> {
    let mut hold = Query::new(BRAND_COLUMNS).arg(before.id.as_str());
    hold.push("WHERE id = $1").push(sql.dialect().for_update());
    let same = sql.run(hold).await?.first(read_brand)?.is_some_and(|there| there == before);
    if same {
        put_brand(sql, after).await?;
    }
    Ok(same)
}

const DEPARTMENT_COLUMNS: &str = "SELECT id, name, place, needs FROM department ";

pub(super) async fn departments(sql: &mut dyn Sql, account: AccountId) -> Result<Vec<Department>, StoreError> {
    let mut query = Query::new(DEPARTMENT_COLUMNS).arg(account);
    query.push("WHERE account = $1 ORDER BY place, name, id");
    sql.run(query).await?.all(read_department)
}

pub(super) async fn department(
    sql: &mut dyn Sql,
    account: AccountId,
    department: DepartmentId,
) -> Result<Option<Department>, StoreError> {
    let mut query = Query::new(DEPARTMENT_COLUMNS).arg(account).arg(department.as_str());
    query.push("WHERE account = $1 AND id = $2");
    sql.run(query).await?.first(read_department)
}

fn read_department(mut row: Row) -> Result<Department, StoreError> {
    Ok(Department { id: row.parsed()?, name: row.text()?, place: row.u32()?, needs: row.json()? })
}

pub(super) async fn put_department(
    sql: &mut dyn Sql,
    account: AccountId,
    department: Department,
) -> Result<(), StoreError> {
    let query = Query::new(
        "INSERT INTO department (account, id, name, place, needs) VALUES ($1, $2, $3, $4, $5) ON CONFLICT \
         (account, id) DO UPDATE SET name = excluded.name, place = excluded.place, needs = excluded.needs",
    );
    let query = query.arg(account).arg(department.id.as_str()).arg(department.name).arg(department.place);
    sql.run(query.arg(json(&department.needs)?)).await.map(drop)
}

/// Changes a department if it is still as it was seen.
pub(super) async fn change_department(
    sql: &mut dyn Sql,
    account: AccountId,
    before: Department,
    after: Department,
) -> Result<bool, StoreError> {
    let mut hold = Query::new(DEPARTMENT_COLUMNS).arg(account).arg(before.id.as_str());
    hold.push("WHERE account = $1 AND id = $2").push(sql.dialect().for_update());
    let same = sql.run(hold).await?.first(read_department)?.is_some_and(|there| there == before);
    if same {
        put_department(sql, account, after).await?;
    }
    Ok(same)
}

pub(super) async fn delete_department(
    sql: &mut dyn Sql,
    account: AccountId,
    department: DepartmentId,
) -> Result<bool, StoreError> {
    let groups = Query::new("SELECT 1 FROM grp WHERE account = $1 AND department = $2");
    if !sql.run(groups.arg(account).arg(department.as_str())).await?.rows.is_empty() {
        return Err(StoreError::Conflict("the department has groups".into()));
    }
    let delete = Query::new("DELETE FROM department WHERE account = $1 AND id = $2");
    Ok(sql.run(delete.arg(account).arg(department.as_str())).await?.affected > 0)
}
