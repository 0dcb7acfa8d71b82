//! What is wrong with the records of each class.

use super::Case;
use crate::peer::Version;
use crate::timing::{Class, Role};

/// Of what is opened, the classes; the first one is what the others are compared with.
pub(super) fn spoils(case: &Case) -> Vec<Spoil> {
    let (suite, version) = ((case.suite)(), case.version);
    let (tag_len, block_len) = (suite.tag_len(), suite.block_len() as u8);
    let room = case.payload - tag_len;
    let first = Mac::WrongAt(0);
    let last = Mac::WrongAt(tag_len - 1);
    let spoil = |name: &str, role, padding, mac, tail| Spoil {
        class: Class {
            name: name.to_owned(),
            role,
        },
        padding,
        mac,
        tail,
    };
    let secret = |name: String, padding, mac, tail| spoil(&name, Role::Secret, padding, mac, tail);
    let wrong_mac = |padding, what: &str| {
        let name = format!("wrong MAC, padding {padding}{what}");
        secret(name, padding, first, Tail::Padding)
    };
    let reference = "wrong MAC, padding 0";
    let mut spoils = vec![
        secret(reference.to_owned(), 0, first, Tail::Padding),
        spoil(
            &format!("{reference}, again (null control)"),
            Role::NullControl,
            0,
            first,
            Tail::Padding,
        ),
        spoil(
            &format!("{reference}, with work more (leak control)"),
            Role::LeakControl,
            0,
            first,
            Tail::Padding,
        ),
        secret(
            "wrong MAC in its last byte, padding 0".to_owned(),
            0,
            last,
            Tail::Padding,
        ),
        wrong_mac(1, ""),
    ];
    // Where one hash block less is needed for the data in front.
    let border = border(case);
    spoils.push(wrong_mac(border - 1, ", the last with as many hash blocks"));
    spoils.push(wrong_mac(border, ", the first with one hash block less"));
    if version == Version::Ssl3 {
        spoils.extend([
            wrong_mac(block_len - 1, ", a whole block"),
            secret(
                "wrong MAC, random padding of a whole block".to_owned(),
                block_len - 1,
                first,
                Tail::OnlyLength(block_len - 1),
            ),
            secret(
                "right MAC, random padding, its length one too small".to_owned(),
                block_len - 1,
                Mac::Right,
                Tail::OnlyLength(block_len - 2),
            ),
            secret(
                "right MAC, random padding, its length 0".to_owned(),
                block_len - 1,
                Mac::Right,
                Tail::OnlyLength(0),
            ),
            secret(
                "right MAC, random padding, its length one too large".to_owned(),
                block_len - 1,
                Mac::Right,
                Tail::OnlyLength(block_len),
            ),
            secret(
                "right MAC, random padding, its length 255".to_owned(),
                block_len - 1,
                Mac::Right,
                Tail::OnlyLength(255),
            ),
            secret(
                "right MAC in front of a padding longer than a block".to_owned(),
                block_len + 3,
                Mac::Right,
                Tail::Padding,
            ),
        ]);
    } else if room > 256 {
        let longest = |name: &str, place| {
            let name = format!("right MAC, padding 255 wrong in {name}");
            secret(name, 255, Mac::Right, Tail::WrongAt(place))
        };
        spoils.extend([
            wrong_mac(255, ""),
            longest("its first byte", 0),
            longest("its middle", 127),
            longest("the byte before its length", 254),
            secret(
                format!("right MAC, padding {border} wrong in its first byte"),
                border,
                Mac::Right,
                Tail::WrongAt(0),
            ),
        ]);
    } else {
        let filling = (room - 1) as u8;
        spoils.extend([
            wrong_mac(filling, ", no data"),
            secret(
                format!("padding {}, a byte longer than there is room", filling + 1),
                filling + 1,
                first,
                Tail::Padding,
            ),
            secret(
                "padding 255, longer than the record".to_owned(),
                255,
                first,
                Tail::Padding,
            ),
            secret(
                "right MAC, length 255, longer than the record".to_owned(),
                0,
                Mac::Right,
                Tail::OnlyLength(255),
            ),
        ]);
    }
    if version != Version::Ssl3 {
        spoils.extend([
            secret(
                "right MAC, only the padding's length right (POODLE)".to_owned(),
                block_len - 1,
                Mac::Right,
                Tail::OnlyLength(block_len - 1),
            ),
            secret(
                "right MAC, padding of a block one byte of which is wrong".to_owned(),
                block_len - 1,
                Mac::Right,
                Tail::WrongAt(usize::from(block_len) - 2),
            ),
        ]);
    }
    spoils.push(spoil(
        "a good record",
        Role::Public,
        block_len - 1,
        Mac::Right,
        Tail::Padding,
    ));
    spoils
}

/// A class of records.
pub(super) struct Spoil {
    pub(super) class: Class,
    /// What the last byte says, but for [`Tail::OnlyLength`].
    pub(super) padding: u8,
    pub(super) mac: Mac,
    pub(super) tail: Tail,
}

#[derive(Clone, Copy)]
pub(super) enum Mac {
    Right,
    /// A bit of this byte of it is turned.
    WrongAt(usize),
}

#[derive(Clone, Copy)]
pub(super) enum Tail {
    /// As long as it says, of bytes that say so.
    Padding,
    /// The same with a bit of this byte of it turned.
    WrongAt(usize),
    /// Random bytes but for the last, which says this.
    OnlyLength(u8),
}

/// The first padding behind which the data needs one hash block less than behind none.
fn border(case: &Case) -> u8 {
    let tag_len = (case.suite)().tag_len();
    let blocks = |padding: usize| {
        let data = case.payload - tag_len - 1 - padding;
        let head = match case.version {
            // Key and pad_1, then number, type and length.
            Version::Ssl3 => tag_len + 40 + 11,
            Version::Tls1_0 | Version::Tls1_1 | Version::Tls1_2 => 13,
        };
        (head + data + 9).div_ceil(64)
    };
    (1..64)
        .find(|padding| blocks(usize::from(*padding)) < blocks(0))
        .expect("a hash block has 64 bytes")
}
