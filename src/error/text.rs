//! Dates and foreign texts, made fit for a terminal.

use core::fmt;

use rustls_pki_types::UnixTime;

/// A date as people read it: `2031-12-31 23:59:59 UTC`.
pub(crate) struct Date(pub(crate) UnixTime);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (days, second) = (seconds / 86_400, seconds % 86_400);
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC"
        )
    }
}

/// The Gregorian date, `days` after 1970-01-01.
fn civil(days: u64) -> (u64, u64, u64) {
    // Years are counted from March, so that the leap day comes last; an era is 400 years.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

/// A peer's text without what could rewrite a terminal's line, and not endlessly long.
pub(crate) fn printable(text: &str) -> String {
    let mut out: String = text
        .chars()
        .take(MAX_TEXT)
        .map(|char| if is_unsafe(char) { '\u{fffd}' } else { char })
        .collect();
    if text.chars().nth(MAX_TEXT).is_some() {
        out.push('…');
    }
    out
}

/// Control characters, line separators, and what changes the direction of text or is not seen
/// (Unicode's Default_Ignorable_Code_Point).
fn is_unsafe(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{3164}'
        )
        || matches!(
            char,
            '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{feff}' | '\u{ffa0}'
        )
        || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(char, '\u{fe00}'..='\u{fe0f}' | '\u{fff0}'..='\u{fffb}')
        || matches!(char, '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Names for an error's text, a few of them.
pub(crate) struct Names<'a>(pub(crate) &'a [String]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().take(MAX_NAMES).enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{name}")?;
        }
        match self.0.len().checked_sub(MAX_NAMES) {
            None | Some(0) => Ok(()),
            Some(more) => write!(f, " and {more} more"),
        }
    }
}

/// Characters of a peer's text that are shown.
const MAX_TEXT: usize = 256;

/// Names that are shown in one error.
const MAX_NAMES: usize = 10;

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    #[test]
    fn dates_read_as_dates() {
        for (seconds, expected) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (951_868_800, "2000-03-01 00:00:00 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
            (253_402_300_799, "9999-12-31 23:59:59 UTC"),
        ] {
            let date = Date(UnixTime::since_unix_epoch(Duration::from_secs(seconds)));
            assert_eq!(date.to_string(), expected);
        }
        let _ = Date(UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX))).to_string();
    }

    #[test]
    fn foreign_text_has_no_characters_that_are_not_seen() {
        for hidden in ['\u{ad}', '\u{200d}', '\u{3164}', '\u{fe0f}', '\u{e0041}'] {
            assert_eq!(printable(&format!("a{hidden}b")), "a\u{fffd}b");
        }
        assert_eq!(printable("drucker-äöü-日本"), "drucker-äöü-日本");
    }

    #[test]
    fn foreign_text_cannot_steer_a_terminal() {
        assert_eq!(
            printable("a\u{1b}[2Jb\r\n\0"),
            "a\u{fffd}[2Jb\u{fffd}\u{fffd}\u{fffd}"
        );
        assert_eq!(printable("\u{202e}moc\u{9b}"), "\u{fffd}moc\u{fffd}");
        assert_eq!(printable("Müller GmbH"), "Müller GmbH");
        assert_eq!(printable(&"x".repeat(1000)).chars().count(), MAX_TEXT + 1);
    }
}
