"""The settings are the first argument, in JSON; `life` is in milliseconds."""

import json
import os
import sys
import threading
import time

from tlslite.api import Checker, HandshakeSettings, X509CertChain, parsePEMKey

settings = json.loads(sys.argv[1])


def of_the_handshake():
    """What both sides negotiate by; only RSA key exchange is left."""
    handshake = HandshakeSettings()
    handshake.minVersion = handshake.maxVersion = (3, settings["version"] & 0xFF)
    handshake.cipherNames = settings["ciphers"]
    handshake.macNames = settings["macs"]
    handshake.keyExchangeNames = ["rsa"]
    handshake.useEncryptThenMAC = settings["encrypt_then_mac"]
    handshake.useExtendedMasterSecret = settings["extended_master_secret"]
    if settings["tickets"]:
        handshake.ticketKeys = [bytearray(os.urandom(32))]
    return handshake


def identity():
    """A chain and its key, or nothing twice."""
    if settings["chain"] is None:
        return None, None
    chain = X509CertChain()
    chain.parsePemList(settings["chain"])
    return chain, parsePEMKey(settings["key"], private=True)


def checker():
    """Of the peer's certificate."""
    return settings["pinned"] and Checker(x509Fingerprint=settings["pinned"])


def bound_life():
    """Outlive neither the time allowed nor the parent."""

    def allowed():
        time.sleep(settings["life"] / 1000)
        os.write(2, b"still running after %d ms\n" % settings["life"])
        os._exit(1)

    def parent():
        while os.read(0, 1000):
            pass
        os._exit(0)

    for wait in (allowed, parent):
        threading.Thread(target=wait, daemon=True).start()


bound_life()
