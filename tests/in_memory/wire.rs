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

/// The alert in clear that `bytes` end in: level and description.
pub fn last_alert(bytes: &[u8]) -> Option<[u8; 2]> {
    let last = records(bytes).pop()?;
    let alert = last.fragment.try_into().ok()?;
    (last.content_type == ALERT).then_some(alert)
}

/// A ClientHello, alone in its record, with another block of extensions.
pub fn with_extensions(hello: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let [record] = &records(hello)[..] else {
        panic!("one record");
    };
    let body = &record.fragment[4..];
    let mut at = 2 + 32;
    at += 1 + usize::from(body[at]);
    at += 2 + usize::from(u16::from_be_bytes([body[at], body[at + 1]]));
    at += 1 + usize::from(body[at]);
    let mut extensions = body.get(at + 2..).unwrap_or_default().to_vec();
    change(&mut extensions);
    let mut changed = body[..at].to_vec();
    changed.extend((extensions.len() as u16).to_be_bytes());
    changed.extend(extensions);
    bytes(&[handshake(record.version, record.fragment[0], &changed)])
}
