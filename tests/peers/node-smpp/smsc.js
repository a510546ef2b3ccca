// An SMSC made of node-smpp: waits for the gateway's bind, delivers texts one after the other, prints what comes back as
// `MSISDN < text`. Exit status 0 when each text was acknowledged and answered.
//   node smsc.js PORT FILE      FILE: a text a line, `MSISDN CODING text`; CODING is default, gsm, ucs2 or payload
'use strict';
const fs = require('fs');
const smpp = require('smpp');

const [port, file] = process.argv.slice(2);
const texts = fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => {
  const [, from, coding, text] = /^(\S+) (\S+) (.*)$/.exec(line);
  return { from, coding, text };
});
const codings = {
  default: (text) => ({ short_message: text }),
  gsm: (text) => ({ short_message: text, data_coding: 0 }),
  ucs2: (text) => ({ short_message: text, data_coding: 8 }),
  payload: (text) => ({ short_message: '', message_payload: text, data_coding: 0 }),
};

function end(status, why) {
  if (why) console.error(`node-smpp: ${why}`);
  process.exit(status);
}

const server = smpp.createServer({}, (session) => {
  let next = 0;
  let acknowledged = false;
  let answered = false;

  function deliver() {
    if (next === texts.length) {
      session.unbind(() => end(0));  // and the gateway answers that, too
      return;
    }
    const { from, coding, text } = texts[next++];
    acknowledged = answered = false;
    session.deliver_sm({
      source_addr_ton: 1, source_addr_npi: 1, source_addr: from,
      dest_addr_ton: 0, dest_addr_npi: 1, destination_addr: '12345',
      ...codings[coding](text),
    }, (pdu) => {
      if (pdu.command_status !== 0) end(1, `deliver_sm was answered with status ${pdu.command_status}`);
      acknowledged = true;
      if (answered) deliver();
    });
  }

  session.on('bind_transceiver', (pdu) => {
    if (pdu.system_id !== 'topup' || pdu.interface_version !== 0x34) end(1, 'the bind is not the one configured');
    session.send(pdu.response({ system_id: 'node-smpp' }));
    session.enquire_link(() => deliver());
  });
  session.on('submit_sm', (pdu) => {
    console.log(`${pdu.destination_addr} < ${pdu.short_message.message}`);
    session.send(pdu.response({ message_id: `node-${next}` }));
    answered = true;
    if (acknowledged) deliver();
  });
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => session.send(pdu.response()));
  session.on('unknown', () => end(1, 'a PDU that node-smpp does not know'));
  session.on('error', (error) => end(1, `the session failed: ${error.message}`));
});
server.listen(Number(port), '127.0.0.1');
setTimeout(() => end(1, 'not every text was answered within 30 s'), 30000);
