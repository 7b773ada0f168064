//! Stories of wishes, rules and several groups.
