// An SMSC on `smpp` of npm. Prints its port, and then what it gets as JSON, with the octets as they came;
// sends a receipt for each submit that asks for one, and answers short messages with one of its own.
'use strict';
const smpp = require('smpp');

let submits = 0;
const tell = (kind, fields) => console.log(JSON.stringify({ kind, ...fields }));

// The library would decode texts; here their octets count.
for (const encoding of Object.values(smpp.encodings)) {
  if (encoding && encoding.decode) encoding.decode = (octets) => octets;
}

// The library leaves out the length of the user data header.
const whole = ({ udh, message }) => {
  if (!udh) return message;
  const header = Buffer.concat(udh);
  return Buffer.concat([Buffer.from([header.length]), header, message]);
};

const server = smpp.createServer({ debug: false }, (session) => {
  session.on('error', () => {});
  session.on('bind_transceiver', (pdu) => {
    const ok = pdu.system_id === 'shop' && pdu.password === 's3cret';
    tell('bind', { system_id: pdu.system_id, version: pdu.interface_version });
    session.send(pdu.response(ok ? { system_id: 'node' } : { command_status: smpp.ESME_RINVPASWD }));
  });
  session.on('submit_sm', (pdu) => {
    submits += 1;
    const id = `id-${submits}`;
    tell('submit', {
      source_addr: pdu.source_addr,
      source_addr_ton: pdu.source_addr_ton,
      source_addr_npi: pdu.source_addr_npi,
      destination_addr: pdu.destination_addr,
      data_coding: pdu.data_coding,
      esm_class: pdu.esm_class,
      octets: whole(pdu.short_message).toString('hex'),
    });
    session.send(pdu.response({ message_id: id }));
    const back = { source_addr: pdu.destination_addr, source_addr_ton: 1, source_addr_npi: 1,
      destination_addr: pdu.source_addr, dest_addr_ton: pdu.source_addr_ton };
    if (pdu.registered_delivery & 1) {
      session.deliver_sm({ ...back, esm_class: 4,
        short_message: `id:${id} sub:001 dlvrd:001 submit date:2611220323 done date:2611220324 stat:DELIVRD err:000 text:` });
    }
    if (pdu.esm_class === 0) {
      session.deliver_sm({ ...back, data_coding: 8, short_message: Buffer.from('00410068006f006a00200159', 'hex') });
    }
  });
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => {
    session.send(pdu.response());
    session.close();
  });
});

server.listen(0, '127.0.0.1', () => console.log(server.address().port));
