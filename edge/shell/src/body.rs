//! Bodies from outside, read with a limit.

use http_body_util::BodyExt as _;
use spin_sdk::wasip3::http_compat::{IncomingBody, IncomingMessage};

/// Why a body was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// More than the limit.
    #[error("the body is too large")]
    TooLarge,
    /// The other side stopped before its end.
    #[error("the body is incomplete")]
    Incomplete,
}

/// Reads a body of at most `bytes_max`, and no byte more than one piece beyond that.
///
/// # Errors
/// [`BodyError`].
pub async fn read<T: IncomingMessage>(
    mut body: IncomingBody<T>,
    bytes_max: usize,
) -> Result<Vec<u8>, BodyError> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyError::Incomplete)?;
        // What is no data are trailers, which nobody asked for.
        let Ok(piece) = frame.into_data() else { continue };
        if bytes.len() + piece.len() > bytes_max {
            return Err(BodyError::TooLarge);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}
