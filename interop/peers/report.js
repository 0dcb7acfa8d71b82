// What Node.js 0.10.0 can tell about a connection.

// SSL_SESSION in DER: version, SSL version, cipher, session ID, master key, ...
function sessionFields(der) {
  var fields = [];
  var at = 0;
  function header() {
    var length = der[at + 1];
    at += 2;
    if (length & 0x80) {
      var bytes = length & 0x7f;
      length = 0;
      for (var i = 0; i < bytes; i++) length = length * 256 + der[at++];
    }
    return length;
  }
  header();
  while (fields.length < 5) {
    var length = header();
    fields.push(der.slice(at, at + length).toString('hex'));
    at += length;
  }
  return fields;
}

// `getCipher()` names the version that a suite comes from; the session knows the connection's.
module.exports = function report(cleartext) {
  var session = cleartext.getSession();
  if (!Buffer.isBuffer(session)) session = new Buffer(session, 'binary');
  var fields = sessionFields(session);
  var certificate = cleartext.getPeerCertificate();
  var subject = certificate && certificate.subject;
  return {
    version: fields[1],
    suite: fields[2],
    cipher: cleartext.getCipher().name,
    session_id: fields[3],
    master_secret: fields[4],
    resumed: cleartext.isSessionReused(),
    authorized: cleartext.authorized,
    authorization_error: cleartext.authorizationError || null,
    peer_common_name: (subject && subject.CN) || null,
    server_name: cleartext.servername || null
  };
};

module.exports.update = function(result, cleartext) {
  var now = module.exports(cleartext);
  for (var name in now) result[name] = now[name];
};
