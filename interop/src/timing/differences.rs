//! What is tested on paired differences: sign test, Wilcoxon's signed-rank test, and bootstrapped
//! confidence intervals of mean, median and the middle half's mean.
//!
//! Durations are whole nanoseconds, so many differences are equal: they are kept as values with
//! counts, which makes even a million of them cheap to resample.

use std::collections::BTreeMap;

use rand::Rng;
use rand_distr::{Distribution, Poisson};
use statrs::distribution::{ChiSquared, ContinuousCDF, Normal};
use statrs::function::factorial::ln_binomial;

/// How often each difference occurs, the smallest first.
pub struct Differences(Vec<(i64, u64)>);

impl Differences {
    /// `of` less `from`, round by round.
    pub fn new(of: &[u32], from: &[u32]) -> Self {
        let mut differences: Vec<i64> = of
            .iter()
            .zip(from)
            .map(|(of, from)| i64::from(*of) - i64::from(*from))
            .collect();
        differences.sort_unstable();
        Self(
            differences
                .chunk_by(|a, b| a == b)
                .map(|equal| (equal[0], equal.len() as u64))
                .collect(),
        )
    }

    /// The probability that signs are so uneven by chance, two-sided; equal pairs do not count.
    pub fn sign_test(&self) -> f64 {
        let count = |wanted: fn(&i64) -> bool| -> u64 {
            let found = self.0.iter().filter(|(value, _)| wanted(value));
            found.map(|(_, count)| count).sum()
        };
        let (positive, negative) = (count(|value| *value > 0), count(|value| *value < 0));
        let (signs, fewer) = (positive + negative, positive.min(negative));
        // The binomial distribution's tail, from its largest term on.
        let largest = ln_binomial(signs, fewer) - signs as f64 * f64::ln(2.0);
        let (mut term, mut tail) = (largest.exp(), 0.0);
        for k in (0..=fewer).rev() {
            tail += term;
            if term <= tail * f64::EPSILON {
                break;
            }
            term *= k as f64 / (signs - k + 1) as f64;
        }
        (2.0 * tail).min(1.0)
    }

    /// Wilcoxon's signed-rank test, two-sided: by the normal approximation, with equal pairs left
    /// out and the variance corrected for ties.
    pub fn wilcoxon(&self) -> f64 {
        let mut by_size = BTreeMap::<u64, [u64; 2]>::new();
        for (value, count) in self.0.iter().filter(|(value, _)| *value != 0) {
            by_size.entry(value.unsigned_abs()).or_default()[usize::from(*value > 0)] += count;
        }
        let (mut ranked, mut positive_ranks, mut ties) = (0.0, 0.0, 0.0);
        for [negative, positive] in by_size.into_values() {
            let tied = (negative + positive) as f64;
            positive_ranks += positive as f64 * (ranked + (tied + 1.0) / 2.0);
            ties += tied * (tied * tied - 1.0);
            ranked += tied;
        }
        let expected = ranked * (ranked + 1.0) / 4.0;
        let variance = (ranked * (ranked + 1.0) * (2.0 * ranked + 1.0) - ties / 2.0) / 24.0;
        two_sided((positive_ranks - expected).abs() / variance.sqrt())
    }

    pub fn location(&self) -> Location {
        Location::of(&self.0)
    }

    /// Of so many resamples, the limits between which 99 % of each figure lie.
    ///
    /// Each is a Poisson bootstrap: how often a value is drawn is Poisson-distributed around how
    /// often it was seen.
    pub fn intervals(&self, resamples: usize, random: &mut impl Rng) -> Intervals {
        let draws: Vec<(i64, Poisson<f64>)> = self
            .0
            .iter()
            .map(|(value, count)| {
                let draw = Poisson::new(*count as f64).expect("a count is positive and finite");
                (*value, draw)
            })
            .collect();
        let mut resample = Vec::with_capacity(draws.len());
        let mut found = [const { Vec::new() }; 3];
        for _ in 0..resamples {
            resample.clear();
            let drawn = draws
                .iter()
                .map(|(value, draw)| (*value, draw.sample(random) as u64));
            resample.extend(drawn.filter(|(_, count)| *count > 0));
            let figures = Location::of(&resample).figures();
            for (found, figure) in found.iter_mut().zip(figures) {
                found.push(figure);
            }
        }
        let [mean, median, middle] = found.map(Interval::of);
        Intervals {
            mean,
            median,
            middle,
        }
    }
}

/// Where differences lie, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Location {
    pub mean: f64,
    pub median: f64,
    /// The mean without the smallest quarter and the largest.
    pub middle: f64,
}

impl Location {
    fn figures(self) -> [f64; 3] {
        [self.mean, self.median, self.middle]
    }

    /// Of values with their counts, the smallest first.
    fn of(counted: &[(i64, u64)]) -> Self {
        let total: u64 = counted.iter().map(|(_, count)| count).sum();
        let kept = total / 4..total - total / 4;
        let middle_pair = [total.saturating_sub(1) / 2, total / 2];
        let (mut sum, mut kept_sum, mut median, mut seen) = (0.0, 0.0, 0.0, 0);
        for &(value, count) in counted {
            let places = seen..seen + count;
            let value = value as f64;
            let of_kept = places
                .end
                .min(kept.end)
                .saturating_sub(seen.max(kept.start));
            let of_middle = middle_pair.iter().filter(|place| places.contains(place));
            sum += value * count as f64;
            kept_sum += value * of_kept as f64;
            median += value * of_middle.count() as f64 / 2.0;
            seen = places.end;
        }
        Self {
            mean: sum / total as f64,
            median,
            middle: kept_sum / (kept.end - kept.start) as f64,
        }
    }
}

/// Confidence intervals of a [`Location`].
#[derive(Clone, Copy, Debug)]
pub struct Intervals {
    pub mean: Interval,
    pub median: Interval,
    pub middle: Interval,
}

/// 99 % of what was resampled, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    fn of(mut found: Vec<f64>) -> Self {
        found.sort_unstable_by(f64::total_cmp);
        let at = |part: f64| found[(part * (found.len() - 1) as f64).round() as usize];
        Self {
            low: at(0.005),
            high: at(0.995),
        }
    }
}

/// Friedman's test: the probability that the classes' ranks within rounds are so uneven by chance.
///
/// `classes` holds each class's durations, round by round.
pub fn friedman(classes: &[&[u32]]) -> f64 {
    let k = classes.len() as f64;
    let rounds = classes.iter().map(|class| class.len()).min().unwrap_or(0);
    let mut rank_sums = vec![0.0; classes.len()];
    let mut ties = 0.0;
    let mut row = Vec::with_capacity(classes.len());
    for round in 0..rounds {
        row.clear();
        row.extend(classes.iter().map(|class| class[round]).zip(0..));
        row.sort_unstable();
        let mut ranked = 0.0;
        for tied in row.chunk_by(|(a, _), (b, _)| a == b) {
            let count = tied.len() as f64;
            for (_, class) in tied {
                let class: usize = *class;
                rank_sums[class] += ranked + (count + 1.0) / 2.0;
            }
            ties += count * (count * count - 1.0);
            ranked += count;
        }
    }
    let n = rounds as f64;
    let squares: f64 = rank_sums.iter().map(|sum| sum * sum).sum();
    let uncorrected = 12.0 / (k * n * (k + 1.0)) * squares - 3.0 * n * (k + 1.0);
    let statistic = uncorrected / (1.0 - ties / (k * (k * k - 1.0) * n));
    let chi_squared = ChiSquared::new(k - 1.0).expect("there are two classes at the least");
    chi_squared.sf(statistic)
}

/// The normal distribution's two tails beyond `z`.
fn two_sided(z: f64) -> f64 {
    // Without any difference there is nothing to divide by.
    if z.is_nan() {
        return 1.0;
    }
    2.0 * Normal::standard().sf(z)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    use super::*;

    /// The same numbers as the program that SciPy computed the expected values with.
    fn sample(seed: u64, count: usize, below: u64, offset: u64) -> Vec<u32> {
        let mut state = seed;
        let mut draw = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (offset + (state >> 40) % below) as u32
        };
        (0..count).map(|_| draw()).collect()
    }

    struct Expected {
        sizes: (usize, u64, u64),
        sign: f64,
        wilcoxon: f64,
        friedman: f64,
        location: [f64; 3],
        intervals: [[f64; 2]; 3],
    }

    /// SciPy 1.17.1: `binomtest`, `wilcoxon(zero_method="wilcox", method="approx")`,
    /// `friedmanchisquare`, `trim_mean(0.25)`, `bootstrap(confidence_level=0.99,
    /// method="percentile")`.
    const SCIPY: [Expected; 3] = [
        Expected {
            sizes: (500, 40, 0),
            sign: 0.046_507_890_792_878_27,
            wilcoxon: 0.017_087_117_141_884_774,
            friedman: 0.059_910_186_966_016_32,
            location: [1.698, 3.0, 2.092],
            intervals: [[-0.178, 3.562], [-0.5, 5.0], [-0.124, 4.248]],
        },
        Expected {
            sizes: (500, 40, 3),
            sign: 2.330_695_920_200_799_3e-8,
            wilcoxon: 1.512_252_404_067_216_6e-9,
            friedman: 4.717_975_707_612_189e-8,
            location: [4.698, 6.0, 5.092],
            intervals: [[2.822, 6.562], [2.5, 8.0], [2.876, 7.248]],
        },
        Expected {
            sizes: (5000, 300, 4),
            sign: 0.086_655_348_935_883_14,
            wilcoxon: 0.022_080_959_595_041_815,
            friedman: 0.042_350_563_715_617_69,
            location: [4.0256, 4.0, 4.0284],
            intervals: [[-0.371, 8.401], [-1.0, 10.0], [-0.941, 9.086]],
        },
    ];

    fn classes((count, below, shift): (usize, u64, u64)) -> [Vec<u32>; 3] {
        [(1, 0), (2, shift), (3, 0)].map(|(seed, shift)| sample(seed, count, below, 1000 + shift))
    }

    #[test]
    fn probabilities_are_scipys() {
        let close = |ours: f64, expected: f64, what: &str| {
            let error = (ours / expected - 1.0).abs();
            assert!(error < 1e-9, "{what}: {ours} for {expected}");
        };
        for expected in SCIPY {
            let [a, b, c] = classes(expected.sizes);
            let differences = Differences::new(&b, &a);
            close(differences.wilcoxon(), expected.wilcoxon, "Wilcoxon");
            close(friedman(&[&a, &b, &c]), expected.friedman, "Friedman");
            close(differences.sign_test(), expected.sign, "sign");
        }
    }

    #[test]
    fn locations_and_their_intervals_are_scipys() {
        let mut random = SmallRng::seed_from_u64(1);
        for expected in SCIPY {
            let [a, b, _] = classes(expected.sizes);
            let differences = Differences::new(&b, &a);
            let figures = differences.location().figures();
            for (ours, expected) in figures.iter().zip(expected.location) {
                assert!((ours - expected).abs() < 1e-9, "{ours} for {expected}");
            }
            let intervals = differences.intervals(4000, &mut random);
            let ours = [intervals.mean, intervals.median, intervals.middle];
            for (ours, [low, high]) in ours.into_iter().zip(expected.intervals) {
                let tolerance = 0.15 * (high - low);
                let close =
                    (ours.low - low).abs() < tolerance && (ours.high - high).abs() < tolerance;
                assert!(close, "{ours:?} for {low} to {high}");
            }
        }
    }

    #[test]
    fn without_a_difference_there_is_nothing_to_see() {
        let class = sample(1, 100, 10, 0);
        let differences = Differences::new(&class, &class);
        assert_eq!(differences.sign_test(), 1.0);
        assert_eq!(differences.wilcoxon(), 1.0);
        let interval = differences
            .intervals(100, &mut SmallRng::seed_from_u64(1))
            .mean;
        assert_eq!((interval.low, interval.high), (0.0, 0.0));
    }
}
