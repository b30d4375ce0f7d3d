//! What settings are taken from.

use std::path::PathBuf;

use crate::config::values::{MetadataHost, Seconds, SecretsSource, ServiceUrl};

settings! {
    Sources

    config: Option<PathBuf> {
        variables: ["GATEHAND_CONFIG"],
        ini: [],
        secret: false,
        help: "gatehand's own configuration file (TOML; keys as in the first column). Named on the command line or in the environment only.",
    }
    ibc_ini: Option<PathBuf> {
        variables: ["GATEHAND_IBC_INI"],
        ini: [],
        secret: false,
        help: "An IBC `config.ini` to take settings from. Named on the command line or in the environment only.",
    }
    custom_config: bool {
        variables: ["GATEHAND_CUSTOM_CONFIG", "CUSTOM_CONFIG"],
        ini: [],
        secret: false,
        default: "no",
        help: "Take settings from the IBC file `~/ibc/config.ini`, unless `ibc_ini` names another, and leave `jts.ini` as it is. Given on the command line or in the environment only.",
    }
    secrets_source: SecretsSource {
        variables: ["GATEHAND_SECRETS_SOURCE", "IBEAM_SECRETS_SOURCE"],
        ini: [],
        secret: false,
        default: "env",
        help: "What the variables of user names and secrets hold: the value, the path of a file, or the name of a secret in Google Secret Manager. Given on the command line or in the environment only.",
    }
    secret_limit: Seconds {
        variables: ["GATEHAND_SECRET_LIMIT"],
        ini: [],
        secret: false,
        default: "30",
        help: "Time for a command or Google Secret Manager to give a secret.",
    }
    gcp_secrets_url: ServiceUrl {
        variables: ["GATEHAND_GCP_SECRETS_URL", "IBEAM_GCP_SECRETS_URL"],
        ini: [],
        secret: false,
        default: "https://secretmanager.googleapis.com/v1",
        help: "What goes before the name of a secret in Google Secret Manager, for instance with `/projects/PROJECT/secrets` behind it.",
    }
    gcp_metadata_host: Option<MetadataHost> {
        variables: ["GATEHAND_GCP_METADATA_HOST", "GCE_METADATA_HOST"],
        ini: [],
        secret: false,
        help: "Host and port of the metadata server that gives the access token. Default: `metadata.google.internal`.",
    }
}
