//! gatehand runs Interactive Brokers' gateways unattended, from their pixels and window titles alone.
//!
//! # Reading order
//!
//! 1. [`screen`]: the values that everything else speaks of: pictures, windows, readings.
//! 2. [`vision`]: from pixels to a reading. 3. [`dialogs`]: from a reading to a rule.
//! 4. [`agent`]: from rules, settings and history to acts: a pure machine.
//! 5. [`x11`]: the display: windows, capture, input. 6. [`gateway`], [`supervisor`]: the processes.
//! 7. [`relay`], [`vnc`]: the ports. 8. [`journal`]: what is kept on disk. 9. [`config`], [`cli`]: what the user says.

pub mod agent;
pub mod app;
pub mod cli;
pub mod config;
pub mod dialogs;
pub mod exit;
pub mod gateway;
pub mod journal;
pub mod pilot;
pub mod relay;
pub mod screen;
pub mod supervisor;
pub mod vision;
pub mod vnc;
pub mod x11;
