//! Taking records and handshake messages apart, changing them, and putting them together again.

/// One record in clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireRecord {
    pub content_type: u8,
    pub version: u16,
    pub fragment: Vec<u8>,
}

pub const CHANGE_CIPHER_SPEC: u8 = 20;
pub const ALERT: u8 = 21;
pub const HANDSHAKE: u8 = 22;
pub const APPLICATION_DATA: u8 = 23;

/// The records that `bytes` are.
pub fn records(mut bytes: &[u8]) -> Vec<WireRecord> {
    let mut records = Vec::new();
    while let [content_type, major, minor, high, low, rest @ ..] = bytes {
        let (fragment, rest) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])));
        records.push(WireRecord {
            content_type: *content_type,
            version: u16::from_be_bytes([*major, *minor]),
            fragment: fragment.to_vec(),
        });
        bytes = rest;
    }
    assert!(bytes.is_empty(), "a whole number of records");
    records
}

/// The records as bytes.
pub fn bytes(records: &[WireRecord]) -> Vec<u8> {
    records
        .iter()
        .flat_map(|record| {
            let mut bytes = vec![record.content_type];
            bytes.extend(record.version.to_be_bytes());
            bytes.extend((record.fragment.len() as u16).to_be_bytes());
            bytes.extend(&record.fragment);
            bytes
        })
        .collect()
}

pub fn record(content_type: u8, version: u16, fragment: &[u8]) -> WireRecord {
    WireRecord {
        content_type,
        version,
        fragment: fragment.to_vec(),
    }
}

/// A handshake message in a record of its own.
pub fn handshake(version: u16, kind: u8, body: &[u8]) -> WireRecord {
    let mut fragment = vec![kind];
    fragment.extend(&(body.len() as u32).to_be_bytes()[1..]);
    fragment.extend(body);
    record(HANDSHAKE, version, &fragment)
}

/// A hello's extensions: type and body.
pub type Extensions = Vec<(u16, Vec<u8>)>;

/// A hello of either side; a ServerHello has one suite and one compression method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    pub version: u16,
    pub random: [u8; 32],
    pub session_id: Vec<u8>,
    pub suites: Vec<u16>,
    pub compression_methods: Vec<u8>,
    pub extensions: Extensions,
}

impl Hello {
    /// The hello that a flight starts with, in a record of its own.
    pub fn of(flight: &[u8]) -> Self {
        Self::read(&records(flight)[0].fragment)
    }

    /// Reads a whole handshake message.
    fn read(message: &[u8]) -> Self {
        let (header, body) = message.split_first_chunk::<4>().unwrap();
        let (&version, body) = body.split_first_chunk().unwrap();
        let (&random, body) = body.split_first_chunk().unwrap();
        let (session_id, body) = counted(body);
        let (suites, compression_methods, block);
        if header[0] == CLIENT_HELLO {
            let (len, body) = body.split_first_chunk().unwrap();
            let (list, body) = body.split_at(u16::from_be_bytes(*len).into());
            suites = list;
            (compression_methods, block) = counted(body);
        } else {
            let (suite, body) = body.split_at(2);
            suites = suite;
            (compression_methods, block) = body.split_at(1);
        }
        Self {
            version: u16::from_be_bytes(version),
            random,
            session_id: session_id.to_vec(),
            suites: suites
                .chunks(2)
                .map(|suite| u16::from_be_bytes([suite[0], suite[1]]))
                .collect(),
            compression_methods: compression_methods.to_vec(),
            extensions: read_extensions(block.get(2..).unwrap_or_default()),
        }
    }

    /// The body of a handshake message of that kind.
    fn body(&self, kind: u8) -> Vec<u8> {
        let suites: Vec<u8> = self.suites.iter().flat_map(|it| it.to_be_bytes()).collect();
        let mut body = self.version.to_be_bytes().to_vec();
        body.extend(self.random);
        body.push(self.session_id.len() as u8);
        body.extend(&self.session_id);
        if kind == CLIENT_HELLO {
            body.extend((suites.len() as u16).to_be_bytes());
            body.extend(suites);
            body.push(self.compression_methods.len() as u8);
        } else {
            body.extend(suites);
        }
        body.extend(&self.compression_methods);
        let block = self.extensions.iter().flat_map(|(kind, body)| {
            let len = (body.len() as u16).to_be_bytes();
            [&kind.to_be_bytes(), &len, &body[..]].concat()
        });
        let block: Vec<u8> = block.collect();
        if !block.is_empty() {
            body.extend((block.len() as u16).to_be_bytes());
            body.extend(block);
        }
        body
    }

    pub fn extension(&mut self, kind: u16) -> Option<&mut Vec<u8>> {
        let mut found = self.extensions.iter_mut();
        found.find(|(it, _)| *it == kind).map(|(_, body)| body)
    }

    pub fn remove_extension(&mut self, kind: u16) {
        self.extensions.retain(|(it, _)| *it != kind);
    }
}

/// A flight whose first record is a hello, of either side, with the hello changed.
pub fn with_hello(flight: &[u8], change: impl FnOnce(&mut Hello)) -> Vec<u8> {
    let mut flight = records(flight);
    let kind = flight[0].fragment[0];
    let mut hello = Hello::read(&flight[0].fragment);
    change(&mut hello);
    flight[0] = handshake(flight[0].version, kind, &hello.body(kind));
    bytes(&flight)
}

/// The same for its extensions alone.
pub fn with_extensions(flight: &[u8], change: impl FnOnce(&mut Extensions)) -> Vec<u8> {
    with_hello(flight, |hello| change(&mut hello.extensions))
}

/// The extensions of a hello message.
pub fn extensions(hello: &[u8]) -> Extensions {
    Hello::read(hello).extensions
}

fn read_extensions(mut block: &[u8]) -> Extensions {
    let mut found = Extensions::new();
    while let [a, b, high, low, rest @ ..] = block {
        let (body, rest) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])));
        found.push((u16::from_be_bytes([*a, *b]), body.to_vec()));
        block = rest;
    }
    found
}

/// What follows its length in one byte, and the rest.
fn counted(bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes[1..].split_at(bytes[0].into())
}

const CLIENT_HELLO: u8 = 1;

/// The alert in clear that `bytes` end in: level and description.
pub fn last_alert(bytes: &[u8]) -> Option<[u8; 2]> {
    let last = records(bytes).pop()?;
    let alert = last.fragment.try_into().ok()?;
    (last.content_type == ALERT).then_some(alert)
}
