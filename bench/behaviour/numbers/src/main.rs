//! Arithmetic whose bits count, on all threads: floats, big integers, functions for processors that have more.

use std::any::{Any, TypeId};
use std::hint::black_box;

use dashmap::DashMap;
use nalgebra::DMatrix;
use num_bigint::BigUint;
use rayon::prelude::*;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn float(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    }
}

fn matrices() {
    let mut random = Random(88172645463325252);
    let a = DMatrix::from_fn(40, 40, |_, _| random.float());
    let bits = |values: &[f64]| values.iter().fold(0u64, |sum, value| sum.rotate_left(5) ^ value.to_bits());
    println!("product {:016x}", bits((&a * a.transpose()).as_slice()));
    println!("determinant {:e}", a.clone().lu().determinant());
    println!("inverse {:016x}", bits(a.clone().try_inverse().unwrap().as_slice()));
    println!("singular {:?}", a.clone().svd(false, false).singular_values.as_slice());
    println!("eigen {:?}", (&a + a.transpose()).symmetric_eigenvalues().as_slice());
    println!("qr {:016x}", bits(a.qr().q().as_slice()));
}

fn integers() {
    let factorial = (1..=500u32).fold(BigUint::from(1u32), |product, n| product * n);
    println!("500! = {factorial}");
    println!("power {}", BigUint::from(3u32).modpow(&factorial, &((BigUint::from(1u32) << 521u32) - 1u32)));
    let wide = black_box(u128::MAX / 7) % black_box(0x1234_5678_9abc_def0_1111u128);
    println!("u128 {wide} {:?}", black_box(i128::MIN).checked_div(black_box(-1)));
    println!("casts {} {} {}", black_box(-1.5e300f64) as i32, black_box(f32::NAN) as u8, black_box(3.99e9f32) as u32);
    println!("halves {} {}", black_box(2.5f64).round_ties_even(), black_box(0.1f32 + 0.2f32));
}

fn functions() {
    let mut random = Random(7);
    for _ in 0..40 {
        let x = random.float() * 20.0;
        println!("{x:?} {:?} {:?} {:?} {:?}", x.sin(), x.exp(), x.abs().powf(0.3), x.mul_add(x, -1.0));
    }
}

#[target_feature(enable = "avx2,fma")]
fn dot_wide(a: &[f64], b: &[f64]) -> u64 {
    a.iter().zip(b).map(|(a, b)| a.mul_add(*b, 0.25).to_bits() >> 9).fold(0, u64::wrapping_add)
}

fn dot_plain(a: &[f64], b: &[f64]) -> u64 {
    a.iter().zip(b).map(|(a, b)| a.mul_add(*b, 0.25).to_bits() >> 9).fold(0, u64::wrapping_add)
}

fn features() {
    let mut random = Random(99);
    let a: Vec<f64> = (0..1000).map(|_| random.float()).collect();
    let b: Vec<f64> = (0..1000).map(|_| random.float()).collect();
    let wide = if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        unsafe { dot_wide(&a, &b) }
    } else {
        dot_plain(&a, &b)
    };
    println!("dot {} {}", wide, wide == dot_plain(&a, &b));
}

fn parallel() {
    let counts: DashMap<u64, u64> = DashMap::new();
    let sum: u64 = (0..400_000u64)
        .into_par_iter()
        .map(|n| {
            let mut steps = 0;
            let mut x = n + 1;
            while x != 1 {
                x = if x % 2 == 0 { x / 2 } else { 3 * x + 1 };
                steps += 1;
            }
            *counts.entry(steps % 64).or_insert(0) += 1;
            steps
        })
        .sum();
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_unstable();
    println!("steps {sum} {counts:?}");
    let mut random = Random(3);
    let mut values: Vec<u64> = (0..300_000).map(|_| random.next()).collect();
    values.par_sort_unstable_by_key(|value| value.rotate_left(17));
    println!("sorted {:016x}", values.iter().fold(0u64, |sum, value| sum.rotate_left(1) ^ value));
    let caught = std::panic::catch_unwind(|| (0..1000).into_par_iter().for_each(|n| assert!(n != 500, "found {n}")));
    println!("{:?}", caught.unwrap_err().downcast_ref::<String>());
}

fn types() {
    let things: Vec<Box<dyn Any + Send>> = vec![Box::new(1u8), Box::new("text"), Box::new(vec![BigUint::from(9u32)])];
    for thing in &things {
        let known = (thing.is::<u8>(), thing.is::<&str>(), thing.downcast_ref::<Vec<BigUint>>());
        println!("{known:?} {}", (**thing).type_id() == TypeId::of::<Vec<BigUint>>());
    }
    println!("{}", std::any::type_name::<DashMap<BigUint, DMatrix<f64>>>());
}

fn main() {
    matrices();
    integers();
    functions();
    features();
    parallel();
    types();
}
