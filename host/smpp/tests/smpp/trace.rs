//! What a trace shows of a session.

use std::sync::Arc;

use waypost_smpp::{Submitted, Trace, TraceOptions};

use crate::smsc::*;

#[tokio::test]
async fn a_session_can_be_followed_without_numbers_texts_and_password() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.log");
    let trace = TraceOptions { path: path.clone(), bytes_max: 1 << 20, bodies: false };
    let smsc = Smsc::start().await;
    let mut options = smsc.options();
    options.trace = Some(Arc::new(Trace::open(&trace).unwrap()));
    let (client, _received) = start(options);
    let peer = smsc.bound().await;
    sending(&client, 1).await;
    let serving = tokio::spawn(peer.serve());
    assert!(matches!(client.submit(&message(123_456)).await, Submitted::Accepted { .. }));
    client.stop().await;
    serving.await.unwrap();
    let read = || std::fs::read_to_string(&path).unwrap();
    until("all is written", || read().contains(" < unbind_resp")).await;
    let shown = read();
    for part in [
        " smpp/0 > bind_transceiver seq=1 ",
        " smpp/0 < bind_transceiver_resp seq=1 octets=21 status=ESME_ROK",
        " smpp/0 > submit_sm seq=2 ",
        "from=5/0/**ME to=1/1/***********78\n",
        " smpp/0 < submit_sm_resp seq=2 ",
        " smpp/0 > unbind seq=3 ",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    for hidden in ["123456", "4917012345678", "secret"] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}
