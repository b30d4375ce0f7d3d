//! The page's cookie (RFC 6265), which stands for the token that was typed once. Pure.

use axum::http::header::{COOKIE, HOST};
use axum::http::{HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};

/// How long a browser keeps the cookie, in seconds: 30 days.
const AGE: u32 = 30 * 86_400;
/// What the value is made from, beside the token.
const PURPOSE: &[u8] = b"gatehand page\0";

/// The value for a token: the token cannot be had from it, and a new token makes it void.
pub(super) fn value(token: &str) -> String {
    let digest = Sha256::new().chain_update(PURPOSE).chain_update(token).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The values that came with a request.
pub(super) fn shown(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let wanted = name(headers);
    let all = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    all.flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .filter_map(move |(name, value)| (name == wanted).then_some(value))
}

/// What sets it.
pub(super) fn cookie(headers: &HeaderMap, value: &str, encrypted: bool) -> HeaderValue {
    let age = if value.is_empty() { 0 } else { AGE };
    let secure = if encrypted { "; Secure" } else { "" };
    let name = name(headers);
    let cookie = format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}");
    // Of such letters every one may stand in a header.
    HeaderValue::try_from(cookie).unwrap_or(HeaderValue::from_static(""))
}

/// One for each port: browsers send the cookies of one port of a host to all others.
fn name(headers: &HeaderMap) -> String {
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let port = host
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse::<u16>().ok());
    port.map_or_else(|| "gatehand".into(), |port| format!("gatehand-{port}"))
}
