// Connects to `port`, sends `text`, waits for an answer, renegotiates, and does the same once more;
// prints one line of JSON when the connection is over. For Node.js 0.12.0.
var tls = require('tls');
var report = require('./report');
var settings = require('./settings');

var result = {error: 'closed before the renegotiation'};
var received = [];
var socket = tls.connect(settings, function() {
  socket.write(settings.text);
});
socket.on('data', function(chunk) {
  received.push(chunk);
  var answers = Buffer.concat(received).length / Buffer.byteLength(settings.text);
  if (answers === 1) {
    socket.renegotiate({}, function() {
      result = report(socket);
      socket.write(settings.text);
    });
  } else if (answers === 2) {
    socket.end();
  }
});
socket.on('error', function(error) {
  result = {error: error.message};
  socket.destroy();
});
socket.on('close', function() {
  result.received = Buffer.concat(received).toString('hex');
  console.log(JSON.stringify(result));
  process.stdin.pause();
});
