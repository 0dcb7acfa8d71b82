//! A client and a server of SSL 2.0 made by hand, which say what a test wants them to.

use std::sync::Arc;

use retrossl::{
    CipherKind, ClientConnection, Error, HashAlgorithm, PrivateKey, ServerConfig, ServerConnection,
    Side, SignatureInput,
};

use super::super::{deliver, take, test_identity};
use super::messages::{
    CLIENT_FINISHED, ClientHello, ClientMasterKey, SERVER_FINISHED, SERVER_VERIFY, ServerHello,
    message,
};
use super::records::{KeyMaterial, Layer, Record};
use super::{certificate, clear_len, key_arg_len, master_key_len};

/// A client that has said hello and was answered.
pub struct HandClient {
    pub server: ServerConnection,
    pub layer: Layer,
    pub hello: ClientHello,
    pub answer: ServerHello,
    /// Once the keys are known.
    pub keys: Option<KeyMaterial>,
}

impl HandClient {
    /// It offers these kinds.
    pub fn greet(server: &Arc<ServerConfig>, kinds: &[CipherKind]) -> Self {
        Self::greet_with(server, ClientHello::offering(kinds))
    }

    pub fn greet_with(server: &Arc<ServerConfig>, hello: ClientHello) -> Self {
        let mut server = ServerConnection::new(server.clone());
        let mut layer = Layer::new(Side::Client);
        let wire = layer.seal(&hello.message());
        deliver(&wire, &mut server, || usize::MAX).unwrap();
        let answers = layer.open(&take(&mut server));
        let [answer] = &answers[..] else {
            panic!("a SERVER-HELLO is expected")
        };
        Self {
            answer: ServerHello::read(answer),
            server,
            layer,
            hello,
            keys: None,
        }
    }

    /// It sends a good master key, and has read the SERVER-VERIFY.
    pub fn keyed(server: &Arc<ServerConfig>, kind: CipherKind) -> Self {
        let mut client = Self::greet(server, &[kind]);
        let encrypted = encrypt(1024, &well_padded(128, &secret(kind)));
        let wire = client.layer.seal(&master_key(kind, encrypted).message());
        deliver(&wire, &mut client.server, || usize::MAX).unwrap();
        client.protect(kind, &[clear(kind), secret(kind)].concat());
        let verify = client.heard();
        assert_eq!(verify, [message(SERVER_VERIFY, &client.hello.challenge)]);
        client
    }

    /// Its handshake is complete, but for what the server may ask for.
    pub fn finished(server: &Arc<ServerConfig>, kind: CipherKind) -> Self {
        let mut client = Self::keyed(server, kind);
        let finished = client.finished_message();
        client.say(&finished).unwrap();
        client
    }

    pub fn finished_message(&self) -> Vec<u8> {
        message(CLIENT_FINISHED, &self.answer.connection_id)
    }

    pub fn protect(&mut self, kind: CipherKind, master_key: &[u8]) {
        let (challenge, connection_id) = (&self.hello.challenge, &self.answer.connection_id);
        let key_arg = key_arg(kind);
        let keys = KeyMaterial::derive(kind, master_key, &key_arg, challenge, connection_id);
        self.layer.protect(&keys);
        self.keys = Some(keys);
    }

    pub fn say(&mut self, data: &[u8]) -> Result<(), Error> {
        let wire = self.layer.seal(data);
        deliver(&wire, &mut self.server, || usize::MAX)
    }

    /// What the server has said since.
    pub fn heard(&mut self) -> Vec<Vec<u8>> {
        self.layer.open(&take(&mut self.server))
    }
}

/// A server that has the client's hello.
pub struct HandServer {
    pub client: ClientConnection,
    pub layer: Layer,
    pub hello: ClientHello,
    /// What it answers.
    pub answer: ServerHello,
    pub master_key: Option<ClientMasterKey>,
    pub keys: Option<KeyMaterial>,
}

impl HandServer {
    /// It has not answered yet, and has the certificate of 1024 bits.
    pub fn asked(mut client: ClientConnection, kinds: &[CipherKind]) -> Self {
        let mut layer = Layer::new(Side::Server);
        let hellos = layer.open(&take(&mut client));
        Self {
            hello: ClientHello::read(&hellos[0]),
            answer: ServerHello::listing(kinds, &certificate(1024)),
            client,
            layer,
            master_key: None,
            keys: None,
        }
    }

    /// It has answered, and has the keys and the CLIENT-FINISHED.
    pub fn keyed(client: ClientConnection, kind: CipherKind) -> Self {
        let mut server = Self::asked(client, &[kind]);
        server.answer();
        server
    }

    /// It has shown that it has the keys.
    pub fn verified(client: ClientConnection, kind: CipherKind) -> Self {
        let mut server = Self::keyed(client, kind);
        let verify = server.verify_message();
        server.say(&verify).unwrap();
        server
    }

    /// The handshake is complete.
    pub fn finished(client: ClientConnection, kind: CipherKind) -> Self {
        let mut server = Self::verified(client, kind);
        server.say(&message(SERVER_FINISHED, &[9; 16])).unwrap();
        assert!(!server.client.is_handshaking());
        server
    }

    /// Sends its SERVER-HELLO and takes the client's two messages.
    pub fn answer(&mut self) {
        let hello = self.answer.message();
        self.say(&hello).unwrap();
        let wire = take(&mut self.client);
        let header_and_body = 2 + usize::from(u16::from_be_bytes([wire[0] & 0x7f, wire[1]]));
        let (first, second) = wire.split_at(header_and_body);
        let master_key = ClientMasterKey::read(&self.layer.open(first)[0]);
        let bits = 8 * master_key.encrypted.len();
        let secret_len = master_key_len(master_key.kind) - clear_len(master_key.kind);
        let encoded = decrypt(bits, &master_key.encrypted);
        let secret = &encoded[encoded.len() - secret_len..];
        let keys = KeyMaterial::derive(
            master_key.kind,
            &[&master_key.clear, secret].concat(),
            &master_key.key_arg,
            &self.hello.challenge,
            &self.answer.connection_id,
        );
        self.layer.protect(&keys);
        let finished = self.layer.open(second);
        assert_eq!(
            finished,
            [message(CLIENT_FINISHED, &self.answer.connection_id)]
        );
        (self.master_key, self.keys) = (Some(master_key), Some(keys));
    }

    /// The SERVER-VERIFY's record.
    pub fn seal_verify(&mut self) -> Record {
        let verify = self.verify_message();
        let padding = match self.keys.as_ref().unwrap().key_arg.len() {
            0 => 0,
            _ => verify.len().next_multiple_of(8) - verify.len(),
        };
        self.layer.seal_padded(&verify, padding)
    }

    pub fn verify_message(&self) -> Vec<u8> {
        message(SERVER_VERIFY, &self.hello.challenge)
    }

    pub fn say(&mut self, data: &[u8]) -> Result<(), Error> {
        let wire = self.layer.seal(data);
        deliver(&wire, &mut self.client, || usize::MAX)
    }

    /// What the client has said since.
    pub fn heard(&mut self) -> Vec<Vec<u8>> {
        self.layer.open(&take(&mut self.client))
    }
}

/// The CLIENT-MASTER-KEY with that ciphertext, and all else as it must be.
pub fn master_key(kind: CipherKind, encrypted: Vec<u8>) -> ClientMasterKey {
    ClientMasterKey {
        kind,
        clear: clear(kind),
        encrypted,
        key_arg: key_arg(kind),
    }
}

/// The part that the client made by hand sends in the clear.
pub fn clear(kind: CipherKind) -> Vec<u8> {
    vec![0xc1; clear_len(kind)]
}

/// The part that it encrypts.
pub fn secret(kind: CipherKind) -> Vec<u8> {
    vec![0x5e; master_key_len(kind) - clear_len(kind)]
}

pub fn key_arg(kind: CipherKind) -> Vec<u8> {
    vec![0xa6; key_arg_len(kind)]
}

/// PKCS#1's padding in front of `secret`.
pub fn well_padded(len: usize, secret: &[u8]) -> Vec<u8> {
    let padding = vec![0x77; len - 3 - secret.len()];
    [&[0, 2], &padding[..], &[0], secret].concat()
}

/// The same with the mark of a client that could do better.
pub fn marked(len: usize, secret: &[u8]) -> Vec<u8> {
    let mut encoded = well_padded(len, secret);
    encoded[len - secret.len() - 9..len - secret.len() - 1].fill(3);
    encoded
}

/// What decrypts to exactly `encoded` under the test key: the public operation alone.
pub fn encrypt(bits: usize, encoded: &[u8]) -> Vec<u8> {
    use rsa::BoxedUint;
    let (_, key) = test_identity(bits);
    let precision = bits as u32;
    let number = |bytes: &[u8]| BoxedUint::from_be_slice(bytes, precision).unwrap();
    let exponent = BoxedUint::from(65_537u64);
    let modulus = number(&key.public_key().modulus());
    let key = rsa::PublicKey::new_with_size_limits(modulus, exponent, 512..=4096).unwrap();
    let encrypted = rsa::hazmat::rsa_encrypt(&key, &number(encoded)).unwrap();
    encrypted.to_be_bytes().to_vec()
}

/// What the test key makes of `encrypted`.
pub fn decrypt(bits: usize, encrypted: &[u8]) -> Vec<u8> {
    let mut encoded = vec![0; encrypted.len()];
    let (_, key) = test_identity(bits);
    key.raw_decrypt(encrypted, &mut encoded).unwrap();
    encoded
}

/// RESPONSE-DATA: the signature over the MD5 of `input`.
pub fn sign(key: &Arc<dyn PrivateKey>, input: &[u8]) -> Vec<u8> {
    use md5::{Digest, Md5};
    let input = SignatureInput::DigestInfo {
        hash: HashAlgorithm::Md5,
        digest: Md5::digest(input).to_vec(),
    };
    key.sign(&input).unwrap()
}
