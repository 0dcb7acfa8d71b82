"""Connects to `port`, sends `text`, waits for as much to come back, closes; `connections` times,
each but the first with the session of the one before; all that `sessions` times. Prints one line of
JSON for each."""

import socket

from tlslite.api import TLSConnection
from tlslite.constants import AlertDescription, AlertLevel
from tlslite.messages import Alert

import settings
from report import Report

HANDSHAKE = settings.of_the_handshake()
CHAIN, KEY = settings.identity()
TEXT = settings.settings["text"].encode()


def converse(session):
    report = Report()
    transport = socket.create_connection(("127.0.0.1", settings.settings["port"]))
    try:
        connection = TLSConnection(transport)
        connection.handshakeClientCert(
            certChain=CHAIN,
            privateKey=KEY,
            session=session,
            settings=HANDSHAKE,
            checker=settings.checker(),
            serverName=settings.settings["server_name"],
        )
        report.handshake(connection)
        session = connection.session
        connection.write(TEXT)
        report.received = bytes(connection.read(min=len(TEXT), max=len(TEXT)))
        close(connection)
        report.close_notify()
    except Exception as error:
        report.failure(error)
    transport.close()
    report.print()
    return session


def close(connection):
    """Unlike the connection's own, an error where the peer does not do so."""
    alert = Alert().create(AlertDescription.close_notify, AlertLevel.warning)
    for _ in connection._sendMsg(alert):
        pass
    if connection.read():
        raise ValueError("data after the end")


for _ in range(settings.settings["sessions"]):
    session = None
    for _ in range(settings.settings["connections"]):
        session = converse(session)
