//! Many megabytes that come in pieces, kept in blocks of one size. A vector that grows would be copied again and
//! again, and a large one is taken from the system and given back each time, which holds up all threads.

use std::mem::take;
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;

const BLOCK_BYTES: usize = 256 * 1024;
/// Most blocks that are kept for the next upload: 24 MiB, which is what the usual plan allows for one.
const SPARE_MAX: usize = 96;

static SPARE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// What has come so far.
#[derive(Default)]
pub struct Blocks {
    blocks: Vec<Block>,
    length: usize,
}

/// At most [`BLOCK_BYTES`]. Kept for the next upload when it is dropped.
pub struct Block(Vec<u8>);

impl Blocks {
    /// In bytes.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Copies a piece: what it is part of may be larger than itself.
    pub fn add(&mut self, mut piece: &[u8]) {
        self.length += piece.len();
        while !piece.is_empty() {
            match self.blocks.last_mut() {
                Some(Block(block)) if block.len() < BLOCK_BYTES => {
                    let (now, later) = piece.split_at(piece.len().min(BLOCK_BYTES - block.len()));
                    block.extend_from_slice(now);
                    piece = later;
                }
                _ => self.blocks.push(Block::take()),
            }
        }
    }

    /// Everything in one piece. Copies all of it, so this is nothing for a thread that serves everybody.
    pub fn join(self) -> Bytes {
        let mut whole = Vec::with_capacity(self.length);
        for Block(block) in &self.blocks {
            whole.extend_from_slice(block);
        }
        whole.into()
    }

    /// Block by block.
    pub fn into_pieces(self) -> impl Iterator<Item = Block> {
        self.blocks.into_iter()
    }
}

impl Block {
    fn take() -> Self {
        let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Self(spare.unwrap_or_else(|| Vec::with_capacity(BLOCK_BYTES)))
    }
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < SPARE_MAX {
            let mut block = take(&mut self.0);
            // Nobody sees what somebody else has sent.
            block.clear();
            spare.push(block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_length_come_out_as_they_went_in() {
        const BLOCK: usize = BLOCK_BYTES;
        for lengths in [&[][..], &[0], &[3, 0, 4], &[BLOCK, 1], &[BLOCK - 1, 2 * BLOCK + 5, 7]] {
            let (mut blocks, mut again) = (Blocks::default(), Blocks::default());
            let mut expected = Vec::new();
            for (index, length) in lengths.iter().enumerate() {
                let piece: Vec<u8> = (0..*length).map(|at| (at + index) as u8).collect();
                blocks.add(&piece);
                again.add(&piece);
                expected.extend_from_slice(&piece);
            }
            assert_eq!(blocks.len(), expected.len());
            assert!(blocks.join() == expected, "{lengths:?}");
            let pieces: Vec<u8> = again.into_pieces().flat_map(|block| block.as_ref().to_vec()).collect();
            assert!(pieces == expected, "{lengths:?}");
        }
    }
}
