//! The RSA operations by themselves.

use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use purecrypto::rsa::BoxedRsaPrivateKey;
use retrossl::pki_types::PrivateKeyDer;
use retrossl::{PrivateKey, RsaPrivateKey, SignatureInput};

use super::Cast;
use super::party::Contestant;
use super::work::Work;
use crate::Error;

/// `m ^ d mod n` of a padded pre-master secret: blinded by each, and by us checked afterwards.
pub fn private(contestant: Contestant, bits: u32, cast: &Cast) -> Result<Box<dyn Work>, Error> {
    let identity = cast.identity(bits)?;
    let key = identity.key.rsa()?;
    let mut ciphertext = vec![0; key.size() as usize];
    key.public_encrypt(&[7; 48], &mut ciphertext, Padding::PKCS1)?;
    let mut plaintext = vec![0; ciphertext.len()];
    Ok(match contestant {
        Contestant::Ours => {
            let der = PrivateKeyDer::Pkcs8(identity.key_der()?.into());
            let key = RsaPrivateKey::from_der(&der)?;
            Box::new(move || Ok(key.raw_decrypt(&ciphertext, &mut plaintext)?))
        }
        Contestant::OpenSsl => Box::new(move || {
            key.private_decrypt(&ciphertext, &mut plaintext, Padding::NONE)?;
            Ok(())
        }),
        Contestant::Purecrypto => {
            let key = purecrypto_key(&key.private_key_to_der()?)?;
            Box::new(move || {
                let secret = key.decrypt_pkcs1v15_session(&ciphertext, 48);
                secret.map_err(|error| format!("purecrypto: {error:?}"))?;
                Ok(())
            })
        }
    })
}

/// Verifies a PKCS#1 signature over MD5 and SHA-1: `s ^ e mod n`, and a comparison.
pub fn public(contestant: Contestant, bits: u32, cast: &Cast) -> Result<Box<dyn Work>, Error> {
    let identity = cast.identity(bits)?;
    let key = identity.key.rsa()?;
    let digests = [7; 36];
    let mut signature = vec![0; key.size() as usize];
    key.private_encrypt(&digests, &mut signature, Padding::PKCS1)?;
    let verified = |valid: bool| match valid {
        true => Ok(()),
        false => Err(Error::from("a good signature was refused")),
    };
    Ok(match contestant {
        Contestant::Ours => {
            let der = PrivateKeyDer::Pkcs8(identity.key_der()?.into());
            let key = RsaPrivateKey::from_der(&der)?.public_key().clone();
            let input = SignatureInput::Md5Sha1(digests);
            Box::new(move || verified(key.verify(&input, &signature)))
        }
        Contestant::OpenSsl => {
            let mut context = PkeyCtx::new(&identity.key)?;
            context.verify_init()?;
            context.set_rsa_padding(Padding::PKCS1)?;
            Box::new(move || verified(context.verify(&digests, &signature)?))
        }
        Contestant::Purecrypto => {
            let key = purecrypto_key(&key.private_key_to_der()?)?.public_key();
            Box::new(move || {
                let valid = key.verify_pkcs1v15_prehashed(&digests, &signature);
                verified(valid.is_ok())
            })
        }
    })
}

fn purecrypto_key(der: &[u8]) -> Result<BoxedRsaPrivateKey, Error> {
    let key = BoxedRsaPrivateKey::from_pkcs1_der(der);
    key.map_err(|error| format!("purecrypto cannot read the key: {error:?}").into())
}
