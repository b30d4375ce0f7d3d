//! Who may ask: whoever shows the token, under a name of this host that no page can have.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use subtle::ConstantTimeEq as _;

use super::{refusal, session};
use crate::config::{HttpSettings, Secret};
use crate::ports::{BackOff, Caller, host_name};

/// What is needed to get in.
#[derive(Debug)]
pub(super) struct Guard {
    token: Option<Arc<Secret>>,
    /// What the page's cookie holds.
    session: Option<String>,
    hosts: Vec<String>,
    /// The port speaks TLS: a token is not to be sent without it.
    speaks_tls: bool,
    back_off: Mutex<BackOff>,
}

/// Why somebody does not get in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Objection {
    /// The token, or what it opens, could be read on its way.
    NotEncrypted,
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

impl Objection {
    pub(super) fn answer(self, peer: SocketAddr) -> Response {
        match self {
            Self::NotEncrypted => {
                let why =
                    "this port speaks TLS, and without it only the health checks are served: ask by https://";
                refusal(StatusCode::FORBIDDEN, why).into_response()
            }
            Self::NoToken => {
                let why = "no token is set, and without one only the health checks are served: set GATEHAND_HTTP_TOKEN_FILE";
                refusal(StatusCode::FORBIDDEN, why).into_response()
            }
            Self::Stranger(why) => {
                tracing::debug!(%peer, "{why}");
                let why = format!("{why}; GATEHAND_HTTP_HOSTS names those that may be used");
                refusal(StatusCode::FORBIDDEN, why).into_response()
            }
            Self::Missing => unauthorized("show the token: Authorization: Bearer TOKEN"),
            Self::Wrong => {
                tracing::warn!(%peer, "a wrong token at the HTTP port");
                unauthorized("the token is wrong")
            }
            Self::Wait(wait) => {
                let left = wait.as_secs() + 1;
                let retry_after = [(header::RETRY_AFTER, left.to_string())];
                let why = format!("too many wrong tokens; try again in {left} s");
                (retry_after, refusal(StatusCode::TOO_MANY_REQUESTS, why)).into_response()
            }
        }
    }
}

impl Guard {
    pub(super) fn new(settings: &HttpSettings, speaks_tls: bool) -> Self {
        Self {
            token: settings.token.clone(),
            session: settings
                .token
                .as_deref()
                .map(|token| session::value(token.expose())),
            hosts: settings.hosts.clone(),
            speaks_tls,
            back_off: Mutex::default(),
        }
    }

    fn objection(
        &self,
        caller: Caller,
        method: &Method,
        headers: &HeaderMap,
        now: Instant,
    ) -> Option<Objection> {
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
        if self.must_encrypt(caller) {
            return Some(Objection::NotEncrypted);
        }
        let Some(token) = &self.token else {
            return Some(Objection::NoToken);
        };
        let peer = caller.peer;
        let mut back_off = self.back_off.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wait) = back_off.wait(peer.ip(), now) {
            return Some(Objection::Wait(wait));
        }
        let Some(shown) = headers.get(header::AUTHORIZATION) else {
            return self.cookie_objection(method, headers);
        };
        if bearer(shown.as_bytes()).is_some_and(|shown| token.expose().as_bytes().ct_eq(shown).into()) {
            back_off.succeeded(peer.ip());
            return None;
        }
        back_off.failed(peer.ip(), now);
        Some(Objection::Wrong)
    }

    /// Whether the caller has to come back through TLS.
    const fn must_encrypt(&self, caller: Caller) -> bool {
        self.speaks_tls && !caller.encrypted
    }

    /// Where a browser that came without TLS finds this path with it; `None` when it may have it as it came.
    pub(super) fn way_to_tls(&self, caller: Caller, headers: &HeaderMap, path: &str) -> Option<Response> {
        if !self.must_encrypt(caller) {
            return None;
        }
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let Some(host) = host.filter(|host| self.knows(host)) else {
            return Some(Objection::NotEncrypted.answer(caller.peer));
        };
        let location = [(header::LOCATION, format!("https://{host}{path}"))];
        Some((StatusCode::TEMPORARY_REDIRECT, location).into_response())
    }

    /// The page has no token any more, but a cookie.
    fn cookie_objection(&self, method: &Method, headers: &HeaderMap) -> Option<Objection> {
        let session = self.session.as_deref().unwrap_or_default().as_bytes();
        // One from before the token was changed is no guess.
        if !session::shown(headers).any(|shown| session.ct_eq(shown.as_bytes()).into()) {
            return Some(Objection::Missing);
        }
        // Browsers send the cookie whichever page asks, and with a command the page that asks.
        if !method.is_safe() && !headers.contains_key(header::ORIGIN) {
            return Some(Objection::Stranger(
                "a command by cookie must name its page".into(),
            ));
        }
        None
    }

    /// The cookie for a caller with this token.
    pub(super) fn sign_in(
        &self,
        caller: Caller,
        headers: &HeaderMap,
        token: &str,
    ) -> Result<HeaderValue, Objection> {
        let mut shown = headers.clone();
        let bearer = HeaderValue::try_from(format!("Bearer {token}"));
        shown.insert(
            header::AUTHORIZATION,
            bearer.unwrap_or(HeaderValue::from_static("")),
        );
        match self.objection(caller, &Method::POST, &shown, Instant::now()) {
            Some(objection) => Err(objection),
            None => {
                let session = self.session.as_deref().unwrap_or_default();
                Ok(session::cookie(headers, session, caller.encrypted))
            }
        }
    }

    /// Whether this is a name that this host can have and no page of a stranger: an address, a name without a dot, which
    /// nobody can register, or one of the settings. So a page whose name was bound to our address later cannot ask.
    fn knows(&self, host: &str) -> bool {
        let name = host_name(host);
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
        authority.eq_ignore_ascii_case(host) || self.is_named(host_name(authority))
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

/// Lets those through that may.
pub(super) async fn admit(
    State(guard): State<Arc<Guard>>,
    Extension(caller): Extension<Caller>,
    request: Request,
    next: Next,
) -> Response {
    let objection = guard.objection(caller, request.method(), request.headers(), Instant::now());
    match objection {
        None => next.run(request).await,
        Some(objection) => objection.answer(caller.peer),
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
        let settings = HttpSettings {
            listen: None,
            token: Some(Arc::new(Secret::new(TOKEN.to_owned()))),
            hosts: vec!["gateway.example.org".into()],
            metrics_are_open: false,
            novnc: "/usr/share/novnc".into(),
        };
        Guard::new(&settings, true)
    }

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let pairs = pairs.iter().cloned();
        pairs
            .map(|(name, value)| (name, value.parse().expect("a value")))
            .collect()
    }

    fn caller() -> Caller {
        Caller {
            peer: SocketAddr::from(([192, 0, 2, 7], 4000)),
            encrypted: true,
        }
    }

    #[test]
    fn where_tls_is_spoken_no_token_is_taken_without_it() {
        let guard = guard();
        let plain = Caller {
            encrypted: false,
            ..caller()
        };
        let bearer = format!("Bearer {TOKEN}");
        let shown = headers(&[(header::HOST, "gateway:6080"), (header::AUTHORIZATION, &bearer)]);
        let objection = |caller| guard.objection(caller, &Method::GET, &shown, Instant::now());
        assert_eq!(objection(caller()), None);
        assert_eq!(objection(plain), Some(Objection::NotEncrypted));
        assert!(guard.sign_in(plain, &shown, TOKEN).is_err());

        assert!(guard.way_to_tls(caller(), &shown, "/").is_none());
        let way = guard.way_to_tls(plain, &shown, "/").expect("a way");
        assert_eq!(way.headers()[header::LOCATION], "https://gateway:6080/");
        let stranger = headers(&[(header::HOST, "evil.example.org")]);
        let way = guard.way_to_tls(plain, &stranger, "/").expect("an answer");
        assert_eq!(way.status(), StatusCode::FORBIDDEN);
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
            let objection = guard().objection(caller(), &Method::GET, &headers(&all), Instant::now());
            assert_eq!(objection.is_none(), admitted, "{host} {origin:?}: {objection:?}");
        }
    }

    #[test]
    fn only_the_token_gets_in_and_guesses_have_to_wait() {
        let guard = guard();
        let mut now = Instant::now();
        let show = |token: Option<&str>, now| {
            let mut all = vec![(header::HOST, "gateway")];
            all.extend(token.map(|token| (header::AUTHORIZATION, token)));
            guard.objection(caller(), &Method::GET, &headers(&all), now)
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
    fn the_cookie_serves_its_own_page_only() {
        let guard = guard();
        let page = headers(&[
            (header::HOST, "gateway:6080"),
            (header::ORIGIN, "http://gateway:6080"),
        ]);
        let cookie = guard.sign_in(caller(), &page, TOKEN).expect("signed in");
        let cookie = cookie.to_str().expect("a text");
        assert!(
            cookie.ends_with("; HttpOnly; SameSite=Strict; Secure"),
            "{cookie}"
        );
        assert!(!cookie.contains(TOKEN), "{cookie}");
        assert!(guard.sign_in(caller(), &page, "0123456789abcdeF").is_err());
        let sent = format!("other=1; {}", cookie.split(';').next().expect("a value"));
        let other_page = Some("http://gateway:8000");
        for (method, origin, host, admitted) in [
            (Method::GET, None, "gateway:6080", true),
            (Method::POST, Some("http://gateway:6080"), "gateway:6080", true),
            (Method::POST, None, "gateway:6080", false),
            (Method::POST, other_page, "gateway:6080", false),
            (Method::GET, None, "gateway:6081", false),
        ] {
            let mut all = vec![(header::COOKIE, sent.as_str()), (header::HOST, host)];
            all.extend(origin.map(|origin| (header::ORIGIN, origin)));
            let objection = guard.objection(caller(), &method, &headers(&all), Instant::now());
            assert_eq!(
                objection.is_none(),
                admitted,
                "{method} {origin:?} {host}: {objection:?}"
            );
        }
        let later = Guard {
            session: Some(session::value("another token of 16")),
            ..guard
        };
        let all = headers(&[(header::COOKIE, &sent), (header::HOST, "gateway:6080")]);
        let objection = later.objection(caller(), &Method::GET, &all, Instant::now());
        assert_eq!(objection, Some(Objection::Missing));
    }

    #[test]
    fn without_a_token_nobody_gets_in() {
        let mut guard = guard();
        guard.token = None;
        let all = headers(&[(header::HOST, "gateway"), (header::AUTHORIZATION, "Bearer ")]);
        assert_eq!(
            guard.objection(caller(), &Method::GET, &all, Instant::now()),
            Some(Objection::NoToken)
        );
    }
}
