//! Slots with generations: an id of something that is gone never reaches what took its place.

use core::fmt;
use core::marker::PhantomData;
use core::num::NonZeroU32;

/// What every id of the core is made of: the place, and the how manieth it is to have that place. The first is 1, so
/// that an id which may be missing takes no more room than one which is there.
pub(crate) trait Id: Copy + Eq + fmt::Debug {
    fn new(index: u32, generation: NonZeroU32) -> Self;
    fn index(self) -> u32;
    fn generation(self) -> NonZeroU32;
}

/// An id for one kind of thing; `public` ones can go through a driver's hands as numbers.
macro_rules! id {
    ($(#[$doc:meta])* public $name:ident) => {
        $crate::arena::id!($(#[$doc])* pub $name);

        impl $name {
            /// The id as one number, for a `mio::Token` or a completion's `user_data`.
            pub const fn to_bits(self) -> u64 {
                (self.generation.get() as u64 - 1) << 32 | self.index as u64
            }

            /// The id that [`to_bits`](Self::to_bits) was asked of. A number that never was an id is as good
            /// as the id of something long gone.
            pub const fn from_bits(bits: u64) -> Self {
                let generation = core::num::NonZeroU32::MIN.saturating_add((bits >> 32) as u32);
                Self { index: bits as u32, generation }
            }

            /// A small number that nothing else of the same kind has at the same time: an index for a
            /// driver's own table.
            pub const fn index(self) -> usize {
                self.index as usize
            }
        }
    };
    ($(#[$doc:meta])* $visible:vis $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visible struct $name {
            index: u32,
            generation: core::num::NonZeroU32,
        }

        impl $crate::arena::Id for $name {
            fn new(index: u32, generation: core::num::NonZeroU32) -> Self {
                Self { index, generation }
            }

            fn index(self) -> u32 {
                self.index
            }

            fn generation(self) -> core::num::NonZeroU32 {
                self.generation
            }
        }
    };
}
pub(crate) use id;

id!(
    /// A connection of a pool, from the moment its dial is asked for until its end.
    public ConnId
);
id!(
    /// One request in a pool's queue; it ends with its grant, its refusal or its cancellation.
    public WaitId
);

/// The last place that there can be: numbers above it mean something else to whoever keeps places.
pub(crate) const LAST: u32 = u32::MAX - 2;

/// Makes room for so many more, and for an eighth more: twice as much, as vectors make it by themselves, is for the average of
/// all lengths half as much again as is used, and there may be a hundred thousand.
pub(crate) fn reserve_some<T>(places: &mut Vec<T>, more: usize) {
    let len = places.len() + more;
    if len > places.capacity() {
        places.reserve_exact(more + len / 8 + 4);
    }
}

/// A vector with free places in it, and a generation for each place.
#[derive(Debug)]
pub(crate) struct Arena<I, T> {
    places: Vec<Place<T>>,
    free: Option<u32>,
    len: usize,
    _id: PhantomData<I>,
}

#[derive(Debug)]
struct Place<T> {
    generation: NonZeroU32,
    content: Content<T>,
}

#[derive(Debug)]
enum Content<T> {
    Taken(T),
    Free { next: Option<u32> },
}

impl<I: Id, T> Arena<I, T> {
    pub(crate) fn new() -> Self {
        Self { places: Vec::new(), free: None, len: 0, _id: PhantomData }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn insert(&mut self, value: T) -> I {
        self.len += 1;
        if let Some(index) = self.free {
            let place = &mut self.places[index as usize];
            if let Content::Free { next } = place.content {
                self.free = next;
                place.content = Content::Taken(value);
            }
            return I::new(index, place.generation);
        }
        // Four thousand million live ids would need more memory than their places have numbers.
        let index = u32::try_from(self.places.len()).ok().filter(|index| *index <= LAST);
        let index = index.expect("fewer than 2^32 live ids");
        reserve_some(&mut self.places, 1);
        self.places.push(Place { generation: NonZeroU32::MIN, content: Content::Taken(value) });
        I::new(index, NonZeroU32::MIN)
    }

    pub(crate) fn remove(&mut self, id: I) -> Option<T> {
        let place = self.places.get_mut(id.index() as usize)?;
        if place.generation != id.generation() || matches!(place.content, Content::Free { .. }) {
            return None;
        }
        place.generation = place.generation.checked_add(1).unwrap_or(NonZeroU32::MIN);
        let content = core::mem::replace(&mut place.content, Content::Free { next: self.free });
        self.free = Some(id.index());
        self.len -= 1;
        match content {
            Content::Taken(value) => Some(value),
            Content::Free { .. } => None,
        }
    }

    /// The id of what is live in a place.
    pub(crate) fn id_at(&self, index: u32) -> Option<I> {
        match self.places.get(index as usize) {
            Some(Place { generation, content: Content::Taken(_) }) => Some(I::new(index, *generation)),
            Some(_) | None => None,
        }
    }

    /// What is live in a place.
    pub(crate) fn at(&self, index: u32) -> Option<&T> {
        match self.places.get(index as usize) {
            Some(Place { content: Content::Taken(value), .. }) => Some(value),
            Some(_) | None => None,
        }
    }

    /// What is live in a place.
    pub(crate) fn at_mut(&mut self, index: u32) -> Option<&mut T> {
        match self.places.get_mut(index as usize) {
            Some(Place { content: Content::Taken(value), .. }) => Some(value),
            Some(_) | None => None,
        }
    }

    /// The same, of what nobody needs any more: it ends where it lies.
    pub(crate) fn discard(&mut self, id: I) {
        let Some(place) = self.places.get_mut(id.index() as usize) else { return };
        if place.generation != id.generation() || matches!(place.content, Content::Free { .. }) {
            return;
        }
        place.generation = place.generation.checked_add(1).unwrap_or(NonZeroU32::MIN);
        place.content = Content::Free { next: self.free };
        self.free = Some(id.index());
        self.len -= 1;
    }

    pub(crate) fn contains(&self, id: I) -> bool {
        self.get(id).is_some()
    }

    pub(crate) fn get(&self, id: I) -> Option<&T> {
        match self.places.get(id.index() as usize) {
            Some(Place { generation, content: Content::Taken(value) }) if *generation == id.generation() => {
                Some(value)
            }
            Some(_) | None => None,
        }
    }

    pub(crate) fn get_mut(&mut self, id: I) -> Option<&mut T> {
        match self.places.get_mut(id.index() as usize) {
            Some(Place { generation, content: Content::Taken(value) }) if *generation == id.generation() => {
                Some(value)
            }
            Some(_) | None => None,
        }
    }

    /// All that is live, in order of place.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (I, &T)> {
        self.places.iter().enumerate().filter_map(|(index, place)| match &place.content {
            Content::Taken(value) => Some((I::new(index as u32, place.generation), value)),
            Content::Free { .. } => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_id_does_not_reach_the_new_tenant() {
        let mut arena: Arena<ConnId, &str> = Arena::new();
        let first = arena.insert("first");
        assert_eq!(arena.remove(first), Some("first"));
        let second = arena.insert("second");
        assert_eq!(first.index(), second.index());
        assert_eq!(arena.get(first), None);
        assert_eq!(arena.remove(first), None);
        assert_eq!(arena.get(second), Some(&"second"));
        assert_eq!(arena.len(), 1);
    }

    #[test]
    fn an_id_survives_the_trip_through_a_number() {
        let id = ConnId::new(7, NonZeroU32::MAX);
        assert_eq!(ConnId::from_bits(id.to_bits()), id);
        let id = ConnId::new(7, NonZeroU32::MIN);
        assert_eq!(ConnId::from_bits(id.to_bits()), id);
    }
}
