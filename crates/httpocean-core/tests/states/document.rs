//! What was seen, as a diagram and a table.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::explore::{Input, NOWHERE, Seen};

/// An edge that more inputs lead over has no label: the table says which.
const MOST_LABELS: usize = 6;

const GONE: &str = "**(none)**";

/// One machine's part of the document.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    introduction: &'static str,
    inputs: Vec<&'static str>,
    seen: Seen,
    /// Whether what is said belongs in the table.
    says: bool,
}

impl Section {
    pub(crate) fn new<M>(
        title: &'static str,
        introduction: &'static str,
        inputs: &[Input<M>],
        seen: Seen,
        says: bool,
    ) -> Self {
        Self { title, introduction, inputs: inputs.iter().map(|input| input.name).collect(), seen, says }
    }

    pub(crate) fn states(&self) -> impl Iterator<Item = &str> {
        self.seen.states.iter().map(String::as_str)
    }

    pub(crate) fn draw(&self) -> String {
        format!("## {}\n\n{}\n\n{}\n{}", self.title, self.introduction, self.diagram(), self.table())
    }

    /// An edge for each pair of states, with what is said or, where nothing is, the inputs that lead over it.
    fn diagram(&self) -> String {
        let mut edges: BTreeMap<(usize, usize), BTreeSet<(usize, &str)>> = BTreeMap::new();
        for ((input, from), ways) in &self.seen.moves {
            for (said, to) in ways.iter().filter(|(_, to)| to != from) {
                let label = match said {
                    Some(said) if self.says => (self.inputs.len(), said.as_str()),
                    Some(_) | None => (*input, self.inputs[*input]),
                };
                edges.entry((self.rank(from), self.rank(to))).or_default().insert(label);
            }
        }
        let mut text = String::from("```mermaid\nstateDiagram-v2\n");
        for (at, name) in self.states().enumerate().filter(|(_, name)| name.contains(' ')) {
            writeln!(text, "    state \"{name}\" as {}", self.id(at + 1)).unwrap();
        }
        for ((from, to), labels) in edges {
            let names: Vec<&str> = labels.iter().map(|(_, label)| *label).collect();
            let label = if names.len() > MOST_LABELS {
                String::new()
            } else {
                format!(": {}", names.join(", ").replace(':', ""))
            };
            writeln!(text, "    {} --> {}{label}", self.id(from), self.id(to)).unwrap();
        }
        text + "```\n"
    }

    /// A row for each input that does something somewhere; the others are named below.
    fn table(&self) -> String {
        let begins = self.seen.moves.keys().any(|(_, from)| from == NOWHERE);
        let nowhere = begins.then_some(NOWHERE);
        let columns: Vec<&str> = nowhere.into_iter().chain(self.states()).collect();
        let heads: Vec<&str> =
            columns.iter().map(|name| if *name == NOWHERE { "(none)" } else { name }).collect();
        let mut text = format!("| | {} |\n|---|{}\n", heads.join(" | "), "---|".repeat(columns.len()));
        let (mut idle, mut last) = (Vec::new(), Vec::new());
        for (input, name) in self.inputs.iter().enumerate() {
            let cells: Vec<String> = columns.iter().map(|from| self.cell(input, from)).collect();
            let lines: BTreeSet<&str> = cells.iter().flat_map(|cell| cell.split("<br>")).collect();
            if lines.iter().all(|line| line.is_empty() || *line == "·") {
                idle.push(*name);
            } else if !self.says && lines.iter().all(|line| ["", "·", GONE].contains(line)) {
                last.push(*name);
            } else {
                writeln!(text, "| {name} | {} |", cells.join(" | ")).unwrap();
            }
        }
        for (what, names) in [("Nothing here changes by", idle), ("It can only end by", last)] {
            if !names.is_empty() {
                writeln!(text, "\n{what}: {}.", names.join(", ")).unwrap();
            }
        }
        text
    }

    fn cell(&self, input: usize, from: &str) -> String {
        let Some(ways) = self.seen.moves.get(&(input, from.to_owned())) else { return String::new() };
        let lines: BTreeSet<(usize, String)> = ways
            .iter()
            .map(|(said, to)| {
                let said = said.as_deref().filter(|_| self.says).unwrap_or_default();
                let next = match to.as_str() {
                    _ if to == from => String::new(),
                    NOWHERE => GONE.to_owned(),
                    to => format!("**{to}**"),
                };
                let line = [said, &next].join(" ").trim().to_owned();
                (if to == from { 0 } else { 1 + self.rank(to) }, line)
            })
            .collect();
        let lines: Vec<&str> =
            lines.iter().map(|(_, line)| if line.is_empty() { "·" } else { line.as_str() }).collect();
        lines.join("<br>")
    }

    /// Its place in the order of being reached; nowhere comes first.
    fn rank(&self, state: &str) -> usize {
        self.states().position(|known| known == state).map_or(0, |at| at + 1)
    }

    fn id(&self, rank: usize) -> String {
        let name = rank.checked_sub(1).map_or(NOWHERE, |at| self.seen.states[at].as_str());
        if rank == 0 { name.to_owned() } else { name.replace([' ', '(', ')'], "") }
    }
}
