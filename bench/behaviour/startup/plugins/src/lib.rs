//! Registers things that nobody refers to by name.

use std::sync::atomic::{AtomicU32, Ordering};

pub struct Plugin {
    pub name: &'static str,
    pub run: fn(u32) -> u32,
}

inventory::collect!(Plugin);

#[linkme::distributed_slice]
pub static STEPS: [fn(u32) -> u32];

pub static STARTED: AtomicU32 = AtomicU32::new(0);

mod hidden {
    use super::{Ordering, Plugin, STARTED, STEPS};

    inventory::submit! { Plugin { name: "double", run: |x| x * 2 } }
    inventory::submit! { Plugin { name: "negate", run: |x| !x } }

    #[linkme::distributed_slice(STEPS)]
    static INCREMENT: fn(u32) -> u32 = |x| x + 1;

    #[linkme::distributed_slice(STEPS)]
    fn shift(x: u32) -> u32 {
        x << 3
    }

    #[ctor::ctor]
    fn begin() {
        STARTED.fetch_add(10, Ordering::SeqCst);
    }
}
