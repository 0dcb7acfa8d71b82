//! Hello extensions: one row each, and the wire format of their bodies.

use core::fmt;

use super::codec::{Reader, put_u8, put_u16};
use super::{SignatureAlgorithm, certificate_verify};
use crate::error::{InvalidMessage, Malformed};

/// An extension's number on the wire (RFC 5246 §7.4.1.4).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExtensionType(pub u16);

/// Whether a server may answer an extension, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Only clients send it.
    Never,
    /// At TLS 1.0 and up.
    FromTls10,
    /// At SSL 3.0 too.
    Always,
}

macro_rules! extensions {
    ($($(#[$doc:meta])* $constant:ident = $number:literal, $name:literal, answer: $answer:ident;)*) => {
        impl ExtensionType {
            $($(#[$doc])* pub const $constant: Self = Self($number);)*

            /// The specification's name, if the number is a known one.
            pub fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$constant => Some($name),)*
                    _ => None,
                }
            }

            /// Whether a server may answer it.
            pub(crate) fn answer(self) -> Answer {
                match self {
                    $(Self::$constant => Answer::$answer,)*
                    _ => Answer::Never,
                }
            }
        }
    };
}

extensions! {
    /// RFC 6066 §3. OpenSSL answers it at SSL 3.0, too, and ALPN.
    SERVER_NAME = 0, "server_name", answer: Always;
    /// RFC 6066 §4.
    MAX_FRAGMENT_LENGTH = 1, "max_fragment_length", answer: FromTls10;
    /// RFC 5246 §7.4.1.4.1.
    SIGNATURE_ALGORITHMS = 13, "signature_algorithms", answer: Never;
    /// RFC 7301.
    APPLICATION_LAYER_PROTOCOL_NEGOTIATION = 16, "application_layer_protocol_negotiation", answer: Always;
    /// RFC 7685.
    PADDING = 21, "padding", answer: Never;
    /// RFC 7366.
    ENCRYPT_THEN_MAC = 22, "encrypt_then_mac", answer: FromTls10;
    /// RFC 7627.
    EXTENDED_MASTER_SECRET = 23, "extended_master_secret", answer: FromTls10;
    /// RFC 8449.
    RECORD_SIZE_LIMIT = 28, "record_size_limit", answer: FromTls10;
    /// RFC 5077.
    SESSION_TICKET = 35, "session_ticket", answer: FromTls10;
    /// RFC 5746.
    RENEGOTIATION_INFO = 0xff01, "renegotiation_info", answer: Always;
}

impl fmt::Debug for ExtensionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExtensionType({self})")
    }
}

impl fmt::Display for ExtensionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "extension {}", self.0),
        }
    }
}

/// A hello's extensions: well framed, none twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Extensions<'a>(Option<&'a [u8]>);

impl<'a> Extensions<'a> {
    /// Extensions that [`ExtensionsWriter`] wrote; no block at all where there are none, which is
    /// what peers that know no extensions expect.
    pub(crate) fn of(writer: &'a ExtensionsWriter) -> Self {
        Self((!writer.0.is_empty()).then_some(&writer.0))
    }

    pub(crate) fn find(&self, wanted: ExtensionType) -> Option<&'a [u8]> {
        self.iter()
            .find_map(|(kind, body)| (kind == wanted).then_some(body))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (ExtensionType, &'a [u8])> + use<'a> {
        let mut reader = Reader::new("extensions", self.0.unwrap_or_default());
        // `read` has seen every one of them whole.
        core::iter::from_fn(move || {
            let kind = ExtensionType(reader.u16().ok()?);
            Some((kind, reader.vector_u16().ok()?))
        })
    }

    /// Reads the block of extensions, if a hello goes on that far.
    pub(crate) fn read(hello: &mut Reader<'a>) -> Result<Self, InvalidMessage> {
        if hello.is_empty() {
            return Ok(Self(None));
        }
        let block = hello.vector_u16()?;
        let mut reader = Reader::new("extensions", block);
        let mut seen = [0u16; MAX_EXTENSIONS];
        let mut count = 0;
        while !reader.is_empty() {
            let kind = reader.u16()?;
            reader.vector_u16()?;
            reader.check(count < MAX_EXTENSIONS, Malformed::TooManyExtensions)?;
            reader.check(
                !seen[..count].contains(&kind),
                Malformed::DuplicateExtension,
            )?;
            seen[count] = kind;
            count += 1;
        }
        Ok(Self(Some(block)))
    }

    pub(crate) fn write(&self, hello: &mut Vec<u8>) {
        if let Some(block) = self.0 {
            put_u16(hello, |out| out.extend_from_slice(block));
        }
    }
}

/// Collects the extensions of a hello to be sent.
#[derive(Default)]
pub(crate) struct ExtensionsWriter(Vec<u8>);

impl ExtensionsWriter {
    pub(crate) fn add(&mut self, kind: ExtensionType, write_body: impl FnOnce(&mut Vec<u8>)) {
        self.0.extend_from_slice(&kind.0.to_be_bytes());
        put_u16(&mut self.0, write_body);
    }

    /// Bytes that the block takes so far, with its length.
    pub(crate) fn encoded_len(&self) -> usize {
        match self.0.len() {
            0 => 0,
            len => len + 2,
        }
    }
}

/// The first host name in a ServerNameList (RFC 6066 §3).
pub(crate) fn read_server_name(body: &[u8]) -> Result<Option<&str>, InvalidMessage> {
    let mut reader = Reader::new("server_name", body);
    let list = reader.vector_u16()?;
    reader.finish()?;
    let mut reader = Reader::new("ServerNameList", list);
    let mut host_name = None;
    while !reader.is_empty() {
        let kind = reader.u8()?;
        let name = reader.vector_u16()?;
        if kind == HOST_NAME && host_name.is_none() {
            reader.check(name.len() <= MAX_HOST_NAME, Malformed::LengthOutOfRange)?;
            let printable = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
            reader.check(printable, Malformed::IllegalValue)?;
            host_name = core::str::from_utf8(name).ok();
        }
    }
    Ok(host_name)
}

pub(crate) fn write_server_name(out: &mut Vec<u8>, host_name: &str) {
    put_u16(out, |out| {
        out.push(HOST_NAME);
        put_u16(out, |out| out.extend_from_slice(host_name.as_bytes()));
    });
}

/// A ProtocolNameList (RFC 7301 §3.1): at least one name, none empty.
pub(crate) fn read_protocol_names(
    body: &[u8],
) -> Result<impl Iterator<Item = &[u8]>, InvalidMessage> {
    let mut reader = Reader::new("ProtocolNameList", body);
    let list = reader.vector_u16()?;
    reader.check(!list.is_empty(), Malformed::LengthOutOfRange)?;
    reader.finish()?;
    let mut reader = Reader::new("ProtocolNameList", list);
    while !reader.is_empty() {
        let name = reader.vector_u8()?;
        reader.check(!name.is_empty(), Malformed::LengthOutOfRange)?;
    }
    let mut reader = Reader::new("ProtocolNameList", list);
    Ok(core::iter::from_fn(move || reader.vector_u8().ok()))
}

pub(crate) fn write_protocol_names<'n>(
    out: &mut Vec<u8>,
    names: impl IntoIterator<Item = &'n [u8]>,
) {
    put_u16(out, |out| {
        for name in names {
            put_u8(out, |out| out.extend_from_slice(name));
        }
    });
}

/// The one name that a server answers with (RFC 7301 §3.1).
pub(crate) fn read_chosen_protocol(body: &[u8]) -> Result<&[u8], InvalidMessage> {
    let mut names = read_protocol_names(body)?;
    match (names.next(), names.next()) {
        (Some(name), None) => Ok(name),
        _ => Err(InvalidMessage {
            what: "ProtocolNameList",
            problem: Malformed::LengthOutOfRange,
        }),
    }
}

/// renegotiated_connection (RFC 5746 §3.2).
pub(crate) fn read_renegotiated_connection(body: &[u8]) -> Result<&[u8], InvalidMessage> {
    let mut reader = Reader::new("renegotiation_info", body);
    let verify_data = reader.vector_u8()?;
    reader.finish()?;
    Ok(verify_data)
}

pub(crate) fn write_renegotiated_connection(out: &mut Vec<u8>, verify_data: &[u8]) {
    put_u8(out, |out| out.extend_from_slice(verify_data));
}

/// supported_signature_algorithms (RFC 5246 §7.4.1.4.1).
pub(crate) fn read_signature_algorithms(
    body: &[u8],
) -> Result<impl Iterator<Item = SignatureAlgorithm> + Clone, InvalidMessage> {
    let mut reader = Reader::new("signature_algorithms", body);
    let algorithms = certificate_verify::read_algorithms(&mut reader)?;
    reader.finish()?;
    Ok(algorithms)
}

/// The code of a length (RFC 6066 §4).
pub(crate) fn read_max_fragment_length(body: &[u8]) -> Result<u8, InvalidMessage> {
    let mut reader = Reader::new("max_fragment_length", body);
    let code = reader.u8()?;
    reader.finish()?;
    Ok(code)
}

pub(crate) fn write_max_fragment_length(out: &mut Vec<u8>, code: u8) {
    out.push(code);
}

/// RecordSizeLimit, in bytes of plaintext (RFC 8449 §4).
pub(crate) fn read_record_size_limit(body: &[u8]) -> Result<u16, InvalidMessage> {
    let mut reader = Reader::new("record_size_limit", body);
    let limit = reader.u16()?;
    reader.finish()?;
    Ok(limit)
}

pub(crate) fn write_record_size_limit(out: &mut Vec<u8>, limit: u16) {
    out.extend_from_slice(&limit.to_be_bytes());
}

/// An extension that says all by being there: its body must be empty.
pub(crate) fn read_flag(name: &'static str, body: &[u8]) -> Result<(), InvalidMessage> {
    Reader::new(name, body).finish()
}

/// NameType host_name (RFC 6066 §3).
const HOST_NAME: u8 = 0;

/// Bytes of a host name at the most (RFC 1035 §2.3.4).
const MAX_HOST_NAME: usize = 255;

/// Extensions in a hello at the most: browsers send about twenty.
const MAX_EXTENSIONS: usize = 128;
