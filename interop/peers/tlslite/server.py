"""Prints `listening PORT`; sends back what comes in; prints one line of JSON for each connection,
when it is over, and only then takes the next."""

import socket

from tlslite.api import SessionCache, TLSConnection

import settings
from report import Report

HANDSHAKE = settings.of_the_handshake()
CHAIN, KEY = settings.identity()
SESSIONS = SessionCache()


def serve(transport):
    report = Report()
    try:
        connection = TLSConnection(transport)
        connection.handshakeServer(
            certChain=CHAIN,
            privateKey=KEY,
            reqCert=settings.settings["request_certificate"],
            sessionCache=SESSIONS,
            settings=HANDSHAKE,
            checker=settings.checker(),
        )
        report.handshake(connection)
        while piece := connection.read(max=16384):
            report.received += piece
            connection.write(piece)
        # An end without it is an error.
        report.close_notify()
    except Exception as error:
        report.failure(error)
    transport.close()
    report.print()


listener = socket.create_server(("127.0.0.1", 0))
print("listening %d" % listener.getsockname()[1], flush=True)
while True:
    serve(listener.accept()[0])
