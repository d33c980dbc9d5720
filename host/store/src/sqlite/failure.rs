//! SQLite's errors in the terms of the store.

use rusqlite::ErrorCode;

use crate::StoreError;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match &error {
            // The message of a failure names files and columns, never values.
            rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::TypeMismatch => {
                    Self::Corrupt(error.to_string())
                }
                ErrorCode::DiskFull => Self::Unavailable(format!("{error}: free some space")),
                ErrorCode::OperationInterrupted => Self::Unavailable(
                    "the question took too long; narrow it by tenant, state or time".to_owned(),
                ),
                _ => Self::Unavailable(error.to_string()),
            },
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..)
            | rusqlite::Error::InvalidColumnType(..) => Self::Corrupt(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

pub(super) fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(what.to_owned())
}

pub(super) fn unavailable(what: &str) -> StoreError {
    StoreError::Unavailable(what.to_owned())
}
