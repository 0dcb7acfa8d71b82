//! What is recorded now can be held again now.

use std::thread;

use interop::Error;
use interop::certificate::Identity;
use interop::loopback::{self, Listener};
use interop::matrix;
use interop::peer::node;
use interop::replay::file::{Cipher, Offer, Replay, Scenario};
use interop::replay::our_side::OurSide;
use interop::replay::{Pieces, replay};
use interop::replays;
use retrossl::{Resumption, Side};

#[test]
fn fresh() -> Result<(), Error> {
    for case in matrix::node().chain(matrix::null()) {
        for role in [Side::Client, Side::Server] {
            let scenario = Scenario {
                role,
                offer: Offer::Exact,
                version: case.version.into(),
                cipher: Cipher::Suite(case.suite),
                server_certificate: 1024,
                client_certificate: None,
                resumed_by: Some(Resumption::SessionId),
                renegotiated_by: None,
                seed: 1,
                now: 1_798_761_600,
                text: b"text".to_vec(),
                answer: b"text".to_vec(),
            };
            let side = OurSide::new(&scenario)?;
            let (certificate, key) = interop::replay::our_side::pem(1024);
            let identity = Identity {
                certificate: openssl::x509::X509::from_pem(certificate)?,
                key: openssl::pkey::PKey::private_key_from_pem(key)?,
            };
            let conversations = match role {
                Side::Client => {
                    let mut server = node::Server::start(&node::Settings {
                        identity: Some(identity.clone()),
                        ..node::Settings::new(case.version, "ALL:NULL")
                    })?;
                    let mut all = Vec::new();
                    for n in 0..2 {
                        let transport = loopback::connect(server.port())?;
                        all.push(replays::converse(&scenario, &side, n, transport)?);
                        let report = server.conversation()?;
                        assert_eq!(report.received, b"text");
                    }
                    all
                }
                Side::Server => {
                    let listener = Listener::bind()?;
                    let mut client = node::Client::reconnect(
                        listener.port(),
                        "text",
                        &node::Settings {
                            trusted: vec![identity.certificate.clone()],
                            reject_unauthorized: true,
                            server_name: Some("localhost".to_owned()),
                            ..node::Settings::new(case.version, case.name)
                        },
                        2,
                    )?;
                    let mut all = Vec::new();
                    for n in 0..2 {
                        let transport = client.accept(&listener)?;
                        all.push(replays::converse(&scenario, &side, n, transport)?);
                        let report = client.conversation()?;
                        assert_eq!(report.received, b"text");
                        assert!(report.authorized);
                    }
                    all
                }
            };
            let recorded = Replay {
                comments: vec![format!("{case}")],
                scenario,
                conversations,
            };
            let text = recorded.to_text();
            println!("{case} {role}: {}", text.len());
            let name = format!("/tmp/replays/{role}-{case}.txt");
            std::fs::create_dir_all("/tmp/replays")?;
            std::fs::write(name, &text)?;
            let again = Replay::parse(&text)?;
            assert_eq!(again, recorded);
            for pieces in [Pieces::Whole, Pieces::Bytes] {
                replay(&again, pieces)?;
            }
        }
    }
    Ok(())
}
