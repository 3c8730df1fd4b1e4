//! The hot loops. Their bodies are in `codec`.

/// Fades `frame` towards `next`. Without LTO, one call across crates for each pixel.
pub fn fade(frame: &mut [u8], next: &[u8], weight: u8) {
    for (old, &new) in frame.iter_mut().zip(next) {
        *old = codec::blend(*old, new, weight);
    }
}

/// CRC-32 of a frame, continued from `state`. No call, LTO or not.
pub fn checksum(state: u32, frame: &[u8]) -> u32 {
    let step = |state, &pixel| codec::crc_step(state, pixel);
    !frame.iter().fold(!state, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_fade_is_the_next_frame() {
        let mut frame = vec![9; 100];
        let next: Vec<u8> = (0..100).collect();
        fade(&mut frame, &next, 64);
        assert_eq!(frame, next);
    }

    #[test]
    fn a_checksum_depends_on_where_it_continues() {
        let frame = [1; 16];
        assert_ne!(checksum(0, &frame), checksum(1, &frame));
    }
}
