//! What went wrong with a request, in words.

use std::error::Error;

/// What went wrong, in words, with its causes: the library shows an answer of the API server as its fields.
#[must_use]
pub fn said(error: &kube::Error) -> String {
    if let kube::Error::Api(status) = error {
        let (code, reason, message) = (status.code, &status.reason, &status.message);
        return format!("the API server answers {code} {reason}: {message}");
    }
    causes(error)
}

/// An error and its causes, each said once.
#[must_use]
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let words = next.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    #[test]
    fn an_answer_of_the_api_server_is_told_in_its_own_words() {
        let status = Status::failure("try again", "TooManyRequests").with_code(429);
        assert_eq!(
            said(&kube::Error::Api(Box::new(status))),
            "the API server answers 429 TooManyRequests: try again"
        );
    }
}
