//! Five values from other crates, each in a function of its own that can be found in the program.
//!
//! `inline(never)` keeps the function, `black_box` keeps the value: without them a constant leaves no trace at all.

use std::hint::black_box;

/// 25 (`0x19`) in the code of every profile with optimization: rustc inlines `square` by itself.
#[inline(never)]
pub fn square_of_five() -> u64 {
    black_box(arith::square(5))
}

/// A call without LTO; 49 (`0x31`) with it, thin or fat.
#[inline(never)]
pub fn checked_square_of_seven() -> u64 {
    black_box(arith::checked_square(7))
}

/// 320 (`0x140`) in the code of every profile: a `const`.
#[inline(never)]
pub fn size() -> usize {
    black_box(limits::SIZE)
}

/// 512 (`0x200`) in the code of every profile: an immutable `static`.
#[inline(never)]
pub fn stride() -> usize {
    black_box(limits::STRIDE)
}

/// A load from memory, unless `lto = "fat"`: an atomic that nobody writes.
#[inline(never)]
pub fn tracing() -> bool {
    black_box(limits::tracing())
}
