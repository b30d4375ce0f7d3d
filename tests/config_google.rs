//! Secrets from Google Secret Manager.

mod common;

use std::fs;
use std::net::TcpListener;

use common::google::Google;
use common::settings::{read, user};
use serde_json::json;

/// Status and body for the path of a request.
type Answer = fn(&str) -> (u16, String);

#[test]
fn google_secret_manager() {
    let google = Google::with_secrets(&[
        ("user/versions/3", "bWU="),
        ("password/versions/latest", "cMOkc3Mgd29yZAo="),
    ]);
    let config = read(&[
        ("GATEHAND_GCP_SECRETS_URL", &google.url()),
        ("GCE_METADATA_HOST", &google.address),
        ("TWS_USERID_GCP_SECRET", "projects/p/secrets/user/versions/3"),
        (
            "TWS_PASSWORD_GCP_SECRET",
            "projects/p/secrets/password/versions/latest",
        ),
    ])
    .unwrap();
    assert_eq!(
        user(&config),
        Some(("me", "päss word")),
        "one line end is dropped"
    );
    let paths = google
        .requests
        .try_iter()
        .map(|request| request.lines().next().unwrap().to_owned());
    assert_eq!(
        paths.collect::<Vec<_>>(),
        [
            "GET /computeMetadata/v1/instance/service-accounts/default/token HTTP/1.1",
            "GET /v1/projects/p/secrets/user/versions/3:access HTTP/1.1",
            "GET /computeMetadata/v1/instance/service-accounts/default/token HTTP/1.1",
            "GET /v1/projects/p/secrets/password/versions/latest:access HTTP/1.1",
        ]
    );
}

#[test]
fn the_names_of_ibeam() {
    let google = Google::with_secrets(&[("user/versions/1", "bWU="), ("password/versions/1", "c2VjcmV0")]);
    let url = format!("{}/projects/p/secrets/", google.url());
    let config = read(&[
        ("IBEAM_SECRETS_SOURCE", "gcp_secrets_manager"),
        ("IBEAM_GCP_SECRETS_URL", &url),
        ("GCE_METADATA_HOST", &google.address),
        ("TWS_USERID", "user/versions/1"),
        ("TWS_PASSWORD", "password/versions/1"),
        ("TIME_ZONE", "Etc/UTC"),
    ])
    .unwrap();
    assert_eq!(user(&config), Some(("me", "secret")));
    assert_eq!(
        config.gateway.time_zone.as_deref(),
        Some("Etc/UTC"),
        "no credential"
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p");
    fs::write(&path, "secret\r\n").unwrap();
    let config = read(&[
        ("IBEAM_SECRETS_SOURCE", "fs"),
        ("TWS_USERID_COMMAND", "echo me"),
        ("TWS_PASSWORD", path.to_str().unwrap()),
    ])
    .unwrap();
    assert_eq!(user(&config), Some(("me", "secret")));
}

#[test]
fn google_secret_manager_that_does_not_answer_as_it_should() {
    let answers: [(Answer, &str); 5] = [
        (
            |_| (403, "{\"error\": \"needle\"}".into()),
            "answers 403; check the secret's name, its version, and",
        ),
        (|_| (302, String::new()), "answers 302"),
        (
            |_| (200, "needle".into()),
            "answers something else than a secret's version",
        ),
        (
            |_| (200, json!({"payload": {"data": "needle!"}}).to_string()),
            "answers something else than a secret's version",
        ),
        (
            |_| (200, json!({"payload": {"data": "/w=="}}).to_string()),
            "answers something else than a secret in UTF-8",
        ),
    ];
    for (answer, message) in answers {
        let google = Google::start(answer);
        let error = read(&[
            ("GATEHAND_GCP_SECRETS_URL", &google.url()),
            ("GATEHAND_GCP_METADATA_HOST", &google.address),
            ("TWS_USERID", "me"),
            ("TWS_PASSWORD_GCP_SECRET", "needle"),
        ])
        .unwrap_err()
        .to_string();
        let start = format!(
            "TWS_PASSWORD_GCP_SECRET: Google Secret Manager at {} ",
            google.url()
        );
        assert!(error.starts_with(&start) && error.contains(message), "{error}");
        assert!(!error.contains("needle") && !error.contains('\n'), "{error}");
        let asked = google.requests.try_iter().count();
        assert_eq!(asked, 2, "a redirection is not followed");
    }
    let deaf = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let error = read(&[
        ("GCE_METADATA_HOST", &deaf),
        ("TWS_USERID", "me"),
        ("TWS_PASSWORD_GCP_SECRET", "x"),
    ]);
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains(&format!("the metadata server at http://{deaf} ")),
        "{error}"
    );
    assert!(
        error.contains("does not answer") && error.contains("GATEHAND_GCP_METADATA_HOST"),
        "{error}"
    );
}

#[test]
fn a_service_that_hangs_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let error = read(&[
        ("GCE_METADATA_HOST", &address),
        ("GATEHAND_SECRET_LIMIT", "1"),
        ("TWS_USERID", "me"),
        ("TWS_PASSWORD_GCP_SECRET", "x"),
    ])
    .unwrap_err()
    .to_string();
    assert!(error.contains("does not answer"), "{error}");
}

#[test]
fn a_secret_in_the_place_of_its_name_is_not_shown() {
    let google = Google::with_secrets(&[]);
    for (source, secret, message) in [
        (
            "gcp_secrets_manager",
            "needle!",
            "the value is no name of a secret; use one such as projects/PROJECT/",
        ),
        (
            "gcp_secrets_manager",
            "needle",
            "answers 404; check the secret's name",
        ),
        (
            "fs",
            "needle",
            "the value is not allowed; use the absolute path of a file",
        ),
    ] {
        let error = read(&[
            ("GATEHAND_SECRETS_SOURCE", source),
            ("GATEHAND_GCP_SECRETS_URL", &google.url()),
            ("GCE_METADATA_HOST", &google.address),
            ("TWS_USERID_COMMAND", "echo me"),
            ("TWS_PASSWORD", secret),
        ])
        .unwrap_err()
        .to_string();
        assert!(
            error.starts_with("TWS_PASSWORD: ") && error.contains(message),
            "{error}"
        );
        assert!(!error.contains("needle") && !error.contains("1 more"), "{error}");
    }
    let sent: Vec<String> = google.requests.try_iter().collect();
    assert!(sent.iter().all(|request| !request.contains('!')), "{sent:?}");
}
