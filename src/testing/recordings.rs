//! The recorded conversations in `tests/data/recordings`, for unit tests.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

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
    /// Every recording, in no order.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        fs::read_dir(directory())
            .unwrap()
            .map(|entry| Self::read(&entry.unwrap().path()))
    }

    pub(crate) fn named(name: &str) -> Self {
        Self::read(&directory().join(format!("{name}.txt")))
    }

    pub(crate) fn version(&self) -> ProtocolVersion {
        ProtocolVersion::from_wire(self.number("version")).unwrap()
    }

    pub(crate) fn suite(&self) -> CipherSuite {
        CipherSuite(self.number("suite"))
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

fn directory() -> &'static Path {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/recordings"
    ))
}
