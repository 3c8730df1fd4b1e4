//! A boundary that panics do not cross: the reason not to set `panic = "abort"` here.

use std::panic::{self, AssertUnwindSafe};

/// The value of `work`, or None when it panicked.
///
/// With `panic = "abort"` there is nothing to catch: the first panic inside ends the process (SIGABRT), and nothing is
/// printed. Cargo accepts the setting without a word, and `cargo test` keeps passing, because tests always unwind.
pub fn recover<T>(work: impl FnOnce() -> T) -> Option<T> {
    panic::catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Recovered panics leave no message: they are expected.
pub fn silence() {
    panic::set_hook(Box::new(|_| {}));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_none() {
        assert_eq!(recover(|| 7), Some(7));
        assert_eq!(recover(|| -> u8 { panic!("on purpose") }), None);
    }
}
