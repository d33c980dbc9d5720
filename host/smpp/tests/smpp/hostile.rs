//! An SMSC that sends what nobody should: the session answers or ends, and the bind comes back.

use std::time::Duration;

use waypost_smpp::Reconnect;

use crate::smsc::*;

/// The PDUs of the decoder's corpus, by name.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");
    let mut pdus: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let hex: String = text.lines().filter(|line| !line.starts_with('#')).collect();
            let octets =
                (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), octets.collect())
        })
        .collect();
    pdus.sort();
    pdus
}

/// A small generator (xorshift64, Marsaglia 2003): the same seed does the same.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

#[tokio::test]
async fn no_sloppy_pdu_costs_the_bind() {
    let smsc = Smsc::start().await;
    let (_client, _received) = start(smsc.options());
    let mut peer = smsc.bound().await;
    for (name, octets) in corpus() {
        if name.starts_with("length_") || name == "unbind" {
            continue;
        }
        peer.raw(&octets).await;
        peer.send(ENQUIRE_LINK, 0, 4_242, b"").await;
        loop {
            let answer = peer.read().await.unwrap_or_else(|| panic!("{name} ended the session"));
            if answer.sequence == 4_242 {
                assert_eq!(answer.command, ENQUIRE_LINK | RESPONSE, "{name}");
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_comes_the_bind_comes_back() {
    let corpus = corpus();
    let smsc = Smsc::start().await;
    let mut options = smsc.options();
    options.reconnect =
        Reconnect { base: Duration::from_millis(1), max: Duration::from_millis(1), refused: Duration::ZERO };
    let (client, _received) = start(options);
    for seed in 1..=150 {
        let mut random = Random(seed * 0x9e37_79b9);
        let mut peer = smsc.bound().await;
        let mut stream = Vec::new();
        for _ in 0..20 {
            stream.extend_from_slice(&corpus[random.below(corpus.len())].1);
        }
        // Lengths and headers, too.
        for _ in 0..random.below(6) {
            let at = random.below(stream.len());
            stream[at] = u8::try_from(random.below(256)).unwrap();
        }
        stream.truncate(1 + random.below(stream.len()));
        // The client may have closed before all is written.
        let _ = tokio::io::AsyncWriteExt::write_all(&mut peer.stream, &stream).await;
    }
    let peer = smsc.bound().await;
    sending(&client, 1).await;
    let serving = tokio::spawn(peer.serve());
    assert!(matches!(client.submit(&message(1)).await, waypost_smpp::Submitted::Accepted { .. }));
    client.stop().await;
    assert_eq!(within(serving).await.unwrap(), 1);
}
