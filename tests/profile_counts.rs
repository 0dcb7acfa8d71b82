//! How the profile in `benches/profile` sorts what Callgrind has counted.

#[path = "../benches/profile/counts.rs"]
mod counts;

use counts::{Counts, Origin};

/// A function of this crate that inlines one of `aes` and a bit of Rust's library, and calls one of
/// the library's that asks for memory; a primitive asks for some, too.
const FILE: &str = "\
positions: line
events: Ir

fl=HERE/src/record/sealer.rs
fn=retrossl::record::sealer::Sealer::seal
10 5
fi=REGISTRY/aes-0.9.1/src/ni.rs
20 40
fi=/rustc/0123/library/core/src/slice/mod.rs
30 7
fe=HERE/src/record/sealer.rs
11 1
cfi=/rustc/0123/library/alloc/src/raw_vec.rs
cfn=alloc::raw_vec::finish_grow
calls=1 5
11 30

fl=/rustc/0123/library/alloc/src/raw_vec.rs
fn=alloc::raw_vec::finish_grow
5 10
cfn=malloc
calls=1 0
6 20

fl=REGISTRY/md-5-0.11.0/src/lib.rs
fn=<md5::Md5Core as digest::FixedOutputCore>::finalize
7 100
cfn=malloc
calls=2 0
8 60

fl=???
fn=malloc
0 80

fl=HERE/src/crypto/rc4.rs
fn=retrossl::crypto::rsa::raw
9 3

fl=HERE/benches/profile/main.rs
fn=profile::profiled
1 1000
";

#[test]
fn each_line_counts_where_it_came_from() {
    let counts = counts();
    let own = |origin| counts.instructions[&origin].own;
    assert_eq!(own(Origin::Own("record/sealer.rs".to_owned())), 6);
    // The library's line stands behind one of the cipher's.
    assert_eq!(own(Origin::PrimitiveCrate("aes".to_owned())), 47);
    assert_eq!(own(Origin::PrimitiveCrate("md-5".to_owned())), 100);
    assert_eq!(own(Origin::OwnPrimitive("crypto/rc4.rs".to_owned())), 3);
}

#[test]
fn what_libraries_do_counts_for_their_callers() {
    let counts = counts();
    let sealer = counts.instructions[&Origin::Own("record/sealer.rs".to_owned())];
    let md5 = counts.instructions[&Origin::PrimitiveCrate("md-5".to_owned())];
    // A quarter of the 80, by what the calls took; and `finish_grow` itself.
    assert_eq!((sealer.allocation, sealer.libraries), (20, 10));
    assert_eq!(md5.allocation, 60);
    assert_eq!(md5.copies, 0);
}

#[test]
fn the_bench_itself_does_not_count() {
    let counts = counts();
    let sealer = counts.instructions[&Origin::Own("record/sealer.rs".to_owned())];
    assert_eq!(counts.primitives(), 47 + 160 + 3);
    assert_eq!(counts.total(), counts.primitives() + sealer.all());
    assert_eq!(sealer.all(), 36);
}

fn counts() -> Counts {
    let here = env!("CARGO_MANIFEST_DIR");
    let registry = "/home/somebody/.cargo/registry/src/index";
    Counts::parse(&FILE.replace("HERE", here).replace("REGISTRY", registry))
}
