//! `panic = "abort"`: work, and each way in which a program ends early.

use std::hint::black_box;

use hashbrown::HashMap;
use smallvec::SmallVec;

struct Loud(&'static str);

impl Drop for Loud {
    fn drop(&mut self) {
        println!("dropped {}", self.0);
    }
}

fn work() {
    let text = include_str!("main.rs").repeat(20);
    let mut seen: HashMap<&str, SmallVec<[usize; 4]>> = HashMap::new();
    for found in text.split(|c: char| !c.is_alphanumeric()) {
        seen.entry(found).or_default().push(found.as_ptr().addr() - text.as_ptr().addr());
    }
    let mut counts: Vec<_> =
        seen.iter().map(|(word, places)| (places.len(), *word, places.iter().sum::<usize>())).collect();
    counts.sort_unstable();
    for (count, word, sum) in counts {
        println!("{word} {count} {sum}");
    }
}

fn deep(n: u64) -> u64 {
    let page = black_box([n; 64]);
    if n == u64::MAX { 0 } else { deep(n + 1) + page[(n % 64) as usize] }
}

fn main() {
    let _loud = Loud("main");
    let args: Vec<String> = std::env::args().collect();
    match args[1].as_str() {
        "work" => work(),
        "panic" => panic!("on purpose: {}", args.len()),
        "hook" => {
            std::panic::set_hook(Box::new(|info| println!("hook: {info}")));
            let _inner = Loud("inner");
            let caught = std::panic::catch_unwind(|| args[black_box(9)].len());
            println!("never {caught:?}");
        }
        "thread" => {
            let joined =
                std::thread::Builder::new().name("child".into()).spawn(|| Option::<u8>::None.expect("nothing"));
            println!("never {:?}", joined.unwrap().join());
        }
        "overflow" => println!("{}", deep(black_box(0))),
        "exit" => std::process::exit(7),
        "error" => {
            let number: Result<u8, _> = args[2].parse();
            println!("{}", number.unwrap());
        }
        other => println!("no {other}"),
    }
}
