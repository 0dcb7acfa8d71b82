// Node.js 0.10.0 does not see the session ID in an SSL 2.0 ClientHello: it takes the bit that says
// how long the record's header is for a part of the length. OpenSSL asks for the session all the
// same, and is given the one that was laid out for it before.

// SSL 2.0, 2.5: type, version, three lengths, ciphers, session ID, challenge.
function sessionId(record) {
  if (record.length < 11 || !(record[0] & 0x80) || record[2] !== 1) return '';
  var start = 11 + record.readUInt16BE(5);
  return record.slice(start, start + record.readUInt16BE(7)).toString('hex');
}

exports.lookUp = function(socket, sessions) {
  var encrypted = socket._readableState.pipes;
  var write = encrypted._write;
  encrypted._write = function(data, encoding, next) {
    encrypted._write = write;
    var session = sessions[sessionId(data)];
    if (session) encrypted.pair.ssl.loadSession(session);
    write.call(encrypted, data, encoding, next);
  };
};
