//! The demo: one company with a shop, four people who answer and one who sets things up.

use std::collections::BTreeSet;
use std::time::Duration;

use engine::domain::group::{GroupSettings, Handling, Membership, OfferMode};
use engine::domain::ids::AccountId;
use engine::domain::permission::StaffRole;
use engine::domain::time::Timestamp;
use engine::ports::staff::Brand;
use engine::ports::store::{SharedStore, StoreError};
use engine::protocol::error::Failure;

use crate::auth::password;
use crate::provision::{self, ProvisionError, name_of};

/// Everybody's password; the demo listens on this machine only because everybody knows it.
pub const PASSWORD: &str = "switchboard-demo";

const BRAND: &str = "demo";
/// The name and the colour of the shop at `/demo`.
const SHOP: (&str, &str) = ("Larkfield", "#24594a");
const SUPPORT: &str = "support";
const PLACES: [(&str, &str); 2] = [("sales", "Sales"), (SUPPORT, "Support")];
const OFFER_EXPIRES_AFTER: Duration = Duration::from_secs(20);
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(300);

/// Address, name, role, limit, and how chats of Support come; none is no member.
type Person = (&'static str, &'static str, StaffRole, Option<u32>, Option<Handling>);

/// Everybody of the demo. The administrator is the last one made: whoever finds one knows that all is there.
pub const PEOPLE: [Person; 5] = [
    ("mona@example.com", "Mona", StaffRole::Manager, None, Some(Handling::Pull)),
    ("joe@example.com", "Joe", StaffRole::Operator, Some(1), Some(Handling::Primary)),
    ("bob@example.com", "Bob", StaffRole::Operator, Some(2), Some(Handling::Primary)),
    ("sue@example.com", "Sue", StaffRole::Operator, Some(5), Some(Handling::Primary)),
    ("admin@example.com", "Ada", StaffRole::Administrator, None, None),
];

/// Fills a store that has no account, or goes on where an earlier start was cut off; any other is left as it is.
/// Answers whether the store is the demo's.
///
/// # Errors
/// The store did not take all of it; what it took stays, and the next start goes on from there.
pub async fn fill(store: &SharedStore, at: Timestamp) -> Result<bool, ProvisionError> {
    let accounts = store.accounts().await?;
    let account = match accounts.iter().find(|account| account.slug == BRAND) {
        Some(begun) => begun.id,
        None if accounts.is_empty() => store.create_account(BRAND, "Demo", at).await?.id,
        None => return Ok(false),
    };
    let there = store.operators(account).await?;
    // An account always has an administrator, once it has one.
    if there.iter().any(|operator| operator.role == StaffRole::Administrator) {
        return Ok(there.iter().any(|operator| PEOPLE.iter().any(|(email, ..)| operator.email == *email)));
    }
    let key = BRAND.parse().map_err(|bad| Failure::bad_id("brand", &bad))?;
    let (name, color) = SHOP;
    let brand = Brand { color: color.to_owned(), ..provision::brand(account, key, name) };
    store.put_brand(&brand).await?;
    for (place, (id, name)) in (0..).zip(PLACES) {
        put_place(store, account, id, name, place).await?;
    }
    // One for all: with a password that everybody knows, salts of their own would hide nothing, and each takes 40 ms.
    let hash = password::hash(PASSWORD)?;
    for (email, name, role, limit, handling) in PEOPLE {
        let operator = match there.iter().find(|operator| operator.email == email) {
            Some(made) => made.clone(),
            None => {
                let made = provision::operator(email, name, role, limit);
                store.create_operator(account, &made, &hash, at).await?;
                made
            }
        };
        if let Some(handling) = handling {
            let group = name_of(SUPPORT);
            let membership = Membership { group, operator: operator.id, handling, limit: None, active: true };
            store.put_membership(account, &membership).await?;
        }
    }
    Ok(true)
}

/// Whether somebody signs in with the password that everybody knows, in a store that was the demo's once.
///
/// # Errors
/// The store does not answer.
pub async fn has_its_password(store: &SharedStore) -> Result<bool, StoreError> {
    let accounts = store.accounts().await?;
    let Some(demo) = accounts.iter().find(|account| account.slug == BRAND) else { return Ok(false) };
    // Those who never chose one share a hash.
    let mut hashes = BTreeSet::new();
    for (email, ..) in PEOPLE {
        let found = store.credentials(email).await?;
        let of_demo = found.into_iter().filter(|found| found.account == demo.id && !found.operator.disabled);
        hashes.extend(of_demo.map(|found| found.password_hash));
    }
    Ok(hashes.iter().any(|hash| password::fits(PASSWORD, hash)))
}

/// What is printed when the demo serves.
pub fn words(address: &str) -> String {
    let mut words =
        format!("demo shop:    {address}/demo\ndemo console: {address}/\nsign in with the password {PASSWORD} as");
    for (email, _, role, limit, _) in PEOPLE {
        let limit = limit.map(|limit| format!(", at most {limit} at once")).unwrap_or_default();
        words.push_str(&format!("\n  {email} ({}{limit})", role.as_str()));
    }
    words
}

async fn put_place(
    store: &SharedStore,
    account: AccountId,
    id: &'static str,
    name: &str,
    place: u32,
) -> Result<(), StoreError> {
    let department = provision::department(id, name, place);
    store.put_department(account, &department).await?;
    let group = GroupSettings {
        id: name_of(id),
        department: department.id,
        name: name.to_owned(),
        offer_mode: OfferMode::Single,
        offer_expires_after: OFFER_EXPIRES_AFTER,
        connection_timeout: CONNECTION_TIMEOUT,
        rules: Box::default(),
    };
    store.put_group(account, &group).await
}
