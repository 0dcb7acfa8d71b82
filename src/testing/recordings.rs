//! The recorded conversations in `tests/data/recordings` and, at SSL 2.0, in
//! `tests/data/recordings-ssl2`, for unit tests.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use crate::cipher_kind::CipherKind;
use crate::side::Side;
use crate::suite::CipherSuite;
use crate::testing::vectors::hex;
use crate::version::ProtocolVersion;

/// One file: `name = value` in a line each, then the records in order, as `side = bytes`.
pub(crate) struct Recording {
    /// The file's, without its ending.
    pub(crate) name: String,
    pub(crate) records: Vec<(Side, Vec<u8>)>,
    values: HashMap<String, String>,
}

impl Recording {
    /// Every recording at SSL 3.0 and above, in no order.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Self::all_of("recordings")
    }

    /// Every recording at SSL 2.0, in no order.
    pub(crate) fn all_of_ssl2() -> impl Iterator<Item = Self> {
        Self::all_of("recordings-ssl2")
    }

    pub(crate) fn named(name: &str) -> Self {
        Self::read(&data().join("recordings").join(format!("{name}.txt")))
    }

    pub(crate) fn version(&self) -> ProtocolVersion {
        ProtocolVersion::from_wire(self.number("version")).unwrap()
    }

    pub(crate) fn suite(&self) -> CipherSuite {
        CipherSuite(self.number("suite"))
    }

    pub(crate) fn kind(&self) -> CipherKind {
        CipherKind(self.bytes("kind").try_into().unwrap())
    }

    /// Whether there is a value of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        &self.values[name]
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        hex(&self.values[name])
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.values[name].parse().unwrap()
    }

    fn number(&self, name: &str) -> u16 {
        u16::from_be_bytes(self.bytes(name).try_into().unwrap())
    }

    fn all_of(directory: &str) -> impl Iterator<Item = Self> + use<> {
        fs::read_dir(data().join(directory))
            .unwrap()
            .map(|entry| Self::read(&entry.unwrap().path()))
    }

    fn read(path: &Path) -> Self {
        let mut recording = Self {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            records: Vec::new(),
            values: HashMap::new(),
        };
        let text = fs::read_to_string(path).unwrap();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            match line.split_once(" = ") {
                Some(("client", record)) => recording.records.push((Side::Client, hex(record))),
                Some(("server", record)) => recording.records.push((Side::Server, hex(record))),
                Some((name, value)) => {
                    recording.values.insert(name.to_owned(), value.to_owned());
                }
                None => assert_eq!(line, ""),
            }
        }
        recording
    }
}

fn data() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data"))
}
