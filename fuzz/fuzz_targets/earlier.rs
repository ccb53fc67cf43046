//! libFuzzer looks for bytes for which `l7guard_fuzz::earlier` does not hold.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| l7guard_fuzz::earlier::holds(input));
