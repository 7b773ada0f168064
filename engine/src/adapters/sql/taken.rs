//! What of the stored things is nobody else's, and how the databases say that somebody has it.

use crate::ports::store::StoreError;

/// One unique rule of the schema.
struct Alone {
    /// The last column that SQLite names.
    column: &'static str,
    /// The constraint that PostgreSQL names.
    constraint: &'static str,
    field: &'static str,
    thing: &'static str,
}

const fn alone(column: &'static str, constraint: &'static str, field: &'static str, thing: &'static str) -> Alone {
    Alone { column, constraint, field, thing }
}

const ALONE: [Alone; 6] = [
    alone("account.slug", "account_slug_key", "slug", "account"),
    alone("brand.name", "brand_account_name_key", "name", "brand"),
    alone("department.name", "department_account_name_key", "name", "department"),
    alone("grp.name", "grp_account_name_key", "name", "group"),
    alone("profile.name", "profile_account_name_key", "name", "profile"),
    alone("operator.email_key", "operator_account_email_key_key", "email", "operator"),
];

/// What SQLite's words for a broken rule mean, where a field is taken: `UNIQUE constraint failed: grp.account, grp.name`.
pub(crate) fn taken_by_words(words: &str) -> Option<StoreError> {
    let columns = words.strip_prefix("UNIQUE constraint failed: ")?;
    let last = columns.rsplit(", ").next()?;
    ALONE.iter().find(|alone| alone.column == last).map(refused)
}

/// What a constraint of PostgreSQL means, where a field is taken.
pub(crate) fn taken_by_constraint(name: &str) -> Option<StoreError> {
    ALONE.iter().find(|alone| alone.constraint == name).map(refused)
}

fn refused(alone: &Alone) -> StoreError {
    StoreError::Taken { field: alone.field, thing: alone.thing }
}
