//! Two numbers as bars, so that one sees them.

const WIDTH: usize = 40;
/// A character cell is filled by eighths.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// A bar for `value` where the longest one stands for `most`. What is not nothing can be seen.
pub(super) fn bar(value: f64, most: f64) -> String {
    if value <= 0.0 || most <= 0.0 {
        return String::new();
    }
    let cells = (WIDTH * 8) as f64;
    let eighths = ((value / most * cells).round() as usize).clamp(1, WIDTH * 8);
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_is_full() {
        assert_eq!(bar(7.0, 7.0).chars().count(), WIDTH);
    }

    #[test]
    fn a_small_number_is_seen() {
        assert_eq!(bar(1.0, 1e6), "▏");
        assert_eq!(bar(0.0, 1e6), "");
    }
}
