//! When a viewer gets its next update. There is no frame timer: the first change goes out at once, and what changes while
//! an update is on its way goes out together, as soon as the viewer asks again.

/// Bytes that may be on the way to a viewer that does not ask before the next update waits, while nothing is known of the
/// line: a tenth of a second at 5 Mbit/s.
pub const WINDOW: usize = 1 << 16;

/// What the decision looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Situation {
    /// The handshake is over and the session goes on.
    pub open: bool,
    /// Bytes that the transport has not taken yet.
    pub backlog: usize,
    /// The head of an update has gone out, its last rectangle has not.
    pub unfinished: bool,
    /// The viewer has asked for an update and has not got it.
    pub requested: bool,
    /// The viewer takes updates without asking (ContinuousUpdates).
    pub continuous: bool,
    /// Bytes that were sent without a request and are not known to have arrived.
    pub in_flight: usize,
    /// How many of these the line bears.
    pub window: usize,
    /// The screen's size or the pointer's picture is not what the viewer was told.
    pub news: bool,
    /// Pixels inside what was asked for are not what the viewer was told.
    pub damaged: bool,
}

/// Why an update waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The viewer is not there yet, or not any more.
    NotOpen,
    /// The transport is still busy with what it has.
    Backlog,
    /// The viewer has not asked.
    NoRequest,
    /// Too much is on the way to the viewer.
    InFlight,
    /// Nothing has changed.
    NothingNew,
}

/// May an update go out now?
///
/// # Errors
/// The first reason against it.
pub const fn may_update(situation: &Situation) -> Result<(), Hold> {
    // Ordinary messages mean nothing to a viewer in the middle of its handshake.
    if !situation.open {
        return Err(Hold::NotOpen);
    }
    // Pixels that queue up grow old: what is read from the screen later is newer and, often, less.
    if situation.backlog > 0 {
        return Err(Hold::Backlog);
    }
    // The viewer waits for the rest, whatever it has asked for since.
    if situation.unfinished {
        return Ok(());
    }
    // The protocol is driven by demand: the viewer sets the pace that it and the network can bear (RFC 6143 §3).
    if !situation.requested && !situation.continuous {
        return Err(Hold::NoRequest);
    }
    // Who does not ask sets the pace by what has arrived: small updates follow each other at once, large ones wait for
    // the one before, so that a slow network holds no more than these bytes of old pixels.
    if !situation.requested && situation.in_flight >= situation.window {
        return Err(Hold::InFlight);
    }
    // A new size makes every pixel outdated, a new pointer is small: neither waits for damage.
    if situation.news {
        return Ok(());
    }
    // The request stays open until there is something to tell.
    if !situation.damaged {
        return Err(Hold::NothingNew);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_decides() {
        let ready = Situation {
            open: true,
            requested: true,
            damaged: true,
            window: WINDOW,
            ..Situation::default()
        };
        let table = [
            (ready, Ok(())),
            (Situation { open: false, ..ready }, Err(Hold::NotOpen)),
            (Situation { backlog: 1, ..ready }, Err(Hold::Backlog)),
            (
                Situation {
                    requested: false,
                    ..ready
                },
                Err(Hold::NoRequest),
            ),
            (
                Situation {
                    damaged: false,
                    ..ready
                },
                Err(Hold::NothingNew),
            ),
            (
                Situation {
                    damaged: false,
                    news: true,
                    ..ready
                },
                Ok(()),
            ),
            (
                Situation {
                    requested: false,
                    news: true,
                    ..ready
                },
                Err(Hold::NoRequest),
            ),
            (
                Situation {
                    requested: false,
                    continuous: true,
                    in_flight: WINDOW - 1,
                    ..ready
                },
                Ok(()),
            ),
            (
                Situation {
                    requested: false,
                    continuous: true,
                    in_flight: WINDOW,
                    ..ready
                },
                Err(Hold::InFlight),
            ),
            (
                Situation {
                    in_flight: WINDOW,
                    ..ready
                },
                Ok(()),
            ),
            (
                Situation {
                    unfinished: true,
                    requested: false,
                    damaged: false,
                    ..ready
                },
                Ok(()),
            ),
            (
                Situation {
                    unfinished: true,
                    backlog: 1,
                    ..ready
                },
                Err(Hold::Backlog),
            ),
        ];
        for (situation, expected) in table {
            assert_eq!(may_update(&situation), expected, "{situation:?}");
        }
    }
}
