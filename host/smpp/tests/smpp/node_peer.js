// An SMSC on `smpp` of npm: prints its port, answers submits, and sends a receipt for each to the
// last bind that receives.
'use strict';
const smpp = require('smpp');

let receiver = null;
let submits = 0;

const server = smpp.createServer((session) => {
  session.on('error', () => {});
  for (const mode of ['receiver', 'transmitter', 'transceiver']) {
    session.on(`bind_${mode}`, (pdu) => {
      if (pdu.system_id !== 'me' || pdu.password !== 'secret') {
        session.send(pdu.response({ command_status: smpp.ESME_RINVPASWD }));
        return;
      }
      if (mode !== 'transmitter') receiver = session;
      session.send(pdu.response({ system_id: 'node' }));
      console.log(`bound ${mode} ${pdu.interface_version}`);
    });
  }
  session.on('submit_sm', (pdu) => {
    if (pdu.short_message && String(pdu.short_message.message) === '1000') {
      session.send(pdu.response({ command_status: smpp.ESME_RINVDSTADR }));
      return;
    }
    submits += 1;
    const id = `id-${submits}`;
    session.send(pdu.response({ message_id: id }));
    if (receiver === null) return;
    receiver.deliver_sm({
      source_addr: pdu.destination_addr,
      source_addr_ton: 1,
      source_addr_npi: 1,
      destination_addr: pdu.source_addr,
      esm_class: 4,
      short_message: `id:${id} sub:001 dlvrd:001 submit date:2611220323 done date:2611220324 stat:DELIVRD err:000 text:`,
      receipted_message_id: id,
      message_state: 2,
    }, (response) => console.log(`delivered ${response.command_status}`));
  });
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => {
    session.send(pdu.response());
    session.close();
  });
});

server.listen(0, '127.0.0.1', () => console.log(server.address().port));
