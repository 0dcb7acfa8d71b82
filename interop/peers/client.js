// Connects to `port`, sends `text`, waits for as much to come back, closes; `connections` times,
// each but the first with the session of the one before. Prints one line of JSON for each.
var tls = require('tls');
var closeNotify = require('./close_notify');
var report = require('./report');
var settings = require('./settings');
var named = settings.servername !== null;

// Without a name, Node.js sends that of the host, whatever it is, and an SSL 2.0 ClientHello is out
// of the question. One that cannot be turned into a string when OpenSSL is told it is not sent.
function noName() {
  var asked = false;
  return {
    toString: function() {
      if (asked) return 'nobody';
      asked = true;
      throw new Error('no name');
    }
  };
}

function connect(left) {
  var result = {};
  var received = [];
  if (!named) settings.servername = noName();
  var cleartext = tls.connect(settings, function() {
    result = report(cleartext);
    result.received = '';
    result.close_notify = false;
    settings.session = cleartext.getSession();
    closeNotify.received(cleartext, function() {
      result.close_notify = true;
      cleartext.end();
    });
    // Not waiting for the peer to close the transport.
    cleartext.encrypted.on('end', function() {
      cleartext.socket.destroySoon();
    });
    cleartext.write(settings.text);
  });
  cleartext.on('data', function(chunk) {
    received.push(chunk);
    // It may have been renegotiated.
    report.update(result, cleartext);
    var all = Buffer.concat(received);
    result.received = all.toString('hex');
    if (all.length >= Buffer.byteLength(settings.text)) closeNotify.send(cleartext);
  });
  cleartext.on('error', function(error) {
    result.error = error.message;
    cleartext.destroy();
  });
  cleartext.socket.on('close', function() {
    if (!result.version && !result.error) result.error = 'closed during the handshake';
    console.log(JSON.stringify(result));
    if (left > 1) connect(left - 1);
    else process.stdin.pause();
  });
}

connect(settings.connections);
