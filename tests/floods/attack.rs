//! The kinds of floods, and starting one as a process of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What each client of a flood does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attack {
    Tcp,
    TlsAndSilence,
    SlowHandshake,
    SlowHeaders,
    SlowBody,
    SlowLaterBody,
    ReviewThenSilence,
    ReviewNowAndThen,
    Large,
    Unread,
    Churn,
}

impl Attack {
    pub(crate) const ALL: [Self; 11] = [
        Self::Tcp,
        Self::TlsAndSilence,
        Self::SlowHandshake,
        Self::SlowHeaders,
        Self::SlowBody,
        Self::SlowLaterBody,
        Self::ReviewThenSilence,
        Self::ReviewNowAndThen,
        Self::Unread,
        Self::Large,
        Self::Churn,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP alone",
            Self::TlsAndSilence => "TLS and silence",
            Self::SlowHandshake => "slow handshake",
            Self::SlowHeaders => "slow headers",
            Self::SlowBody => "slow body",
            Self::SlowLaterBody => "a review, then a slow body",
            Self::ReviewThenSilence => "a review, then silence",
            Self::ReviewNowAndThen => "a review now and then",
            Self::Large => "reviews of 3 MiB",
            Self::Unread => "answers never read",
            Self::Churn => "handshake churn",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|attack| attack.name() == name)
    }

    /// Whether it costs computing rather than connections: then a loaded machine loses reviews whatever the server does.
    pub(crate) fn computes(self) -> bool {
        matches!(self, Self::Large | Self::Unread | Self::Churn)
    }
}

/// Where the attackers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// 127.0.0.1, as the API server.
    Same,
    /// All over 127.0.0.0/8.
    Many,
}

impl From {
    pub(crate) const BOTH: [Self; 2] = [Self::Same, Self::Many];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Same => "from the same address",
            Self::Many => "from many addresses",
        }
    }
}

/// A flood to start.
pub(crate) struct Flood<'a> {
    pub(crate) attack: Attack,
    pub(crate) from: From,
    pub(crate) clients: usize,
    /// New connections a second, at most.
    pub(crate) rate: u32,
    pub(crate) duration: Duration,
    pub(crate) target: SocketAddr,
    /// The name in the server's certificate; none is plain HTTP.
    pub(crate) name: Option<&'a str>,
    pub(crate) authority: &'a Path,
}

/// A flood that goes on. It ends when this is dropped.
pub(crate) struct Flooding(Child);

impl Flood<'_> {
    /// Starts it, at the lowest priority.
    pub(crate) fn start(&self) -> Flooding {
        let mut command = Command::new("nice");
        command
            .args(["-n", "19"])
            .arg(std::env::current_exe().unwrap())
            .args(["attack", self.attack.name(), self.from.name()])
            .args([self.clients.to_string(), self.rate.to_string()])
            .arg(self.duration.as_millis().to_string())
            .args([&self.target.to_string(), self.name.unwrap_or("")])
            .arg(self.authority)
            .stdin(Stdio::null());
        Flooding(command.spawn().unwrap())
    }
}

impl Flooding {
    pub(crate) fn is_over(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

impl Drop for Flooding {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
