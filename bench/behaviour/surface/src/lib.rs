//! A C interface: panics that are caught, callbacks, threads, thread-locals with destructors, strings, an initializer.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::{Condvar, Mutex};
use regex::Regex;

static LOADED: AtomicU64 = AtomicU64::new(0);
static DROPPED: AtomicU64 = AtomicU64::new(0);

extern "C" fn at_load() {
    LOADED.store(0x0b5e_55ed, Ordering::SeqCst);
}

#[used]
#[unsafe(link_section = ".init_array")]
static INITIALIZER: extern "C" fn() = at_load;

/// A variable that C reads and writes.
#[unsafe(no_mangle)]
pub static mut surface_level: u64 = 40;

struct Local(Vec<u64>);

impl Drop for Local {
    fn drop(&mut self) {
        DROPPED.fetch_add(self.0.iter().sum::<u64>(), Ordering::SeqCst);
    }
}

thread_local! {
    static LOCAL: RefCell<Local> = const { RefCell::new(Local(Vec::new())) };
    static LAST: RefCell<CString> = RefCell::new(CString::default());
}

#[unsafe(no_mangle)]
pub extern "C" fn surface_loaded() -> u64 {
    LOADED.load(Ordering::SeqCst) + unsafe { surface_level }
}

/// Calls back; a panic becomes -1 and its message is kept for this thread.
#[unsafe(no_mangle)]
pub extern "C" fn surface_apply(callback: extern "C" fn(u64) -> u64, n: u64) -> i64 {
    let run = AssertUnwindSafe(|| {
        let mut sum = 0u64;
        for i in 0..n {
            let got = callback(i);
            assert!(got < 100, "callback gave {got} for {i}");
            sum += got;
        }
        sum as i64
    });
    match catch_unwind(run) {
        Ok(sum) => sum,
        Err(reason) => {
            let text = reason.downcast_ref::<String>().cloned().unwrap_or_else(|| "no string".into());
            LAST.with(|last| *last.borrow_mut() = CString::new(text).unwrap());
            -1
        }
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn surface_last() -> *const c_char {
    LAST.with(|last| last.borrow().as_ptr())
}

/// Threads that wait for each other in turn; gives what their thread-locals' destructors added up.
#[unsafe(no_mangle)]
pub extern "C" fn surface_threads(count: u64, rounds: u64) -> u64 {
    let turn = Arc::new((Mutex::new(0u64), Condvar::new()));
    let threads: Vec<_> = (0..count)
        .map(|me| {
            let turn = Arc::clone(&turn);
            std::thread::spawn(move || {
                for round in 0..rounds {
                    let mut now = turn.0.lock();
                    while *now != round * count + me {
                        turn.1.wait(&mut now);
                    }
                    LOCAL.with(|local| local.borrow_mut().0.push(*now));
                    *now += 1;
                    turn.1.notify_all();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    DROPPED.load(Ordering::SeqCst)
}

/// Swaps the words of `a=b` pairs; the caller frees it with `surface_free`.
///
/// # Safety
/// The text ends with a zero.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn surface_swap(text: *const c_char) -> *mut c_char {
    static PAIR: OnceLock<Regex> = OnceLock::new();
    let pair = PAIR.get_or_init(|| Regex::new(r"(?<key>\p{L}+)=(?<value>\w+)").unwrap());
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    CString::new(pair.replace_all(&text, "$value=$key").into_owned()).unwrap().into_raw()
}

/// # Safety
/// The text is of `surface_swap`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn surface_free(text: *mut c_char) {
    drop(unsafe { CString::from_raw(text) });
}

/// A panic that must not leave: the process aborts.
#[unsafe(no_mangle)]
pub extern "C" fn surface_abort(n: u64) -> u64 {
    assert!(n < 5, "{n} is too much");
    n
}
