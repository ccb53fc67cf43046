//! What to do instead, in a sentence. The changes themselves are worked out where a report is rendered
//! ([`crate::remedy`]): they need whole objects, and a verdict is not to wait for them.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use crate::gateways::service::ServiceTrace;
use crate::wording::Reader;

/// What to do instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    advice: &'static str,
    /// A part of the object's own manifest.
    example: Option<&'static str>,
    /// The namespace of the Service that is to be changed, where one is.
    service: Option<Arc<str>>,
}

impl Remedy {
    /// Advice alone, a sentence.
    pub(super) fn advice(advice: &'static str) -> Self {
        Self {
            advice,
            example: None,
            service: None,
        }
    }

    /// Advice, and what it is about, to paste.
    pub(super) fn paste(advice: &'static str, example: &'static str) -> Self {
        Self {
            advice,
            example: Some(example),
            service: None,
        }
    }

    /// Advice about the Service at the end of the way.
    pub(super) fn network_load_balancer(advice: &'static str, reach: &ServiceTrace) -> Self {
        let service = reach.last_service();
        Self {
            advice,
            example: None,
            service: service.map(|service| Arc::clone(&service.namespace)),
        }
    }

    /// The sentence.
    #[must_use]
    pub fn sentence(&self) -> &'static str {
        self.advice
    }

    /// A part of the object's own manifest, where the sentence has one.
    #[must_use]
    pub fn example(&self) -> Option<&'static str> {
        self.example
    }

    /// As `reader` may read it, with the way to the changes themselves.
    #[must_use]
    pub fn for_reader(&self, reader: &Reader<'_>) -> String {
        match &self.service {
            Some(namespace) if !reader.may_read(namespace) => {
                format!("{}\n{FOR_ITS_OWNER}\n", self.advice)
            }
            Some(_) => format!("{}\n{WRITTEN_OUT}\n", self.advice),
            None => self.to_string(),
        }
    }
}

/// Where the changes are, for the owner of a Service of another namespace.
const FOR_ITS_OWNER: &str = "That Service is of another namespace: `l7guard check`, given its manifests as files, writes the changes out for those who own it.";
/// Where the changes are.
const WRITTEN_OUT: &str = "`l7guard check`, given these objects as files, writes the changes out.";

impl fmt::Display for Remedy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.advice)?;
        match self.example {
            Some(example) => write!(formatter, "\n\n{example}"),
            None => formatter.write_char('\n'),
        }
    }
}
