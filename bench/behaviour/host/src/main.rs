//! A program whose plugins use what it exports (`-rdynamic`), and that looks up its own symbols by name.

use std::ffi::c_void;

use libloading::os::unix::{Library, Symbol};

/// Only the plugin writes it.
#[unsafe(no_mangle)]
pub static mut host_level: u64 = 30;

#[unsafe(no_mangle)]
pub extern "C" fn host_add(a: u64, b: u64) -> u64 {
    a + b
}

#[unsafe(no_mangle)]
pub extern "C-unwind" fn host_risky(n: u64) -> u64 {
    assert!(n < 3, "{n} is risky");
    n
}

/// Only looked up by name.
#[unsafe(export_name = "host by another name")]
pub extern "C" fn named() -> u64 {
    77
}

type Run = extern "C-unwind" fn(u64) -> u64;

fn main() {
    let plugin = unsafe { Library::new(env!("PLUGIN")) }.unwrap();
    let run: Symbol<Run> = unsafe { plugin.get(b"plugin_run") }.unwrap();
    println!("{} {} {}", run(5), run(6), unsafe { host_level });
    let risk: Symbol<Run> = unsafe { plugin.get(b"plugin_risk") }.unwrap();
    println!("{}", risk(2));
    let caught = std::panic::catch_unwind(|| risk(3));
    println!("{:?}", caught.map_err(|reason| reason.downcast_ref::<String>().cloned()));
    let this = Library::this();
    for name in ["host by another name", "host_add", "host_level", "host_nothing", "malloc"] {
        println!("{name}: {}", unsafe { this.get::<*mut c_void>(name.as_bytes()) }.is_ok());
    }
    let named: Symbol<extern "C" fn() -> u64> = unsafe { this.get(b"host by another name") }.unwrap();
    println!("{}", named());
}
