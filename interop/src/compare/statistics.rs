//! What becomes of the samples: medians, the ratio of medians, and how far the rounds' own ratios
//! are apart.

/// Two contestants over the same rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// The first one's median over the other's.
    pub of_medians: f64,
    /// Of the rounds' own ratios, the fifth percentile.
    pub low: f64,
    /// And the ninety-fifth.
    pub high: f64,
}

impl Ratio {
    /// `of` over `to`, round by round.
    pub fn new(of: &[f64], to: &[f64]) -> Self {
        let mut rounds: Vec<f64> = of.iter().zip(to).map(|(of, to)| of / to).collect();
        rounds.sort_unstable_by(f64::total_cmp);
        Self {
            of_medians: median(of) / median(to),
            low: quantile(&rounds, 0.05),
            high: quantile(&rounds, 0.95),
        }
    }

    /// The same, the other way round.
    pub fn inverse(self) -> Self {
        Self {
            of_medians: 1.0 / self.of_medians,
            low: 1.0 / self.high,
            high: 1.0 / self.low,
        }
    }
}

pub fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    quantile(&sorted, 0.5)
}

/// The value below which a `part` of the samples lie, between two of them where none is there;
/// without samples it is no number.
pub fn quantile(sorted: &[f64], part: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = part * last as f64;
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    below + (above - below) * place.fract()
}
