//! What gatehand itself keeps and logs.

use std::path::PathBuf;

use crate::config::values::{DisplayName, LogFilter, LogFormat, LogLine, OnRefusal, RecorderSize};
use crate::screen::Size;

settings! {
    Service

    display: Option<DisplayName> {
        variables: ["GATEHAND_DISPLAY"],
        ini: [],
        secret: false,
        help: "X display to use. Default: one is started.",
    }
    display_size: Size {
        variables: ["GATEHAND_DISPLAY_SIZE"],
        ini: [],
        secret: false,
        default: "1024x768",
        help: "Size of the display that is started.",
    }
    state_dir: Option<PathBuf> {
        variables: ["GATEHAND_STATE_DIR"],
        ini: [],
        secret: false,
        help: "State folder. Default: `.gatehand` in the settings folder when that is a mounted volume, else `gatehand` under `XDG_STATE_HOME` or `~/.local/state`.",
    }
    rules: Option<PathBuf> {
        variables: ["GATEHAND_RULES"],
        ini: [],
        secret: false,
        help: "Folder of rule files (`*.toml`) for dialogs, beside the built-in ones. Default: `rules` in the state folder.",
    }
    recorder_size: RecorderSize {
        variables: ["GATEHAND_RECORDER_SIZE"],
        ini: [],
        secret: false,
        default: "64",
        help: "Disk space for the flight recorder, `recorder` in the state folder. The oldest goes when it is full.",
    }
    on_refusal: OnRefusal {
        variables: ["GATEHAND_ON_REFUSAL"],
        ini: [],
        secret: false,
        default: "stay",
        help: "What to do after credentials were refused.",
    }
    log: LogFilter {
        variables: ["GATEHAND_LOG", "IBEAM_LOG_LEVEL"],
        ini: [],
        secret: false,
        default: "info",
        help: "What is logged.",
    }
    log_format: LogFormat {
        variables: ["GATEHAND_LOG_FORMAT"],
        ini: [],
        secret: false,
        default: "text",
        help: "How log lines are written.",
    }
    log_line: Option<LogLine> {
        variables: ["GATEHAND_LOG_LINE", "IBEAM_LOG_FORMAT"],
        ini: [],
        secret: false,
        help: "Form of a line of text, in the words of Python's logging, such as `%(asctime)s %(levelname)-8s %(message)s`; times are those of `time_zone`, or in UTC without one.",
    }
}
