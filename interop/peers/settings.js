// The settings are the first argument: the options of `tls.createServer` and `tls.connect`, where
// `without` names versions that SSLv23_method is to leave out, and `life` is in milliseconds.
var constants = require('constants');

var settings = JSON.parse(process.argv[2]);

settings.secureOptions = constants.SSL_OP_NO_COMPRESSION;
settings.without.forEach(function(version) {
  settings.secureOptions |= constants['SSL_OP_NO_' + version];
});
if (!settings.emptyFragments) {
  settings.secureOptions |= constants.SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS;
}
if (!settings.tickets) settings.secureOptions |= constants.SSL_OP_NO_TICKET;

// Outlive neither the time allowed nor the parent.
setTimeout(function() {
  process.stderr.write('still running after ' + settings.life + ' ms\n', function() {
    process.exit(1);
  });
}, settings.life).unref();
process.stdin.on('end', function() { process.exit(0); });
process.stdin.resume();

module.exports = settings;
