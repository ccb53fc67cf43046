//! What a Pod's proxy runs as: the role on a container's command line, as pilot-agent reads it, and what the
//! annotations of Istio's injector ask for. Nothing here knows of other objects.

pub mod command_line;
mod command_line_flags;
mod expansion;
mod flag_parser;
pub mod injection;
pub mod injection_overrides;
pub mod injection_templates;
pub mod role;
mod shell_command;
