//! Functions that nobody calls, in two degrees.

/// Never called, and never in the program, LTO or not.
///
/// Nothing refers to it, and the linker can drop it alone: rustc puts each function in a section of its own and links
/// with `--gc-sections`. This kind of dead code is no reason for LTO.
pub fn histogram(frame: &[u8]) -> Vec<usize> {
    let mut bins = vec![0; 256];
    for &pixel in frame {
        bins[usize::from(pixel)] += 1;
    }
    bins
}

/// Never called either, but only `lto = "fat"` can know.
///
/// `main` calls it where `limits::tracing()` is true. The linker sees the reference and keeps this function and all it
/// needs (formatting of floats, stderr).
pub fn describe(frame: &[u8]) {
    let brightest = frame.iter().max().copied().unwrap_or_default();
    let mean = frame.iter().map(|&p| f64::from(p)).sum::<f64>() / frame.len().max(1) as f64;
    eprintln!(
        "frame of {} pixels, mean {mean:.3}, brightest {brightest}",
        frame.len()
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_every_pixel() {
        let bins = histogram(&[0, 7, 7, 255]);
        assert_eq!((bins[0], bins[7], bins[255]), (1, 2, 1));
        assert_eq!(bins.iter().sum::<usize>(), 4);
    }
}
