//! What it means that the API server did not do a write.

use kube::Error;

/// Why a write was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Refused {
    /// The object is not, or not any more, in the state that the write rests on.
    Outdated,
    /// Its namespace is about to go.
    Ending,
    /// This one write: no right to it, or an object that is not valid.
    This,
    /// The API server answers nobody, or has too much to do: the next write would fail as well.
    Unavailable,
}

impl Refused {
    /// What this error means.
    pub(super) fn of(error: &Error) -> Self {
        let Error::Api(status) = error else {
            return Self::Unavailable;
        };
        match status.code {
            // A report that is written is no longer there, or its namespace or kind is not.
            404 | 409 => Self::Outdated,
            403 if is_ending(error) => Self::Ending,
            429 | 500.. => Self::Unavailable,
            _ => Self::This,
        }
    }
}

/// Source: Kubernetes `plugin/pkg/admission/namespace/lifecycle/admission.go` (`NamespaceTerminatingCause`).
fn is_ending(error: &Error) -> bool {
    let Error::Api(status) = error else {
        return false;
    };
    let mut causes = status.details.iter().flat_map(|details| &details.causes);
    causes.any(|cause| cause.reason == "NamespaceTerminating")
}

#[cfg(test)]
pub(super) mod tests {
    use kube::core::Status;
    use serde_json::json;

    use super::*;

    /// An answer of the API server.
    pub(in super::super) fn answer(code: u16, cause: &str) -> Error {
        let status = json!({
            "kind": "Status", "status": "Failure", "code": code, "reason": "", "message": "no",
            "details": {"causes": [{"reason": cause, "message": "", "field": ""}]},
        });
        let status: Status = serde_json::from_value(status).unwrap();
        Error::Api(Box::new(status))
    }

    #[test]
    fn a_refusal_is_of_one_write_or_of_all() {
        for (code, cause, refused) in [
            (403, "NamespaceTerminating", Refused::Ending),
            (403, "", Refused::This),
            (422, "", Refused::This),
            (404, "", Refused::Outdated),
            (409, "", Refused::Outdated),
            (429, "", Refused::Unavailable),
            (503, "", Refused::Unavailable),
        ] {
            assert_eq!(Refused::of(&answer(code, cause)), refused, "{code} {cause}");
        }
        assert_eq!(Refused::of(&Error::TlsRequired), Refused::Unavailable);
    }
}
