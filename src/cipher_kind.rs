//! SSL 2.0's cipher kinds: one table, a row each, that the rest of the code reads.

use core::fmt;
use core::str::FromStr;

use crate::crypto::BulkCipher;

/// SSL 2.0's CIPHER-KIND: three bytes that name a cipher, its key's length and the hash under it
/// (The SSL Protocol, appendix C.4).
///
/// Any bytes can be carried, compared and printed; what this crate can use has a row in its
/// table, so [`name`](Self::name) and [`strength_bits`](Self::strength_bits) are `Some`. Of the
/// specification's kinds only SSL_CK_IDEA_128_CBC_WITH_MD5, 05 00 80, is left out.
///
/// ```
/// use retrossl::CipherKind;
///
/// let kind: CipherKind = "SSL_CK_RC4_128_WITH_MD5".parse().unwrap();
/// assert_eq!(kind, CipherKind([0x01, 0x00, 0x80]));
/// assert_eq!(CipherKind([0x05, 0x00, 0x80]).to_string(), "0x050080");
/// assert_eq!("0x050080".parse(), Ok(CipherKind([0x05, 0x00, 0x80])));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CipherKind(pub [u8; 3]);

impl CipherKind {
    /// RC4.
    pub const SSL_CK_RC4_128_WITH_MD5: Self = Self([0x01, 0x00, 0x80]);
    /// RC4, with all but 40 bits of the master key in the clear.
    pub const SSL_CK_RC4_128_EXPORT40_WITH_MD5: Self = Self([0x02, 0x00, 0x80]);
    /// RC2 in CBC mode.
    pub const SSL_CK_RC2_128_CBC_WITH_MD5: Self = Self([0x03, 0x00, 0x80]);
    /// RC2 in CBC mode, with all but 40 bits of the master key in the clear.
    pub const SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5: Self = Self([0x04, 0x00, 0x80]);
    /// DES (56 bits) in CBC mode.
    pub const SSL_CK_DES_64_CBC_WITH_MD5: Self = Self([0x06, 0x00, 0x40]);
    /// Triple DES in CBC mode.
    pub const SSL_CK_DES_192_EDE3_CBC_WITH_MD5: Self = Self([0x07, 0x00, 0xC0]);

    /// Every kind that this crate implements, strongest first.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.kind)
    }

    /// The specification's name, for a kind that this crate implements.
    pub fn name(self) -> Option<&'static str> {
        self.row().map(|row| row.name)
    }

    /// Bits of secret in the master key that an attacker must find (3DES: 112, export: 40).
    pub fn strength_bits(self) -> Option<u16> {
        self.row().map(|row| row.strength_bits)
    }

    /// Whether it was made for export from the United States: a part of its key goes out in the
    /// clear.
    pub fn is_export(self) -> bool {
        self.row().is_some_and(|row| row.clear_len > 0)
    }

    /// The table's row, for a kind that this crate implements.
    pub(crate) fn row(self) -> Option<&'static KindRow> {
        TABLE.iter().find(|row| row.kind == self)
    }
}

impl fmt::Display for CipherKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, third] = self.0;
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "0x{first:02X}{second:02X}{third:02X}"),
        }
    }
}

impl fmt::Debug for CipherKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CipherKind({self})")
    }
}

impl FromStr for CipherKind {
    type Err = UnknownKindName;

    /// Takes the specification's name of a kind that this crate implements, with or without
    /// `SSL_CK_`, or any bytes as they are printed: `0x050080`.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let digits = name.strip_prefix("0x").filter(|digits| digits.len() == 6);
        if let Some(Ok(number)) = digits.map(|digits| u32::from_str_radix(digits, 16)) {
            let [_, bytes @ ..] = number.to_be_bytes();
            return Ok(Self(bytes));
        }
        let bare = |full: &str| full.strip_prefix("SSL_CK_").unwrap_or(full).to_owned();
        let wanted = bare(&name.to_ascii_uppercase());
        TABLE
            .iter()
            .find(|row| bare(row.name) == wanted)
            .map(|row| row.kind)
            .ok_or_else(|| UnknownKindName(name.to_owned()))
    }
}

/// The name of a cipher kind that this crate does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown cipher kind {0:?}; a name such as SSL_CK_DES_192_EDE3_CBC_WITH_MD5 is expected")]
pub struct UnknownKindName(String);

/// One cipher kind. The hash under every MAC and key is MD5.
#[derive(Debug)]
pub(crate) struct KindRow {
    pub(crate) kind: CipherKind,
    pub(crate) name: &'static str,
    pub(crate) cipher: BulkCipher,
    /// Bytes of the master key that go to the server in the clear: CLEAR-KEY-LENGTH.
    pub(crate) clear_len: usize,
    pub(crate) strength_bits: u16,
}

impl KindRow {
    /// Bytes of the master key: as many as of the cipher's.
    pub(crate) const fn master_key_len(&self) -> usize {
        self.cipher.key_len()
    }

    /// Bytes of the master key that go to the server encrypted: SECRET-LENGTH.
    pub(crate) const fn secret_len(&self) -> usize {
        // No row has more in the clear than there is.
        self.master_key_len() - self.clear_len
    }

    /// Bytes of argument that the cipher needs beside its key, its first IV: KEY-ARG-LENGTH.
    pub(crate) const fn key_arg_len(&self) -> usize {
        self.cipher.iv_len()
    }

    /// Bytes of key material: one key for each direction.
    pub(crate) const fn key_material_len(&self) -> usize {
        2 * self.cipher.key_len()
    }
}

/// Every kind, strongest first; Triple DES before RC4, whose biases cost it more than 16 bits.
#[rustfmt::skip]
static TABLE: &[KindRow] = &[
    row(CipherKind::SSL_CK_DES_192_EDE3_CBC_WITH_MD5, "SSL_CK_DES_192_EDE3_CBC_WITH_MD5", BulkCipher::TripleDesEdeCbc, 0, 112),
    row(CipherKind::SSL_CK_RC4_128_WITH_MD5, "SSL_CK_RC4_128_WITH_MD5", BulkCipher::Rc4, 0, 128),
    row(CipherKind::SSL_CK_RC2_128_CBC_WITH_MD5, "SSL_CK_RC2_128_CBC_WITH_MD5", BulkCipher::Rc2Cbc, 0, 128),
    row(CipherKind::SSL_CK_DES_64_CBC_WITH_MD5, "SSL_CK_DES_64_CBC_WITH_MD5", BulkCipher::DesCbc, 0, 56),
    row(CipherKind::SSL_CK_RC4_128_EXPORT40_WITH_MD5, "SSL_CK_RC4_128_EXPORT40_WITH_MD5", BulkCipher::Rc4, 11, 40),
    row(CipherKind::SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5, "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5", BulkCipher::Rc2Cbc, 11, 40),
];

const fn row(
    kind: CipherKind,
    name: &'static str,
    cipher: BulkCipher,
    clear_len: usize,
    strength_bits: u16,
) -> KindRow {
    KindRow {
        kind,
        name,
        cipher,
        clear_len,
        strength_bits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_bytes_are_unique_and_go_both_ways() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.name.parse(), Ok(row.kind));
            assert_eq!(row.name.to_ascii_lowercase()[7..].parse(), Ok(row.kind));
            let [first, second, third] = row.kind.0;
            let number = format!("0x{first:02x}{second:02x}{third:02x}");
            assert_eq!(number.parse(), Ok(row.kind));
            for other in &TABLE[index + 1..] {
                assert_ne!(row.kind, other.kind);
                assert_ne!(row.name, other.name);
            }
        }
        for unknown in ["SSL_CK_IDEA_128_CBC_WITH_MD5", "0x0500800", "0x05008", ""] {
            assert!(unknown.parse::<CipherKind>().is_err(), "{unknown}");
        }
    }

    /// The third byte, and the second, count the key's bits; the name says what of it is secret.
    #[test]
    fn lengths_agree_with_bytes_and_names() {
        for row in TABLE {
            let [_, high, low] = row.kind.0;
            let bits = usize::from(u16::from_be_bytes([high, low]));
            assert_eq!(8 * row.master_key_len(), bits, "{}", row.name);
            let secret_bits = if row.name.contains("EXPORT40") {
                40
            } else {
                bits
            };
            assert_eq!(8 * row.secret_len(), secret_bits, "{}", row.name);
            let key_arg_len = if row.name.contains("CBC") { 8 } else { 0 };
            assert_eq!(row.key_arg_len(), key_arg_len, "{}", row.name);
            assert!(
                usize::from(row.strength_bits) <= secret_bits,
                "{}",
                row.name
            );
        }
    }

    /// The bytes and the names are those of The SSL Protocol, appendix C.4.
    #[test]
    fn kinds_are_the_specifications_and_in_order() {
        let rows = TABLE
            .iter()
            .map(|row| (row.kind.0, row.name, row.strength_bits));
        assert!(rows.eq([
            ([7, 0, 0xc0], "SSL_CK_DES_192_EDE3_CBC_WITH_MD5", 112),
            ([1, 0, 0x80], "SSL_CK_RC4_128_WITH_MD5", 128),
            ([3, 0, 0x80], "SSL_CK_RC2_128_CBC_WITH_MD5", 128),
            ([6, 0, 0x40], "SSL_CK_DES_64_CBC_WITH_MD5", 56),
            ([2, 0, 0x80], "SSL_CK_RC4_128_EXPORT40_WITH_MD5", 40),
            ([4, 0, 0x80], "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5", 40),
        ]));
    }
}
