//! Lists that run through the nodes of an arena: anything can be taken out of the middle at once.

use crate::arena::{Arena, Id};

/// The neighbours of a node in one list.
#[derive(Debug)]
pub(super) struct Links<I> {
    prev: Option<I>,
    next: Option<I>,
    linked: bool,
}

impl<I> Default for Links<I> {
    fn default() -> Self {
        Self { prev: None, next: None, linked: false }
    }
}

impl<I> Links<I> {
    pub(super) fn is_linked(&self) -> bool {
        self.linked
    }
}

/// Says where in a node the links of one list are, so that a node can be in several.
pub(super) trait Chain {
    type Id: Id;
    type Node;
    fn links(node: &mut Self::Node) -> &mut Links<Self::Id>;
    fn peek(node: &Self::Node) -> &Links<Self::Id>;
}

/// A doubly linked list of ids. All operations but `insert_before` are O(1); an id that is not live is passed over.
#[derive(Debug)]
pub(super) struct List<C: Chain> {
    head: Option<C::Id>,
    tail: Option<C::Id>,
    len: usize,
}

impl<C: Chain> Default for List<C> {
    fn default() -> Self {
        Self { head: None, tail: None, len: 0 }
    }
}

type Nodes<C> = Arena<<C as Chain>::Id, <C as Chain>::Node>;

impl<C: Chain> List<C> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn front(&self) -> Option<C::Id> {
        self.head
    }

    pub(super) fn back(&self) -> Option<C::Id> {
        self.tail
    }

    pub(super) fn push_back(&mut self, nodes: &mut Nodes<C>, id: C::Id) {
        let prev = self.tail;
        self.link(nodes, id, prev, None);
    }

    pub(super) fn push_front(&mut self, nodes: &mut Nodes<C>, id: C::Id) {
        let next = self.head;
        self.link(nodes, id, None, next);
    }

    /// In front of the first node that `precedes` says it precedes, looking from the front. How many it passed.
    pub(super) fn insert_before(
        &mut self,
        nodes: &mut Nodes<C>,
        id: C::Id,
        precedes: impl Fn(&C::Node) -> bool,
    ) -> u64 {
        let mut passed = 0;
        let (mut prev, mut next) = (None, self.head);
        while let Some((at, node)) = next.and_then(|at| Some((at, nodes.get(at)?))) {
            if precedes(node) {
                break;
            }
            (prev, next) = (Some(at), C::peek(node).next);
            passed += 1;
        }
        self.link(nodes, id, prev, next);
        passed
    }

    /// Whether it was in the list.
    pub(super) fn remove(&mut self, nodes: &mut Nodes<C>, id: C::Id) -> bool {
        let Some(node) = nodes.get_mut(id) else { return false };
        let Links { prev, next, linked } = core::mem::take(C::links(node));
        if !linked {
            return false;
        }
        match prev.and_then(|prev| nodes.get_mut(prev)) {
            Some(node) => C::links(node).next = next,
            None => self.head = next,
        }
        match next.and_then(|next| nodes.get_mut(next)) {
            Some(node) => C::links(node).prev = prev,
            None => self.tail = prev,
        }
        self.len -= 1;
        true
    }

    /// From front to back.
    pub(super) fn iter<'a>(&'a self, nodes: &'a Nodes<C>) -> impl Iterator<Item = C::Id> + 'a {
        let mut at = self.head;
        core::iter::from_fn(move || {
            let id = at?;
            at = nodes.get(id).and_then(|node| C::peek(node).next);
            Some(id)
        })
    }

    fn link(&mut self, nodes: &mut Nodes<C>, id: C::Id, prev: Option<C::Id>, next: Option<C::Id>) {
        match nodes.get_mut(id) {
            Some(node) if !C::peek(node).linked => *C::links(node) = Links { prev, next, linked: true },
            Some(_) | None => return,
        }
        match prev.and_then(|prev| nodes.get_mut(prev)) {
            Some(node) => C::links(node).next = Some(id),
            None => self.head = Some(id),
        }
        match next.and_then(|next| nodes.get_mut(next)) {
            Some(node) => C::links(node).prev = Some(id),
            None => self.tail = Some(id),
        }
        self.len += 1;
    }
}
