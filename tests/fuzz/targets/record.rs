#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| faceprint_fuzz::record(data));
