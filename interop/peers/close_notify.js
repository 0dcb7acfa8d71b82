// Node.js 0.10.0 ends a connection with the transport and leaves close_notify to OpenSSL, so it is
// asked here: after every piece of input.
exports.received = function(cleartext, callback) {
  var encrypted = cleartext.encrypted;
  var write = encrypted._write;
  var done = false;
  function check() {
    var ssl = cleartext.pair.ssl;
    // A method of this name gives way to `true` once it has come.
    if (done || !ssl || ssl.receivedShutdown !== true) return;
    done = true;
    callback();
  }
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
