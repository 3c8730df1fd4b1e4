//! Small functions that cross a crate boundary.

/// Inlines into other crates without any LTO.
///
/// A leaf of few statements: since 1.75 rustc itself treats such a function as if it were `#[inline]`
/// (`cross_crate_inlinable` in rustc_mir_transform), and every crate that calls it compiles its own copy.
pub fn square(x: u64) -> u64 {
    x * x
}

/// Inlines into other crates only with LTO.
///
/// No larger, but no leaf: `expect` calls a panic. rustc compiles one copy in this crate, and what it returns is seen
/// only by an optimizer that has both crates before it. (A generic function or one with `#[inline]` would cross.)
///
/// # Panics
///
/// When the square does not fit.
pub fn checked_square(x: u64) -> u64 {
    x.checked_mul(x).expect("the square fits in 64 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_square_agree() {
        for x in [0, 1, 5, u64::from(u32::MAX)] {
            assert_eq!(checked_square(x), square(x));
        }
    }

    #[test]
    #[should_panic(expected = "fits")]
    fn a_square_too_large_panics() {
        checked_square(1 << 32);
    }
}
