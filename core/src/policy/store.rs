//! What the compiled policies are stored in: things come in and get ids, which find them again.

mod hash_index;
mod interner;
mod slot_map;

pub(crate) use hash_index::{HashIndex, hash_of};
pub(crate) use interner::Interner;
pub(crate) use slot_map::SlotMap;
