//! A peer that has the keys and does not keep to the protocol: what it sends is changed before it
//! is sealed.

use std::collections::VecDeque;

use super::ContentType;

/// What becomes of the next contents that are sent, in order; when it is used up, they go out as
/// they are.
#[derive(Default)]
pub(crate) struct Tampering {
    pub(crate) changes: VecDeque<Change>,
    /// All that was sealed, in order.
    pub(crate) sealed: Vec<(ContentType, Vec<u8>)>,
}

/// One change, to one message or one piece of data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Keep,
    Drop,
    Twice,
    /// In two records, the first of so many bytes.
    Split(usize),
    Truncate(usize),
    Append(Vec<u8>),
    /// Another value for the byte at this place, counted round.
    Flip {
        place: usize,
        mask: u8,
    },
    Replace(ContentType, Vec<u8>),
    /// Something else before it.
    Before(ContentType, Vec<u8>),
}

impl Tampering {
    /// What is sent in the place of `content`.
    pub(super) fn apply(
        &mut self,
        content_type: ContentType,
        content: &[u8],
    ) -> Vec<(ContentType, Vec<u8>)> {
        let content = content.to_vec();
        let same = |content: Vec<u8>| (content_type, content);
        match self.changes.pop_front().unwrap_or(Change::Keep) {
            Change::Keep => vec![same(content)],
            Change::Drop => Vec::new(),
            Change::Twice => vec![same(content.clone()), same(content)],
            Change::Split(len) => {
                let (first, rest) = content.split_at(len.min(content.len()));
                vec![same(first.to_vec()), same(rest.to_vec())]
            }
            Change::Truncate(len) => vec![same(content[..len.min(content.len())].to_vec())],
            Change::Append(more) => vec![same([content, more].concat())],
            Change::Flip { place, mask } => {
                let mut content = content;
                let place = place % content.len().max(1);
                if let Some(byte) = content.get_mut(place) {
                    *byte ^= mask;
                }
                vec![same(content)]
            }
            Change::Replace(content_type, content) => vec![(content_type, content)],
            Change::Before(other, more) => vec![(other, more), same(content)],
        }
    }
}
