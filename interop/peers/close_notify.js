// Node.js 0.10.0 ends a connection with the transport and leaves close_notify to OpenSSL, so it is
// asked here: after every piece of input.
exports.received = function(cleartext, callback) {
  var encrypted = cleartext.encrypted;
  var ssl = cleartext.pair.ssl;
  var write = encrypted._write;
  var done = false;
  function check() {
    // A method of this name gives way to `true` once it has come.
    if (done || ssl.receivedShutdown !== true) return;
    done = true;
    callback();
  }
  // Node.js 0.10.33 asks, too, and then takes the connection down without an answer.
  var takeDown = cleartext._done;
  cleartext._done = function() {
    check();
    setImmediate(function() { takeDown.call(cleartext); });
  };
  encrypted._write = function(data, encoding, next) {
    write.call(encrypted, data, encoding, next);
    setImmediate(check);
  };
  cleartext.on('data', function() { setImmediate(check); });
  setImmediate(check);
};

// Unlike `cleartext.end()`, leaves the connection able to receive the peer's.
exports.send = function(cleartext) {
  cleartext.pair.ssl.shutdown();
  cleartext.encrypted.read(0);
};
