//! Lists over HTTP: `?limit=50&cursor=…` → `{"items":[…],"next":…}`.

use engine::domain::limits::{LIST_DEFAULT, LIST_MAX};
use engine::protocol::error::Failure;
use serde::{Deserialize, Serialize};

use crate::error::Problem;

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where it goes on; none at the end.
    pub next: Option<String>,
}

/// What a client asks of a list.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct PageQuery {
    /// Items at most.
    pub limit: Option<String>,
    /// What `next` was.
    pub cursor: Option<String>,
}

impl PageQuery {
    /// Items at most.
    ///
    /// # Errors
    /// `invalid`: not a number from 1 to 200.
    pub fn limit(&self) -> Result<u32, Problem> {
        number("limit", self.limit.as_deref(), 1, LIST_MAX).map(|limit| limit.unwrap_or(LIST_DEFAULT))
    }

    /// The part of a short list, which is held whole, that follows the cursor. `key` orders it and must be unique.
    ///
    /// # Errors
    /// `invalid`: a wrong limit.
    pub fn part<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> String) -> Result<Page<T>, Problem> {
        let limit = self.limit()? as usize;
        items.sort_by_cached_key(&key);
        if let Some(cursor) = &self.cursor {
            items.retain(|item| key(item) > *cursor);
        }
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(key);
        Ok(Page { items, next })
    }
}

/// A number of a query.
///
/// # Errors
/// `invalid` with the field: not a number of that range.
pub fn number(field: &'static str, text: Option<&str>, least: u32, most: u32) -> Result<Option<u32>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    let wrong = || Failure::invalid(field, format!("expected a number from {least} to {most}"));
    Ok(Some(number.ok_or_else(wrong)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walking_a_list_by_its_cursors_meets_every_item_once_even_when_one_is_removed_meanwhile() {
        let mut all: Vec<u32> = (0..23).rev().collect();
        let mut query = PageQuery { limit: Some("5".to_owned()), cursor: None };
        let mut seen = Vec::new();
        loop {
            let page = query.part(all.clone(), |item| format!("{item:04}")).unwrap();
            seen.extend(page.items);
            all.retain(|item| *item != 4);
            query.cursor = page.next;
            if query.cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, (0..23).collect::<Vec<_>>());
    }

    #[test]
    fn a_wrong_limit_is_named() {
        for wrong in ["0", "201", "-1", "many", ""] {
            let query = PageQuery { limit: Some(wrong.to_owned()), cursor: None };
            assert_eq!(query.limit().unwrap_err().failure.field.as_deref(), Some("limit"), "{wrong}");
        }
    }
}
