//! How long the records are that crossed.

/// The longest fragment of the handshake in clear.
pub fn longest_in_clear(bytes: &[u8]) -> usize {
    let clear = records(bytes).take_while(|(kind, _)| *kind != CHANGE_CIPHER_SPEC);
    clear.map(|(_, len)| len).max().unwrap_or_default()
}

/// The longest protected fragment of data.
pub fn longest_of_data(bytes: &[u8]) -> usize {
    let data = records(bytes).filter(|(kind, _)| *kind == APPLICATION_DATA);
    data.map(|(_, len)| len).max().unwrap_or_default()
}

/// Whether the longest fragment of much data is that of `limit` bytes of plaintext: protection
/// adds a MAC or a tag, and at the most an IV and padding.
pub fn is_cut_to(limit: usize, bytes: &[u8]) -> bool {
    (limit + 16..=limit + 64).contains(&longest_of_data(bytes))
}

/// Whether no fragment of data is longer than one of `limit` bytes of plaintext.
pub fn is_within(limit: usize, bytes: &[u8]) -> bool {
    longest_of_data(bytes) <= limit + 64
}

/// Content types and lengths of the whole records.
fn records(mut bytes: &[u8]) -> impl Iterator<Item = (u8, usize)> {
    std::iter::from_fn(move || {
        let [kind, _, _, high, low, rest @ ..] = bytes else {
            return None;
        };
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        bytes = rest.get(len..)?;
        Some((*kind, len))
    })
}

const CHANGE_CIPHER_SPEC: u8 = 20;

const APPLICATION_DATA: u8 = 23;
