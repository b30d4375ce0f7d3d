//! Those who have not proved yet who they are: strangers from one address do not take the places of all others.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::ports::network;

/// Handshakes that go on, by address.
pub(super) struct Handshakes {
    most: usize,
    going_on: Mutex<HashMap<IpAddr, usize>>,
}

/// One of them, until this goes.
pub(super) struct Handshake<'a> {
    of: &'a Handshakes,
    address: Option<IpAddr>,
}

impl Handshakes {
    /// At most half of the places at a time are for handshakes with one address.
    pub(super) fn new(places: usize) -> Self {
        Self {
            most: (places / 2).max(1),
            going_on: Mutex::default(),
        }
    }

    /// Begins one; `None` when the address has too many. Who has no address is of this machine, and trusted that far.
    pub(super) fn begin(&self, address: Option<IpAddr>) -> Option<Handshake<'_>> {
        let address = address.map(network);
        if let Some(address) = address {
            let mut going_on = self.lock();
            let count = going_on.entry(address).or_default();
            if *count >= self.most {
                return None;
            }
            *count += 1;
        }
        Some(Handshake { of: self, address })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.going_on.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Handshake<'_> {
    fn drop(&mut self) {
        let Some(address) = self.address else {
            return;
        };
        let mut going_on = self.of.lock();
        if let Some(count) = going_on.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                going_on.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_half_of_the_places() {
        let handshakes = Handshakes::new(4);
        let address = |last| Some(IpAddr::from([192, 0, 2, last]));
        let first = handshakes.begin(address(1)).expect("free");
        let second = handshakes.begin(address(1)).expect("free");
        assert!(handshakes.begin(address(1)).is_none());
        let other = handshakes.begin(address(2));
        assert!(other.is_some() && handshakes.begin(None).is_some());
        drop(first);
        let third = handshakes.begin(address(1));
        assert!(third.is_some() && handshakes.begin(address(1)).is_none());
        drop((second, third, other));
        assert!(handshakes.lock().is_empty());
        assert!(Handshakes::new(1).begin(address(1)).is_some());
    }
}
