//! A request that came to nothing: the problem, and whether the same was said before.

use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use lanyard_node::http::{IDEMPOTENT_REPLAY, Problem};
use lanyard_node::read::ReadError;

/// Why a request came to nothing.
#[derive(Debug)]
pub struct Failure {
    /// What is wrong.
    pub problem: Problem,
    /// Whether it is the stored outcome of an earlier request with the same key.
    pub replayed: bool,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem, replayed: false }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        read_failed(&error).into()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.problem.into_response();
        if self.replayed {
            response.headers_mut().insert(IDEMPOTENT_REPLAY, HeaderValue::from_static("true"));
        }
        response
    }
}

/// A read that broke, logged here and told without internals.
pub fn read_failed(error: &ReadError) -> Problem {
    tracing::error!(error = error as &dyn std::error::Error, "the database cannot be read");
    Problem::internal()
}
