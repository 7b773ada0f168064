//! Brands: everybody signed in reads them, `manage_staff` changes on which websites they are, how urgent their chats are,
//! and by which keys their servers vouch for visitors. That holds at once: priorities for those who wait already too, keys for whoever comes.

use actix_web::{HttpResponse, web};
use engine::domain::group::BadSetting;
use engine::domain::identity_key::{self, IdentityKey, KeyAlgorithm, KeyMaterial};
use engine::domain::ids::{AccountId, BrandId};
use engine::domain::limits::BRAND_ORIGINS_MAX;
use engine::domain::permission::Permission;
use engine::domain::text;
use engine::domain::time::Timestamp;
use engine::domain::urgency::{BrandPriorities, VariablePriority};
use engine::ports::staff::Brand;
use engine::protocol::error::Failure;
use serde::{Deserialize, Serialize};

use crate::auth::{SignedIn, identity, origin};
use crate::error::Problem;
use crate::routes::idempotent::Answer;
use crate::routes::page::PageQuery;
use crate::routes::patch::given;
use crate::routes::staff_write::StaffWrite;
use crate::routes::version::Versioned;
use crate::state::{AppState, StaffChange};

/// `GET /brands`
pub async fn list(
    state: web::Data<AppState>,
    who: SignedIn,
    query: web::Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    who.require(Permission::ReadStaff)?;
    let brands = state.store.brands(who.account).await?;
    let views = brands.iter().map(|brand| Versioned::of(View::of(brand))).collect();
    Ok(HttpResponse::Ok().json(query.part(views, |view: &Versioned<View>| format!("{}\u{0}{}", view.name, view.id))?))
}

/// `GET /brands/{id}`
pub async fn get(state: web::Data<AppState>, who: SignedIn, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    who.require(Permission::ReadStaff)?;
    Ok(HttpResponse::Ok().json(Versioned::of(View::of(&find(&state, who.account, &id).await?))))
}

/// `PATCH /brands/{id}`
pub async fn change(write: StaffWrite, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let StaffWrite { state, who, body, .. } = &write;
    let change: Change = body.fields()?;
    let known = write.known()?;
    let now = state.clock.now();
    write
        .once(|_| async {
            let find = async || find(state, who.account, &id).await;
            let swap = async |before: &Brand, after: &Brand| Ok(state.store.change_brand(before, after).await?);
            let brand = known.change(find, View::of, |brand| change.apply(brand, now), swap).await?;
            write.tell(StaffChange::Asks).await;
            Answer::ok(&Versioned::of(View::of(&brand)))
        })
        .await
}

/// A brand's key is known to the world; that of another account is as if it did not exist.
async fn find(state: &AppState, account: AccountId, id: &str) -> Result<Brand, Problem> {
    let none = || Problem::from(Failure::not_found("brand"));
    let id: BrandId = id.parse().map_err(|_| none())?;
    state.store.brand(&id).await?.filter(|brand| brand.account == account).ok_or_else(none)
}

#[derive(Debug, Serialize)]
struct View {
    id: BrandId,
    name: String,
    color: String,
    language: String,
    origins: Vec<String>,
    #[serde(flatten)]
    priorities: BrandPriorities,
    identity_keys: Vec<KeyView>,
}

impl View {
    fn of(brand: &Brand) -> Self {
        let Brand { id, name, color, language, origins, priorities, .. } = brand.clone();
        let identity_keys = brand.identity_keys.iter().map(KeyView::of).collect();
        Self { id, name, color, language, origins, priorities, identity_keys }
    }
}

/// A key, without what it is made of.
#[derive(Debug, Serialize)]
struct KeyView {
    id: String,
    algorithm: KeyAlgorithm,
    created_at: Timestamp,
}

impl KeyView {
    fn of(key: &IdentityKey) -> Self {
        Self { id: key.id.clone(), algorithm: key.algorithm, created_at: key.created_at }
    }
}

#[derive(Debug, Deserialize)]
struct Change {
    #[serde(default)]
    name: Option<String>,
    /// The websites whose pages may bear the widget; `null` is none but the server's own.
    #[serde(default, deserialize_with = "given")]
    origins: Option<Option<Vec<String>>>,
    #[serde(default)]
    priority: Option<i32>,
    /// `null` trusts none.
    #[serde(default, deserialize_with = "given")]
    trusted_variables: Option<Option<Vec<String>>>,
    /// `null` is none.
    #[serde(default, deserialize_with = "given")]
    variable_priorities: Option<Option<Vec<VariablePriority>>>,
    /// All keys from now on: those without `key` are there already. `null` is none.
    #[serde(default, deserialize_with = "given")]
    identity_keys: Option<Option<Vec<KeyChange>>>,
}

#[derive(Debug, Deserialize)]
struct KeyChange {
    id: String,
    #[serde(default)]
    algorithm: Option<KeyAlgorithm>,
    /// With a new key: the secret, or the public key as PEM.
    #[serde(default)]
    key: Option<KeyMaterial>,
}

impl Change {
    fn apply(&self, mut brand: Brand, now: Timestamp) -> Result<Brand, Problem> {
        if let Some(name) = &self.name {
            brand.name = text::name("name", name)?;
        }
        if let Some(origins) = &self.origins {
            brand.origins = origins_of(origins.as_deref().unwrap_or_default())?;
        }
        let priorities = &mut brand.priorities;
        priorities.priority = self.priority.unwrap_or(priorities.priority);
        if let Some(trusted) = &self.trusted_variables {
            priorities.trusted_variables = trusted.clone().unwrap_or_default();
        }
        if let Some(rules) = &self.variable_priorities {
            priorities.variable_priorities = rules.clone().unwrap_or_default();
        }
        let invalid = |bad: BadSetting| Failure::invalid(bad.field, format!("expected {}", bad.expected));
        priorities.check().map_err(invalid)?;
        if let Some(keys) = &self.identity_keys {
            brand.identity_keys = keys_after(&brand.identity_keys, keys.as_deref().unwrap_or_default(), now)?;
            identity_key::check(&brand.identity_keys).map_err(invalid)?;
            if let Some(at) = brand.identity_keys.iter().position(|key| !identity::is_usable(key)) {
                let words = "expected a public key as PEM: RSA of 2048 to 8192 bits with RS256, P-256 with ES256";
                return Err(Failure::invalid(format!("identity_keys.{at}.key"), words).into());
            }
        }
        Ok(brand)
    }
}

/// The websites that a change asks for, each once.
fn origins_of(asked: &[String]) -> Result<Vec<String>, Failure> {
    if asked.len() > BRAND_ORIGINS_MAX {
        return Err(Failure::invalid("origins", format!("expected at most {BRAND_ORIGINS_MAX}")));
    }
    let mut origins = Vec::with_capacity(asked.len());
    for (at, text) in asked.iter().enumerate() {
        let words = "expected a website's address such as https://www.example.com, without a path";
        let origin = origin::read(text).ok_or_else(|| Failure::invalid(format!("origins.{at}"), words))?;
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    Ok(origins)
}

/// The keys that a change asks for. What is there stays as it is: a new key has a new name, so that no token means two.
fn keys_after(before: &[IdentityKey], asked: &[KeyChange], now: Timestamp) -> Result<Vec<IdentityKey>, Failure> {
    let key = |(at, change): (usize, &KeyChange)| {
        let invalid = |field: &str, words: &str| Failure::invalid(format!("identity_keys.{at}.{field}"), words);
        let there = before.iter().find(|key| key.id == change.id);
        match (there, &change.key) {
            (Some(_), Some(_)) => Err(invalid("id", "there is a key of that name: give the new one another")),
            (Some(key), None) if change.algorithm.is_some_and(|algorithm| algorithm != key.algorithm) => {
                Err(invalid("algorithm", "a key keeps its algorithm: give a new one another name"))
            }
            (Some(key), None) => Ok(key.clone()),
            (None, None) => Err(invalid("key", "a new key needs one")),
            (None, Some(material)) => Ok(IdentityKey {
                id: change.id.clone(),
                algorithm: change.algorithm.ok_or_else(|| invalid("algorithm", "expected HS256, RS256 or ES256"))?,
                material: material.clone(),
                created_at: now,
            }),
        }
    };
    asked.iter().enumerate().map(key).collect()
}
