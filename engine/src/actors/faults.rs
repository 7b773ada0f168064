//! Faults that tests plant in a running server, to show that it survives them. Compiled only with the feature
//! `faults`; a shipped binary has none.

use crate::actors::messages::Order;

/// A message of this text makes the handler panic each time it is judged.
pub const PANIC_ALWAYS: &str = "!fault panic";
/// A message of this text makes the handler panic the first time only.
pub const PANIC_ONCE: &str = "!fault panic once";

static ONCE: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(true);

/// Panics where the order asks for it.
///
/// # Panics
/// That is its purpose.
pub fn on_order(order: &Order) {
    let Order::Say { text, .. } = order else { return };
    let once = text == PANIC_ONCE && ONCE.swap(false, std::sync::atomic::Ordering::SeqCst);
    assert!(text != PANIC_ALWAYS && !once, "a fault that a test planted");
}
