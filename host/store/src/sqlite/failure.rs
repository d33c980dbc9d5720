//! SQLite's errors in the terms of the store.

use rusqlite::ErrorCode;

use crate::StoreError;

/// A [`StoreError`] that SQLite's errors become by `?`.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub(super) struct Failure(#[from] StoreError);

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self(match &error {
            // The message of a failure names files and columns, never values.
            rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::TypeMismatch => {
                    StoreError::Corrupt(error.to_string())
                }
                ErrorCode::DiskFull => StoreError::Unavailable(format!("{error}: free some space")),
                ErrorCode::OperationInterrupted => StoreError::Unavailable(
                    "the question took too long; narrow it by tenant, state or time".to_owned(),
                ),
                _ => StoreError::Unavailable(error.to_string()),
            },
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..)
            | rusqlite::Error::InvalidColumnType(..) => StoreError::Corrupt(error.to_string()),
            _ => StoreError::Unavailable(error.to_string()),
        })
    }
}

pub(super) fn corrupt(what: impl Into<String>) -> Failure {
    Failure(StoreError::Corrupt(what.into()))
}

pub(super) fn unavailable(what: impl Into<String>) -> Failure {
    Failure(StoreError::Unavailable(what.into()))
}
