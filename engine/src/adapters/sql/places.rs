//! Accounts, brands and departments.

use crate::adapters::sql::{Query, Row, Sql};
use crate::domain::ids::{AccountId, BrandId};
use crate::domain::time::Timestamp;
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

const BRAND_COLUMNS: &str = "SELECT account, id, name, color, language, origins, welcome FROM brand ";

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
    })
}

pub(super) async fn put_brand(sql: &mut dyn Sql, brand: Brand) -> Result<(), StoreError> {
    let query = Query::new(
        "INSERT INTO brand (id, account, name, color, language, origins, welcome) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, color = excluded.color, language = excluded.language, \
         origins = excluded.origins, welcome = excluded.welcome WHERE brand.account = excluded.account",
    );
    let query = query.arg(brand.id.as_str()).arg(brand.account).arg(brand.name).arg(brand.color).arg(brand.language);
    match sql.run(query.arg(json(&brand.origins)?).arg(json(&brand.welcome)?)).await?.affected {
        0 => Err(StoreError::Conflict("another account has a brand of that key".into())),
        _ => Ok(()),
    }
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}

pub(super) async fn departments(sql: &mut dyn Sql, account: AccountId) -> Result<Vec<Department>, StoreError> {
    let query = Query::new("SELECT id, name, place FROM department WHERE account = $1 ORDER BY place, name, id");
    sql.run(query.arg(account))
        .await?
        .all(|mut row| Ok(Department { id: row.parsed()?, name: row.text()?, place: row.u32()? }))
}

pub(super) async fn put_department(
    sql: &mut dyn Sql,
    account: AccountId,
    department: Department,
) -> Result<(), StoreError> {
    let query = Query::new(
        "INSERT INTO department (account, id, name, place) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (account, id) DO UPDATE SET name = excluded.name, place = excluded.place",
    );
    sql.run(query.arg(account).arg(department.id.as_str()).arg(department.name).arg(department.place)).await.map(drop)
}
