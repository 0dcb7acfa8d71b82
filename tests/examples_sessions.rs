//! The example programs' sessions and new handshakes.

mod pki;
mod programs;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::Arc;

use programs::files::{folder, server_certificate};
use programs::{Running, Server, run};
use retrossl::pki_types::PrivateKeyDer;
use retrossl::pki_types::pem::PemObject;
use retrossl::{
    ClientConfig, ClientConnection, Fingerprint, PinnedCertificates, Policy, ProtocolVersion,
    RsaPrivateKey, ServerConfig, ServerConnection, StreamOwned,
};

/// At SSL 3.0 nothing ties a resumed session to its first connection.
const UNBOUND: &str =
    "the session was resumed without the extended master secret, which leaves it unbound";
/// What to do about it there.
const FULL: &str = "; with --no-session-ids every handshake is a full one";

#[test]
fn a_second_connection_resumes() {
    for (server, client, word) in [
        ("", "", "ticket"),
        ("--no-session-ids", "", "ticket"),
        ("--no-tickets", "", "id"),
        ("", "--no-tickets --max tls1.0", "id"),
        ("", "--max ssl3", "id"),
        ("", "--max ssl3 --no-session-ids", "no"),
        ("--no-session-ids", "--no-tickets", "no"),
        ("--no-tickets", "--no-session-ids", "no"),
        ("--no-tickets --no-session-ids", "", "no"),
        ("", "--no-tickets --no-session-ids", "no"),
    ] {
        let what = format!("server {server}, client {client}");
        let server = Server::start(&format!("--cert server.pem --key server.key {server}"));
        let text = server
            .client(&format!(
                "localhost:PORT --ca ca.pem --reconnect --get / {client}"
            ))
            .succeeded(&[]);
        for (second, word) in ["no", word].into_iter().enumerate() {
            let lines = text.lines().filter(|line| line.starts_with("version="));
            let status = lines.skip(second).collect::<Vec<_>>();
            assert_eq!(status.len(), 2 - second, "{what}: {text}");
            let expected = format!(" resumed={word} renegotiated=0 subject=");
            let line = server.line();
            assert!(status[0].contains(&expected), "{what}: {}", status[0]);
            assert!(line.contains(&expected), "{what}: {line}");
            assert!(line.ends_with(" result=ok"), "{what}: {line}");
            let page = text.split("HTTP/1.0 200 OK").nth(1 + second).unwrap();
            let row = format!("\nresumed{:<17}{word}\n", "");
            assert!(page.contains(&row), "{what}: {page}");
        }
    }
}

#[test]
fn a_resumed_session_has_its_certificates() {
    let server = Server::start("--echo --cert server.pem --key server.key --client-ca ca.pem");
    let identity = "--cert client.pem --key client.key";
    server
        .client(&format!(
            "localhost:PORT --ca ca.pem {identity} --reconnect --send text"
        ))
        .succeeded(&[
            "resumed=no renegotiated=0 subject=\"CN=server\" certificate=sent\ntext\n",
            "resumed=ticket renegotiated=0 subject=\"CN=server\" certificate=not-asked\ntext\n",
        ]);
    for word in ["no", "ticket"] {
        let expected = format!("resumed={word} renegotiated=0 subject=\"CN=somebody\" ");
        let line = server.line();
        assert!(line.contains(&expected), "{line}");
    }
}

#[test]
fn a_client_renegotiates_before_its_data() {
    let hint = "; many do unless they ask for it themselves; the example `server` accepts it with \
                --accept-renegotiation\n";
    let polite = "refuses to renegotiate (alert received: no_renegotiation)";
    let fatal = "refuses to renegotiate (alert received: handshake_failure)";
    for (server, client, refusal, server_says) in [
        ("--accept-renegotiation", "", None, "result=ok"),
        ("--accept-renegotiation", "--max tls1.0", None, "result=ok"),
        ("--accept-renegotiation", "--max ssl3", None, "result=ok"),
        (
            "--accept-renegotiation --policy strict --renegotiation secure",
            "--policy strict --renegotiation legacy",
            None,
            "result=ok",
        ),
        ("", "", Some(polite), "result=ok"),
        ("", "--max tls1.0", Some(polite), "result=ok"),
        ("--policy strict", "", Some(polite), "result=ok"),
        (
            "",
            "--max ssl3",
            Some(fatal),
            "(alert sent: handshake_failure); --accept-renegotiation allows it",
        ),
    ] {
        let what = format!("server {server}, client {client}");
        let server = Server::start(&format!(
            "--echo --cert server.pem --key server.key {server}"
        ));
        let client = server.client(&format!(
            "localhost:PORT --ca ca.pem --renegotiate --send text {client}"
        ));
        let renegotiated = match refusal {
            None => {
                client.succeeded(&["resumed=no renegotiated=1 ", "\ntext"]);
                " renegotiated=1 "
            }
            Some(refusal) => {
                client.failed(&[refusal, hint]);
                " renegotiated=0 "
            }
        };
        let line = server.line();
        assert!(line.contains(renegotiated), "{what}: {line}");
        assert!(line.ends_with(server_says), "{what}: {line}");
    }
}

#[test]
fn a_session_is_both_resumed_and_renegotiated() {
    let server = Server::start(
        "--echo --accept-renegotiation --cert server.pem --key server.key --client-ca ca.pem",
    );
    let client = "localhost:PORT --ca ca.pem --reconnect --renegotiate --cert client.pem --key \
                  client.key";
    server.client(client).succeeded(&[
        "resumed=no renegotiated=1 ",
        "resumed=ticket renegotiated=1 subject=\"CN=server\" certificate=sent\n",
    ]);
    for word in ["no", "ticket"] {
        let line = server.line();
        let expected = format!(" resumed={word} renegotiated=1 subject=\"CN=somebody\" ");
        assert!(line.contains(&expected), "{line}");
    }
    let unbound = server.client(&format!("{client} --max ssl3"));
    let lines: Vec<_> = unbound.stdout.lines().collect();
    assert!(
        lines.len() == 1 && lines[0].contains("resumed=no renegotiated=1 "),
        "{lines:?}"
    );
    assert_eq!(
        unbound.stderr,
        format!("client: the connection cannot be renegotiated: {UNBOUND} (no alert){FULL}\n")
    );
    // The server has the session's end all the same.
    for resumed in ["no renegotiated=1", "id renegotiated=0"] {
        let line = server.line();
        assert!(line.contains(&format!(" resumed={resumed} ")), "{line}");
        assert!(line.ends_with(" result=ok"), "{line}");
    }
    let full = server.client(&format!("{client} --max ssl3 --no-session-ids"));
    let text = full.succeeded(&[]);
    assert_eq!(text.matches("resumed=no renegotiated=1 ").count(), 2);
}

#[test]
fn what_breaks_a_renegotiation_is_no_refusal() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let key = fs::read(folder().join("server.key")).unwrap();
    let key = RsaPrivateKey::from_der(&PrivateKeyDer::from_pem_slice(&key).unwrap()).unwrap();
    let config = ServerConfig::builder(Policy::HISTORIC)
        .certificate(vec![server_certificate()], key)
        .build()
        .unwrap();
    let client = format!("localhost:{port} --ca ca.pem --renegotiate --send text");
    let client = Running::start("client", &client, Stdio::piped(), Stdio::piped());
    let (tcp, _) = listener.accept().unwrap();
    let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(config)), tcp);
    stream.complete_handshake().unwrap();
    // The new ClientHello, without an answer.
    assert!(stream.transport.read(&mut [0; 1024]).unwrap() > 0);
    drop(stream);
    let text = client.finish().failed(&[]);
    assert!(
        text.starts_with("client: during the renegotiation: the peer "),
        "{text}"
    );
}

#[test]
fn a_policy_that_never_renegotiates_says_so_at_once() {
    for (program, option) in [
        ("client localhost:1 --insecure", "--renegotiate"),
        ("server --listen 127.0.0.1:0", "--renegotiate-every 1000"),
        ("server --listen 127.0.0.1:0", "--accept-renegotiation"),
    ] {
        for never in ["--policy strict", "--renegotiation never"] {
            let (program, args) = program.split_once(' ').unwrap();
            let expected = format!(
                "{program}: the policy never renegotiates, and {} asks for it; --renegotiation \
                 secure allows it\n",
                option.split(' ').next().unwrap()
            );
            let text = run(program, &format!("{args} {option} {never}")).failed(&[]);
            assert_eq!(text, expected);
        }
    }
}

#[test]
fn a_server_asks_for_new_handshakes_amid_data() {
    let server = Server::start(
        "--echo --cert server.pem --key server.key --renegotiate-every 15000 --policy everything",
    );
    for version in [ProtocolVersion::SSLv3, ProtocolVersion::TLSv1_2] {
        let sent: Vec<u8> = (0..105_000_u32).map(|it| (it % 251) as u8).collect();
        let mut stream = connect(&server, Policy::HISTORIC.versions(version, version));
        for piece in sent.chunks(5000) {
            let mut received = vec![0; piece.len()];
            stream.write_all(piece).unwrap();
            stream.read_exact(&mut received).unwrap();
            assert!(received == piece, "the data is damaged");
        }
        stream.close().unwrap();
        assert_eq!(stream.connection.handshakes(), 11);
        let line = server.line();
        assert!(line.contains(&format!("version={version} ")), "{line}");
        assert!(line.contains(" renegotiated=10 "), "{line}");
        assert!(line.ends_with(" result=ok"), "{line}");
    }
}

#[test]
fn a_client_program_lives_through_new_handshakes() {
    let text = "0123456789abcdef".repeat(6400);
    let echo = "--echo --cert server.pem --key server.key --renegotiate-every 10000";
    let echo = Server::start(echo);
    let page = Server::start("--cert server.pem --key server.key --renegotiate-every 100");
    for options in ["", "--max tls1.1", "--max ssl3"] {
        let sent = format!("localhost:PORT --ca ca.pem --send {text} {options}");
        let answer = echo
            .client(&sent)
            .succeeded(&[" resumed=no renegotiated=0 "]);
        assert!(
            answer.ends_with(&format!("\n{text}")),
            "the data is damaged"
        );
        let line = echo.line();
        assert!(
            !line.contains(" renegotiated=0 ") && line.ends_with(" result=ok"),
            "{line}"
        );

        let get = format!("localhost:PORT --ca ca.pem --get / {options}");
        page.client(&get).succeeded(&["</body></html>\n"]);
        let line = page.line();
        assert!(
            line.contains(" renegotiated=5 ") && line.ends_with(" result=ok"),
            "{line}"
        );
    }
    // A client may refuse.
    let refusing = "localhost:PORT --ca ca.pem --renegotiation never";
    let answer = echo
        .client(&format!("{refusing} --send {text}"))
        .succeeded(&[]);
    assert!(
        answer.ends_with(&format!("\n{text}")),
        "the data is damaged"
    );
    page.client(&format!("{refusing} --get /"))
        .succeeded(&["</body></html>\n"]);
    for server in [&echo, &page] {
        let line = server.line();
        assert!(
            line.contains(" renegotiated=0 ") && line.ends_with(" result=ok"),
            "{line}"
        );
    }
    // Where it would not be safe, the page comes all the same.
    let reconnecting = "localhost:PORT --ca ca.pem --get / --max ssl3 --reconnect";
    let pages = page
        .client(reconnecting)
        .succeeded(&[" resumed=id renegotiated=0 "]);
    assert_eq!(pages.matches("</body></html>\n").count(), 2);
    page.line();
    let line = page.line();
    let note = format!(" result=ok (not renegotiated: {UNBOUND}{FULL})");
    assert!(line.ends_with(&note), "{line}");
    let reconnecting = format!("localhost:PORT --ca ca.pem --send {text} --max ssl3 --reconnect");
    let echoes = echo.client(&reconnecting).succeeded(&[]);
    assert_eq!(echoes.matches(&*text).count(), 2, "the data is damaged");
    echo.line();
    let line = echo.line();
    assert!(line.ends_with(&note), "{line}");
}

fn connect(server: &Server, policy: Policy) -> StreamOwned<ClientConnection, TcpStream> {
    let pin = Fingerprint::of(&server_certificate());
    let config = ClientConfig::builder(policy)
        .verifier(PinnedCertificates::new([pin]))
        .build()
        .unwrap();
    let name = "localhost".try_into().unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let tcp = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    StreamOwned::new(connection, tcp)
}
