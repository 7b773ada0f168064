//! Room for one more thing of an account, under an id that people choose.

use engine::domain::limits::ACCOUNT_THINGS_MAX;
use engine::protocol::error::{Failure, Why};

use crate::error::Problem;

/// Whether `wanted` has to be made. `repeatable`: one that is there exactly as wanted was made by the same request, whose
/// answer got lost. `what` is the thing's name in the singular.
///
/// # Errors
/// `conflict`, `why: taken`, `field: id`: another one has it; `why: full`: the account has as many as an account may have.
pub fn for_another<T: PartialEq, I: PartialEq>(
    there: &[T],
    wanted: &T,
    id: impl Fn(&T) -> &I,
    repeatable: bool,
    what: &str,
) -> Result<bool, Problem> {
    match there.iter().find(|other| id(other) == id(wanted)) {
        Some(other) if repeatable && other == wanted => Ok(false),
        Some(_) => Err(Failure::taken("id", what).into()),
        None if there.len() >= ACCOUNT_THINGS_MAX as usize => {
            let words = format!("an account has at most {ACCOUNT_THINGS_MAX} {what}s");
            Err(Failure::conflict(Why::Full, words).into())
        }
        None => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_once_and_the_same_request_finds_what_it_made() {
        let there = [("sales", "Sales")];
        let asked = |wanted, repeatable| for_another(&there, &wanted, |one| &one.0, repeatable, "group");
        assert_eq!(asked(("support", "Support"), false), Ok(true));
        assert_eq!(asked(("sales", "Sales"), true), Ok(false));
        for (wanted, repeatable) in [(("sales", "Sales"), false), (("sales", "Other"), true)] {
            let refused = asked(wanted, repeatable).expect_err("the id is taken");
            assert_eq!(
                (refused.failure.why, refused.failure.field.as_deref(), refused.failure.message.as_str()),
                (Some(Why::Taken), Some("id"), "id: another group has it; choose one that is free")
            );
        }
    }

    #[test]
    fn an_account_has_so_many_and_no_more() {
        let there: Vec<u32> = (0..ACCOUNT_THINGS_MAX).collect();
        let asked = |wanted, repeatable| for_another(&there, &wanted, |one| one, repeatable, "group");
        assert_eq!(asked(ACCOUNT_THINGS_MAX, true).expect_err("it is full").failure.why, Some(Why::Full));
        assert_eq!(asked(7, true), Ok(false), "what is there is found all the same");
    }
}
