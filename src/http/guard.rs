//! Who may ask: whoever shows the token, under a name of this host that no page can have.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use subtle::ConstantTimeEq as _;

use super::refusal;
use crate::config::{HttpSettings, Secret};
use crate::vnc::{BackOff, Caller};

/// What is needed to get in.
#[derive(Debug)]
pub(super) struct Guard {
    token: Option<Arc<Secret>>,
    hosts: Vec<String>,
    back_off: Mutex<BackOff>,
}

/// Why somebody does not get in.
#[derive(Debug, PartialEq, Eq)]
enum Objection {
    /// No token is set.
    NoToken,
    /// This name of the host, or the page that asks, is not one of those that may.
    Stranger(String),
    /// The token is missing.
    Missing,
    /// The token is wrong.
    Wrong,
    /// There were too many wrong ones.
    Wait(Duration),
}

impl Guard {
    pub(super) fn new(settings: &HttpSettings) -> Self {
        Self {
            token: settings.token.clone(),
            hosts: settings.hosts.clone(),
            back_off: Mutex::default(),
        }
    }

    fn objection(&self, peer: SocketAddr, headers: &HeaderMap, now: Instant) -> Option<Objection> {
        let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let host = header(header::HOST).unwrap_or_default();
        if !self.knows(host) {
            return Some(Objection::Stranger(format!("this host is not known as {host:?}")));
        }
        if headers.contains_key(header::ORIGIN) {
            let origin = header(header::ORIGIN).unwrap_or_default();
            if !self.admits(origin, host) {
                return Some(Objection::Stranger(format!("a page of {origin:?} may not ask")));
            }
        }
        let Some(token) = &self.token else {
            return Some(Objection::NoToken);
        };
        let mut back_off = self.back_off.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wait) = back_off.wait(peer.ip(), now) {
            return Some(Objection::Wait(wait));
        }
        let Some(shown) = headers.get(header::AUTHORIZATION) else {
            return Some(Objection::Missing);
        };
        if bearer(shown.as_bytes()).is_some_and(|shown| token.expose().as_bytes().ct_eq(shown).into()) {
            back_off.succeeded(peer.ip());
            return None;
        }
        back_off.failed(peer.ip(), now);
        Some(Objection::Wrong)
    }

    /// Whether this is a name that this host can have and no page of a stranger: an address, a name without a dot, which
    /// nobody can register, or one of the settings. So a page whose name was bound to our address later cannot ask.
    fn knows(&self, host: &str) -> bool {
        let name = name(host);
        name.parse::<IpAddr>().is_ok()
            || !name.is_empty() && !name.contains('.')
            || name.to_ascii_lowercase().ends_with(".localhost")
            || self.is_named(name)
    }

    /// Whether a page of this origin (RFC 6454) may ask: of this server itself, or of a host that is named.
    fn admits(&self, origin: &str, host: &str) -> bool {
        let Some((_, authority)) = origin.split_once("://") else {
            return false;
        };
        authority.eq_ignore_ascii_case(host) || self.is_named(name(authority))
    }

    fn is_named(&self, name: &str) -> bool {
        self.hosts.iter().any(|host| host.eq_ignore_ascii_case(name))
    }
}

/// The token of a header (RFC 6750 §2.1).
fn bearer(header: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = header.split_at_checked(7)?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| token.trim_ascii())
}

/// The host in `host[:port]`, an IPv6 address without its brackets.
fn name(host: &str) -> &str {
    if let Some((address, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address;
    }
    match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    }
}

/// Lets those through that may.
pub(super) async fn admit(
    State(guard): State<Arc<Guard>>,
    Extension(caller): Extension<Caller>,
    request: Request,
    next: Next,
) -> Response {
    let Some(objection) = guard.objection(caller.peer, request.headers(), Instant::now()) else {
        return next.run(request).await;
    };
    let peer = caller.peer;
    match objection {
        Objection::NoToken => {
            let why = "no token is set, and without one only the health checks are served: set GATEHAND_HTTP_TOKEN_FILE";
            refusal(StatusCode::FORBIDDEN, why).into_response()
        }
        Objection::Stranger(why) => {
            tracing::debug!(%peer, "{why}");
            let why = format!("{why}; GATEHAND_HTTP_HOSTS names those that may be used");
            refusal(StatusCode::FORBIDDEN, why).into_response()
        }
        Objection::Missing => unauthorized("show the token: Authorization: Bearer TOKEN"),
        Objection::Wrong => {
            tracing::warn!(%peer, "a wrong token at the HTTP port");
            unauthorized("the token is wrong")
        }
        Objection::Wait(wait) => {
            let left = wait.as_secs() + 1;
            let retry_after = [(header::RETRY_AFTER, left.to_string())];
            let why = format!("too many wrong tokens; try again in {left} s");
            (retry_after, refusal(StatusCode::TOO_MANY_REQUESTS, why)).into_response()
        }
    }
}

fn unauthorized(why: &str) -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
    (challenge, refusal(StatusCode::UNAUTHORIZED, why)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef";

    fn guard() -> Guard {
        Guard::new(&HttpSettings {
            listen: None,
            token: Some(Arc::new(Secret::new(TOKEN.to_owned()))),
            open_metrics: false,
            hosts: vec!["gateway.example.org".into()],
        })
    }

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let pairs = pairs.iter().cloned();
        pairs
            .map(|(name, value)| (name, value.parse().expect("a value")))
            .collect()
    }

    fn peer() -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 7], 4000))
    }

    #[test]
    fn the_host_and_the_page_must_be_known() {
        let bearer = format!("Bearer {TOKEN}");
        for (host, origin, admitted) in [
            ("127.0.0.1:6080", None, true),
            ("[::1]:6080", None, true),
            ("localhost:6080", None, true),
            ("gateway:6080", None, true),
            ("Gateway.example.org", None, true),
            ("evil.example.org:6080", None, false),
            ("", None, false),
            ("127.0.0.1:6080", Some("http://127.0.0.1:6080"), true),
            ("127.0.0.1:6080", Some("http://127.0.0.1:8000"), false),
            ("127.0.0.1:6080", Some("https://evil.example.org"), false),
            ("127.0.0.1:6080", Some("https://gateway.example.org"), true),
            ("127.0.0.1:6080", Some("null"), false),
        ] {
            let mut all = vec![(header::HOST, host), (header::AUTHORIZATION, bearer.as_str())];
            all.extend(origin.map(|origin| (header::ORIGIN, origin)));
            let objection = guard().objection(peer(), &headers(&all), Instant::now());
            assert_eq!(objection.is_none(), admitted, "{host} {origin:?}: {objection:?}");
        }
    }

    #[test]
    fn only_the_token_gets_in_and_guesses_have_to_wait() {
        let guard = guard();
        let mut now = Instant::now();
        let mut show = |token: Option<&str>, now| {
            let mut all = vec![(header::HOST, "gateway")];
            all.extend(token.map(|token| (header::AUTHORIZATION, token)));
            guard.objection(peer(), &headers(&all), now)
        };
        assert_eq!(show(Some("bearer 0123456789abcdef"), now), None);
        for _ in 0..20 {
            assert_eq!(show(None, now), Some(Objection::Missing), "that is no guess");
        }
        for wrong in [
            "Bearer 0123456789abcdeF",
            "Bearer",
            "0123456789abcdef",
            "Bearer 0123456789abcde",
            "Basic 0123456789abcdef",
        ] {
            assert_eq!(show(Some(wrong), now), Some(Objection::Wrong), "{wrong}");
        }
        let right = Some("Bearer 0123456789abcdef");
        assert!(matches!(show(right, now), Some(Objection::Wait(_))));
        now += Duration::from_secs(10);
        assert_eq!(show(right, now), None);
    }

    #[test]
    fn without_a_token_nobody_gets_in() {
        let mut guard = guard();
        guard.token = None;
        let all = headers(&[(header::HOST, "gateway"), (header::AUTHORIZATION, "Bearer ")]);
        assert_eq!(
            guard.objection(peer(), &all, Instant::now()),
            Some(Objection::NoToken)
        );
    }
}
