//! Cutting what is sent into fragments (RFC 5246 §6.2.1).

use super::PlaintextLimit;

/// How the first fragment of a write is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirstFragment {
    /// As long as any.
    Whole,
    /// One byte, against BEAST.
    OneByte,
}

/// The fragments of one write, in order, none longer than `limit`; none where there is nothing to
/// send.
pub(crate) fn fragments(
    data: &[u8],
    first: FirstFragment,
    limit: PlaintextLimit,
) -> impl Iterator<Item = &[u8]> + Clone {
    let (head, rest) = match first {
        FirstFragment::Whole => data.split_at(0),
        FirstFragment::OneByte => data.split_at(data.len().min(1)),
    };
    let head = (!head.is_empty()).then_some(head);
    head.into_iter().chain(rest.chunks(limit.bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::MAX_PLAINTEXT;

    #[test]
    fn fragments_are_cut_to_size() {
        let data = vec![0; 2 * MAX_PLAINTEXT + 1];
        let limited = |len: usize, first, limit| -> Vec<usize> {
            let fragments = fragments(&data[..len], first, limit);
            fragments.map(<[u8]>::len).collect()
        };
        let lengths = |len, first| limited(len, first, PlaintextLimit::MAX);
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
        let limit = PlaintextLimit::new(64).unwrap();
        assert_eq!(limited(129, Whole, limit), [64, 64, 1]);
        assert_eq!(limited(129, OneByte, limit), [1, 64, 64]);
    }
}
