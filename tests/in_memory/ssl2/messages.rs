//! SSL 2.0's handshake messages, made and taken apart by hand.

use retrossl::CipherKind;

pub const ERROR: u8 = 0;
pub const CLIENT_HELLO: u8 = 1;
pub const CLIENT_MASTER_KEY: u8 = 2;
pub const CLIENT_FINISHED: u8 = 3;
pub const SERVER_HELLO: u8 = 4;
pub const SERVER_VERIFY: u8 = 5;
pub const SERVER_FINISHED: u8 = 6;
pub const REQUEST_CERTIFICATE: u8 = 7;
pub const CLIENT_CERTIFICATE: u8 = 8;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientHello {
    pub version: u16,
    pub cipher_specs: Vec<u8>,
    pub session_id: Vec<u8>,
    pub challenge: Vec<u8>,
}

impl ClientHello {
    pub fn offering(kinds: &[CipherKind]) -> Self {
        Self {
            version: 2,
            cipher_specs: cipher_specs(kinds),
            session_id: Vec::new(),
            challenge: (1..=16).collect(),
        }
    }

    pub fn read(message: &[u8]) -> Self {
        let (head, [cipher_specs, session_id, challenge]) = split(message, CLIENT_HELLO);
        let [high, low] = head;
        Self {
            version: u16::from_be_bytes([high, low]),
            cipher_specs,
            session_id,
            challenge,
        }
    }

    pub fn message(&self) -> Vec<u8> {
        let [high, low] = self.version.to_be_bytes();
        let fields = [&self.cipher_specs, &self.session_id, &self.challenge];
        join(&[CLIENT_HELLO, high, low], fields)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerHello {
    pub session_id_hit: u8,
    pub certificate_type: u8,
    pub version: u16,
    pub certificate: Vec<u8>,
    pub cipher_specs: Vec<u8>,
    pub connection_id: Vec<u8>,
}

impl ServerHello {
    pub fn listing(kinds: &[CipherKind], certificate: &[u8]) -> Self {
        Self {
            session_id_hit: 0,
            certificate_type: 1,
            version: 2,
            certificate: certificate.to_vec(),
            cipher_specs: cipher_specs(kinds),
            connection_id: (101..=116).collect(),
        }
    }

    pub fn read(message: &[u8]) -> Self {
        let (head, [certificate, cipher_specs, connection_id]) = split(message, SERVER_HELLO);
        let [session_id_hit, certificate_type, high, low] = head;
        Self {
            session_id_hit,
            certificate_type,
            version: u16::from_be_bytes([high, low]),
            certificate,
            cipher_specs,
            connection_id,
        }
    }

    pub fn message(&self) -> Vec<u8> {
        let [high, low] = self.version.to_be_bytes();
        let (hit, kind) = (self.session_id_hit, self.certificate_type);
        let fields = [&self.certificate, &self.cipher_specs, &self.connection_id];
        join(&[SERVER_HELLO, hit, kind, high, low], fields)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientMasterKey {
    pub kind: CipherKind,
    pub clear: Vec<u8>,
    pub encrypted: Vec<u8>,
    pub key_arg: Vec<u8>,
}

impl ClientMasterKey {
    pub fn read(message: &[u8]) -> Self {
        let (kind, [clear, encrypted, key_arg]) = split(message, CLIENT_MASTER_KEY);
        Self {
            kind: CipherKind(kind),
            clear,
            encrypted,
            key_arg,
        }
    }

    pub fn message(&self) -> Vec<u8> {
        let [first, second, third] = self.kind.0;
        let fields = [&self.clear, &self.encrypted, &self.key_arg];
        join(&[CLIENT_MASTER_KEY, first, second, third], fields)
    }
}

pub fn error(code: u16) -> Vec<u8> {
    message(ERROR, &code.to_be_bytes())
}

pub fn client_certificate(kind: u8, certificate: &[u8], response: &[u8]) -> Vec<u8> {
    let fields = [certificate.to_vec(), response.to_vec()];
    join(&[CLIENT_CERTIFICATE, kind], [&fields[0], &fields[1]])
}

/// A message of which nothing but the type has a form.
pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], body].concat()
}

pub fn cipher_specs(kinds: &[CipherKind]) -> Vec<u8> {
    kinds.iter().flat_map(|kind| kind.0).collect()
}

/// Lengths of all fields, then the fields.
fn join<const N: usize>(head: &[u8], fields: [&Vec<u8>; N]) -> Vec<u8> {
    let lengths = fields.map(|field| (field.len() as u16).to_be_bytes());
    let fields: Vec<u8> = fields.into_iter().flatten().copied().collect();
    [head, lengths.as_flattened(), &fields].concat()
}

fn split<const H: usize, const N: usize>(message: &[u8], kind: u8) -> ([u8; H], [Vec<u8>; N]) {
    let (first, rest) = message.split_first().unwrap();
    assert_eq!(*first, kind);
    let (head, rest) = rest.split_first_chunk().unwrap();
    let (lengths, mut rest) = rest.split_at(2 * N);
    let fields = std::array::from_fn(|index| {
        let len = u16::from_be_bytes([lengths[2 * index], lengths[2 * index + 1]]);
        let (field, later) = rest.split_at(len.into());
        rest = later;
        field.to_vec()
    });
    assert!(rest.is_empty());
    (*head, fields)
}
