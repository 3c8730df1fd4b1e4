//! A small function and its large neighbour: ThinLTO imports the one and leaves the other.

/// Mixes two pixels; `weight` 0 is all `old`, 64 is all `new`.
///
/// Called for every pixel by the loop in `kernel`. The assertion makes it no leaf, so rustc does not offer it to other
/// crates (see `arith::checked_square`). With LTO, thin or fat, it is inlined there, the assertion moves out of the
/// loop, and the loop is vectorized.
///
/// # Panics
///
/// When `weight` is above 64.
pub fn blend(old: u8, new: u8, weight: u8) -> u8 {
    assert!(weight <= 64, "a weight is at most 64");
    let (old, new, weight) = (u16::from(old), u16::from(new), u16::from(weight));
    ((old * (64 - weight) + new * weight + 32) / 64) as u8
}

/// One step of CRC-32 (IEEE 802.3, reflected).
///
/// A leaf: rustc inlines it into the loop in `kernel` by itself, and LTO adds nothing to that loop.
pub fn crc_step(state: u32, byte: u8) -> u32 {
    (state >> 8) ^ TABLE[((state ^ u32::from(byte)) & 0xff) as usize]
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut value = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 {
                0xedb8_8320 ^ (value >> 1)
            } else {
                value >> 1
            };
            bit += 1;
        }
        table[byte] = value;
        byte += 1;
    }
    table
};

/// Scrambles one block of eight words, as a hash does.
///
/// The large neighbour. ThinLTO imports a function only when its summary has at most 100 instructions
/// (`-import-instr-limit`); this one has more, so under `lto = "thin"` the call across crates stays, though [`blend`]
/// beside it was imported. Under `lto = "fat"` there is nothing to import: in the one module it has a single caller,
/// and LLVM inlines the last call of a function whatever its size.
///
/// # Panics
///
/// When the block is shorter than eight words.
pub fn scramble(block: &[u64]) -> u64 {
    let [a, b, c, d, e, f, g, h] = block[..8] else {
        unreachable!("eight words")
    };
    let mut s = [a, b, c, d, e, f, g, h];
    // Written out, not looped: what counts is the number of instructions in the summary.
    macro_rules! rounds {
        ($($p:literal $q:literal $r:literal)*) => { $(
            s[$p] = s[$p].wrapping_add(s[$q]).rotate_left($r) ^ s[$q].wrapping_mul(0x9e37_79b9_7f4a_7c15);
            s[$q] = s[$q].rotate_left(32 - $r).wrapping_add(s[$p] ^ 0x2545_f491_4f6c_dd1d);
        )* };
    }
    rounds!(0 4 7  1 5 11  2 6 13  3 7 17  0 5 19  1 6 23  2 7 29  3 4 31);
    rounds!(4 0 9  5 1 15  6 2 21  7 3 27  4 1 5   5 2 3   6 3 25  7 0 14);
    s.iter().fold(0, |sum, word| sum ^ word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_chooses_between_old_and_new() {
        assert_eq!(
            (blend(10, 200, 0), blend(10, 200, 32), blend(10, 200, 64)),
            (10, 105, 200)
        );
    }

    #[test]
    #[should_panic(expected = "at most 64")]
    fn a_weight_above_64_panics() {
        blend(0, 0, 65);
    }

    #[test]
    fn the_steps_make_a_crc_32() {
        // The check value of CRC-32/ISO-HDLC.
        assert_eq!(
            !b"123456789"
                .iter()
                .fold(!0, |state, &byte| crc_step(state, byte)),
            0xcbf4_3926
        );
    }

    #[test]
    fn scramble_depends_on_every_word() {
        let block = [1, 2, 3, 4, 5, 6, 7, 8];
        for word in 0..8 {
            let mut other = block;
            other[word] ^= 1;
            assert_ne!(scramble(&block), scramble(&other), "word {word}");
        }
    }
}
