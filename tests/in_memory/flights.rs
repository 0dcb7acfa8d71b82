//! The first flights in clear, and how a changed one is refused.

use retrossl::{AlertDescription, Connection, Error, Policy, ProtocolVersion};

use super::wire::{WireRecord, bytes, last_alert, records};
use super::{Pair, deliver, take};

/// The client's and the server's first flights in clear.
pub fn first_flights(policy: Policy) -> (Pair, Vec<WireRecord>) {
    first_flights_of(Pair::under(policy))
}

/// The same of a pair that has not exchanged anything yet.
pub fn first_flights_of(mut pair: Pair) -> (Pair, Vec<WireRecord>) {
    let hello = take(&mut pair.client);
    deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
    let flight = records(&take(&mut pair.server));
    (pair, flight)
}

/// The client's second flight, once the first ones have crossed.
pub fn client_flight(pair: &mut Pair) -> Vec<WireRecord> {
    let hello = take(&mut pair.client);
    deliver(&hello, &mut pair.server, || usize::MAX).unwrap();
    let flight = take(&mut pair.server);
    deliver(&flight, &mut pair.client, || usize::MAX).unwrap();
    records(&take(&mut pair.client))
}

/// Delivers `flight`, expects an error of the peer's, and its alert in clear (or none that can be
/// read, where it is encrypted); the error must stay.
pub fn refused(by: &mut Connection, flight: &[WireRecord], alert: AlertDescription) -> Error {
    let error = deliver(&bytes(flight), by, || usize::MAX).unwrap_err();
    assert_eq!(error.alert(), Some(alert), "{error}");
    assert_eq!(by.error(), Some(&error));
    assert_eq!(by.process_new_packets().unwrap_err(), error);
    assert!(!by.is_handshaking());
    error
}

/// Expects that what waits to be sent, which is returned, ends in this alert, or in SSL 3.0's in
/// its place.
pub fn expect_alert(
    by: &mut Connection,
    version: ProtocolVersion,
    alert: AlertDescription,
) -> Vec<u8> {
    let ssl3 = version == ProtocolVersion::SSLv3;
    let wire = take(by);
    let [level, description] = last_alert(&wire).expect("an alert");
    assert_eq!(level, 2);
    assert_eq!(by.sent_alert(), Some(AlertDescription(description)));
    // SSL 3.0 knows fewer.
    assert!(ssl3 || description == alert.0, "{description} for {alert}");
    wire
}
