//! The first things of an account, made where they are missing: what `create-admin` does, and what the demo is made of.

use engine::domain::group::GroupSettings;
use engine::domain::ids::{AccountId, BrandId, DepartmentId, GroupId, OperatorId};
use engine::domain::permission::StaffRole;
use engine::domain::skills::Skills;
use engine::domain::text;
use engine::domain::time::Timestamp;
use engine::ports::staff::{Account, Brand, Department, Operator};
use engine::ports::store::{SharedStore, StoreError};
use engine::protocol::error::Failure;
use engine::protocol::visitor::WelcomeScreen;
use uuid::Uuid;

use crate::auth::password;

/// The colour of a brand that has not chosen one.
pub const COLOR: &str = "#2f55d4";
/// The account that is made when none is named.
const FIRST_ACCOUNT: &str = "main";
/// The group that is made where an account has none, its department, and their name.
const FIRST_GROUP: (&str, &str) = ("support", "Support");

/// Why nobody was made administrator.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// There are several accounts and none was named.
    #[error("there are several accounts; name one with --account: {0}")]
    WhichAccount(String),
    /// The account's name is not of the right form.
    #[error("--account: expected 1 to 64 of a-z 0-9 -")]
    Slug,
    /// The address or the password is not of the right form.
    #[error("{}", .0.message)]
    Form(Failure),
    /// The address signs in there already.
    #[error("{0} is an operator of the account {1} already")]
    Exists(String, String),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No hash.
    #[error(transparent)]
    Hash(#[from] password::HashError),
}

impl From<Failure> for ProvisionError {
    fn from(failure: Failure) -> Self {
        Self::Form(failure)
    }
}

/// Who is to be administrator, of the right form.
#[derive(Debug)]
pub struct Administrator {
    slug: Option<String>,
    email: String,
    secret: String,
}

impl Administrator {
    /// Without an account's slug it is the only one there is, or the first.
    ///
    /// # Errors
    /// [`ProvisionError::Slug`] and [`ProvisionError::Form`]: nothing needs to be opened to know.
    pub fn checked(slug: Option<&str>, email: &str, secret: &str) -> Result<Self, ProvisionError> {
        let fits = |slug: &str| {
            (1..=64).contains(&slug.len())
                && slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        if slug.is_some_and(|slug| !fits(slug)) {
            return Err(ProvisionError::Slug);
        }
        let email = text::email("--email", email).map_err(Failure::from)?;
        let secret = password::checked("password", secret)?;
        Ok(Self { slug: slug.map(str::to_owned), email, secret })
    }
}

/// Makes an administrator, and all that an account needs beside one. Answers the account's slug.
///
/// # Errors
/// See [`ProvisionError`]; what was made before stays, and is found the next time.
pub async fn administrator(
    store: &SharedStore,
    wanted: &Administrator,
    at: Timestamp,
) -> Result<String, ProvisionError> {
    let Administrator { slug, email, secret } = wanted;
    let account = account(store, slug.as_deref(), at).await?;
    let operators = store.operators(account.id).await?;
    if operators.iter().any(|operator| operator.email.to_lowercase() == email.to_lowercase()) {
        return Err(ProvisionError::Exists(email.clone(), account.slug));
    }
    if store.brands(account.id).await?.is_empty() {
        let id = free_brand(store, &account.slug).await?;
        store.put_brand(&brand(account.id, id, &account.name)).await?;
    }
    let (id, name) = FIRST_GROUP;
    if store.departments(account.id).await?.is_empty() {
        store.put_department(account.id, &department(id, name, 0)).await?;
    }
    if store.groups(account.id).await?.is_empty()
        && let Some(department) = store.departments(account.id).await?.into_iter().next()
    {
        store.put_group(account.id, &GroupSettings::new(name_of(id), department.id, name)).await?;
    }
    let local = email.split('@').next().unwrap_or_default();
    let operator = operator(email, local, StaffRole::Administrator, None);
    store.create_operator(account.id, &operator, &password::hash(secret)?, at).await?;
    Ok(account.slug)
}

/// A brand with the usual settings.
pub fn brand(account: AccountId, id: BrandId, name: &str) -> Brand {
    Brand {
        account,
        id,
        name: name.to_owned(),
        color: COLOR.to_owned(),
        language: "en".to_owned(),
        origins: Vec::new(),
        welcome: WelcomeScreen::default(),
        priorities: Default::default(),
        identity_keys: Vec::new(),
    }
}

/// A department.
pub fn department(id: &str, name: &str, place: u32) -> Department {
    Department { id: department_id(id), name: name.to_owned(), place, needs: Default::default() }
}

/// An operator with a new id.
pub fn operator(email: &str, name: &str, role: StaffRole, limit: Option<u32>) -> Operator {
    let (email, name) = (email.to_owned(), name.to_owned());
    Operator { id: OperatorId(Uuid::now_v7()), email, name, role, limit, disabled: false, skills: Skills::default() }
}

#[expect(clippy::unwrap_used, reason = "only constants of the right form come here; tests make all of them")]
pub(crate) fn name_of(id: &'static str) -> GroupId {
    id.parse().unwrap()
}

#[expect(clippy::unwrap_used, reason = "only constants of the right form come here; tests make all of them")]
fn department_id(id: &str) -> DepartmentId {
    id.parse().unwrap()
}

async fn account(store: &SharedStore, slug: Option<&str>, at: Timestamp) -> Result<Account, ProvisionError> {
    let accounts = store.accounts().await?;
    let slug = match (slug, accounts.as_slice()) {
        (Some(slug), _) => slug,
        (None, [one]) => &one.slug,
        (None, []) => FIRST_ACCOUNT,
        (None, several) => {
            let slugs: Vec<&str> = several.iter().map(|account| account.slug.as_str()).collect();
            return Err(ProvisionError::WhichAccount(slugs.join(", ")));
        }
    };
    match accounts.iter().find(|account| account.slug == slug) {
        Some(account) => Ok(account.clone()),
        None => Ok(store.create_account(slug, slug, at).await?),
    }
}

/// A brand's key is unique over all accounts; the account's own name where it is free.
async fn free_brand(store: &SharedStore, slug: &str) -> Result<BrandId, ProvisionError> {
    let short: String = slug.chars().take(50).collect();
    let tries = std::iter::once(short.clone()).chain((2..100).map(|number| format!("{short}-{number}")));
    for key in tries.filter_map(|text| text.parse::<BrandId>().ok()) {
        if store.brand(&key).await?.is_none() {
            return Ok(key);
        }
    }
    let key = Uuid::now_v7().as_simple().to_string().parse();
    Ok(key.map_err(|bad| Failure::bad_id("brand", &bad))?)
}
