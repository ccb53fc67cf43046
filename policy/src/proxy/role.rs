//! What a proxy runs as, and what a command line says of it.

/// What a proxy is in the mesh: the first argument of `pilot-agent proxy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProxyRole {
    /// A gateway: the only role that serves Istio `Gateway`s.
    Router,
    /// Beside an application. Also the role when none is given.
    Sidecar,
    /// A waypoint of the ambient mesh.
    Waypoint,
    /// The node proxy of the ambient mesh.
    Ztunnel,
    /// A gateway or waypoint run by agentgateway.
    Agentgateway,
}

impl ProxyRole {
    /// The roles as Istio writes them.
    pub(super) const WORDS: [&str; 5] =
        ["router", "sidecar", "waypoint", "ztunnel", "agentgateway"];

    /// The role as Istio writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::Sidecar => "sidecar",
            Self::Waypoint => "waypoint",
            Self::Ztunnel => "ztunnel",
            Self::Agentgateway => "agentgateway",
        }
    }

    /// Reads a role as Istio writes it; other spellings and cases are refused by `pilot-agent`.
    pub(super) fn from_word(word: &str) -> Option<Self> {
        match word {
            "router" => Some(Self::Router),
            "sidecar" => Some(Self::Sidecar),
            "waypoint" => Some(Self::Waypoint),
            "ztunnel" => Some(Self::Ztunnel),
            "agentgateway" => Some(Self::Agentgateway),
            _ => None,
        }
    }
}

/// What a container's command line says of its proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommandRole {
    /// It runs no proxy, or `pilot-agent` refuses the words or prints its help and ends.
    NoProxy,
    /// It runs a proxy in this role.
    Known(ProxyRole),
    /// It cannot be told from the object.
    Unknown {
        /// Why.
        why: UnknownRole,
        /// Whether the words show all the same that `pilot-agent` runs a proxy. If not, it is one only in a container
        /// that is a proxy's by its name or image.
        is_proxy: bool,
    },
}

/// Why the role of a proxy cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnknownRole {
    /// A variable decides whose value stands outside the object (`valueFrom`, `envFrom`).
    Variable,
    /// A shell script decides that is more than one plain command.
    Script,
    /// Another program than `pilot-agent` is started: a script of the image or of a volume, or Envoy by itself.
    Program,
    /// The image is not one of Istio's by its name, so nobody knows what it starts.
    Image,
}

impl UnknownRole {
    /// What the role hangs on, in words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Variable => "a variable whose value stands outside the object",
            Self::Script => "a shell script",
            Self::Program => "a program that is not pilot-agent",
            Self::Image => "an image that is not Istio's by its name",
        }
    }
}
