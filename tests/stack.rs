//! What connections take of a thread's stack: everything is done on one that has little.
//!
//! One that has less ends the whole test program, with a word about the thread's stack.

mod in_memory;
mod pki;

use std::sync::Arc;
use std::thread;

use in_memory::{Pair, each_version_and_suite, only};
use pki::{Key, Template, rsa_key};
use retrossl::{CipherSuite, ClientConfig, Policy, PrivateKey, RootStore, ServerConfig};

/// SECURITY.md says so.
const STACK: usize = match cfg!(debug_assertions) {
    true => 512 * 1024,
    false => 64 * 1024,
};

fn on_a_small_stack(work: fn()) {
    let thread = thread::Builder::new().stack_size(STACK);
    thread.spawn(work).unwrap().join().unwrap();
}

#[test]
fn a_conversation_takes_little_of_the_stack() {
    on_a_small_stack(|| {
        each_version_and_suite(|version, suite| {
            let mut pair = Pair::under(only(version, suite)).established();
            pair.echo(&[7; 40_000], || usize::MAX);
        });
    });
}

/// With a chain that the client verifies, and keys of 2048 bits.
#[test]
fn verifying_a_chain_takes_little_of_the_stack() {
    on_a_small_stack(|| {
        let key = Key::Rsa(2048);
        let valid = |template: Template| template.valid("20240101000000Z", "20491231235959Z");
        let mut roots = RootStore::new();
        let root = valid(Template::authority("CN=root", &key)).self_signed(&key);
        roots.add(root).unwrap();
        let authority = valid(Template::authority("CN=authority", &key));
        let authority = authority.issued_by("CN=root", &key);
        let own = valid(Template::server("localhost")).issued_by("CN=authority", &key);
        let chain = vec![own, authority];

        let policy = Policy::HISTORIC.cipher_suites(&[CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA]);
        let key: Arc<dyn PrivateKey> = rsa_key(2048);
        let client = ClientConfig::builder(policy).root_certificates(roots);
        let server = ServerConfig::builder(policy).certificate(chain, key);
        let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap()).established();
        pair.echo(b"on a small stack", || usize::MAX);
    });
}
