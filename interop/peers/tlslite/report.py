"""What is known of a connection when it is over: a line of JSON."""

import json


class Report:
    def __init__(self):
        self.fields = {}
        self.received = b""

    def handshake(self, connection):
        session = connection.session
        chain = session.serverCertChain if connection._client else session.clientCertChain
        self.fields = {
            "version": "%02x%02x" % connection.version,
            "suite": "%04x" % session.cipherSuite,
            "master_secret": session.masterSecret.hex(),
            "resumed": connection.resumed,
            "extended_master_secret": session.extendedMasterSecret,
            "encrypt_then_mac": connection.encryptThenMAC,
            "peer_certificate": chain and chain.x509List[0].bytes.hex(),
            "server_name": session.serverName or None,
        }

    def close_notify(self):
        self.fields["close_notify"] = True

    def failure(self, error):
        self.fields["error"] = "%s: %s" % (type(error).__name__, error)

    def print(self):
        print(json.dumps(dict(self.fields, received=self.received.hex())), flush=True)
