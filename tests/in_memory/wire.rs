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

/// A flight whose first record is a hello, of either side, with the hello's extensions changed.
pub fn with_extensions(flight: &[u8], change: impl FnOnce(&mut Extensions)) -> Vec<u8> {
    let mut flight = records(flight);
    let hello = &flight[0].fragment;
    let mut extensions = extensions(hello);
    change(&mut extensions);
    let block = extensions.iter().flat_map(|(kind, body)| {
        let len = (body.len() as u16).to_be_bytes();
        [&kind.to_be_bytes(), &len, &body[..]].concat()
    });
    let block: Vec<u8> = block.collect();
    let mut body = hello[4..end_of_fields(hello)].to_vec();
    if !block.is_empty() {
        body.extend((block.len() as u16).to_be_bytes());
        body.extend(block);
    }
    flight[0] = handshake(flight[0].version, hello[0], &body);
    bytes(&flight)
}

/// The extensions of a hello message.
pub fn extensions(hello: &[u8]) -> Extensions {
    let mut found = Extensions::new();
    let mut block = hello.get(end_of_fields(hello) + 2..).unwrap_or_default();
    while let [a, b, high, low, rest @ ..] = block {
        let (body, rest) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])));
        found.push((u16::from_be_bytes([*a, *b]), body.to_vec()));
        block = rest;
    }
    found
}

/// Where the extensions of a hello message start.
fn end_of_fields(hello: &[u8]) -> usize {
    const CLIENT_HELLO: u8 = 1;
    let session_id = 4 + 2 + 32;
    let suites = session_id + 1 + usize::from(hello[session_id]);
    if hello[0] != CLIENT_HELLO {
        return suites + 2 + 1;
    }
    let len = u16::from_be_bytes([hello[suites], hello[suites + 1]]);
    let compression_methods = suites + 2 + usize::from(len);
    compression_methods + 1 + usize::from(hello[compression_methods])
}

/// The alert in clear that `bytes` end in: level and description.
pub fn last_alert(bytes: &[u8]) -> Option<[u8; 2]> {
    let last = records(bytes).pop()?;
    let alert = last.fragment.try_into().ok()?;
    (last.content_type == ALERT).then_some(alert)
}
