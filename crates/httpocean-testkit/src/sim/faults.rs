//! What can go wrong, by kind, and how often it did.

use core::fmt;

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// A kind of misfortune.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Fault {
            $($(#[$doc])* $name,)*
        }

        impl Fault {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The kind as one stable word.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

faults! {
    /// A name is not found.
    NoName = "no-name",
    /// A name is looked up slowly.
    LateName = "late-name",
    /// A name is never answered for.
    MuteName = "mute-name",
    /// A connection is refused.
    Refused = "refused",
    /// A connection takes long.
    SlowConnect = "slow-connect",
    /// A connection is never answered for.
    MuteConnect = "mute-connect",
    /// The answer to a look-up or a connect comes when nobody wants it any more.
    LateAnswer = "late-answer",
    /// What a server says comes in many pieces.
    Split = "split",
    /// Pieces are late.
    Delay = "delay",
    /// A transport takes only a part of what is written.
    PartialWrite = "partial-write",
    /// A transport takes nothing for a while.
    WriteStall = "write-stall",
    /// A transport can't be written to any more, while it can be read.
    WriteError = "write-error",
    /// A request is never answered.
    BlackHole = "black-hole",
    /// The stream ends within a response, or before it.
    CutClose = "cut-close",
    /// The connection breaks within a response, or before it.
    CutReset = "cut-reset",
    /// A response stops somewhere and never goes on.
    CutHang = "cut-hang",
    /// Bytes follow a response that belong to nothing.
    Surplus = "surplus",
    /// Bytes come on an idle connection.
    Unasked = "unasked",
    /// A server closes an idle connection.
    IdleClose = "idle-close",
    /// An idle connection breaks.
    IdleReset = "idle-reset",
    /// More interim responses than anybody needs.
    InterimFlood = "interim-flood",
    /// A head without an end.
    HeadFlood = "head-flood",
    /// What comes is not HTTP.
    Garbage = "garbage",
    /// A chunk that is none.
    BadChunk = "bad-chunk",
    /// Two lengths that differ.
    TwoLengths = "two-lengths",
    /// A response comes before the request's body has gone.
    Early = "early",
    /// A body comes in drops.
    Dribble = "dribble",
    /// A status that is to be retried.
    Retried = "retried",
    /// A redirect.
    Redirect = "redirect",
    /// A redirect that can't be followed.
    BadRedirect = "bad-redirect",
    /// A user gives up.
    Cancel = "cancel",
    /// A user wants no more of a response.
    Discard = "discard",
    /// A user reads slowly.
    SlowRead = "slow-read",
    /// A user's body comes slowly.
    SlowBody = "slow-body",
    /// A user's body can't be had.
    BodyFails = "body-fails",
    /// The clock jumps forward.
    JumpForward = "jump-forward",
    /// The clock jumps backward.
    JumpBackward = "jump-backward",
    /// An id of something that is gone is used.
    Ghost = "ghost",
    /// The client is shut down.
    ShutDown = "shut-down",
}

const KINDS: usize = Fault::ALL.len();

/// How often each kind happened, and which kinds may happen at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    counts: [u64; KINDS],
    off: u64,
}

impl Default for Faults {
    fn default() -> Self {
        Self { counts: [0; KINDS], off: 0 }
    }
}

impl Faults {
    /// Nothing has happened; the kinds whose bits are set in `off`, by their place in [`Fault::ALL`], never will.
    pub fn without(off: u64) -> Self {
        Self { off, ..Self::default() }
    }

    /// Whether that kind may happen.
    pub fn may(&self, fault: Fault) -> bool {
        self.off & (1 << fault as u64) == 0
    }

    /// It happens, if it may.
    pub fn hit(&mut self, fault: Fault) -> bool {
        let may = self.may(fault);
        self.counts[fault as usize] += u64::from(may);
        may
    }

    /// How often it happened.
    pub fn count(&self, fault: Fault) -> u64 {
        self.counts[fault as usize]
    }

    /// All that happened.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Those of another run as well.
    pub fn add(&mut self, other: &Self) {
        self.counts.iter_mut().zip(other.counts).for_each(|(count, more)| *count += more);
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} faults:", self.total())?;
        let hit = Fault::ALL.iter().filter(|fault| self.count(**fault) > 0);
        hit.into_iter().try_for_each(|fault| write!(f, " {} {}", self.count(*fault), fault.word()))
    }
}
