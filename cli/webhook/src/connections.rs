//! The connections of a port: a new connection in; out comes its place, or why it gets none.
//!
//! One client address has only so many places. Where all are taken, the connection that has been idle for longest is closed:
//! first among those that have never sent a request, then among the others. A connection with a request is never closed.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;

/// The places of a port.
#[derive(Debug)]
pub(crate) struct Connections {
    most: usize,
    most_per_client: usize,
    began: Instant,
    places: Mutex<Places>,
    /// Is notified when a connection ends or becomes idle.
    room: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Places {
    next: u64,
    taken: BTreeMap<u64, Arc<Taken>>,
}

/// A taken place.
#[derive(Debug)]
struct Taken {
    client: IpAddr,
    began: Instant,
    /// Whether a request is with its handler.
    is_busy: AtomicBool,
    /// Whether a request has come at all.
    is_used: AtomicBool,
    /// Since when nothing has happened, in milliseconds after `began` of the port.
    idle_since: AtomicU64,
    /// Is notified when the connection must be closed.
    close: Notify,
    room: Arc<Notify>,
}

/// Why a connection gets no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// All places of this client are busy.
    Client,
    /// All places are busy.
    All,
}

/// The place of a connection, free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    number: u64,
    taken: Arc<Taken>,
    connections: Arc<Connections>,
}

/// What a connection is doing.
#[derive(Clone, Debug)]
pub(crate) struct Activity(Arc<Taken>);

impl Connections {
    /// A port with so many places, and so many for each client.
    pub(crate) fn new(most: u32, most_per_client: u32) -> Arc<Self> {
        let number = |limit: u32| usize::try_from(limit).unwrap_or(usize::MAX);
        Arc::new(Connections {
            most: number(most),
            most_per_client: number(most_per_client),
            began: Instant::now(),
            places: Mutex::default(),
            room: Arc::default(),
        })
    }

    /// Takes a place for a connection from that address. Gives whether another connection is closed for it.
    ///
    /// # Errors
    /// All places are busy; `Refused::All` passes, see [`Connections::room`].
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<(Place, bool), Refused> {
        let client = client_of(address);
        let mut places = self.places();
        let of_client = places.taken.values().filter(|taken| taken.client == client).count();
        let closes = if of_client >= self.most_per_client {
            places.close_idlest(|taken| taken.client == client).ok_or(Refused::Client)?;
            true
        } else if places.taken.len() >= self.most {
            places.close_idlest(|_| true).ok_or(Refused::All)?;
            true
        } else {
            false
        };
        let number = places.next;
        places.next += 1;
        let taken = Arc::new(Taken {
            client,
            began: self.began,
            is_busy: AtomicBool::new(false),
            is_used: AtomicBool::new(false),
            idle_since: AtomicU64::new(milliseconds_since(self.began)),
            close: Notify::new(),
            room: Arc::clone(&self.room),
        });
        places.taken.insert(number, Arc::clone(&taken));
        Ok((Place { number, taken, connections: Arc::clone(self) }, closes))
    }

    /// Waits until a connection has ended or become idle.
    pub(crate) async fn room(&self) {
        self.room.notified().await;
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Places {
    /// Closes the connection that has been idle for longest, of those that may be closed.
    fn close_idlest(&mut self, may_close: impl Fn(&Taken) -> bool) -> Option<()> {
        let idle = self.taken.iter().filter(|(_, taken)| !taken.is_busy.load(Ordering::Acquire) && may_close(taken));
        let rank = |(number, taken): &(&u64, &Arc<Taken>)| {
            (taken.is_used.load(Ordering::Relaxed), taken.idle_since.load(Ordering::Relaxed), **number)
        };
        let number = *idle.min_by_key(rank)?.0;
        self.taken.remove(&number)?.close.notify_one();
        Some(())
    }
}

impl Place {
    /// What the connection is doing, to be told.
    pub(crate) fn activity(&self) -> Activity {
        Activity(Arc::clone(&self.taken))
    }

    /// Waits until the connection must be closed for another one.
    pub(crate) async fn closed(&self) {
        self.taken.close.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.places().taken.remove(&self.number);
        self.connections.room.notify_one();
    }
}

impl Activity {
    /// The head of a request has been read.
    pub(crate) fn begin(&self) {
        self.0.is_used.store(true, Ordering::Relaxed);
        self.0.is_busy.store(true, Ordering::Release);
    }

    /// The answer is made.
    pub(crate) fn end(&self) {
        self.0.idle_since.store(milliseconds_since(self.0.began), Ordering::Relaxed);
        self.0.is_busy.store(false, Ordering::Release);
        self.0.room.notify_one();
    }

    /// Whether a request is with its handler: then its head has been read.
    pub(crate) fn is_busy(&self) -> bool {
        self.0.is_busy.load(Ordering::Acquire)
    }
}

fn milliseconds_since(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Who counts as one client: an IPv4 address, or the network /64 of an IPv6 address, because a client chooses the rest.
fn client_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn has_place(place: &Place) -> bool {
        place.connections.places().taken.contains_key(&place.number)
    }

    #[test]
    fn the_idlest_is_closed_and_the_busy_are_not() {
        let port = Connections::new(3, 3);
        let enter = |text: &str| port.enter(address(text)).map(|(place, _)| place);
        let (used, busy, silent) = (enter("10.0.0.1").unwrap(), enter("10.0.0.2").unwrap(), enter("10.0.0.3").unwrap());
        used.activity().begin();
        used.activity().end();
        busy.activity().begin();
        // The one that has sent nothing goes first, although it came last.
        let first = enter("10.0.0.4").unwrap();
        assert!(has_place(&used) && has_place(&busy) && !has_place(&silent));
        first.activity().begin();
        let second = enter("10.0.0.5").unwrap();
        assert!(has_place(&first) && has_place(&busy) && !has_place(&used));
        second.activity().begin();
        assert_eq!(enter("10.0.0.6").unwrap_err(), Refused::All);
        drop(busy);
        assert!(enter("10.0.0.6").is_ok());
    }

    #[test]
    fn a_client_has_only_its_own_places() {
        let port = Connections::new(10, 2);
        let enter = |text: &str| port.enter(address(text));
        let other = enter("10.0.0.2").unwrap().0;
        let places: Vec<Place> = ["10.0.0.1", "::ffff:10.0.0.1", "10.0.0.1"].map(|text| enter(text).unwrap().0).into();
        assert!(has_place(&other), "another client's are left alone");
        assert_eq!(places.iter().filter(|place| has_place(place)).count(), 2);
        places.iter().for_each(|place| place.activity().begin());
        assert_eq!(enter("10.0.0.1").unwrap_err(), Refused::Client);
        let _six: Vec<Place> = ["2001:db8::1", "2001:db8::2"].map(|text| enter(text).unwrap().0).into();
        assert!(enter("2001:db8::3").unwrap().1, "a network /64 is one client");
        assert!(!enter("2001:db8:0:1::3").unwrap().1);
    }
}
