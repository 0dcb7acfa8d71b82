//! As [`crate::message::rewritten`], for SSL 2.0's messages.

use crate::message::rewritten::Rewritten;
use crate::message::ssl2::*;
use crate::testing::vectors::written;

pub(crate) fn rewrite_message(encoded: &[u8]) -> Rewritten {
    let message = Message::read(encoded)?;
    Ok(encode(message.kind, |out| {
        out.extend_from_slice(message.body);
    }))
}

pub(crate) fn rewrite_client_hello(body: &[u8]) -> Rewritten {
    let hello = ClientHello::read(body)?;
    // Whatever is in it, asking for it must not panic.
    let _ = (
        crate::message::ClientHello::of_ssl2(&hello)
            .cipher_suites()
            .count(),
        hello.random(),
    );
    Ok(written(|out| hello.write(out)))
}

pub(crate) fn rewrite_server_hello(body: &[u8]) -> Rewritten {
    let hello = ServerHello::read(body)?;
    let mut rewritten = written(|out| hello.write(out));
    if hello.session_id_hit {
        rewritten[0] = body[0];
    }
    Ok(rewritten)
}

pub(crate) fn rewrite_client_master_key(body: &[u8]) -> Rewritten {
    let message = ClientMasterKey::read(body)?;
    Ok(written(|out| message.write(out)))
}

pub(crate) fn rewrite_client_finished(body: &[u8]) -> Rewritten {
    let message = ClientFinished::read(body)?;
    Ok(written(|out| message.write(out)))
}

pub(crate) fn rewrite_server_verify(body: &[u8]) -> Rewritten {
    let message = ServerVerify::read(body)?;
    Ok(written(|out| message.write(out)))
}

pub(crate) fn rewrite_request_certificate(body: &[u8]) -> Rewritten {
    let message = RequestCertificate::read(body)?;
    Ok(written(|out| message.write(out)))
}

pub(crate) fn rewrite_client_certificate(body: &[u8]) -> Rewritten {
    let message = ClientCertificate::read(body)?;
    Ok(written(|out| message.write(out)))
}

pub(crate) fn rewrite_error(body: &[u8]) -> Rewritten {
    let message = ErrorMessage::read(body)?;
    Ok(written(|out| message.write(out)))
}
