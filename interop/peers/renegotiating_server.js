// Prints `listening PORT`; after the first piece of data of a connection asks for a renegotiation,
// and with `asksThen` for a certificate; then sends back what came in. Prints one line of JSON for
// each connection, when it is over. For Node.js 0.12.0.
var tls = require('tls');
var report = require('./report');
var settings = require('./settings');

var server = tls.createServer(settings, function(socket) {
  var result = {error: 'closed before the renegotiation'};
  var received = [];
  var renegotiated = false;
  socket.on('data', function(chunk) {
    received.push(chunk);
    if (renegotiated) socket.write(chunk);
  });
  socket.once('data', function() {
    var options = {requestCert: settings.asksThen, rejectUnauthorized: false};
    socket.renegotiate(options, function() {
      result = report(socket);
      result.authorized = settings.asksThen && !socket.ssl.verifyError();
      renegotiated = true;
      socket.write(Buffer.concat(received));
    });
  });
  socket.on('error', function(error) {
    result = {error: error.message};
    socket.destroy();
  });
  socket.on('close', function() {
    result.received = Buffer.concat(received).toString('hex');
    console.log(JSON.stringify(result));
  });
});

server.on('clientError', function(error) {
  console.log(JSON.stringify({error: error.message}));
});

server.listen(0, '127.0.0.1', function() {
  console.log('listening ' + server.address().port);
});
