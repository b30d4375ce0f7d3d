//! Being told when something has happened at a gateway, by the gatehand that runs it.

use std::sync::mpsc::{Receiver, TrySendError, sync_channel};
use std::time::Duration;

use super::gateways::Gateway;
use crate::control::{Follower, News};

/// How soon one that is down is looked for again.
const AGAIN: Duration = Duration::from_secs(1);

/// Something has happened at one of these gateways, or one of them came or went. Several such news may be one.
pub(super) fn of(gateways: &[Gateway]) -> Receiver<()> {
    let (give, news) = sync_channel(1);
    for gateway in gateways {
        let (give, folder) = (give.clone(), gateway.folder.clone());
        let tell = move || !matches!(give.try_send(()), Err(TrySendError::Disconnected(())));
        std::thread::spawn(move || {
            loop {
                if let Ok(mut follower) = Follower::connect(&folder) {
                    while tell() && follower.wait(None) == News::Came {}
                    if !tell() {
                        return;
                    }
                }
                std::thread::park_timeout(AGAIN);
            }
        });
    }
    news
}
