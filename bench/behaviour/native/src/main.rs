//! C and assembly that know the program's own symbols: variables and functions both ways, weak ones, and a constructor.

use std::arch::global_asm;
use std::ffi::{CStr, c_char, c_int, c_void};

// Refers to Rust by name only, to C, and to a function that is no symbol of its own accord.
global_asm!(
    ".text",
    ".globl native_bounce",
    ".type native_bounce,@function",
    "native_bounce:",
    "sub rsp, 8",
    "call rust_twice@PLT",
    "mov rdi, rax",
    "call {private}",
    "add rsp, 8",
    "ret",
    ".size native_bounce, . - native_bounce",
    private = sym private,
);

unsafe extern "C" {
    fn native_bounce(n: u64) -> u64;
}

extern "C" fn private(n: u64) -> u64 {
    n + 5
}

#[unsafe(no_mangle)]
extern "C" fn rust_twice(n: u64) -> u64 {
    n * 2
}

unsafe extern "C" {
    static mut native_variable: u64;
    fn native_walk(context: *mut c_void, values: *mut u64, count: u64) -> u64;
    fn native_sort(values: *mut u64, count: u64, with: extern "C" fn(*const c_void, *const c_void) -> c_int);
    fn native_chosen() -> *const c_char;
    fn native_default() -> *const c_char;
    fn native_has_missing() -> c_int;
}

#[unsafe(no_mangle)]
pub static mut rust_counter: u64 = 0;

#[unsafe(no_mangle)]
extern "C" fn rust_visit(context: *mut c_void, value: u64) -> u64 {
    let seen = unsafe { &mut *context.cast::<Vec<u64>>() };
    seen.push(value);
    value * seen.len() as u64
}

#[unsafe(no_mangle)]
extern "C" fn native_name() -> *const c_char {
    c"strong, of Rust".as_ptr()
}

extern "C" fn descending(a: *const c_void, b: *const c_void) -> c_int {
    let (a, b) = unsafe { (*a.cast::<u64>(), *b.cast::<u64>()) };
    b.cmp(&a) as c_int
}

fn text(pointer: *const c_char) -> String {
    unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned()
}

fn main() {
    let mut values: Vec<u64> = (0..50u64).map(|i| i * 7919 % 101).collect();
    let mut seen: Vec<u64> = Vec::new();
    let sum = unsafe { native_walk((&raw mut seen).cast(), values.as_mut_ptr(), values.len() as u64) };
    println!("bounce {}", unsafe { native_bounce(18) });
    println!("walk {sum} {seen:?} {} {}", unsafe { rust_counter }, unsafe { native_variable });
    unsafe { native_sort(values.as_mut_ptr(), values.len() as u64, descending) };
    println!("sorted {values:?}");
    unsafe { println!("{} {} {}", text(native_chosen()), text(native_default()), native_has_missing()) };
}
