//! Where one-time codes come from.

use std::sync::Arc;

use super::{CodeRequest, CodeSource, CodeSources};
use crate::config::error::ConfigError;
use crate::config::settings::SecondFactor;
use crate::config::values::{CodeMethod, Pairs};
use crate::config::written::RawSettings;

/// A command or a service, of which there may be one.
pub(super) fn sources(
    factor: &mut SecondFactor,
    raw: &RawSettings,
    faults: &mut Vec<ConfigError>,
) -> CodeSources {
    let pairs = |pairs: Option<Pairs>| pairs.map(|pairs| pairs.0);
    let form = pairs(factor.code_data.take());
    let form = form.or_else(|| (factor.code_method == CodeMethod::Post).then(Vec::new));
    let command = factor.code_command.take().map(CodeSource::Command);
    let request = factor.code_url.take().map(|url| {
        CodeSource::Request(CodeRequest {
            url: url.0,
            parameters: pairs(factor.code_params.take()).unwrap_or_default(),
            headers: pairs(factor.code_headers.take()).unwrap_or_default(),
            form,
        })
    });
    if command.is_some() && request.is_some() {
        faults.push(ConfigError::TwoForms {
            one: raw.origin("code_command").to_string(),
            other: raw.origin("code_url").to_string(),
        });
    }
    CodeSources {
        source: command.or(request).map(Arc::new),
        limit: factor.code_limit.0,
    }
}
