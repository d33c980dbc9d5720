//! Lists of messages, newest first, page by page.

use rusqlite::params_from_iter;
use rusqlite::types::Value;
use waypost_core::message::State;
use waypost_core::store::{Filter, Stored};

use super::failure::Failure;
use super::reader::Reader;
use super::rows::{LIVE_COLUMNS, key_of, read_live, sql};

/// Up to this many messages in a state, the page is sorted out of the state's index; with more,
/// walking back from the newest message meets enough of them soon.
const SORTED_MAX: i64 = 20_000;

/// How the rows of a page are found.
enum Access {
    /// All messages, from the newest.
    Newest,
    /// The messages of a tenant, from the newest.
    Tenant,
    /// The messages with a reference of the application, from the newest.
    ClientRef,
    /// The messages of one state after the other, by this index.
    States(&'static str),
}

impl Reader<'_> {
    pub(super) fn list(&mut self, filter: &Filter) -> Result<Vec<Stored>, Failure> {
        let access = self.access(filter)?;
        let Access::States(_) = access else {
            return self.page(&access, filter, &filter.states);
        };
        let mut states = filter.states.clone();
        states.sort_unstable();
        states.dedup();
        let mut found = Vec::new();
        for state in states {
            found.extend(self.page(&access, filter, &[state])?);
        }
        found.sort_by_key(|stored| std::cmp::Reverse(stored.envelope.id));
        found.truncate(usize::try_from(filter.rows_max).unwrap_or(usize::MAX));
        Ok(found)
    }

    fn access(&mut self, filter: &Filter) -> Result<Access, Failure> {
        if filter.client_ref.is_some() {
            return Ok(Access::ClientRef);
        }
        let rest = if filter.tenant.is_some() { Access::Tenant } else { Access::Newest };
        let Some(first) = filter.states.first() else { return Ok(rest) };
        let Some(index) = index_of(*first) else { return Ok(rest) };
        if filter.states.iter().any(|state| index_of(*state) != Some(index)) {
            return Ok(rest);
        }
        if index != ENDED && self.count(index, SORTED_MAX + 1)? > SORTED_MAX {
            return Ok(rest);
        }
        Ok(Access::States(index))
    }

    fn count(&mut self, index: &str, most: i64) -> Result<i64, Failure> {
        let text = format!(
            "SELECT count(*) FROM (SELECT 1 FROM progress INDEXED BY {index} WHERE {} LIMIT ?1)",
            condition_of(index)
        );
        Ok(self.conn.prepare_cached(&text)?.query_row([most], |row| row.get(0))?)
    }

    fn page(&mut self, access: &Access, filter: &Filter, states: &[State]) -> Result<Vec<Stored>, Failure> {
        let Some(query) = self.query(access, filter, states)? else { return Ok(Vec::new()) };
        let mut statement = self.conn.prepare_cached(&query.text)?;
        let mut rows = statement.query(params_from_iter(query.values))?;
        let mut page = Vec::new();
        while let Some(row) = rows.next()? {
            let live = read_live(row, &mut self.names)?;
            page.push(Stored { envelope: live.envelope, progress: live.progress });
        }
        Ok(page)
    }

    /// None: a name in the filter is unknown, so nothing fits.
    fn query(
        &mut self,
        access: &Access,
        filter: &Filter,
        states: &[State],
    ) -> Result<Option<Query>, Failure> {
        let (from, key) = match access {
            Access::Newest => ("messages m CROSS JOIN progress p ON p.key = m.key".to_owned(), "m.key"),
            Access::Tenant => {
                let from = "messages m INDEXED BY messages_by_tenant CROSS JOIN progress p ON p.key = m.key";
                (from.to_owned(), "m.key")
            }
            Access::ClientRef => {
                let from =
                    "messages m INDEXED BY messages_by_client_ref CROSS JOIN progress p ON p.key = m.key";
                (from.to_owned(), "m.key")
            }
            Access::States(index) => {
                (format!("progress p INDEXED BY {index} CROSS JOIN messages m ON m.key = p.key"), "p.key")
            }
        };
        let mut query = Query::default();
        if let Access::States(index) = access {
            query.conditions.push(condition_of(index).to_owned());
        }
        if let Some(tenant) = &filter.tenant {
            let Some(tenant) = self.names.find(tenant)? else { return Ok(None) };
            query.add("m.tenant = ?", tenant);
        }
        if let Some(route) = &filter.route {
            let Some(route) = self.names.find(route)? else { return Ok(None) };
            query.add("p.route = ?", route);
        }
        if let Some(before) = filter.before {
            query.add(&format!("{key} < ?"), key_of(before));
        }
        if let Some(to) = &filter.to {
            query.add("m.to_address = ?", to.clone());
        }
        if let Some(client_ref) = &filter.client_ref {
            query.add("m.client_ref = ?", client_ref.clone());
        }
        if let Some(class) = filter.class {
            query.add("p.failure ->> '$.class' = ?", class.as_str().to_owned());
        }
        if let Some(code) = &filter.code {
            query.add("p.failure ->> '$.code' = ?", code.clone());
        }
        match states {
            [] => {}
            [state] => query.add("p.state = ?", i64::from(state.number())),
            several => {
                let numbers: Vec<String> = several.iter().map(|state| state.number().to_string()).collect();
                query.conditions.push(format!("p.state IN ({})", numbers.join(", ")));
            }
        }
        query.finish(&from, key, filter.rows_max);
        Ok(Some(query))
    }
}

const QUEUE: &str = "progress_queue";
const TIMERS: &str = "progress_timers";
const ENDED: &str = "progress_ended";

/// The index that holds the messages of a state. Delivered ones are in none: there are so many that
/// walking back meets them.
fn index_of(state: State) -> Option<&'static str> {
    match state {
        State::Held | State::Queued => Some(QUEUE),
        State::Submitting | State::InDoubt | State::Submitted => Some(TIMERS),
        State::Delivered => None,
        _ => Some(ENDED),
    }
}

/// What SQLite has to read in a query before it uses a partial index.
fn condition_of(index: &str) -> &'static str {
    match index {
        QUEUE => "state <= 1",
        TIMERS => "state BETWEEN 2 AND 4",
        _ => "state > 5",
    }
}

#[derive(Default)]
struct Query {
    text: String,
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Query {
    fn add(&mut self, condition: &str, value: impl Into<Value>) {
        self.conditions.push(condition.to_owned());
        self.values.push(value.into());
    }

    fn finish(&mut self, from: &str, key: &str, rows_max: u32) {
        let conditions =
            if self.conditions.is_empty() { "1".to_owned() } else { self.conditions.join(" AND ") };
        self.text =
            format!("SELECT {LIVE_COLUMNS} FROM {from} WHERE {conditions} ORDER BY {key} DESC LIMIT ?");
        self.values.push(Value::from(sql(u64::from(rows_max))));
    }
}
