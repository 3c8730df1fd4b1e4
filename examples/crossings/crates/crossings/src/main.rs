//! Fades through frames, checks them, and survives the damaged ones. `crossings [ROUNDS]`.

mod cases;

use limits::SIZE;
use std::process::ExitCode;

/// One round in so many has a damaged frame.
const DAMAGED: u32 = 25;

/// Fades that one round takes.
const FADES: u8 = 2;

fn main() -> ExitCode {
    let argument = std::env::args().nth(1);
    let Ok(rounds) = argument.as_deref().unwrap_or("200").parse::<u32>() else {
        eprintln!("usage: crossings [ROUNDS]");
        return ExitCode::from(2);
    };
    guard::silence();
    let (mut frame, mut next) = (vec![0; SIZE * SIZE], vec![0; SIZE * SIZE]);
    let (mut checksum, mut recovered) = (0, 0_u32);
    for round in 0..rounds {
        draw(&mut next, round);
        // The guard is called once a round: what costs is the loops, not the boundary.
        match guard::recover(|| render(&mut frame, &next, round)) {
            Some(state) => checksum ^= state,
            None => recovered += 1,
        }
        if limits::tracing() {
            helpers::describe(&frame);
        }
    }
    println!("rounds {rounds}");
    let (one, other) = (cases::square_of_five(), cases::checked_square_of_seven());
    let (size, stride, tracing) = (cases::size(), cases::stride(), cases::tracing());
    println!("squares {one} {other}");
    println!("size {size} stride {stride} tracing {tracing}");
    println!("recovered panics {recovered}");
    println!("checksum {checksum:016x}");
    ExitCode::SUCCESS
}

/// A frame of pixels that depend on the round alone.
fn draw(frame: &mut [u8], round: u32) {
    let mut state = round.wrapping_mul(0x9e37_79b9) | 1;
    for pixel in frame {
        state = state.wrapping_mul(0x0019_660d).wrapping_add(0x3c6e_f35f);
        *pixel = (state >> 24) as u8;
    }
}

/// The checksum of the frame after fading. A damaged round asks for a weight that `codec::blend` refuses.
fn render(frame: &mut [u8], next: &[u8], round: u32) -> u64 {
    let damaged = round % DAMAGED == DAMAGED - 1;
    for fade in 1..=FADES {
        kernel::fade(frame, next, if damaged { 64 + fade } else { fade * 32 });
    }
    let crc = kernel::checksum(round, frame);
    let words: [u64; 8] =
        std::array::from_fn(|word| u64::from(frame[word * SIZE]) ^ u64::from(crc));
    codec::scramble(&words)
}
