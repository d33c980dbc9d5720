//! The writer's statements, prepared once.

use rusqlite::{Connection, Statement};

use super::failure::Failure;

macro_rules! statements {
    ($($(#[$attribute:meta])* $name:ident: $sql:expr,)*) => {
        /// Every statement that the writer runs for messages.
        pub(super) struct Statements<'c> {
            $($(#[$attribute])* pub(super) $name: Statement<'c>,)*
        }

        impl<'c> Statements<'c> {
            /// Prepares them all.
            pub(super) fn prepare(conn: &'c Connection) -> Result<Self, Failure> {
                Ok(Self { $($(#[$attribute])* $name: conn.prepare($sql)?,)* })
            }
        }
    };
}

statements! {
    begin: "BEGIN IMMEDIATE",
    commit: "COMMIT",
    rollback: "ROLLBACK",
    insert_name: "INSERT INTO names (name) VALUES (?1) RETURNING id",
    select_number: "SELECT value FROM numbers WHERE kind = ?1 AND name = ?2",
    upsert_number: "INSERT INTO numbers (kind, name, value) VALUES (?1, ?2, ?3)
        ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value",

    last_key: "SELECT max(key) FROM messages",
    select_key: "SELECT 1 FROM messages WHERE key = ?1",
    insert_message: "INSERT INTO messages (key, nonce, tenant, api_key, time_ms, to_address, to_facts,
        sender, body, encoding, segments, priority, tags, valid_until_ms, client_ref, callback_url,
        hops, entry)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
    insert_progress: "INSERT INTO progress (key, state, changed_ms, due_ms, route, priority, tried,
        attempts, failures, reference, price_micros, failure, doubted, steps)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    select_live: &format!(
        "SELECT {} FROM messages m JOIN progress p ON p.key = m.key WHERE m.key = ?1",
        super::rows::LIVE_COLUMNS,
    ),
    update_progress: "UPDATE progress SET state = ?2, changed_ms = ?3, due_ms = ?4, route = ?5, tried = ?6,
        attempts = ?7, failures = ?8, reference = ?9, price_micros = ?10, failure = ?11,
        doubted = ?12, steps = ?13 WHERE key = ?1",
    update_steps: "UPDATE progress SET steps = ?2 WHERE key = ?1",
    update_validity: "UPDATE messages SET valid_until_ms = ?2 WHERE key = ?1",
    delete_message: "DELETE FROM messages WHERE key = ?1",
    delete_progress: "DELETE FROM progress WHERE key = ?1",

    insert_entry: "INSERT INTO trace (message, n, entry) VALUES (?1, ?2, ?3)",
    select_entries: "SELECT entry FROM trace WHERE message = ?1 ORDER BY n",
    delete_entries: "DELETE FROM trace WHERE message = ?1",

    select_idempotency: "SELECT body_hash, ids, expires_ms FROM idempotency WHERE tenant = ?1 AND key = ?2",
    upsert_idempotency: "INSERT OR REPLACE INTO idempotency (tenant, key, body_hash, ids, expires_ms)
        VALUES (?1, ?2, ?3, ?4, ?5)",
    prune_idempotency: "DELETE FROM idempotency WHERE (tenant, key) IN
        (SELECT tenant, key FROM idempotency WHERE expires_ms <= ?1 ORDER BY expires_ms LIMIT ?2)",
    select_cap: "SELECT messages FROM caps
        WHERE window = ?1 AND start_ms = ?2 AND tenant = ?3 AND address = ?4",
    upsert_cap: "INSERT INTO caps (window, start_ms, tenant, address, messages) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (window, start_ms, tenant, address) DO UPDATE SET messages = excluded.messages",
    prune_caps: "DELETE FROM caps WHERE (window, start_ms, tenant, address) IN
        (SELECT window, start_ms, tenant, address FROM caps WHERE window = ?1 AND start_ms < ?2 LIMIT ?3)",

    queued: "SELECT key, due_ms FROM progress INDEXED BY progress_queue
        WHERE route = ?1 AND priority = ?2 AND state <= 1 AND due_ms IS NOT NULL ORDER BY due_ms LIMIT ?3",
    timers_due: "SELECT key FROM progress INDEXED BY progress_timers
        WHERE state = ?1 AND state BETWEEN 2 AND 4 AND due_ms <= ?2 ORDER BY due_ms LIMIT ?3",
    in_state: "SELECT key FROM progress INDEXED BY progress_timers
        WHERE state = ?1 AND state BETWEEN 2 AND 4 LIMIT ?2",

    select_references: "SELECT key, route, reference FROM progress INDEXED BY progress_timers
        WHERE state BETWEEN 2 AND 4 AND reference IS NOT NULL AND route IS NOT NULL
        UNION ALL SELECT key, route, reference FROM progress INDEXED BY progress_ended
        WHERE state = 8 AND state > 5 AND reference IS NOT NULL AND route IS NOT NULL",
    upsert_ref: "INSERT OR REPLACE INTO provider_refs (reference, route, message) VALUES (?1, ?2, ?3)",
    select_ref: "SELECT message FROM provider_refs WHERE reference = ?1 AND route = ?2",
    delete_ref: "DELETE FROM provider_refs WHERE reference = ?1 AND route = ?2 AND message = ?3",
    count_orphans: "SELECT count(*) FROM orphans",
    insert_orphan: "INSERT INTO orphans (route, reference, at_ms, receipt) VALUES (?1, ?2, ?3, ?4)",
    select_orphans: "SELECT at_ms, receipt FROM orphans WHERE reference = ?1 AND route = ?2 ORDER BY sequence",
    delete_orphans: "DELETE FROM orphans WHERE reference = ?1 AND route = ?2",
    delete_oldest_orphans: "DELETE FROM orphans WHERE sequence IN
        (SELECT sequence FROM orphans ORDER BY sequence LIMIT ?1)",
    prune_orphans: "DELETE FROM orphans WHERE sequence IN
        (SELECT sequence FROM orphans WHERE at_ms < ?1 ORDER BY sequence LIMIT ?2)",

    insert_opt_out: "INSERT INTO opt_outs (tenant, number, sender, at_ms) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO NOTHING",
    delete_opt_out: "DELETE FROM opt_outs WHERE tenant = ?1 AND number = ?2 AND sender = ?3",
    select_opt_out: "SELECT 1 FROM opt_outs WHERE tenant = ?1 AND number = ?2 AND sender IN (?3, ?4)",

    insert_inbox: "INSERT INTO inbox (tenant, inbox, inbound) VALUES (?1, ?2, ?3)",
    delete_inbox: "DELETE FROM inbox WHERE sequence = ?1 AND tenant = ?2 AND inbox = ?3",
    insert_seen: "INSERT INTO inbound_seen (reference, route, at_ms) VALUES (?1, ?2, ?3)
        ON CONFLICT DO NOTHING",
    prune_seen: "DELETE FROM inbound_seen WHERE (reference, route) IN
        (SELECT reference, route FROM inbound_seen WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2)",

    select_part_set: "SELECT id, first_ms, ended_ms FROM part_sets WHERE tenant = ?1 AND route = ?2
        AND sender = ?3 AND recipient = ?4 AND reference = ?5 AND total = ?6 AND stage = ?7",
    select_unfinished_set: "SELECT id FROM part_sets WHERE tenant = ?1 AND route = ?2 AND sender = ?3
        AND recipient = ?4 AND reference = ?5 AND total = ?6 AND stage < 2 AND first_ms = ?7",
    count_part_sets: "SELECT count(*) FROM part_sets INDEXED BY part_sets_unfinished
        WHERE tenant = ?1 AND route = ?2 AND stage < 2",
    insert_part_set: "INSERT INTO part_sets (tenant, route, sender, recipient, reference, total, inbox,
        first_ms, stage, ended_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0) RETURNING id",
    update_part_set: "UPDATE part_sets SET stage = ?2, ended_ms = ?3 WHERE id = ?1",
    delete_part_set: "DELETE FROM part_sets WHERE id = ?1",
    select_part_sets: "SELECT id, tenant, route, sender, recipient, reference, total, inbox, first_ms
        FROM part_sets WHERE stage = ?1 AND first_ms <= ?2 ORDER BY first_ms LIMIT ?3",
    select_done_sets: "SELECT id FROM part_sets WHERE stage = 2 AND ended_ms <= ?1 ORDER BY ended_ms LIMIT ?2",
    insert_part: "INSERT INTO parts (part_set, number, payload) VALUES (?1, ?2, ?3)",
    select_part: "SELECT payload FROM parts WHERE part_set = ?1 AND number = ?2",
    select_parts: "SELECT number, payload FROM parts WHERE part_set = ?1 ORDER BY number",
    delete_parts: "DELETE FROM parts WHERE part_set = ?1",

    insert_callback: "INSERT INTO callbacks (message, nonce, tenant, url, state, at_ms, due_ms, failures)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, 0)",
    select_callbacks: "SELECT sequence, message, nonce, tenant, url, state, at_ms, failures FROM callbacks
        WHERE due_ms <= ?1 ORDER BY due_ms, sequence LIMIT ?2",
    hold_callback: "UPDATE callbacks SET due_ms = ?2 WHERE sequence = ?1",
    retry_callback: "UPDATE callbacks SET due_ms = ?2, failures = min(failures + 1, 65535) WHERE sequence = ?1",
    delete_callback: "DELETE FROM callbacks WHERE sequence = ?1",

    prunable: "SELECT key FROM progress NOT INDEXED
        WHERE key < ?1 AND state >= 5 AND changed_ms < ?2 ORDER BY key LIMIT ?3",
    upsert_key: "INSERT OR REPLACE INTO api_keys (id, record) VALUES (?1, ?2)",
    ping: "UPDATE pings SET pings = pings + 1 WHERE id = 0",
    #[cfg(test)]
    pings: "SELECT pings FROM pings WHERE id = 0",
}
