//! Lists of the server, page by page.

use serde_json::Value;
use waypost_core::limits;

use super::client::{Client, Request};
use super::error::{CliError, Result};
use super::messages;
use super::output::Output;
use super::wire;

/// A list of messages.
#[derive(Debug)]
pub(super) struct Listing<'a> {
    /// Where it is.
    pub path: &'a [&'a str],
    /// The name of the list in each page.
    pub field: &'a str,
    /// What it is narrowed to.
    pub query: Vec<(&'static str, String)>,
    /// At most this many rows; None: all.
    pub rows_max: Option<u32>,
}

/// Prints the list: an array, or a table for each page. Never more than a page is in memory.
pub(super) async fn print(client: &Client, output: &mut Output, listing: Listing<'_>) -> Result<()> {
    let mut cursor: Option<String> = None;
    let mut printed = 0;
    loop {
        let wanted = listing.rows_max.map_or(u32::MAX, |max| max.saturating_sub(printed));
        let mut query = listing.query.clone();
        query.push(("limit", wanted.min(limits::PAGE_ROWS_MAX).to_string()));
        query.extend(cursor.as_ref().map(|cursor| ("cursor", cursor.clone())));
        let page = client.send(Request::get(listing.path).query(query)).await?.body;
        let mut rows: Vec<Value> = wire::read(&page[listing.field])?;
        rows.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
        printed = printed.saturating_add(u32::try_from(rows.len()).unwrap_or(u32::MAX));
        print_page(output, &rows, cursor.is_none())?;
        let next: Option<String> = wire::read(&page["next_cursor"])?;
        let more = next.is_some();
        if !more || rows.is_empty() || listing.rows_max.is_some_and(|max| printed >= max) {
            return finish(output, printed, more && !rows.is_empty());
        }
        // A server that repeats itself would never let the loop end.
        if next == cursor {
            return Err(CliError::failed("cursor_repeated", "the server repeats a page of the list"));
        }
        cursor = next;
    }
}

/// An array begins with its first page, so that an error before that is a document of its own.
fn print_page(output: &mut Output, rows: &[Value], first: bool) -> Result<()> {
    if !output.is_json() {
        return messages::print_table(output, rows);
    }
    if first {
        output.array_start()?;
    }
    rows.iter().try_for_each(|row| output.array_item(row))
}

fn finish(output: &mut Output, printed: u32, more: bool) -> Result<()> {
    if output.is_json() {
        return output.array_end();
    }
    match (printed, more) {
        (0, _) => output.note("none"),
        (_, true) => output.note("there are more: use --limit or --all"),
        _ => {}
    }
    Ok(())
}
