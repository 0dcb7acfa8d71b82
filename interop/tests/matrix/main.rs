//! The matrix.

use interop::Error;
use interop::matrix::conversation::Surroundings;
use interop::matrix::verdict::judge;
use interop::matrix::{Case, Cast, Group, Stage, peers};

#[test]
fn openssl_1_0_1e() -> Result<(), Error> {
    let peer = peers::ALL[0];
    println!("{}", peer.version()?);
    let (bits, hash) = peer.certificates();
    let cast = Cast::new(bits, hash)?;
    let cases = Case::all().filter(|case| case.absence().is_none() && peer.cannot(case).is_none());
    let mut failed = 0;
    for group in Group::divide(cases) {
        let mut stage = Stage::open(peer, &group, &cast)?;
        for case in group.cases() {
            let played = stage.play(&case, &Surroundings::default())?;
            match judge(&case, peer, stage.people, &played) {
                Ok(facts) => println!("{case}: {facts:?}"),
                Err(error) => {
                    eprintln!("FAILED {case}: {error}");
                    failed += 1;
                    stage = Stage::open(peer, &group, &cast)?;
                }
            }
        }
    }
    assert_eq!(failed, 0);
    Ok(())
}
