//! Medians, and ratios to what was measured in the same round.

/// The middle one.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The median of a value over the rounds, and in parentheses the median of its ratios to another one of the same round.
pub(crate) fn with_ratio(values: &[f64], base: &[f64], digits: usize) -> String {
    let ratios = values.iter().zip(base).map(|(value, base)| value / base);
    format!(
        "{:.digits$} ({:.2})",
        median(values.iter().copied()),
        median(ratios)
    )
}
