//! What a walk collects: hops, different endings, and what the answer rests on.

use super::entry::Entry;
use super::target::Target;
use super::{Assumption, Door, Ending, Hop, HopAnswer, Outcome, TraceAnswer};
use crate::ask::AskError;
use crate::ask::part::Location;
use crate::engine::Engine;
use portolan_base::sort::SmallSort as _;

/// The way so far of one part of the attempts.
#[derive(Clone, Debug)]
pub(super) struct Path<'e> {
    hops: Vec<Hop<'e>>,
    /// The nodes, addresses and endpoints that were one of several.
    through: Vec<String>,
    /// The share of the attempts that come this way, from 0 to 1.
    share: f64,
}

impl<'e> Path<'e> {
    /// All attempts, at their beginning.
    pub(super) fn start() -> Self {
        Path { hops: Vec::new(), through: Vec::new(), share: 1.0 }
    }

    /// Adds a hop. `because` says in words why; `source` is the line that decided.
    pub(super) fn hop(
        &mut self,
        hop: &'static str,
        answer: Option<HopAnswer<'e>>,
        because: impl Into<String>,
        source: Option<Location<'e>>,
    ) {
        self.hops.push(Hop { hop, answer, because: because.into(), source });
    }

    /// The part of the attempts that `one` of `all` alternatives gets; `through` names it where there are several.
    pub(super) fn branch(&self, one: usize, all: usize, through: Option<String>) -> Self {
        let mut path = self.clone();
        #[expect(clippy::cast_precision_loss, reason = "a share, of which the order of magnitude is enough")]
        let share = one as f64 / all.max(1) as f64;
        path.share *= share;
        path.through.extend(through);
        path
    }
}

/// An ending that is being collected.
#[derive(Debug)]
struct Collected<'e> {
    ending: Ending<'e>,
    /// What the ending is about, so that equal endings are one: the policies, the Service, the code.
    about: String,
    share: f64,
}

/// A request on its way, with all the ways it may take.
#[derive(Debug)]
pub(super) struct Walk<'e> {
    /// Whom the questions are put to.
    pub(super) engine: &'e Engine,
    /// Where the request is going.
    pub(super) target: Target,
    endings: Vec<Collected<'e>>,
    assumptions: Vec<Assumption>,
    /// The controllers of all Ingresses, once they were asked for.
    pub(super) entries: Option<Vec<Entry>>,
}

impl<'e> Walk<'e> {
    /// A request that has not left yet.
    pub(super) fn new(engine: &'e Engine, target: Target) -> Self {
        Walk { engine, target, endings: Vec::new(), assumptions: Vec::new(), entries: None }
    }

    /// Notes what the answer rests on, once.
    pub(super) fn assume(&mut self, what: &'static str, value: impl Into<String>, because: impl Into<String>) {
        let assumption = Assumption { what, value: value.into(), because: because.into() };
        if !self.assumptions.contains(&assumption) {
            self.assumptions.push(assumption);
        }
    }

    /// Ends a part of the attempts before any endpoint. `about` tells endings of one outcome apart.
    pub(super) fn end(
        &mut self,
        path: Path<'e>,
        outcome: Outcome,
        about: impl Into<String>,
        sentence: impl Into<String>,
    ) {
        self.end_at(path, outcome, about, sentence, &[]);
    }

    /// Ends a part of the attempts at these endpoints.
    pub(super) fn end_at(
        &mut self,
        path: Path<'e>,
        outcome: Outcome,
        about: impl Into<String>,
        sentence: impl Into<String>,
        to: &[Door],
    ) {
        let (about, sentence) = (about.into(), sentence.into());
        let Path { hops, through, share } = path;
        let is_known = |known: &&mut Collected<'e>| known.ending.outcome == outcome && known.about == about;
        let Some(known) = self.endings.iter_mut().find(is_known) else {
            let ending = Ending { outcome, sentence, to: to.to_vec(), through, hops };
            self.endings.push(Collected { ending, about, share });
            return;
        };
        let ending = &mut known.ending;
        ending.to.extend(to.iter().copied());
        for name in through {
            if !ending.through.contains(&name) {
                ending.through.push(name);
            }
        }
        // The likelier way is the one that is shown.
        if share > known.share / 2.0 && hops.len() > ending.hops.len() {
            ending.hops = hops;
            ending.sentence = sentence;
        }
        known.share += share;
    }

    /// The answer: the likeliest ending on top, then all of them.
    pub(super) fn into_answer(mut self) -> Result<TraceAnswer<'e>, AskError> {
        // Stable: of equally likely endings the one found first.
        self.endings.small_sort_by(|a, b| b.share.total_cmp(&a.share));
        let endings: Vec<Ending<'e>> = self.endings.into_iter().map(|collected| finished(collected.ending)).collect();
        let Some(likeliest) = endings.first().cloned() else {
            return Err(AskError::bad("url", "this request has no ending"));
        };
        let Ending { outcome, sentence, hops, .. } = likeliest;
        Ok(TraceAnswer { outcome, sentence, hops, endings, assumptions: self.assumptions })
    }
}

/// An ending whose last endpoint names every door of it.
fn finished(mut ending: Ending<'_>) -> Ending<'_> {
    ending.to.small_sort_by_key(|door| (door.ip, door.port));
    ending.to.dedup();
    let last = ending.hops.iter_mut().rev().find_map(|hop| match &mut hop.answer {
        Some(HopAnswer::Endpoint(endpoint)) => Some(endpoint),
        _ => None,
    });
    if let Some(endpoint) = last.filter(|_| !ending.to.is_empty()) {
        endpoint.to.clone_from(&ending.to);
    }
    ending
}
