//! Google Secret Manager, with the access token that the metadata server of a Google machine gives.
//!
//! Sources: "Access a secret version" (`projects.secrets.versions.access`) of the Secret Manager REST reference, and
//! "Get an access token" in the Compute Engine documentation of service accounts.

use std::io::Read;
use std::time::Duration;

use base64ct::{Base64, Encoding};
use serde::Deserialize;
use ureq::Agent;
use zeroize::{Zeroize, Zeroizing};

use crate::config::{Secret, SecretManager};
use crate::http_client;

/// The most that is read of an answer. A secret holds at most 64 KiB, which is 88 KiB in base64.
const ANSWER_LIMIT: usize = 128 * 1024;

/// Why there is no secret. No text holds anything of an answer but its status, nor the name that was asked for: it may
/// be the secret itself, by mistake.
#[derive(Debug, thiserror::Error)]
pub(super) enum AccessError {
    #[error("{what} at {address} does not answer: {why}; {cure}")]
    NoAnswer {
        what: &'static str,
        address: String,
        why: String,
        cure: &'static str,
    },
    #[error("{what} at {address} answers {status}; {cure}")]
    Refused {
        what: &'static str,
        address: String,
        status: u16,
        cure: &'static str,
    },
    #[error(
        "the value is no name of a secret; use one such as projects/PROJECT/secrets/NAME/versions/latest"
    )]
    NoName,
    #[error("{what} at {address} answers something else than {wanted}")]
    NotUnderstood {
        what: &'static str,
        address: String,
        wanted: &'static str,
    },
}

/// One of the two services, and what to do when it does not do its part.
struct Service {
    what: &'static str,
    unreachable: &'static str,
    refused: &'static str,
}

const METADATA: Service = Service {
    what: "the metadata server",
    unreachable: "it is there on Google Cloud only, and GATEHAND_GCP_METADATA_HOST names another",
    refused: "does the machine have a service account?",
};
const SECRETS: Service = Service {
    what: "Google Secret Manager",
    unreachable: "see GATEHAND_GCP_SECRETS_URL",
    refused: "check the secret's name, its version, and that the service account has the role secretAccessor",
};

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

#[derive(Deserialize)]
struct Version {
    payload: Payload,
}

#[derive(Deserialize)]
struct Payload {
    data: String,
}

/// The secret `name`, such as `projects/PROJECT/secrets/NAME/versions/latest`.
pub(super) fn access(services: &SecretManager, name: &str, limit: Duration) -> Result<Secret, AccessError> {
    if !name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "-_/.".contains(c))
    {
        return Err(AccessError::NoName);
    }
    let agent: Agent = http_client::config(limit).proxy(None).build().into();
    let place = format!("http://{}", services.metadata_host);
    let path = "/computeMetadata/v1/instance/service-accounts/default/token";
    let answer = METADATA.get(&agent, &place, path, ("Metadata-Flavor", "Google"))?;
    let Ok(Token { access_token }) = serde_json::from_slice(&answer) else {
        return Err(METADATA.not_understood(&place, "an access token"));
    };
    let access_token = Zeroizing::new(access_token);
    let mut bearer = Zeroizing::new(String::with_capacity("Bearer ".len() + access_token.len()));
    bearer.push_str("Bearer ");
    bearer.push_str(&access_token);

    let place = &services.url;
    let path = format!("/{name}:access");
    let answer = SECRETS.get(&agent, place, &path, ("Authorization", &bearer))?;
    let text = serde_json::from_slice(&answer)
        .ok()
        .and_then(|Version { payload }| Base64::decode_vec(&Zeroizing::new(payload.data)).ok())
        .map(String::from_utf8);
    match text {
        Some(Ok(text)) => Ok(Secret::new(text)),
        Some(Err(error)) => {
            error.into_bytes().zeroize();
            Err(SECRETS.not_understood(place, "a secret in UTF-8"))
        }
        None => Err(SECRETS.not_understood(place, "a secret's version")),
    }
}

impl Service {
    /// What stands at `path`. Messages name `place` alone.
    fn get(
        &self,
        agent: &Agent,
        place: &str,
        path: &str,
        header: (&str, &str),
    ) -> Result<Zeroizing<Vec<u8>>, AccessError> {
        let no_answer = |error: ureq::Error| AccessError::NoAnswer {
            what: self.what,
            address: place.to_owned(),
            why: error.to_string(),
            cure: self.unreachable,
        };
        let mut response = agent
            .get([place, path].concat())
            .header(header.0, header.1)
            .call()
            .map_err(no_answer)?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(AccessError::Refused {
                what: self.what,
                address: place.to_owned(),
                status,
                cure: self.refused,
            });
        }
        // Room for all at once: a vector that grows leaves copies of a secret behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(ANSWER_LIMIT + 64));
        let body = response.body_mut().with_config().limit(ANSWER_LIMIT as u64);
        body.reader()
            .read_to_end(&mut bytes)
            .map_err(|error| no_answer(error.into()))?;
        Ok(bytes)
    }

    fn not_understood(&self, place: &str, wanted: &'static str) -> AccessError {
        AccessError::NotUnderstood {
            what: self.what,
            address: place.to_owned(),
            wanted,
        }
    }
}
