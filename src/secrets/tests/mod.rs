//! Every derivation against conversations of independent stacks.

mod recorded;
