//! The order of the entries of a map or a set, kept apart from them, so that it is compiled once for all types.

use std::cmp::Ordering;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// The longest run: short enough to put a position in quickly, long enough that a million entries make few runs.
const RUN: usize = 512;

/// The positions of entries, from the least to the greatest. The entries stand in a `Vec` as they came.
#[derive(Debug, Default)]
pub(super) struct Positions {
    /// The positions in runs, none of them empty. No run at all while the entries themselves stand in order, as those of
    /// most maps do.
    runs: Vec<Vec<u32>>,
    /// The place of the entry that was found or put in last. Who looks for one entry after the other, or puts them in in
    /// order, finds the next one there without a search; what stands there is always compared, so that it may be any.
    last: AtomicU32,
}

impl Clone for Positions {
    fn clone(&self) -> Self {
        Positions { runs: self.runs.clone(), last: AtomicU32::new(0) }
    }
}

/// A place in the order: a run and a place in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    run: usize,
    at: usize,
}

/// What a search finds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found {
    /// The entry at that position, which stands at that place of the order.
    Entry(usize, Place),
    /// No entry. One would have to stand at that place.
    Gap(Place),
}

impl Positions {
    /// The order of no entries.
    pub(super) const fn new() -> Self {
        Positions { runs: Vec::new(), last: AtomicU32::new(0) }
    }

    /// Looks for an entry among `length`. `compare` tells how the entry at a position stands to what is looked for.
    pub(super) fn search(&self, length: usize, compare: &dyn Fn(usize) -> Ordering) -> Found {
        let Place { mut run, at } = self.remembered();
        run = run.min(self.runs.len().saturating_sub(1));
        let length_of = |run: usize| self.runs.get(run).map_or(length, Vec::len);
        let (mut low, mut high) = (0, length_of(run));
        let mut is_in_run = self.runs.len() < 2;
        if at < high {
            // The entry that was remembered, the one behind it, and some further on.
            for behind in [at, at + 1, at + 4, at + 16] {
                let place = Place { run, at: behind };
                if behind >= high {
                    is_in_run |= run + 1 == self.runs.len();
                    break;
                }
                let position = self.at(place);
                match compare(position) {
                    Ordering::Equal => return self.found(position, place),
                    Ordering::Less => low = place.at + 1,
                    Ordering::Greater => {
                        high = place.at;
                        is_in_run |= behind > at;
                        break;
                    }
                }
            }
        }
        if !is_in_run {
            // What is greater than everything belongs behind the last run.
            (low, high) = (0, self.runs.len() - 1);
            while low < high {
                run = low + (high - low) / 2;
                let last = self.runs.get(run).and_then(|run| run.last());
                if last.is_some_and(|position| compare(*position as usize) == Ordering::Less) {
                    low = run + 1;
                } else {
                    high = run;
                }
            }
            run = low;
            (low, high) = (0, length_of(run));
        }
        while low < high {
            let place = Place { run, at: low + (high - low) / 2 };
            let position = self.at(place);
            match compare(position) {
                Ordering::Equal => return self.found(position, place),
                Ordering::Less => low = place.at + 1,
                Ordering::Greater => high = place.at,
            }
        }
        Found::Gap(Place { run, at: low })
    }

    /// What was found; what is looked for next may be near.
    fn found(&self, position: usize, place: Place) -> Found {
        self.remember(place);
        Found::Entry(position, place)
    }

    /// The place of the entry that was found last.
    fn remembered(&self) -> Place {
        let last = self.last.load(Relaxed) as usize;
        if self.runs.is_empty() {
            Place { run: 0, at: last }
        } else {
            Place { run: last / (2 * RUN), at: last % (2 * RUN) }
        }
    }

    fn remember(&self, place: Place) {
        self.last.store(number(place.run * 2 * RUN + place.at), Relaxed);
    }

    /// The position that stands at a place.
    fn at(&self, place: Place) -> usize {
        match self.runs.get(place.run) {
            Some(run) => run.get(place.at).map_or(usize::MAX, |position| *position as usize),
            None => place.at,
        }
    }

    /// Takes in an entry that comes behind the `length` that there are, at a place that a search found.
    pub(super) fn insert(&mut self, place: Place, length: usize) {
        self.remember(place);
        if self.runs.is_empty() && place.at == length {
            return;
        }
        let [place] = self.in_runs([place], length);
        let Some(run) = self.runs.get_mut(place.run) else { return };
        run.insert(place.at, number(length));
        if run.len() > RUN {
            let behind = run.split_off(RUN / 2);
            self.runs.insert(place.run + 1, behind);
        }
    }

    /// Takes out the entry at a place, whose position the last of the `length` entries takes over, which stands at the
    /// place `of_last`.
    pub(super) fn remove(&mut self, place: Place, of_last: Place, length: usize) {
        if self.runs.is_empty() && place.at + 1 == length {
            return;
        }
        let removed = self.at(place);
        let [place, of_last] = self.in_runs([place, of_last], length);
        if let Some(slot) = self.runs.get_mut(of_last.run).and_then(|run| run.get_mut(of_last.at)) {
            *slot = number(removed);
        }
        if let Some(run) = self.runs.get_mut(place.run) {
            run.remove(place.at);
            if run.is_empty() {
                self.runs.remove(place.run);
            }
        }
    }

    /// Writes the runs out where there were none, and gives the places as they are then.
    fn in_runs<const N: usize>(&mut self, places: [Place; N], length: usize) -> [Place; N] {
        if !self.runs.is_empty() {
            return places;
        }
        let all: Vec<u32> = (0..number(length)).collect();
        self.runs = all.chunks(RUN / 2).map(<[u32]>::to_vec).collect();
        places.map(|place| Place { run: place.at / (RUN / 2), at: place.at % (RUN / 2) })
    }

    /// Forgets the order, because the entries stand in order from now on. Gives the position that each has to come from,
    /// if any has to move.
    pub(super) fn take(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.runs).iter().flatten().map(|position| *position as usize).collect()
    }

    /// A walk over the `length` entries.
    pub(super) fn walk(&self, length: usize) -> Walk<'_> {
        let run = self.runs.len().saturating_sub(1);
        let back = Place { run, at: self.runs.last().map_or(length, Vec::len) };
        Walk { runs: &self.runs, front: Place { run: 0, at: 0 }, back, left: length }
    }

    /// A walk over the entries from a place on.
    pub(super) fn walk_from(&self, place: Place, length: usize) -> Walk<'_> {
        let before: usize = self.runs.iter().take(place.run).map(Vec::len).sum();
        Walk { front: place, left: length.saturating_sub(before + place.at), ..self.walk(length) }
    }
}

/// The positions in order, from both ends.
#[derive(Clone, Debug)]
pub(super) struct Walk<'p> {
    runs: &'p [Vec<u32>],
    front: Place,
    back: Place,
    left: usize,
}

impl Walk<'_> {
    /// How many are left.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// The next position from the front.
    pub(super) fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        if self.runs.get(self.front.run).is_some_and(|run| run.len() == self.front.at) {
            self.front = Place { run: self.front.run + 1, at: 0 };
        }
        let at = self.front.at;
        self.front.at += 1;
        if self.runs.is_empty() { Some(at) } else { Some(*self.runs.get(self.front.run)?.get(at)? as usize) }
    }

    /// The next position from the back.
    pub(super) fn next_back(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        if self.back.at == 0 {
            self.back.run = self.back.run.checked_sub(1)?;
            self.back.at = self.runs.get(self.back.run)?.len();
        }
        self.back.at -= 1;
        if self.runs.is_empty() {
            Some(self.back.at)
        } else {
            Some(*self.runs.get(self.back.run)?.get(self.back.at)? as usize)
        }
    }
}

/// A position as it is kept. A module of 32 bits has no more entries than that.
fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
