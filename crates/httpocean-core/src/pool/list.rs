//! Lists that run through the nodes of an arena: anything can be taken out of the middle at once.

use core::marker::PhantomData;

use crate::arena::{Arena, Id, LAST};

/// No neighbour.
const NONE: u32 = u32::MAX;
/// In no list.
const OUT: u32 = u32::MAX - 1;
const _: () = assert!(LAST < OUT, "no place is called so");

/// The neighbours of a node in one list. Places are enough, as whatever is in a list is live, and half as large as ids.
#[derive(Debug)]
pub(super) struct Links {
    prev: u32,
    next: u32,
}

impl Default for Links {
    fn default() -> Self {
        Self { prev: OUT, next: OUT }
    }
}

impl Links {
    pub(super) fn is_linked(&self) -> bool {
        self.prev != OUT
    }
}

/// Says where in a node the links of one list are, so that a node can be in several.
pub(super) trait Chain {
    type Id: Id;
    type Node;
    fn links(node: &mut Self::Node) -> &mut Links;
    fn peek(node: &Self::Node) -> &Links;
}

/// A doubly linked list of nodes. All operations but `insert_before` are O(1); an id that is not live is passed over. Who
/// is in a list has to leave it before it leaves the arena.
#[derive(Debug)]
pub(super) struct List<C: Chain> {
    head: u32,
    tail: u32,
    len: u32,
    _of: PhantomData<C>,
}

impl<C: Chain> Default for List<C> {
    fn default() -> Self {
        Self { head: NONE, tail: NONE, len: 0, _of: PhantomData }
    }
}

type Nodes<C> = Arena<<C as Chain>::Id, <C as Chain>::Node>;

impl<C: Chain> List<C> {
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    pub(super) fn front(&self, nodes: &Nodes<C>) -> Option<C::Id> {
        nodes.id_at(self.head)
    }

    pub(super) fn back(&self, nodes: &Nodes<C>) -> Option<C::Id> {
        nodes.id_at(self.tail)
    }

    pub(super) fn push_back(&mut self, nodes: &mut Nodes<C>, id: C::Id) {
        self.link(nodes, id, self.tail, NONE);
    }

    pub(super) fn push_front(&mut self, nodes: &mut Nodes<C>, id: C::Id) {
        self.link(nodes, id, NONE, self.head);
    }

    /// In front of the first node that `precedes` says it precedes, looking from the front. How many it passed.
    pub(super) fn insert_before(
        &mut self,
        nodes: &mut Nodes<C>,
        id: C::Id,
        precedes: impl Fn(&C::Node) -> bool,
    ) -> u64 {
        let mut passed = 0;
        let (mut prev, mut next) = (NONE, self.head);
        while let Some(node) = nodes.at(next).filter(|node| !precedes(node)) {
            (prev, next) = (next, C::peek(node).next);
            passed += 1;
        }
        self.link(nodes, id, prev, next);
        passed
    }

    /// Whether it was in the list.
    pub(super) fn remove(&mut self, nodes: &mut Nodes<C>, id: C::Id) -> bool {
        let Some(node) = nodes.get_mut(id) else { return false };
        let links = core::mem::take(C::links(node));
        if !links.is_linked() {
            return false;
        }
        *self.next_of(nodes, links.prev) = links.next;
        *self.prev_of(nodes, links.next) = links.prev;
        self.len -= 1;
        true
    }

    /// From front to back.
    pub(super) fn iter<'a>(&'a self, nodes: &'a Nodes<C>) -> impl Iterator<Item = C::Id> + 'a {
        let mut at = self.head;
        core::iter::from_fn(move || {
            let id = nodes.id_at(at)?;
            at = nodes.at(at).map_or(NONE, |node| C::peek(node).next);
            Some(id)
        })
    }

    fn link(&mut self, nodes: &mut Nodes<C>, id: C::Id, prev: u32, next: u32) {
        match nodes.get_mut(id) {
            Some(node) if !C::peek(node).is_linked() => *C::links(node) = Links { prev, next },
            Some(_) | None => return,
        }
        *self.next_of(nodes, prev) = id.index();
        *self.prev_of(nodes, next) = id.index();
        self.len += 1;
    }

    /// What names the node behind `place`.
    fn next_of<'a>(&'a mut self, nodes: &'a mut Nodes<C>, place: u32) -> &'a mut u32 {
        nodes.at_mut(place).map_or(&mut self.head, |node| &mut C::links(node).next)
    }

    /// What names the node before `place`.
    fn prev_of<'a>(&'a mut self, nodes: &'a mut Nodes<C>, place: u32) -> &'a mut u32 {
        nodes.at_mut(place).map_or(&mut self.tail, |node| &mut C::links(node).prev)
    }
}
