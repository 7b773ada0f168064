//! What a visitor is shown, held against what is stored.

use super::*;
use crate::domain::event::{Author, Message};

fn message(role: Role, to: Audience) -> EventKind {
    let id = (role == Role::Operator).then(|| OperatorId(uuid::Uuid::from_u128(7)));
    let from = Author { role, id, name: Some("Zoë \"Z\" O'Neill".into()) };
    let (id, text) = ("9f-3".into(), "a \\ b\n\u{1f600} <script>".into());
    EventKind::Message(Message { id, from, text, files: vec!["f1".into()], to })
}

#[test]
fn what_a_visitor_wrote_is_shown_as_it_is_stored_and_nothing_else_is() {
    let own = message(Role::Visitor, Audience::Everyone);
    assert!(VisitorEvent::is_as_stored(&own));
    let seen = serde_json::to_string(&VisitorEvent::of(&own)).unwrap();
    assert_eq!(seen, serde_json::to_string(&own).unwrap());
    for (role, to) in [
        (Role::Operator, Audience::Everyone),
        (Role::Operator, Audience::Operators),
        (Role::Operator, Audience::Coaching),
        (Role::System, Audience::Everyone),
    ] {
        assert!(!VisitorEvent::is_as_stored(&message(role, to)), "{role:?} to {to:?}");
    }
}
