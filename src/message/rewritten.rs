//! Reading a message and writing it again: the same bytes come out, or the reader is not exact.

use crate::error::InvalidMessage;
use crate::message::certificate_verify::write_algorithms;
use crate::message::*;
use crate::testing::vectors::written;
use crate::version::ProtocolVersion;

/// What was read, written again.
pub(crate) type Rewritten = Result<Vec<u8>, InvalidMessage>;

pub(crate) fn rewrite_handshake(encoded: &[u8]) -> Rewritten {
    let message = Handshake::read(encoded)?;
    Ok(encode(message.kind, |out| {
        out.extend_from_slice(message.body);
    }))
}

pub(crate) fn rewrite_client_hello(body: &[u8]) -> Rewritten {
    let hello = ClientHello::read(body)?;
    // Whatever is in the extensions, asking for it must not panic.
    let _ = (hello.server_name(), hello.alpn_protocols().count());
    Ok(written(|out| hello.write(out)))
}

pub(crate) fn rewrite_server_hello(body: &[u8]) -> Rewritten {
    let hello = ServerHello::read(body)?;
    Ok(written(|out| hello.write(out)))
}

pub(crate) fn rewrite_certificate(body: &[u8]) -> Rewritten {
    let message = Certificate::read(body)?;
    Ok(written(|out| message.write(out)))
}

pub(crate) fn rewrite_certificate_request(body: &[u8], version: ProtocolVersion) -> Rewritten {
    let message = CertificateRequest::read(body, version)?;
    Ok(written(|out| message.write(out, version)))
}

pub(crate) fn rewrite_certificate_verify(body: &[u8], version: ProtocolVersion) -> Rewritten {
    let message = CertificateVerify::read(body, version)?;
    Ok(written(|out| message.write(out)))
}

pub(crate) fn rewrite_server_key_exchange(body: &[u8]) -> Rewritten {
    let message = ServerKeyExchange::read(body)?;
    Ok(written(|out| message.write(out)))
}

/// At TLS 1.0 a message without the length is not canonical: it is written with one. At SSL 3.0 one
/// with it is not.
pub(crate) fn rewrite_client_key_exchange(
    body: &[u8],
    version: ProtocolVersion,
    modulus_len: usize,
) -> Rewritten {
    let message = ClientKeyExchange::read(body, version, modulus_len)?;
    let mut rewritten = written(|out| message.write(out, version));
    if version == ProtocolVersion::TLSv1_0 && body.len() == modulus_len {
        rewritten.drain(..2);
    }
    if version == ProtocolVersion::SSLv3 && body.len() == rewritten.len() + 2 {
        rewritten.splice(..0, (modulus_len as u16).to_be_bytes());
    }
    Ok(rewritten)
}

pub(crate) fn rewrite_protocol_names(body: &[u8]) -> Rewritten {
    let names = extension::read_protocol_names(body)?;
    Ok(written(|out| extension::write_protocol_names(out, names)))
}

pub(crate) fn rewrite_renegotiated_connection(body: &[u8]) -> Rewritten {
    let verify_data = extension::read_renegotiated_connection(body)?;
    Ok(written(|out| {
        extension::write_renegotiated_connection(out, verify_data);
    }))
}

pub(crate) fn rewrite_signature_algorithms(body: &[u8]) -> Rewritten {
    let algorithms: Vec<_> = extension::read_signature_algorithms(body)?.collect();
    Ok(written(|out| write_algorithms(out, &algorithms)))
}

pub(crate) fn rewrite_max_fragment_length(body: &[u8]) -> Rewritten {
    let code = extension::read_max_fragment_length(body)?;
    Ok(written(|out| {
        extension::write_max_fragment_length(out, code)
    }))
}

pub(crate) fn rewrite_record_size_limit(body: &[u8]) -> Rewritten {
    let limit = extension::read_record_size_limit(body)?;
    Ok(written(|out| {
        extension::write_record_size_limit(out, limit)
    }))
}

pub(crate) fn rewrite_new_session_ticket(body: &[u8]) -> Rewritten {
    let message = NewSessionTicket::read(body)?;
    Ok(written(|out| message.write(out)))
}
