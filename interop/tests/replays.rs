//! The recorded conversations are those that would be recorded now, and what is recorded now can
//! be held again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use interop::Error;
use interop::matrix::{Case, Group, Stage};
use interop::replay::file::Replay;
use interop::replays::{self, Partner};
use retrossl::Side;

#[test]
fn nothing_is_missing_and_nothing_is_left_over() -> Result<(), Error> {
    let recorded: BTreeSet<_> = recorded()?.into_keys().collect();
    let expected: BTreeSet<_> = Partner::all()
        .flat_map(|partner| partner.cases().map(move |case| partner.path(&case)))
        .collect();
    let missing: Vec<_> = expected.difference(&recorded).collect();
    assert!(missing.is_empty(), "not recorded: {missing:#?}");
    let left_over: Vec<_> = recorded.difference(&expected).collect();
    assert!(left_over.is_empty(), "of no use: {left_over:#?}");
    Ok(())
}

/// In either role, of each kind, at SSL 2.0 and TLS 1.2.
#[test]
fn what_is_recorded_now_is_what_was_recorded_but_for_the_peers_randomness() -> Result<(), Error> {
    let all = recorded()?;
    let partner = Partner::all().next().expect("there are some");
    let cases = partner
        .cases()
        .filter(|case| REPEATED.contains(&case.spoken.to_string().as_str()));
    let mut count = 0;
    for group in Group::divide(partner.peer, cases) {
        let cast = replays::cast(group.side)?;
        let mut stage = Stage::open(partner.peer, &group, &cast)?;
        for case in &group.cases {
            let now = partner.record(&mut stage, case);
            let now = now.map_err(|error| format!("{case}: {error}"))?;
            assert_like(&now, &all[&partner.path(case)], case);
            count += 1;
        }
    }
    assert_eq!(count, 15);
    Ok(())
}

/// Our first flight depends on nothing that is another each time, and the rest is of the same shape.
fn assert_like(now: &Replay, recorded: &Replay, case: &Case) {
    assert_eq!(now.scenario, recorded.scenario, "{case}");
    let role = now.scenario.role;
    let [ours, before] = [now, recorded].map(|replay| {
        let mut flights = replay.conversations[0].iter();
        flights
            .find(|flight| flight.from == role)
            .expect("we say something")
    });
    assert_eq!(ours, before, "{case}");
    assert_eq!(shape(now), shape(recorded), "{case}");
}

/// Whose flights there are, of how many records.
fn shape(replay: &Replay) -> Vec<Vec<(Side, usize)>> {
    let conversations = replay.conversations.iter();
    conversations
        .map(|flights| {
            flights
                .iter()
                .map(|flight| (flight.from, flight.records.len()))
        })
        .map(Iterator::collect)
        .collect()
}

fn recorded() -> Result<BTreeMap<PathBuf, Replay>, String> {
    Replay::all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/replays"))
}

const REPEATED: [&str; 2] = [
    "SSLv2, SSL_CK_DES_192_EDE3_CBC_WITH_MD5",
    "TLSv1.2, TLS_RSA_WITH_AES_128_CBC_SHA",
];
