//! Cutting what is sent into fragments (RFC 5246 §6.2.1).

use super::MAX_PLAINTEXT;

/// How the first fragment of a write is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirstFragment {
    /// As long as any.
    Whole,
    /// One byte, against BEAST.
    OneByte,
}

/// The fragments of one write, in order; none where there is nothing to send.
pub(crate) fn fragments(data: &[u8], first: FirstFragment) -> impl Iterator<Item = &[u8]> {
    let (head, rest) = match first {
        FirstFragment::Whole => data.split_at(0),
        FirstFragment::OneByte => data.split_at(data.len().min(1)),
    };
    let head = (!head.is_empty()).then_some(head);
    head.into_iter().chain(rest.chunks(MAX_PLAINTEXT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_are_cut_to_size() {
        let data = vec![0; 2 * MAX_PLAINTEXT + 1];
        let lengths = |len: usize, first| -> Vec<usize> {
            fragments(&data[..len], first).map(<[u8]>::len).collect()
        };
        use FirstFragment::{OneByte, Whole};
        assert!(lengths(0, Whole).is_empty());
        assert!(lengths(0, OneByte).is_empty());
        assert_eq!(lengths(1, OneByte), [1]);
        assert_eq!(lengths(100, OneByte), [1, 99]);
        assert_eq!(
            lengths(data.len(), OneByte),
            [1, MAX_PLAINTEXT, MAX_PLAINTEXT]
        );
        assert_eq!(
            lengths(data.len(), Whole),
            [MAX_PLAINTEXT, MAX_PLAINTEXT, 1]
        );
    }
}
