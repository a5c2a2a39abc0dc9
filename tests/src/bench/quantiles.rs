//! Medians and percentiles of what was measured.

/// The middle value, or the mean of the two middle ones.
///
/// # Panics
/// Without values.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    } else {
        sorted[middle]
    }
}

/// The smallest value that at least `percent` of all do not exceed (nearest rank).
///
/// # Panics
/// Without values, or when the percentage is not within 1 to 100.
pub(super) fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted[(sorted.len() * percent).div_ceil(100) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-9
    }

    #[test]
    fn the_median_does_not_depend_on_the_order_or_on_one_outlier() {
        assert!(close(median(&[3.0, 1_000.0, 1.0, 2.0, 4.0]), 3.0));
        assert!(close(median(&[4.0, 1.0]), 2.5));
        assert!(close(median(&[7.0]), 7.0));
    }

    #[test]
    fn a_percentile_is_the_value_at_its_rank() {
        let values: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        assert!(close(percentile(&values, 99), 198.0));
        assert!(close(percentile(&values, 50), 100.0));
        assert!(close(percentile(&values, 100), 200.0));
        assert!(close(percentile(&[5.0], 99), 5.0));
    }
}
