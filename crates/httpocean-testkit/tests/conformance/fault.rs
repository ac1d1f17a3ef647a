//! What the driver can do wrong.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// The end of a connection is not told.
    ForgetsTheEnd,
    /// The end of one that nobody uses is not told.
    ForgetsTheEndOfIdle,
    /// A write that was taken in part is told as a whole one.
    ReportsWhatItMeantToWrite,
    /// A request whose user is gone keeps its connection.
    LeaksALease,
    /// No deadline ends a sleep.
    IgnoresDeadlines,
    /// What is to be done for a wish is not asked for until there is a request.
    SleepsOnAWish,
    /// Every deadline ends it late.
    SleepsPastDeadlines,
    /// A connection that is closed is still polled, and its events are told.
    DrivesTheDead,
    /// A wake-up without bytes counts as an end.
    ClosesWhatStirs,
    /// A connect holds up everything.
    ConnectsOnItsThread,
    /// A connect that was begun counts as one that succeeded.
    TakesBegunForConnected,
    /// A connection that is still being made is not driven.
    TakesConnectedForReady,
    /// A connect that failed is not told.
    ForgetsAFailedConnect,
    /// Bytes are read whether the user wants them or not.
    ReadsAhead,
    /// A connection is forgotten instead of closed.
    ForgetsToClose,
    /// Nothing is read before an idle connection is used, and nothing while it is idle.
    UsesIdleUnseen,
    /// Nothing is read while there is something to write.
    DeafWhileWriting,
    /// An error of the socket is passed over.
    SwallowsErrors,
    /// A second is told as a hundred.
    ClockRunsFast,
}
