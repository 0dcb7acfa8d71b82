//! Circuits for the S-boxes, for any number of blocks at once: the first input and the first
//! output are the most significant bits.
//!
//! They were found by a search of a few minutes for each S-box, and anybody may search on: the
//! test `each_circuit_is_its_table` is all that they have to pass.
//!
//! - A gate is "and", "or", "and not" or "exclusive or", and counts the same. "Not" is never
//!   needed: a value may be there inverted, as the next gate can be chosen to fit, and what is
//!   inverted at the end is listed below and goes into the subkeys.
//! - At first each output in turn, in a random order, is looked for among the values that there
//!   are and in combinations of two and three of them. Where there is none it is split by one of
//!   the inputs, taken at random: one half as it is, and where that input is set the difference
//!   to the other half, each with the other half's cases left open. The smallest eight of some
//!   thousand circuits, of 41 to 62 gates, go on.
//! - Then each circuit drifts. For a gate chosen at random it is computed for which inputs it
//!   matters at all; among the other values that do not depend on it, and all pairs of them,
//!   those are collected that agree there, and one of them takes its place. A quarter of the
//!   times two gates take the place of one, as long as the circuit stays within two gates of the
//!   smallest. Gates that nothing needs any more fall away: a fifth of them in the end.
//! - The order is that of several hundred greedy ones which keeps the fewest values alive (10 to
//!   16, for 16 registers).
//!
//! That gave 351 operations, 44 for an S-box.

use super::planes::Plane;

/// 50 operations.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn s1<P: Plane>([a, b, c, d, e, f]: [P; 6]) -> [P; 4] {
    let g1 = f & a;
    let g2 = f ^ c;
    let g3 = f ^ e;
    let g4 = g3 & !d;
    let g5 = g3 & !b;
    let g6 = c & !g5;
    let g7 = g2 & g5;
    let g8 = g1 & !g7;
    let g9 = g4 ^ g8;
    let g10 = g9 | b;
    let g11 = g10 ^ g8;
    let g12 = g9 ^ g2;
    let g13 = g6 | g2;
    let g14 = g13 & !e;
    let g15 = g12 ^ a;
    let g16 = g11 ^ g14;
    let g17 = g16 & g6;
    let g18 = g11 ^ b;
    let g19 = a & !g17;
    let g20 = g19 & !g18;
    let g21 = g20 | d;
    let g22 = g21 & !g3;
    let g23 = g22 | g15;
    let g24 = g16 ^ g15;
    let g25 = g21 ^ g24;
    let g26 = g16 & !e;
    let g27 = g23 & !g4;
    let g28 = g27 & e;
    let g29 = g18 | g26;
    let g30 = g23 & !a;
    let g31 = g29 & !g25;
    let g32 = g26 ^ a;
    let g33 = g32 | g30;
    let g34 = g33 ^ f;
    let g35 = g31 | d;
    let g36 = d ^ b;
    let g37 = g28 ^ g34;
    let g38 = g37 & g19;
    let g39 = g38 ^ g35;
    let g40 = g34 ^ g25;
    let g41 = b & g25;
    let g42 = g39 ^ g41;
    let g43 = g42 ^ g26;
    let g44 = g36 & !g41;
    let g45 = g44 ^ g34;
    let g46 = g7 | g44;
    let g47 = g46 | g28;
    let g48 = g43 ^ g47;
    let g49 = b ^ g48;
    let g50 = g49 ^ g40;
    [g45, g50, g43, g25]
}

/// 44 operations.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn s2<P: Plane>([a, b, c, d, e, f]: [P; 6]) -> [P; 4] {
    let g1 = f ^ a;
    let g2 = c & f;
    let g3 = b ^ a;
    let g4 = g3 & !f;
    let g5 = e & !g4;
    let g6 = f ^ e;
    let g7 = g5 | b;
    let g8 = g6 ^ b;
    let g9 = g7 & !f;
    let g10 = g9 ^ g5;
    let g11 = g10 ^ a;
    let g12 = g11 ^ c;
    let g13 = g7 ^ g8;
    let g14 = g12 & !g13;
    let g15 = g14 ^ g5;
    let g16 = g10 | g13;
    let g17 = g15 | a;
    let g18 = g17 ^ g1;
    let g19 = d ^ g11;
    let g20 = g7 & g19;
    let g21 = g20 ^ g12;
    let g22 = g12 & g10;
    let g23 = g10 & !g21;
    let g24 = g23 ^ g8;
    let g25 = g24 & !g2;
    let g26 = g19 ^ g25;
    let g27 = g22 & !g1;
    let g28 = g21 ^ g27;
    let g29 = g8 ^ g28;
    let g30 = g18 ^ g8;
    let g31 = g29 | g1;
    let g32 = g31 | g6;
    let g33 = d & !g30;
    let g34 = g3 | g29;
    let g35 = g34 ^ g18;
    let g36 = g35 ^ g16;
    let g37 = g34 & !c;
    let g38 = g37 ^ g33;
    let g39 = g38 ^ g3;
    let g40 = g36 ^ g39;
    let g41 = a & !g36;
    let g42 = g41 ^ g24;
    let g43 = g42 ^ g32;
    let g44 = d ^ g43;
    [g29, g26, g40, g44]
}

/// 44 operations.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn s3<P: Plane>([a, b, c, d, e, f]: [P; 6]) -> [P; 4] {
    let g1 = d ^ a;
    let g2 = f ^ c;
    let g3 = b & !g2;
    let g4 = g3 | d;
    let g5 = f & !g4;
    let g6 = g5 ^ g1;
    let g7 = g1 | g5;
    let g8 = g7 ^ g2;
    let g9 = g8 | c;
    let g10 = e & !f;
    let g11 = e & g9;
    let g12 = g11 ^ g3;
    let g13 = c & !g10;
    let g14 = g12 ^ g13;
    let g15 = g14 ^ d;
    let g16 = a | g15;
    let g17 = g16 ^ g12;
    let g18 = g16 & !g13;
    let g19 = g17 & !g14;
    let g20 = g17 | e;
    let g21 = g19 ^ b;
    let g22 = e ^ g8;
    let g23 = g21 | g18;
    let g24 = g22 ^ g23;
    let g25 = g15 & !g10;
    let g26 = g20 & !g8;
    let g27 = g25 ^ g6;
    let g28 = g22 & !g10;
    let g29 = g20 ^ g22;
    let g30 = g6 | d;
    let g31 = g27 & !d;
    let g32 = b ^ g30;
    let g33 = g29 ^ g32;
    let g34 = g32 ^ g18;
    let g35 = g30 & !c;
    let g36 = g35 | g11;
    let g37 = g36 & !g34;
    let g38 = g26 & !g37;
    let g39 = g38 ^ g31;
    let g40 = g39 | c;
    let g41 = g40 & b;
    let g42 = g27 ^ g41;
    let g43 = g39 & !g28;
    let g44 = g43 ^ g37;
    [g24, g42, g44, g33]
}

/// 31 operations.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn s4<P: Plane>([a, b, c, d, e, f]: [P; 6]) -> [P; 4] {
    let g1 = d ^ b;
    let g2 = d ^ c;
    let g3 = g1 ^ a;
    let g4 = e ^ c;
    let g5 = g4 & !g2;
    let g6 = e ^ a;
    let g7 = g5 ^ d;
    let g8 = c & !g7;
    let g9 = g4 & !g3;
    let g10 = g6 | g9;
    let g11 = g7 & !g10;
    let g12 = g7 & g1;
    let g13 = g12 | g3;
    let g14 = g1 & g5;
    let g15 = g13 & !a;
    let g16 = g11 | g14;
    let g17 = g16 ^ g4;
    let g18 = g12 | g17;
    let g19 = g15 ^ g18;
    let g20 = b ^ g17;
    let g21 = g20 ^ f;
    let g22 = g21 ^ g8;
    let g23 = g20 & !g22;
    let g24 = g23 ^ g13;
    let g25 = g24 ^ g11;
    let g26 = g25 ^ g21;
    let g27 = g21 ^ g5;
    let g28 = g27 ^ g10;
    let g29 = g28 & !f;
    let g30 = g29 ^ g19;
    let g31 = g30 ^ g28;
    [g26, g25, g31, g30]
}

/// 53 operations.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn s5<P: Plane>([a, b, c, d, e, f]: [P; 6]) -> [P; 4] {
    let g1 = f | c;
    let g2 = f ^ a;
    let g3 = g2 ^ c;
    let g4 = a & !g3;
    let g5 = e & !g4;
    let g6 = g2 ^ e;
    let g7 = g1 & !g6;
    let g8 = g5 | g7;
    let g9 = g8 & !a;
    let g10 = g9 ^ g2;
    let g11 = g8 | g2;
    let g12 = g11 & !c;
    let g13 = g8 ^ c;
    let g14 = d & !g8;
    let g15 = d ^ c;
    let g16 = g13 | a;
    let g17 = g16 & d;
    let g18 = g16 & !g5;
    let g19 = g7 ^ b;
    let g20 = g12 ^ g19;
    let g21 = g20 & !g3;
    let g22 = g1 & !g21;
    let g23 = g22 ^ a;
    let g24 = g23 & !g14;
    let g25 = g13 & !g23;
    let g26 = g24 ^ g5;
    let g27 = e & !g26;
    let g28 = g26 ^ g20;
    let g29 = g28 | d;
    let g30 = g29 ^ g20;
    let g31 = g25 | b;
    let g32 = g31 ^ g18;
    let g33 = b & !g27;
    let g34 = g33 & !g26;
    let g35 = g10 & !g33;
    let g36 = d & !g35;
    let g37 = g36 ^ g32;
    let g38 = g35 & !g15;
    let g39 = g30 ^ g15;
    let g40 = b & !g15;
    let g41 = g39 & b;
    let g42 = g17 | g40;
    let g43 = g34 ^ g42;
    let g44 = g7 ^ g43;
    let g45 = g41 & g44;
    let g46 = g25 | g45;
    let g47 = g30 | g46;
    let g48 = g47 & a;
    let g49 = g46 ^ g17;
    let g50 = b & !g49;
    let g51 = g48 ^ g50;
    let g52 = g51 ^ g27;
    let g53 = g38 ^ g52;
    [g53, g30, g37, g44]
}

/// 46 operations.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn s6<P: Plane>([a, b, c, d, e, f]: [P; 6]) -> [P; 4] {
    let g1 = d & b;
    let g2 = f ^ d;
    let g3 = e ^ a;
    let g4 = e & a;
    let g5 = g4 ^ b;
    let g6 = g4 ^ c;
    let g7 = c & !g5;
    let g8 = g3 ^ g7;
    let g9 = g8 & c;
    let g10 = g9 ^ g5;
    let g11 = g8 ^ g2;
    let g12 = f & g11;
    let g13 = g1 & !g12;
    let g14 = g13 & !a;
    let g15 = g10 ^ f;
    let g16 = g15 ^ e;
    let g17 = g14 ^ g16;
    let g18 = g17 & f;
    let g19 = g17 ^ g9;
    let g20 = g18 & a;
    let g21 = g18 ^ g15;
    let g22 = g21 & d;
    let g23 = g22 ^ g8;
    let g24 = g23 & g22;
    let g25 = g23 ^ g20;
    let g26 = g25 & !g21;
    let g27 = g26 | c;
    let g28 = g6 | d;
    let g29 = g28 & !g20;
    let g30 = g29 | e;
    let g31 = e & !g12;
    let g32 = g30 | g12;
    let g33 = g31 & !g19;
    let g34 = g33 ^ g11;
    let g35 = g27 ^ g34;
    let g36 = g34 & g19;
    let g37 = g29 & !g36;
    let g38 = g37 & !g24;
    let g39 = g37 ^ g6;
    let g40 = g38 ^ g10;
    let g41 = g40 & !g39;
    let g42 = g41 ^ g11;
    let g43 = g42 & g1;
    let g44 = g43 | g2;
    let g45 = g44 ^ g32;
    let g46 = g45 ^ g10;
    [g46, g42, g35, g25]
}

/// 43 operations.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn s7<P: Plane>([a, b, c, d, e, f]: [P; 6]) -> [P; 4] {
    let g1 = b ^ a;
    let g2 = d & !g1;
    let g3 = c & !b;
    let g4 = f ^ c;
    let g5 = a & !g4;
    let g6 = f ^ a;
    let g7 = g3 ^ g6;
    let g8 = g7 ^ g2;
    let g9 = g5 | g7;
    let g10 = g9 ^ b;
    let g11 = f & !g7;
    let g12 = g5 ^ g1;
    let g13 = g8 | g12;
    let g14 = g8 & a;
    let g15 = g4 | a;
    let g16 = f & !g12;
    let g17 = g14 | f;
    let g18 = g16 ^ g4;
    let g19 = g11 ^ e;
    let g20 = e ^ d;
    let g21 = g18 | g19;
    let g22 = g21 & g20;
    let g23 = g10 ^ g22;
    let g24 = g6 | g23;
    let g25 = g24 ^ g16;
    let g26 = g6 & g18;
    let g27 = g1 ^ g26;
    let g28 = g6 ^ g27;
    let g29 = g19 & !g28;
    let g30 = g25 & d;
    let g31 = g15 & !g27;
    let g32 = d & !g29;
    let g33 = g26 & d;
    let g34 = e & !g33;
    let g35 = e & !g14;
    let g36 = g31 ^ g35;
    let g37 = g30 ^ g36;
    let g38 = g15 & !g14;
    let g39 = g34 ^ g38;
    let g40 = g39 ^ g13;
    let g41 = g39 & !g17;
    let g42 = g32 ^ g41;
    let g43 = g12 ^ g42;
    [g37, g40, g43, g23]
}

/// 40 operations.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn s8<P: Plane>([a, b, c, d, e, f]: [P; 6]) -> [P; 4] {
    let g1 = c & !b;
    let g2 = c ^ a;
    let g3 = e ^ b;
    let g4 = g1 ^ g3;
    let g5 = g2 ^ g4;
    let g6 = d & !g3;
    let g7 = g4 & d;
    let g8 = d ^ b;
    let g9 = g6 | b;
    let g10 = g7 | a;
    let g11 = g10 & !e;
    let g12 = g11 | g1;
    let g13 = g5 ^ g12;
    let g14 = g5 & !g7;
    let g15 = e ^ g13;
    let g16 = a & !f;
    let g17 = g16 & !g1;
    let g18 = g9 & g17;
    let g19 = g18 ^ c;
    let g20 = g19 & g14;
    let g21 = g20 ^ g16;
    let g22 = g14 & f;
    let g23 = g8 ^ g9;
    let g24 = g15 | g4;
    let g25 = g8 ^ g24;
    let g26 = g25 & !g17;
    let g27 = g26 ^ f;
    let g28 = g27 ^ g15;
    let g29 = g21 ^ g13;
    let g30 = g21 | g22;
    let g31 = g27 ^ g30;
    let g32 = g31 ^ g4;
    let g33 = g7 ^ g32;
    let g34 = f & !g33;
    let g35 = g34 ^ g6;
    let g36 = g13 ^ g35;
    let g37 = g36 ^ g33;
    let g38 = g22 & g36;
    let g39 = g38 | g23;
    let g40 = g29 ^ g39;
    [g37, g28, g40, g36]
}

/// The outputs that are inverted, the first of them the most significant of four bits.
pub(super) const INVERTED: [u8; 8] = [
    0b1110, 0b1111, 0b1010, 0b0111, 0b0010, 0b1100, 0b0100, 0b1101,
];
