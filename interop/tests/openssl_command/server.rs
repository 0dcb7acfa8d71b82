//! Their server verifies the client's chain, and resumes by ID and by ticket: every version and
//! suite, those without encryption, too, with one process for all suites of a version.

use std::io::{Read, Write};
use std::sync::Arc;

use interop::Error;
use interop::certificate::Hash;
use interop::matrix::{self, Combination};
use interop::ours;
use interop::peer::openssl_command::{
    BY_ID, REQUIRE_CERTIFICATE, SUITES, Server, Settings, VERSIONS,
};
use interop::people::People;
use interop::talk::close;
use retrossl::Resumption;

#[test]
fn their_server_verifies_and_resumes() -> Result<(), Error> {
    let people = People::new(1024, Hash::Sha256)?;
    let mut count = 0;
    for version in VERSIONS {
        for (by, options) in [
            (Resumption::SessionId, &BY_ID[..]),
            (Resumption::Ticket, &[]),
        ] {
            let mut server = Server::start(&Settings {
                options: &[&REQUIRE_CERTIFICATE[..], options].concat(),
                ..Settings::new(&people, version, &SUITES.join(":"))
            })?;
            let all = matrix::openssl().chain(matrix::null());
            let has = |case: &Combination| case.version == version && SUITES.contains(&case.name);
            for case in all.filter(has) {
                at_their_server(&mut server, &people, case, by)
                    .map_err(|error| format!("{case}, {by:?}: {error}"))?;
                count += 1;
            }
        }
    }
    assert_eq!(count, 2 * (4 + 4 + 9));
    Ok(())
}

fn at_their_server(
    server: &mut Server,
    people: &People,
    case: Combination,
    by: Resumption,
) -> Result<(), Error> {
    let client = people.our_client(ours::only(case.version, case.suite))?;
    let client = Arc::new(client.build()?);
    for expected in [None, Some(by)] {
        let mut stream = ours::connect(&client, server.port())?;
        assert_eq!(stream.connection.resumption(), expected, "{case}");
        let subject = server.program.hear("subject=")?;
        assert!(subject.ends_with("somebody"), "{case}: {subject}");
        if expected.is_some() {
            server.program.hear("Reused session-id")?;
        }
        stream.write_all(b"from the client\n")?;
        server.program.hear("from the client")?;
        server.program.tell("from the server\n")?;
        let mut line = [0; 16];
        stream.read_exact(&mut line)?;
        assert_eq!(&line, b"from the server\n", "{case}");
        close(stream)?;
        server.program.hear("DONE")?;
    }
    Ok(())
}
