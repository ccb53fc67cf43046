//! What a running server is made of.

pub(crate) mod example_reviews;
pub(crate) mod file_limit;
pub(crate) mod reloading;
pub(crate) mod served_world;
pub(crate) mod webhook_server;
