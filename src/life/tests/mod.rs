//! Weeks in virtual time: the machine alone, and with the agent and the governor before a gateway that follows a script.

mod lockout;
mod month;
mod schedule;
mod world;
