#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| retrossl::fuzz::messages(data));
