//! Assembly at every level: module-wide, naked, inline, in C-style objects (ring), and stack switching (corosensei).

use std::arch::{asm, global_asm, naked_asm};

use corosensei::{Coroutine, CoroutineResult};
use ring::{aead, digest, hmac, signature};

// Calls back into Rust by name and by `sym`, has data of its own and a local label.
global_asm!(
    ".text",
    ".globl assembly_sum",
    ".type assembly_sum,@function",
    "assembly_sum:",
    "push rbx",
    "xor ebx, ebx",
    ".Lassembly_again:",
    "test rdi, rdi",
    "je .Lassembly_done",
    "push rdi",
    "sub rsp, 8",
    "call {square}",
    "add rsp, 8",
    "pop rdi",
    "add rbx, rax",
    "dec rdi",
    "jmp .Lassembly_again",
    ".Lassembly_done:",
    "mov rdi, rbx",
    "pop rbx",
    "jmp assembly_last@PLT",
    ".size assembly_sum, . - assembly_sum",
    ".section .rodata.assembly,\"a\",@progbits",
    ".globl assembly_table",
    "assembly_table: .quad 3, 5, 7",
    ".text",
    square = sym square,
);

unsafe extern "C" {
    fn assembly_sum(n: u64) -> u64;
    static assembly_table: [u64; 3];
}

static BIAS: u64 = 1000;

extern "C" fn square(n: u64) -> u64 {
    n * n
}

/// Only assembly refers to it.
#[unsafe(no_mangle)]
extern "C" fn assembly_last(n: u64) -> u64 {
    n + 1
}

#[unsafe(naked)]
extern "C" fn twice_square(_n: u64) -> u64 {
    naked_asm!("sub rsp, 8", "call {square}", "add rsp, 8", "add rax, rax", "ret", square = sym square)
}

fn biased(n: u64) -> u64 {
    let bias: u64;
    unsafe { asm!("mov {0}, qword ptr [rip + {1}]", "add {0}, {2}", out(reg) bias, sym BIAS, in(reg) n) };
    bias
}

fn long_multiply(a: u64, b: u64) -> (u64, u64) {
    let (high, low): (u64, u64);
    unsafe { asm!("mul {}", in(reg) b, inlateout("rax") a => low, lateout("rdx") high) };
    (high, low)
}

fn coroutines() {
    let mut outer = Coroutine::new(|yielder, first: u64| {
        let mut sum = first;
        while sum < 1000 {
            let mut inner = Coroutine::new(|inner, mut n: u64| {
                while n % 7 != 0 {
                    n += inner.suspend(n);
                }
                n
            });
            let n = match inner.resume(sum) {
                CoroutineResult::Yield(n) | CoroutineResult::Return(n) => n,
            };
            sum += yielder.suspend(n);
        }
        let text = sum.to_string();
        assert!(text.len() != 4, "unwinds out of the coroutine: {text}");
        sum
    });
    let mut input = 3;
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        loop {
            match outer.resume(input) {
                CoroutineResult::Yield(n) => input = n * 2 + 1,
                CoroutineResult::Return(n) => break n,
            }
            println!("coroutine {input}");
        }
    }));
    println!("ended {:?}", ended.map_err(|reason| reason.downcast_ref::<String>().cloned()));
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn cryptography() {
    let text = include_bytes!("main.rs").repeat(10);
    for algorithm in [&digest::SHA1_FOR_LEGACY_USE_ONLY, &digest::SHA256, &digest::SHA384, &digest::SHA512] {
        println!("{algorithm:?} {}", hex(digest::digest(algorithm, &text)));
    }
    println!("hmac {}", hex(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"key"), &text)));
    for algorithm in [&aead::AES_256_GCM, &aead::AES_128_GCM, &aead::CHACHA20_POLY1305] {
        let key = || aead::LessSafeKey::new(aead::UnboundKey::new(algorithm, &vec![7; algorithm.key_len()]).unwrap());
        let nonce = || aead::Nonce::assume_unique_for_key([9; 12]);
        let mut sealed = text.clone();
        key().seal_in_place_append_tag(nonce(), aead::Aad::from("also"), &mut sealed).unwrap();
        println!("{algorithm:?} {}", hex(digest::digest(&digest::SHA256, &sealed)));
        let opened = key().open_in_place(nonce(), aead::Aad::from("also"), &mut sealed).unwrap();
        println!("opened {}", opened == text);
        sealed[5] ^= 1;
        println!("damaged {:?}", key().open_in_place(nonce(), aead::Aad::empty(), &mut sealed).is_err());
    }
    let pair = signature::Ed25519KeyPair::from_seed_unchecked(&[5; 32]).unwrap();
    println!("signature {}", hex(pair.sign(&text)));
}

fn main() {
    println!("sum {}", unsafe { assembly_sum(10) });
    println!("table {:?}", unsafe { assembly_table });
    println!("naked {} biased {}", twice_square(9), biased(5));
    println!("multiply {:?}", long_multiply(u64::MAX, 12345));
    coroutines();
    cryptography();
}
