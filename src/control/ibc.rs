//! The conversation of IBC's command server: a command a line, in any case, answered by `OK`, `ERROR` or `INFO`. Pure.

use super::{Reply, Request};

/// What to do about a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Have this done, and tell what came of it by [`told`].
    Ask(Request),
    /// Say this and go on.
    Say(&'static str),
    /// Say this and close the connection.
    Bye(&'static str),
    /// Nothing was said.
    Nothing,
}

pub(super) const GREETING: &str = "INFO IBC Command Server";

/// Reads one line.
pub(super) fn hear(line: &str, is_gateway: bool) -> Step {
    match line.trim().to_ascii_uppercase().as_str() {
        "" => Step::Nothing,
        "EXIT" => Step::Bye("OK Goodbye"),
        "STOP" => Step::Ask(Request::Stop),
        "PAUSE" => Step::Ask(Request::Yield),
        "RESTART" => Step::Ask(Request::Restart),
        "RECONNECTDATA" => Step::Ask(Request::ReconnectData),
        "RECONNECTACCOUNT" => Step::Ask(Request::ReconnectAccount),
        "ENABLEAPI" if is_gateway => Step::Say("ERROR ENABLEAPI is not valid for the IB Gateway"),
        "ENABLEAPI" => Step::Ask(Request::EnableApi),
        _ => Step::Say("ERROR Command invalid"),
    }
}

/// What is said about a request, and whether the connection ends with it.
pub(super) fn told(request: &Request, reply: &Reply) -> (String, bool) {
    if !reply.ok {
        return (format!("ERROR {}", reply.text), false);
    }
    match request {
        Request::Stop => ("OK Shutting down".into(), true),
        Request::Restart => ("OK Restart in progress".into(), true),
        Request::Yield => ("OK Pause in progress".into(), true),
        Request::EnableApi => ("OK configured".into(), false),
        _ => ("OK ".into(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_of_ibc_has_its_answer() {
        let table = [
            ("stop", Request::Stop, "OK Shutting down", true),
            ("PAUSE", Request::Yield, "OK Pause in progress", true),
            ("Restart\r", Request::Restart, "OK Restart in progress", true),
            ("RECONNECTDATA", Request::ReconnectData, "OK ", false),
            (" reconnectaccount ", Request::ReconnectAccount, "OK ", false),
        ];
        for (line, request, said, ends) in table {
            assert_eq!(hear(line, true), Step::Ask(request.clone()), "{line}");
            assert_eq!(told(&request, &Reply::ok("done")), (said.to_owned(), ends));
            let refused = told(&request, &Reply::refused("there is no window"));
            assert_eq!(refused, ("ERROR there is no window".to_owned(), false));
        }
        assert_eq!(hear("EXIT", true), Step::Bye("OK Goodbye"));
        assert_eq!(hear("  ", true), Step::Nothing);
        assert_eq!(hear("SELL", true), Step::Say("ERROR Command invalid"));
        assert!(matches!(hear("ENABLEAPI", true), Step::Say(said) if said.starts_with("ERROR ")));
        assert_eq!(hear("ENABLEAPI", false), Step::Ask(Request::EnableApi));
        let said = told(&Request::EnableApi, &Reply::ok("done"));
        assert_eq!(said, ("OK configured".to_owned(), false));
    }
}
