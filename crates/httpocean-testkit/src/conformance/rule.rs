//! The rules that an adapter keeps, as the adapter guide numbers them.

/// A rule of the [adapter guide](https://github.com/httpocean/httpocean/blob/main/docs/adapter-guide.md).
///
/// Its numbers are those of the contract, of the checklist, and of the mistakes that are easy to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// Rule 1.
    Order,
    /// Rule 2.
    Sleep,
    /// Rule 3.
    Facts,
    /// Rule 4.
    LentBytes,
    /// Rule 5.
    Writes,
    /// Rule 6.
    Bodies,
    /// Rule 7.
    Hops,
    /// Rule 8.
    IdleConnections,
    /// Rule 9.
    Ends,
    /// Rule 10.
    LateAnswers,
    /// Rule 11.
    Time,
    /// Rule 12.
    Handshakes,
    /// Point 1 of the checklist.
    ConnectsAnswered,
    /// Point 2 of the checklist.
    Panics,
    /// Point 4 of the checklist.
    CallersThread,
    /// Point 5 of the checklist.
    DropNeverBlocks,
    /// Point 6 of the checklist.
    LookForAnAnswer,
    /// Mistake 1.
    WritableIsNotConnected,
    /// Mistake 2.
    SpuriousWakeUp,
    /// Mistake 3.
    ForgottenEnd,
    /// Mistake 4.
    PartialWrite,
    /// Mistake 5.
    DroppedLease,
}

impl Rule {
    /// All that some check is about.
    pub const ALL: [Self; 22] = [
        Self::Order,
        Self::Sleep,
        Self::Facts,
        Self::LentBytes,
        Self::Writes,
        Self::Bodies,
        Self::Hops,
        Self::IdleConnections,
        Self::Ends,
        Self::LateAnswers,
        Self::Time,
        Self::Handshakes,
        Self::ConnectsAnswered,
        Self::Panics,
        Self::CallersThread,
        Self::DropNeverBlocks,
        Self::LookForAnAnswer,
        Self::WritableIsNotConnected,
        Self::SpuriousWakeUp,
        Self::ForgottenEnd,
        Self::PartialWrite,
        Self::DroppedLease,
    ];

    /// Its anchor in the guide, such as `rule-1`, `check-4` or `mistake-3`.
    pub const fn anchor(self) -> &'static str {
        self.place().0
    }

    /// What stands out there, such as `Order.`; nothing where nothing does.
    pub const fn title(self) -> &'static str {
        self.place().1
    }

    /// What the guide says there.
    pub const fn sentence(self) -> &'static str {
        self.place().2
    }

    /// Its anchor, the words that stand out in it, if any, and what it says.
    const fn place(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Order => (
                "rule-1",
                "Order.",
                "`Close` frees the place that a later `Dial` or `Connect` takes: close(2) comes first.",
            ),
            Self::Sleep => (
                "rule-2",
                "Sleep.",
                "Until one of the wanted things happens, or until `Want::until` (of an engine: `next_timeout`), rounded up.",
            ),
            Self::Facts => {
                ("rule-3", "Facts.", "Bytes go into `io.rx`, an end is `set_eof`, an error is `fail`.")
            }
            Self::LentBytes => {
                ("rule-4", "Lent bytes.", "Not asking for it is how a slow user holds a fast peer back.")
            }
            Self::Writes => (
                "rule-5",
                "Writes.",
                "Take from the front of `io.tx.pending()`, say `sent(n)` before you show anything that was read later.",
            ),
            Self::Bodies => (
                "rule-6",
                "Bodies.",
                "Answer with a piece, with the end, or with a failure, when you have it; until then keep reading.",
            ),
            Self::Hops => (
                "rule-7",
                "Hops.",
                "Before `Hop` the connection goes back; the next request may want one of another key.",
            ),
            Self::IdleConnections => (
                "rule-8",
                "Idle connections.",
                "A reactor keeps the socket registered for reading and drives it when it stirs; a blocking adapter reads once, without waiting, before it uses a connection again, and asks `Conn::idle_input`.",
            ),
            Self::Ends => (
                "rule-9",
                "Ends.",
                "A lease ends once: `release`, `retake`, `forget`, `dialed` or `dial_failed`.",
            ),
            Self::LateAnswers => (
                "rule-10",
                "Late answers",
                "A driver that goes on speaking of what is gone has kept it too long.",
            ),
            Self::Time => ("rule-11", "Time", "is yours: microseconds since an epoch of your choice."),
            Self::Handshakes => (
                "rule-12",
                "Handshakes.",
                "Drive it with its own buffers, and read and write as it wants, as for a request.",
            ),
            Self::ConnectsAnswered => (
                "check-1",
                "",
                "Every `Connect` is answered, or was abandoned, or its connection was closed.",
            ),
            Self::Panics => (
                "check-2",
                "",
                "A panic in the user's code (a body's reader, an observer) still ends the lease.",
            ),
            Self::CallersThread => (
                "check-4",
                "",
                "A caller's thread never resolves or connects: a request takes the first connection that comes free.",
            ),
            Self::DropNeverBlocks => ("check-5", "", "Dropping a response's body never blocks."),
            Self::LookForAnAnswer => {
                ("check-6", "", "Before each further write of a long body there is a look for an answer.")
            }
            Self::WritableIsNotConnected => {
                ("mistake-1", "Taking \"writable\" for \"connected\".", "Ask the socket for its error.")
            }
            Self::SpuriousWakeUp => {
                ("mistake-2", "Closing on a spurious wake-up.", "a healthy idle connection then must stay.")
            }
            Self::ForgottenEnd => (
                "mistake-3",
                "Forgetting the end.",
                "A read of 0 is `set_eof`, also on a connection that nobody uses.",
            ),
            Self::PartialWrite => {
                ("mistake-4", "Reporting what you meant to write.", "`sent(n)` is what the transport took.")
            }
            Self::DroppedLease => (
                "mistake-5",
                "Dropping a lease.",
                "The slot is gone for good; the compiler warns, a guard helps.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Rule;

    fn one_line(text: &str) -> String {
        text.replace("**", "").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_guide_says_so_at_each_anchor() {
        let guide = include_str!("../../../../docs/adapter-guide.md");
        for rule in Rule::ALL {
            let anchor = format!("<a id=\"{}\"></a>", rule.anchor());
            let (_, rest) = guide.split_once(&anchor).unwrap_or_else(|| panic!("{anchor}"));
            let item = one_line(rest.split("<a id=").next().unwrap_or(rest));
            assert!(item.contains(rule.sentence()), "{rule:?}: {item}");
            assert!(
                item.trim_start_matches(|c: char| !c.is_alphabetic()).starts_with(rule.title()),
                "{rule:?}: {item}"
            );
        }
    }
}
