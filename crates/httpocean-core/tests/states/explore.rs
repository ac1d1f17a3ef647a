//! Walks a machine through every situation that can be told from the others, with every input in each.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What can be done to a machine: `None` when it can't be done now.
pub(crate) struct Input<M> {
    pub(crate) name: &'static str,
    pub(crate) give: fn(&mut M) -> Option<Answer>,
}

/// What came of an input.
#[derive(Default)]
pub(crate) struct Answer {
    /// The name of the step or the command, if one was asked for.
    pub(crate) said: Option<String>,
    /// Which of several it was about; else it was about all of them.
    pub(crate) about: Option<usize>,
}

pub(crate) fn silent() -> Option<Answer> {
    Some(Answer::default())
}

pub(crate) fn said(word: impl Into<String>) -> Option<Answer> {
    Some(Answer { said: Some(word.into()), about: None })
}

/// The states of what a machine consists of: for each kind, those that there are, by number.
pub(crate) type Views = Vec<BTreeMap<usize, String>>;

/// A driven machine. It can't be copied, so each situation is walked to anew.
pub(crate) trait Machine: Sized {
    /// Its views, and what tells its situations apart besides.
    fn look(&self) -> (Views, String);
}

/// What was seen of one kind of thing.
#[derive(Default)]
pub(crate) struct Seen {
    /// In the order in which they were reached first.
    pub(crate) states: Vec<String>,
    /// By the input's number and the state.
    pub(crate) moves: BTreeMap<(usize, String), BTreeSet<Move>>,
}

/// What was said, and what the next state was.
pub(crate) type Move = (Option<String>, String);

/// Before it was there, and when it is no more.
pub(crate) const NOWHERE: &str = "[*]";

impl Seen {
    fn note(&mut self, input: usize, from: &str, said: Option<String>, to: &str) {
        for state in [from, to] {
            if state != NOWHERE && !self.states.iter().any(|known| known == state) {
                self.states.push(state.to_owned());
            }
        }
        self.moves.entry((input, from.to_owned())).or_default().insert((said, to.to_owned()));
    }
}

/// Explores from each of `starts` as far as `depth` inputs lead. One result for each kind of view.
pub(crate) fn explore<M: Machine>(starts: &[fn() -> M], inputs: &[Input<M>], depth: usize) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    for start in starts {
        let at_first = start().look();
        let mut known = BTreeSet::from([at_first.clone()]);
        let mut open = VecDeque::from([(Vec::new(), at_first.0)]);
        while let Some((path, before)) = open.pop_front() {
            for number in 0..inputs.len() {
                let mut machine = walk(*start, inputs, &path);
                let Some(answer) = (inputs[number].give)(&mut machine) else { continue };
                let look = machine.look();
                note_all(&mut seen, number, &answer, &before, &look.0);
                if path.len() + 1 < depth && known.insert(look.clone()) {
                    open.push_back(([path.as_slice(), &[number]].concat(), look.0));
                }
            }
        }
    }
    seen
}

fn walk<M>(start: fn() -> M, inputs: &[Input<M>], path: &[usize]) -> M {
    let mut machine = start();
    for number in path {
        let _ = (inputs[*number].give)(&mut machine);
    }
    machine
}

fn note_all(seen: &mut Vec<Seen>, input: usize, answer: &Answer, before: &Views, after: &Views) {
    seen.resize_with(before.len(), Seen::default);
    for ((seen, before), after) in seen.iter_mut().zip(before).zip(after) {
        let all: BTreeSet<&usize> = before.keys().chain(after.keys()).collect();
        for id in all {
            let from = before.get(id).map_or(NOWHERE, String::as_str);
            let to = after.get(id).map_or(NOWHERE, String::as_str);
            let is_meant = answer.about.is_none_or(|about| about == *id);
            if from != to || is_meant {
                seen.note(input, from, answer.said.clone().filter(|_| is_meant), to);
            }
        }
    }
}
