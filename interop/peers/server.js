// Prints `listening PORT`; sends back what comes in (or `reply` for it); prints one line of JSON
// for each connection, when it is over.
var tls = require('tls');
var closeNotify = require('./close_notify');
var report = require('./report');
var settings = require('./settings');
var ssl2Sessions = require('./ssl2_sessions');

var server = tls.createServer(settings, function(cleartext) {
  var result = cleartext.socket.result = report(cleartext);
  var received = [];
  result.received = '';
  result.close_notify = false;
  cleartext.on('data', function(chunk) {
    received.push(chunk);
    // It may have been renegotiated.
    report.update(result, cleartext);
    result.received = Buffer.concat(received).toString('hex');
    cleartext.write(settings.reply || chunk);
  });
  cleartext.on('error', function(error) {
    result.error = error.message;
    cleartext.destroy();
  });
  closeNotify.received(cleartext, function() {
    result.close_notify = true;
    cleartext.end();
  });
  // Not waiting for the peer to close the transport.
  cleartext.encrypted.on('end', function() {
    cleartext.socket.destroySoon();
  });
});

// The first context answers NPN when asked, which is then another handshake message. This one does
// not; it is for clients that send a name.
server.addContext('*', settings);

// Its own cache is off.
var sessions = {};
server.on('newSession', function(id, session) {
  sessions[id.toString('hex')] = session;
});
server.on('resumeSession', function(id, callback) {
  callback(null, sessions[id.toString('hex')] || null);
});

server.on('connection', function(socket) {
  ssl2Sessions.lookUp(socket, sessions);
  socket.on('close', function() {
    var result = socket.result || {};
    if (socket.failure) result.error = socket.failure;
    if (!socket.result && !result.error) result.error = 'closed during the handshake';
    console.log(JSON.stringify(result));
  });
});

server.on('clientError', function(error, pair) {
  pair.cleartext.socket.failure = error.message;
  pair.cleartext.socket.destroy();
});

server.listen(0, '127.0.0.1', function() {
  console.log('listening ' + server.address().port);
});
