//! What the comparison computes and prints, and that it runs. No figure is judged.

use std::time::Duration;

use interop::Error;
use interop::compare::evp::{Algorithms, EvpRecords};
use interop::compare::memory::Counted;
use interop::compare::party::{Contestant, Party};
use interop::compare::report::{Line, Verdict, document, summary, table, tables};
use interop::compare::rows::{Goal, Row, Section, Unit, rows};
use interop::compare::statistics::{Ratio, median, quantile};
use interop::compare::work::{Work, measure};
use interop::compare::{Cast, Measured};
use interop::peer::Version;

#[test]
fn quantiles_lie_between_the_samples() {
    assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
    assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    let sorted: Vec<f64> = (0..=20).map(f64::from).collect();
    assert_eq!(quantile(&sorted, 0.05), 1.0);
    assert_eq!(quantile(&sorted, 0.95), 19.0);
    assert_eq!(quantile(&[1.0, 2.0], 0.25), 1.25);
    assert!(quantile(&[], 0.5).is_nan());
}

#[test]
fn a_ratio_is_of_medians_and_its_spread_of_rounds() {
    // A round in which both were disturbed alike says nothing else than the others.
    let ratio = Ratio::new(&[2.0, 4.0, 200.0], &[1.0, 2.0, 100.0]);
    assert_eq!([ratio.of_medians, ratio.low, ratio.high], [2.0, 2.0, 2.0]);
    let uneven = Ratio::new(&[1.0, 2.0, 4.0], &[1.0, 1.0, 1.0]);
    assert_eq!(uneven.of_medians, 2.0);
    assert!(uneven.low < 1.2 && uneven.high > 3.5, "{uneven:?}");
    let inverse = uneven.inverse();
    assert_eq!(inverse.of_medians, 0.5);
    assert_eq!(
        [inverse.low, inverse.high],
        [1.0 / uneven.high, 1.0 / uneven.low]
    );
}

#[test]
fn less_time_is_better_and_more_of_a_rate() {
    let rate = Unit::Rate { bytes: 256 };
    for (unit, ratio, verdict) in [
        (Unit::Time, 1.0, Verdict::Met),
        (Unit::Time, 1.2, Verdict::LeastMet),
        (Unit::Time, 1.31, Verdict::Missed),
        (rate, 1.3, Verdict::Met),
        (rate, 1.0, Verdict::Met),
        (rate, 0.9, Verdict::Missed),
    ] {
        assert_eq!(line(unit, ratio).verdict(), verdict, "{unit:?} {ratio}");
    }
    let least = |ratio| Line {
        goal: Some(goal(10.0, 6.0)),
        ..line(rate, ratio)
    };
    assert_eq!(least(6.0).verdict(), Verdict::LeastMet);
    assert_eq!(least(5.9).verdict(), Verdict::Missed);
}

#[test]
fn a_row_that_misses_its_goal_says_so() {
    let met = line(Unit::Time, 0.5);
    let missed = Line {
        name: "another".to_owned(),
        purecrypto: Some(10.0),
        ..line(Unit::Time, 2.0)
    };
    let lines = [met, missed];
    assert_eq!(
        tables(&lines[1..])
            .lines()
            .find(|line| line.starts_with("| another"))
            .unwrap(),
        "| another |     20.0 |    10.0 |       10.0 | 2.00× | 1.80–2.20 | 7: ≤ 1×, least 1.3× | \
         **missed**, behind purecrypto |"
    );
    let summary = summary(&lines);
    assert!(
        summary.contains("Of 2 rows of times and rates with a goal, 1 meet it, 0 only"),
        "{summary}"
    );
    assert!(
        summary.contains("Behind purecrypto: Full handshake: another."),
        "{summary}"
    );
    let document = document(&[("processor", "a slow one".to_owned())], &lines, "");
    assert!(document.contains("- processor: a slow one\n"), "{document}");
}

#[test]
fn a_tables_columns_are_in_line() {
    let cells = |cells: [&str; 4]| cells.map(str::to_owned);
    let text = table(
        &cells(["what", "µs", "goal", ""]),
        &[
            cells(["a", "1.5", "≤ 1×", "met"]),
            cells(["longer", "10.0", "", ""]),
        ],
    );
    assert_eq!(
        text,
        "| what   |   µs | goal |     |\n\
         | ------ | ---: | ---- | --- |\n\
         | a      |  1.5 | ≤ 1× | met |\n\
         | longer | 10.0 |      |     |\n"
    );
}

#[test]
fn every_work_is_measured_in_every_round() {
    struct Constant(u64);

    impl Work for Constant {
        fn run(&mut self, times: u32) -> Result<Duration, Error> {
            std::thread::sleep(Duration::from_micros(500));
            Ok(Duration::from_nanos(self.0) * times)
        }
    }

    let mut works: [Box<dyn Work>; 2] = [Box::new(Constant(300)), Box::new(Constant(100))];
    let samples = measure(&mut works, Duration::ZERO).unwrap();
    assert!(samples[0].len() >= 7 && samples[0].len() == samples[1].len());
    assert!(samples[0].iter().all(|sample| *sample == 300.0));
    assert!(samples[1].iter().all(|sample| *sample == 100.0));
}

#[test]
fn dhats_lines_are_understood() {
    let said = "==9== Total:     2,000,000 bytes in 9 blocks\n\
                ==9== At t-gmax: 1,234,567 bytes in 5 blocks\n\
                ==9== At t-end:  89 bytes in 1 blocks\n";
    let counted = Counted::parse(said).unwrap();
    assert_eq!([counted.peak, counted.end], [1_234_567, 89]);
    assert_eq!(Counted::parse("==9== Total: 1 bytes"), None);
}

#[test]
fn what_evp_seals_it_opens_and_nothing_else() {
    for (algorithms, version) in [
        (Algorithms::DesSha1, Version::Tls1_1),
        (Algorithms::Rc2Md5, Version::Tls1_0),
    ] {
        let [mut sealing, mut opening] = EvpRecords::pair(algorithms, version).unwrap();
        let (mut wire, mut opened) = (Vec::new(), [0; 100]);
        for _ in 0..2 {
            sealing.seal(&[7; 100], &mut wire).unwrap();
            opening.open(&mut wire, &mut opened).unwrap();
            assert_eq!(opened, [7; 100]);
        }
        sealing.seal(&[7; 100], &mut wire).unwrap();
        wire[40] ^= 1;
        opening.open(&mut wire, &mut opened).unwrap_err();
    }
}

/// The shortest rows of every section, of which each contestant takes part in one at least.
#[test]
fn rows_run() {
    let cast = Cast::default();
    let wanted = [
        "RSA: RSA-1024 public operation",
        "Full handshake: TLS 1.1 AES128-SHA, RSA-1024, client",
        "Resumed handshake: SSL 3.0 RC4-MD5, by ID, client",
        "Resumed handshake: TLS 1.2 AES128-SHA, by ticket, server",
        "Seal: TLS 1.2 AES128-GCM-SHA256, 256 B",
        "Seal: TLS 1.1 AES128-SHA, 16 KiB",
        "Open: TLS 1.0 AES128-SHA, 16 KiB",
        "Open: TLS 1.1 DES-CBC-SHA, 16 KiB, beside EVP and HMAC",
    ];
    let rows: Vec<Row> = rows()
        .into_iter()
        .filter(|row| wanted.contains(&row.to_string().as_str()))
        .collect();
    assert_eq!(rows.len(), wanted.len());
    for row in rows {
        let name = row.to_string();
        let contestants = row.contestants.clone();
        let measured = Measured::new(row, &cast, Duration::ZERO).unwrap();
        for contestant in contestants {
            let samples = measured.of(contestant).unwrap();
            let right = |sample: &f64| sample.is_finite() && *sample >= 0.0;
            assert!(samples.iter().all(right), "{name}: {contestant:?}");
        }
        let line = Line::new(&measured).unwrap();
        assert!(tables(&[line]).contains(&measured.row.name), "{name}");
    }
}

#[test]
fn each_name_is_there_once_and_everybody_is_compared_with_openssl() {
    let rows = rows();
    let mut names: Vec<_> = rows.iter().map(Row::to_string).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), rows.len());
    for row in &rows {
        assert_eq!(
            row.contestants[..2],
            [Contestant::Ours, Contestant::OpenSsl],
            "{row}"
        );
    }
}

fn goal(wanted: f64, least: f64) -> Goal {
    Goal {
        number: 7,
        wanted,
        least,
    }
}

fn line(unit: Unit, of_medians: f64) -> Line {
    Line {
        section: Section::Full,
        name: "something".to_owned(),
        unit,
        ours: 10.0 * of_medians,
        openssl: 10.0,
        purecrypto: None,
        ratio: Ratio {
            of_medians,
            low: of_medians * 0.9,
            high: of_medians * 1.1,
        },
        goal: Some(match unit {
            Unit::Time => goal(1.0, 1.3),
            Unit::Rate { .. } => goal(1.0, 1.0),
        }),
    }
}
