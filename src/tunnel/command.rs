//! The command line of ssh. Pure.

use std::process::Command;

use crate::config::{Forward, TunnelSettings};

/// The command that opens the tunnel and stays until it breaks. Of several values of one option ssh takes the first
/// (ssh_config(5)), so the user's own come before those that only should be.
pub(super) fn ssh(settings: &TunnelSettings) -> Command {
    let option = |name: &str, value: u64| ["-o".to_owned(), format!("{name}={value}")];
    let mut command = Command::new("ssh");
    command.args(option("ServerAliveInterval", settings.alive_interval.as_secs()));
    command.args(option("ServerAliveCountMax", settings.alive_count.into()));
    command.args(&settings.options);
    command.args(["-o", "ExitOnForwardFailure=yes"]);
    // Whoever could answer a question is asked for a pass phrase only, and not again for one that was wrong.
    command.args(match settings.passphrase {
        Some(_) => ["-o", "NumberOfPasswordPrompts=2"],
        None => ["-o", "BatchMode=yes"],
    });
    command.args(["-v", "-T", "-N"]);
    for Forward { remote, local } in &settings.forwards {
        command.args(["-R".to_owned(), format!("127.0.0.1:{remote}:{local}")]);
    }
    command.args(&settings.server);
    command
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::Secret;

    fn words(passphrase: Option<&str>) -> String {
        let settings = TunnelSettings {
            beside_relay: false,
            server: vec!["me@bastion".into()],
            options: vec!["-p".into(), "2222".into(), "-o".into(), "User Known=a b".into()],
            alive_interval: Duration::from_secs(20),
            alive_count: 3,
            passphrase: passphrase.map(|text| Secret::new(text.into())),
            forwards: [(4001, 4001), (5901, 5900)]
                .map(|(remote, local)| Forward {
                    remote,
                    local: ([127, 0, 0, 1], local).into(),
                })
                .into(),
            restart: Duration::from_secs(5),
        };
        let command = ssh(&settings);
        let words = command.get_args().map(|word| word.to_string_lossy());
        words.collect::<Vec<_>>().join("|")
    }

    #[test]
    fn the_users_options_come_before_ours() {
        let with = |question: &str| {
            format!(
                "-o|ServerAliveInterval=20|-o|ServerAliveCountMax=3|-p|2222|-o|User Known=a b|\
                 -o|ExitOnForwardFailure=yes|-o|{question}|-v|-T|-N|\
                 -R|127.0.0.1:4001:127.0.0.1:4001|-R|127.0.0.1:5901:127.0.0.1:5900|me@bastion"
            )
        };
        assert_eq!(words(None), with("BatchMode=yes"));
        assert_eq!(words(Some("needle")), with("NumberOfPasswordPrompts=2"));
    }
}
