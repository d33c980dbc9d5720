use super::*;

/// A request whose signature every host below takes for good.
fn request(method: &str, url: &str, body: &str) -> WebhookRequest {
    WebhookRequest {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: vec![
            ("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
            ("X-Twilio-Signature".to_owned(), "Zm9v".to_owned()),
        ],
        body: body.as_bytes().to_vec(),
        now_ms: 0,
        fetched: None,
    }
}

fn read_trusted(request: &WebhookRequest) -> Reading {
    let host = Host { hmac: &|_| Ok(b"foo".to_vec()), sha256: &|_| vec![] };
    read(request, &host, true)
}

fn event_and_answer(request: &WebhookRequest) -> (Event, HttpResponse) {
    match read_trusted(request).result {
        WebhookResult::Read(WebhookReading { mut events, answer }) => {
            assert_eq!(events.len(), 1);
            (events.remove(0), answer)
        }
        other => panic!("{other:?}"),
    }
}

fn receipt_of(body: &str) -> Receipt {
    let request = request("POST", "https://gw.example/hooks/twilio?m=m_1", body);
    match event_and_answer(&request) {
        (Event::Receipt(receipt), answer) => {
            assert_eq!((answer.status, answer.body.len()), (204, 0));
            receipt
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_receipt_is_read() {
    let expected = Receipt {
        reference: "SM1".to_owned(),
        message_id: Some("m_1".to_owned()),
        status: ReceiptStatus::Delivered,
        code: None,
        reason: None,
        at_ms: Some(1_686_830_640_000),
    };
    let body = "SmsSid=SM1&SmsStatus=delivered&MessageStatus=delivered&To=%2B15558675310\
                &MessageSid=SM1&AccountSid=AC1&From=%2B15017122661&RawDlrDoneDate=2306151204";
    assert_eq!(receipt_of(body), expected);
}

#[test]
fn a_receipt_by_get_has_all_in_its_url() {
    let url = "https://gw.example/h?m=m_2&MessageSid=SM2&MessageStatus=sent&To=%2B15558675310";
    for method in ["GET", "POST"] {
        let (Event::Receipt(receipt), answer) = event_and_answer(&request(method, url, "")) else {
            panic!("{method}")
        };
        assert_eq!(receipt.reference, "SM2");
        assert_eq!(receipt.message_id.as_deref(), Some("m_2"));
        assert_eq!(receipt.status, ReceiptStatus::Sent);
        assert_eq!(answer.status, 204);
    }
}

#[test]
fn statuses_and_codes() {
    for (status, code, expected) in [
        ("accepted", "", ReceiptStatus::Accepted),
        ("queued", "", ReceiptStatus::Accepted),
        ("scheduled", "", ReceiptStatus::Accepted),
        ("sending", "", ReceiptStatus::Accepted),
        ("sent", "", ReceiptStatus::Sent),
        ("delivered", "", ReceiptStatus::Delivered),
        ("read", "", ReceiptStatus::Delivered),
        ("partially_delivered", "", ReceiptStatus::Delivered),
        ("undelivered", "", ReceiptStatus::Undelivered),
        ("undelivered", "30005", ReceiptStatus::Undelivered),
        ("undelivered", "30007", ReceiptStatus::Undelivered),
        ("undelivered", "30036", ReceiptStatus::Expired),
        ("failed", "", ReceiptStatus::Failed),
        ("failed", "0", ReceiptStatus::Failed),
        ("failed", "odd", ReceiptStatus::Failed),
        ("failed", "30008", ReceiptStatus::Failed),
        ("failed", "30001", ReceiptStatus::Failed),
        ("failed", "21610", ReceiptStatus::Rejected),
        ("failed", "30004", ReceiptStatus::Rejected),
        ("failed", "30007", ReceiptStatus::Rejected),
        ("failed", "30034", ReceiptStatus::Rejected),
        ("failed", "30036", ReceiptStatus::Expired),
        ("canceled", "", ReceiptStatus::Rejected),
        ("something_new", "", ReceiptStatus::Unknown),
    ] {
        let body = format!("MessageSid=SM1&MessageStatus={status}&ErrorCode={code}");
        let receipt = receipt_of(&body);
        assert_eq!(receipt.status, expected, "{body}");
        let expected_code = (!code.is_empty() && code != "0").then(|| code.to_owned());
        assert_eq!(receipt.code, expected_code, "{body}");
    }
}

#[test]
fn an_inbound_message_is_read() {
    let form = "ToCountry=US&SmsMessageSid=SM3&NumMedia=0&SmsSid=SM3&SmsStatus=received\
                &Body=h%C3%A9llo+%2B+%F0%9F%98%80+%0A+&To=12345&MessageSid=SM3&From=%2B15558675310";
    let by_get = format!("https://gw.example/h?{form}");
    for request in [request("POST", "https://gw.example/h", form), request("GET", &by_get, "")] {
        let (event, answer) = event_and_answer(&request);
        let expected = InboundMessage {
            reference: "SM3".to_owned(),
            sender: Address { value: "+15558675310".to_owned(), kind: AddressKind::International },
            to: Address { value: "12345".to_owned(), kind: AddressKind::ShortCode },
            body: Body::Text("héllo + 😀 \n ".to_owned()),
            at_ms: None,
        };
        assert_eq!(event, Event::Inbound(expected));
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body, b"<Response></Response>");
        assert_eq!(answer.headers, [("content-type".to_owned(), "text/xml".to_owned())]);
        assert_eq!(read_trusted(&request).media_count, 0);
    }
}

#[test]
fn media_are_counted() {
    let body = "MessageSid=MM1&Body=&NumMedia=2&From=%2B15558675310&To=%2B15017122661";
    let request = request("POST", "https://gw.example/h", body);
    assert_eq!(read_trusted(&request).media_count, 2);
    assert!(matches!(event_and_answer(&request).0, Event::Inbound(_)));
}

#[test]
fn what_cannot_be_understood_is_malformed() {
    for body in [
        "MessageStatus=sent",
        "CallSid=CA1&Caller=%2B14158675309",
        "MessageSid=SM1",
        "MessageSid=SM1&SmsStatus=received&From=%2B15558675310&To=12345",
        "MessageSid=SM1&Body=a&To=12345",
        "MessageSid=SM1&Body=a&From=whatsapp%3A%2B15558675310&To=12345",
        "MessageSid=SM1&Body=a&From=%2B15558675310&To=",
    ] {
        let result = read_trusted(&request("POST", "https://gw.example/h", body)).result;
        assert!(matches!(result, WebhookResult::Malformed(_)), "{body}: {result:?}");
    }
}

#[test]
fn what_is_not_signed_is_forged() {
    let mut request = request("POST", "https://gw.example/h", "MessageSid=SM1&MessageStatus=sent");
    let host = Host { hmac: &|_| Err("no secret".to_owned()), sha256: &|_| vec![] };
    let forged =
        |request: &WebhookRequest| matches!(read(request, &host, true).result, WebhookResult::Forged(_));
    assert!(forged(&request));
    request.headers.clear();
    assert!(forged(&request));
}
