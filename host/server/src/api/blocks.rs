//! Many megabytes that come in pieces, kept in blocks of one size: a vector that grows would be copied again and
//! again, and a large one is taken from the system and given back each time, which holds up all threads.

use axum::body::Bytes;

const BLOCK_BYTES: usize = 256 * 1024;

/// What has come so far.
#[derive(Default)]
pub struct Blocks {
    blocks: Vec<Vec<u8>>,
    length: usize,
}

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
                Some(block) if block.len() < BLOCK_BYTES => {
                    let (now, later) = piece.split_at(piece.len().min(BLOCK_BYTES - block.len()));
                    block.extend_from_slice(now);
                    piece = later;
                }
                _ => self.blocks.push(Vec::with_capacity(BLOCK_BYTES)),
            }
        }
    }

    /// Everything in one piece. Copies all of it, so this is nothing for a thread that serves everybody.
    pub fn join(self) -> Bytes {
        self.blocks.concat().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_length_come_out_as_they_went_in() {
        const BLOCK: usize = BLOCK_BYTES;
        for lengths in [&[][..], &[0], &[3, 0, 4], &[BLOCK, 1], &[BLOCK - 1, 2 * BLOCK + 5, 7]] {
            let mut blocks = Blocks::default();
            let mut expected = Vec::new();
            for (index, length) in lengths.iter().enumerate() {
                let piece: Vec<u8> = (0..*length).map(|at| (at + index) as u8).collect();
                blocks.add(&piece);
                expected.extend_from_slice(&piece);
            }
            assert_eq!(blocks.len(), expected.len());
            assert!(blocks.join() == expected, "{lengths:?}");
        }
    }
}
