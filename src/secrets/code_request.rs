//! A one-time code from an HTTP service: the body of its answer.

use std::io::Read;
use std::time::Duration;

use ureq::Agent;
use zeroize::{Zeroize, Zeroizing};

use crate::config::{CodeRequest, HIDDEN, Secret};
use crate::http_client;

/// The most that is read of an answer.
const ANSWER_LIMIT: usize = 1024;

/// Why there is no code. No text holds anything of the request, which may hold secrets, nor of the answer but its status.
#[derive(Debug, thiserror::Error)]
pub enum CodeRequestError {
    /// It could not be asked.
    #[error("the service of GATEHAND_CODE_URL does not answer: {0}")]
    NoAnswer(String),
    /// It has none.
    #[error("the service of GATEHAND_CODE_URL answers {0}")]
    Refused(u16),
    /// It says something else.
    #[error("the service of GATEHAND_CODE_URL answers something that is no text")]
    NotText,
}

/// Asks for a code. Waits, so it is not for a thread that serves others.
///
/// # Errors
/// When there is no answer within `limit`, or none that could be a code.
pub fn request_code(request: &CodeRequest, limit: Duration) -> Result<Secret, CodeRequestError> {
    let agent: Agent = http_client::config(limit).build().into();
    let url = request.url.expose();
    let no_answer = |error: ureq::Error| CodeRequestError::NoAnswer(error.to_string().replace(url, HIDDEN));
    let parameters = request
        .parameters
        .iter()
        .map(|(name, value)| (name, value.expose()));
    let headers = request.headers.iter().map(|(name, value)| (name, value.expose()));
    let response = match &request.form {
        None => {
            let asking = headers.fold(agent.get(url), |asking, (name, value)| asking.header(name, value));
            asking.query_pairs(parameters).call()
        }
        Some(form) => {
            let asking = headers.fold(agent.post(url), |asking, (name, value)| {
                asking.header(name, value)
            });
            let form = form.iter().map(|(name, value)| (name.as_str(), value.expose()));
            asking.query_pairs(parameters).send_form(form)
        }
    };
    let mut response = response.map_err(no_answer)?;
    let status = response.status().as_u16();
    if !(200..300).contains(&status) {
        return Err(CodeRequestError::Refused(status));
    }
    // Room for all at once: a vector that grows leaves copies of a secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(ANSWER_LIMIT + 64));
    let body = response.body_mut().with_config().limit(ANSWER_LIMIT as u64);
    body.reader()
        .read_to_end(&mut bytes)
        .map_err(|error| no_answer(error.into()))?;
    String::from_utf8(std::mem::take(&mut bytes))
        .map(Secret::new)
        .map_err(|error| {
            error.into_bytes().zeroize();
            CodeRequestError::NotText
        })
}
