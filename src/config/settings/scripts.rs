//! Scripts of the user's that run at the start.

use std::path::PathBuf;

settings! {
    Scripts

    start_scripts: Option<PathBuf> {
        variables: ["GATEHAND_START_SCRIPTS", "START_SCRIPTS"],
        ini: [],
        secret: false,
        help: "Folder of scripts (`*.sh`), under the home folder unless absolute, to run before anything is started, once for all gateways: one after the other, in the order of their names, each by the interpreter that its first line names, else by `/bin/sh`. One that fails is told and stops nothing; what it leaves in the background goes on until gatehand ends.",
    }
    x_scripts: Option<PathBuf> {
        variables: ["GATEHAND_X_SCRIPTS", "X_SCRIPTS"],
        ini: [],
        secret: false,
        help: "The same, to run when a display is up, before its gateway is started. These alone have the display and its cookie: whoever has that sees every key that is pressed.",
    }
    gateway_scripts: Option<PathBuf> {
        variables: ["GATEHAND_GATEWAY_SCRIPTS", "IBC_SCRIPTS"],
        ini: [],
        secret: false,
        help: "The same, to run once a gateway was started for the first time.",
    }
}
