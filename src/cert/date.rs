//! Dates in certificates and revocation lists (RFC 5280 §4.1.2.5).

use rustls_pki_types::UnixTime;
use x509_parser::prelude::ASN1Time;

/// A certificate's date; dates before 1970 are as long ago as 1970.
pub(super) fn unix_time(time: &ASN1Time) -> UnixTime {
    let seconds = u64::try_from(time.timestamp()).unwrap_or(0);
    UnixTime::since_unix_epoch(core::time::Duration::from_secs(seconds))
}

/// Whether a certificate's date is over; one before 1970 is over even for a clock that stands at
/// 1970.
pub(super) fn is_past(time: &ASN1Time, now: UnixTime) -> bool {
    i64::try_from(now.as_secs()).map_or(true, |now| time.timestamp() < now)
}
