//! One-time codes from a command or a service of the user's.

use std::ffi::OsString;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::config::{CodeSource, Secret};
use crate::control::OneTimeCode;
use crate::secrets::request_code;
use crate::supervisor::{Reaper, RunError};

/// The code that was fetched last: it was used, and is no good any more.
pub(super) type LastCode = Mutex<Option<OneTimeCode>>;

/// Has a code fetched.
///
/// # Errors
/// Why there is none.
pub(super) async fn fetch(
    source: Arc<CodeSource>,
    limit: Duration,
    reaper: &Reaper,
    environment: Vec<(OsString, OsString)>,
    last: &LastCode,
) -> Result<OneTimeCode, String> {
    let fetched = match &*source {
        CodeSource::Command(command) => {
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", command]).env_clear().envs(environment);
            let run = reaper.run("the code command", &mut shell, &[], limit).await;
            run.map_err(|error| match error {
                RunError::TooLong(_) => format!("{error}; see GATEHAND_CODE_LIMIT"),
                error => error.to_string(),
            })
        }
        CodeSource::Request(_) => request(Arc::clone(&source), limit).await,
    };
    fetched.and_then(|text| fresh(&text, last))
}

/// The code, if it is one and was not fetched before.
fn fresh(text: &Secret, last: &LastCode) -> Result<OneTimeCode, String> {
    let code = OneTimeCode::try_from(text.expose().to_owned())?;
    let before = last
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .replace(code.clone());
    if before.as_ref() == Some(&code) {
        return Err("it is the code from before, which was used".to_owned());
    }
    Ok(code)
}

async fn request(source: Arc<CodeSource>, limit: Duration) -> Result<Secret, String> {
    let asking = tokio::task::spawn_blocking(move || match &*source {
        CodeSource::Request(request) => request_code(request, limit).map_err(|error| error.to_string()),
        CodeSource::Command(_) => Err("there is no service to ask".to_owned()),
    });
    asking.await.unwrap_or_else(|error| Err(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_used_once() {
        let last = Mutex::default();
        let fresh = |text: &str| fresh(&Secret::new(text.to_owned()), &last);
        assert_eq!(fresh(" 123 456\n").unwrap().expose(), "123456");
        assert!(fresh("123456").unwrap_err().contains("from before"));
        assert!(fresh("no code here!").unwrap_err().contains("4 to 16"));
        assert!(
            fresh("654321").is_ok() && fresh("123456").is_ok(),
            "another one came between"
        );
    }
}
