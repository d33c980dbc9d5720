//! Group commit for Redis: while one script of a tenant is under way, the next ones gather and go
//! together. Independent items stay independent; only the way is shared.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use waypost_core::redis::{Batch, RedisError, Request, Value};

use super::link::Inner;

/// Most items of one script: bounds how long Redis is busy with it.
const ITEMS_MAX: usize = 256;
/// Most requests that wait for one key; whoever comes later is told at once.
const WAITING_MAX: usize = 8_192;

type Answer = Result<Vec<Value>, RedisError>;

struct Waiting {
    batch: Batch,
    reply: oneshot::Sender<Answer>,
}

/// Requests that wait, by key. A key is here as long as a script of it is under way.
#[derive(Default)]
pub(super) struct Batcher {
    queues: Mutex<HashMap<Vec<u8>, Vec<Waiting>>>,
}

impl Batcher {
    /// Sends a batch, alone or with others.
    pub(super) async fn ask(&self, inner: &Arc<Inner>, batch: Batch) -> Answer {
        let (reply, answer) = oneshot::channel();
        let key = batch.keys.concat();
        let waiting = Waiting { batch, reply };
        {
            let mut queues = self.lock();
            match queues.get_mut(&key) {
                Some(queue) if queue.len() >= WAITING_MAX => {
                    return Err(RedisError::NotReady("too many requests wait for it".to_owned()));
                }
                Some(queue) => queue.push(waiting),
                None => {
                    queues.insert(key.clone(), vec![waiting]);
                    // A task of its own: a client that goes away takes nobody with it.
                    tokio::spawn(drain(inner.clone(), key));
                }
            }
        }
        answer.await.unwrap_or_else(|_| Err(RedisError::Unreachable("the connection was closed".to_owned())))
    }

    /// The next batches that can go together. None: nothing waits, and the key is free.
    fn next(&self, key: &[u8]) -> Option<Vec<Waiting>> {
        let mut queues = self.lock();
        let queue = queues.get_mut(key)?;
        let Some(first) = queue.first() else {
            queues.remove(key);
            return None;
        };
        let (script, head) = (first.batch.script.name, first.batch.head.clone());
        let mut items = 0;
        let together = queue
            .iter()
            .take_while(|waiting| {
                items += waiting.batch.items.len();
                waiting.batch.script.name == script && waiting.batch.head == head && items <= ITEMS_MAX
            })
            .count();
        Some(queue.drain(..together.max(1)).collect())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Vec<u8>, Vec<Waiting>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn drain(inner: Arc<Inner>, key: Vec<u8>) {
    while let Some(mut together) = inner.batcher.next(&key) {
        let counts: Vec<usize> = together.iter().map(|waiting| waiting.batch.items.len()).collect();
        let mut batch = together[0].batch.clone_without_items();
        for waiting in &mut together {
            batch.items.append(&mut waiting.batch.items);
        }
        let (head_values, item_values) = (batch.head_values, batch.item_values);
        let answer = inner.ask_now(&Request::Batch(batch)).await;
        for (waiting, values) in together.into_iter().zip(split(answer, head_values, item_values, &counts)) {
            // Whoever has gone away does not want to know.
            let _ = waiting.reply.send(values);
        }
    }
}

/// The answer for each of the batches that went together.
fn split(answer: Answer, head_values: usize, item_values: usize, counts: &[usize]) -> Vec<Answer> {
    let values = match answer {
        Ok(values) => values,
        Err(error) => return counts.iter().map(|_| Err(error.clone())).collect(),
    };
    let items: usize = counts.iter().sum();
    if values.len() != head_values + items * item_values {
        let error = RedisError::Other("a script gave another number of answers than it was asked".to_owned());
        return counts.iter().map(|_| Err(error.clone())).collect();
    }
    let (head, mut rest) = values.split_at(head_values);
    counts
        .iter()
        .map(|count| {
            let (own, others) = rest.split_at(count * item_values);
            rest = others;
            Ok([head, own].concat())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_gets_its_own_part_and_the_head() {
        let values: Vec<Value> = (0..7).map(Value::Int).collect();
        let parts = split(Ok(values), 1, 2, &[1, 2]);
        assert_eq!(parts[0], Ok(vec![Value::Int(0), Value::Int(1), Value::Int(2)]));
        assert_eq!(
            parts[1],
            Ok(vec![Value::Int(0), Value::Int(3), Value::Int(4), Value::Int(5), Value::Int(6)])
        );
    }

    #[test]
    fn a_short_answer_is_an_error_for_all() {
        let parts = split(Ok(vec![Value::Nil]), 1, 2, &[1, 2]);
        assert!(parts.len() == 2 && parts.iter().all(Result::is_err));
    }
}
