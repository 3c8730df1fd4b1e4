//! Three values that never change, in three degrees of being known to other crates.

use std::sync::atomic::{AtomicBool, Ordering};

/// Width and height of a frame.
///
/// Folds everywhere, with and without LTO: a `const` is a value, copied where it is used.
pub const SIZE: usize = 320;

/// Pixels in a line, padding included.
///
/// A `static` is a place in memory, and yet this one folds without LTO too: rustc reads the initializer of an
/// immutable static of another crate while it optimizes MIR.
pub static STRIDE: usize = 512;

/// Whether frames are described on stderr.
static TRACE: AtomicBool = AtomicBool::new(false);

/// Switches the description of frames on or off. Nobody calls it.
pub fn set_tracing(on: bool) {
    TRACE.store(on, Ordering::Relaxed);
}

/// Whether frames are described.
///
/// A constant in truth, since nobody calls [`set_tracing`], but only an optimizer that sees all modules at once can
/// know. `lto = "fat"` merges them, finds no store to `TRACE`, and puts `false` in place of every load; with it goes
/// `helpers::describe`. `lto = "thin"` imports this function, but the load stays.
pub fn tracing() -> bool {
    TRACE.load(Ordering::Relaxed)
}
