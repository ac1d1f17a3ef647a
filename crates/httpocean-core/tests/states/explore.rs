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

/// A driven machine. It can't be copied, so each situation is walked to anew.
pub(crate) trait Machine: Sized {
    /// What tells its situations apart, the states of its parts included.
    fn situation(&self) -> String;

    /// The states of what it consists of: for each kind, those that there are, by number.
    fn views(&self) -> Vec<BTreeMap<usize, String>>;
}

/// What was seen of one kind of thing.
#[derive(Default)]
pub(crate) struct Seen {
    /// In the order in which they were reached first.
    pub(crate) states: Vec<String>,
    /// By the input's number and the state: what was said, and what the next state was.
    pub(crate) moves: BTreeMap<(usize, String), BTreeSet<(Option<String>, String)>>,
}

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
        let mut known = BTreeSet::from([start().situation()]);
        let mut open = VecDeque::from([Vec::new()]);
        while let Some(path) = open.pop_front() {
            for input in 0..inputs.len() {
                let mut machine = start();
                for step in &path {
                    let step: &usize = step;
                    let _ = (inputs[*step].give)(&mut machine);
                }
                let before = machine.views();
                let Some(answer) = (inputs[input].give)(&mut machine) else { continue };
                note_all(&mut seen, input, &answer, &before, &machine.views());
                if path.len() + 1 < depth && known.insert(machine.situation()) {
                    open.push_back([path.as_slice(), &[input]].concat());
                }
            }
        }
    }
    seen
}

fn note_all(
    seen: &mut Vec<Seen>,
    input: usize,
    answer: &Answer,
    before: &[BTreeMap<usize, String>],
    after: &[BTreeMap<usize, String>],
) {
    seen.resize_with(before.len(), Seen::default);
    for ((seen, before), after) in seen.iter_mut().zip(before).zip(after) {
        let all: BTreeSet<&usize> = before.keys().chain(after.keys()).collect();
        for id in all {
            let from = before.get(id).map_or(NOWHERE, String::as_str);
            let to = after.get(id).map_or(NOWHERE, String::as_str);
            if from != to || answer.about.is_none_or(|about| about == *id) {
                let is_meant = answer.about.is_none_or(|about| about == *id);
                seen.note(input, from, answer.said.clone().filter(|_| is_meant), to);
            }
        }
    }
}
