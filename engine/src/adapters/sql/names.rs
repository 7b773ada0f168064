//! The names under which closed sets of values are stored: those of the wire.

use crate::domain::event::{EndedBy, EndedWhy, OfferKind};
use crate::protocol::visitor::ChatPhase;

macro_rules! names {
    ($(#[$doc:meta])* $module:ident: $type:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        pub(crate) mod $module {
            use super::$type;

            /// The name of a value.
            pub(crate) fn name(value: $type) -> &'static str {
                match value { $($type::$variant => $text),+ }
            }

            /// The value of a name.
            pub(crate) fn parse(text: &str) -> Option<$type> {
                match text { $($text => Some($type::$variant),)+ _ => None }
            }

            #[cfg(test)]
            mod tests {
                use super::*;

                #[test]
                fn names_are_those_of_the_wire() {
                    for value in [$($type::$variant),+] {
                        assert_eq!(serde_json::to_value(value).unwrap(), name(value));
                        assert_eq!(parse(name(value)), Some(value));
                    }
                }
            }
        }
    };
}

names! {
    /// States of a chat.
    phase: ChatPhase { Waiting = "waiting", Active = "active", Ended = "ended" }
}
names! {
    /// Who ended a chat.
    ended_by: EndedBy { Visitor = "visitor", Operator = "operator", System = "system" }
}
names! {
    /// Why a chat ended.
    ended_why: EndedWhy {
        Closed = "closed",
        Left = "left",
        TimedOut = "timed_out",
        SentToForm = "sent_to_form",
        Offline = "offline",
        GroupDeleted = "group_deleted",
        Blocked = "blocked",
    }
}
names! {
    /// How an offer came to be.
    offer_kind: OfferKind { New = "new", Transfer = "transfer", Invite = "invite" }
}
