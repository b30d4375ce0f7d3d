//! When a viewer gets its next update. There is no frame timer: the first change goes out at once, and what changes while
//! an update is on its way goes out together, as soon as the viewer asks again.

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
    if !situation.requested {
        return Err(Hold::NoRequest);
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
