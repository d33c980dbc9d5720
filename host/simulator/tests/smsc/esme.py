"""An ESME with PyPI's smpplib: binds, submits in three ways, reads receipts and an inbound message."""

import json
import sys

import smpplib.client
import smpplib.consts
import smpplib.gsm

host, port, password = sys.argv[1], int(sys.argv[2]), sys.argv[3]
LONG = "A long text, with {extension} characters and an end that has to arrive. " * 5
TEXTS = ["Hello, [world] €", "Dobrý den, světe 👍", LONG]

client = smpplib.client.Client(host, port, timeout=10, allow_unknown_opt_params=True)
seen = {"ids": [], "errors": [], "receipts": [], "inbound": []}
client.set_message_sent_handler(lambda pdu, **_: seen["ids"].append(pdu.message_id.decode()) if pdu.message_id else None)
client.set_error_pdu_handler(lambda pdu: seen["errors"].append(pdu.status))


def received(pdu, **_):
    if pdu.esm_class & 0x04:
        seen["receipts"].append(
            {
                "id": pdu.receipted_message_id.rstrip(b"\0").decode(),
                "state": pdu.message_state,
                "text": pdu.short_message.decode("ascii"),
            }
        )
    else:
        seen["inbound"].append(
            {"from": pdu.source_addr.decode(), "coding": pdu.data_coding, "hex": pdu.short_message.hex()}
        )
    return smpplib.consts.SMPP_ESME_ROK


client.set_message_received_handler(received)
client.connect()
client.bind_transceiver(system_id="python", password=password)
parts_sent = 0
for text in TEXTS:
    parts, coding, flag = smpplib.gsm.make_parts(text)
    for part in parts:
        client.send_message(
            source_addr_ton=smpplib.consts.SMPP_TON_ALNUM,
            source_addr_npi=0,
            source_addr="Shop",
            dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
            dest_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
            destination_addr="420601999999",
            short_message=part,
            data_coding=coding,
            esm_class=flag,
            registered_delivery=True,
        )
        parts_sent += 1
client.send_message(source_addr="Shop", destination_addr="420601999030", short_message=b"throttled")
while (len(seen["ids"]), len(seen["receipts"]), len(seen["inbound"]), len(seen["errors"])) != (parts_sent, parts_sent, 1, 1):
    client.read_once()
client.unbind()
client.disconnect()
print(json.dumps({**seen, "texts": TEXTS, "parts": parts_sent}))
