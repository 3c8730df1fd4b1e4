//! What happens before and after `main`, and tables that the linker puts together from several crates.

use std::sync::atomic::Ordering;

use plugins::{Plugin, STARTED, STEPS};

inventory::submit! { Plugin { name: "add", run: |x| x + 100 } }

#[linkme::distributed_slice(STEPS)]
fn triple(x: u32) -> u32 {
    x * 3
}

#[ctor::ctor]
fn begin() {
    STARTED.fetch_add(1, Ordering::SeqCst);
}

#[ctor::dtor]
fn end() {
    unsafe { libc_puts(c"after main".as_ptr()) };
}

unsafe extern "C" {
    #[link_name = "puts"]
    fn libc_puts(text: *const std::ffi::c_char) -> i32;
}

#[used]
#[unsafe(link_section = "marks")]
static FIRST: u64 = 0x1111;

mod other {
    #[used]
    #[unsafe(link_section = "marks")]
    static SECOND: u64 = 0x2222;
}

unsafe extern "C" {
    static __start_marks: u64;
    static __stop_marks: u64;
}

fn marks() -> Vec<u64> {
    let (start, stop) = (&raw const __start_marks, &raw const __stop_marks);
    let count = (stop as usize - start as usize) / size_of::<u64>();
    let mut found = unsafe { std::slice::from_raw_parts(start, count) }.to_vec();
    found.sort_unstable();
    found
}

fn main() {
    println!("started {}", STARTED.load(Ordering::SeqCst));
    let mut plugins: Vec<_> = inventory::iter::<Plugin>.into_iter().collect();
    plugins.sort_by_key(|plugin| plugin.name);
    for plugin in plugins {
        println!("{} {}", plugin.name, (plugin.run)(7));
    }
    // The order of the slice is the linker's choice.
    let mut steps: Vec<u32> = STEPS.iter().map(|step| step(5)).collect();
    steps.sort_unstable();
    println!("steps {steps:?}");
    println!("marks {:x?}", marks());
}
