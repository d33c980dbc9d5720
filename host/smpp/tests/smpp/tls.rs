//! TLS, with certificates made for the test.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;
use waypost_smpp::{Event, NotBound, Roots, Submitted, Tls, TlsError};

use crate::smsc::*;

struct Certificate {
    pem: String,
    acceptor: TlsAcceptor,
}

fn certificate(name: &str) -> Certificate {
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    Certificate { pem: made.cert.pem(), acceptor: TlsAcceptor::from(Arc::new(config)) }
}

#[tokio::test]
async fn messages_go_over_tls() {
    let smsc = Smsc::start().await;
    let certificate = certificate("smsc.example");
    let mut options = smsc.options();
    options.tls = Some(Tls::new(Roots::Pem(certificate.pem.as_bytes()), Some("smsc.example"), None).unwrap());
    options.window = 50;
    let (client, _received) = start(options);
    let tcp = smsc.accept().await.stream;
    let mut peer = Peer { stream: within(certificate.acceptor.accept(tcp)).await.unwrap() };
    let bind = peer.read().await.unwrap();
    peer.answer(&bind, 0, b"SMSC\0").await;
    sending(&client, 1).await;
    let serving = tokio::spawn(peer.serve());
    for number in 0..100 {
        assert!(matches!(client.submit(&message(number)).await, Submitted::Accepted { .. }));
    }
    client.stop().await;
    assert_eq!(serving.await.unwrap(), 100);
}

#[tokio::test]
async fn another_certificate_is_refused() {
    let smsc = Smsc::start().await;
    let (trusted, presented) = (certificate("smsc.example"), certificate("smsc.example"));
    let mut options = smsc.options();
    options.tls = Some(Tls::new(Roots::Pem(trusted.pem.as_bytes()), Some("smsc.example"), None).unwrap());
    let (_client, mut received) = start(options);
    let tcp = smsc.accept().await.stream;
    assert!(within(presented.acceptor.accept(tcp)).await.is_err());
    assert!(matches!(received.event().await, Event::NotBound { why: NotBound::Tls(_), .. }));
}

#[test]
fn what_cannot_be_tls_is_refused() {
    assert!(matches!(Tls::new(Roots::Pem(b"no certificate"), None, None), Err(TlsError::NoRoots)));
    let pem = certificate("a").pem;
    let wrong = Tls::new(Roots::Pem(pem.as_bytes()), Some("not a name"), None);
    assert!(matches!(wrong, Err(TlsError::ServerName(_))));
}
