//! Tests of reading as `kubectl` reads.

mod kubectl_readings;
mod reading;
