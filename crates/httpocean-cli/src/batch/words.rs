//! The words of answers, which stay as they are.

use httpocean_std::pool::Refusal;
use httpocean_std::{ErrorKind, Fault, HopReason, Phase, Sent, TransportError};

pub(super) fn fault(fault: Fault) -> &'static str {
    match fault {
        Fault::Local => "local",
        Fault::Peer => "peer",
        Fault::Network => "network",
    }
}

pub(super) fn sent(sent: Sent) -> &'static str {
    match sent {
        Sent::Nothing => "nothing",
        Sent::Part => "part",
        Sent::All => "all",
    }
}

pub(super) fn kind(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Request(_) | ErrorKind::Unsupported(_) => "request",
        ErrorKind::Resolve(_) => "resolve",
        ErrorKind::Connect(_) => "connect",
        ErrorKind::Proxy(_) => "proxy",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Closed => "closed",
        ErrorKind::Reset(_) => "reset",
        ErrorKind::Tls(_) => "tls",
        ErrorKind::Protocol(_) => "protocol",
        ErrorKind::Body(_) | ErrorKind::Content(_) => "body",
        ErrorKind::Redirect(_) => "redirect",
        ErrorKind::Status(_) => "status",
        ErrorKind::Pool(_) => "pool",
        ErrorKind::Cancelled => "cancelled",
        _ => "unknown",
    }
}

/// What exactly, as a word.
pub(super) fn detail(kind: &ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Protocol(what) => Some(what.class()),
        ErrorKind::Tls(why) => Some(why.fault().word()),
        ErrorKind::Unsupported(_) => Some("unsupported"),
        ErrorKind::Resolve(why) | ErrorKind::Connect(why) | ErrorKind::Reset(why) => transport(*why),
        ErrorKind::Redirect(why) => Some(why.word()),
        ErrorKind::Pool(why) => refusal(*why),
        ErrorKind::Request(_)
        | ErrorKind::Status(_)
        | ErrorKind::Proxy(_)
        | ErrorKind::Timeout
        | ErrorKind::Closed
        | ErrorKind::Body(_)
        | ErrorKind::Content(_)
        | ErrorKind::Cancelled => None,
        _ => None,
    }
}

pub(super) fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Start => "start",
        Phase::PoolWait => "pool",
        Phase::Resolve => "resolve",
        Phase::Connect => "connect",
        Phase::Proxy => "proxy",
        Phase::Tls => "tls",
        Phase::SendHead => "send-head",
        Phase::Await100 => "await-100",
        Phase::SendBody => "send-body",
        Phase::RecvHead => "head",
        Phase::Backoff => "backoff",
        Phase::RecvBody | Phase::Drain => "body",
        _ => "unknown",
    }
}

pub(super) fn hop(why: HopReason) -> &'static str {
    why.word()
}

fn transport(why: TransportError) -> Option<&'static str> {
    match why {
        TransportError::NotFound => Some("not-found"),
        TransportError::Refused => Some("refused"),
        TransportError::Reset => Some("reset"),
        TransportError::TimedOut => Some("timed-out"),
        TransportError::Unreachable => Some("unreachable"),
        TransportError::Filtered => Some("filtered"),
        TransportError::Layer | TransportError::Other(_) => None,
        _ => None,
    }
}

fn refusal(why: Refusal) -> Option<&'static str> {
    match why {
        Refusal::WaitedTooLong => Some("waited-too-long"),
        Refusal::DialTooSlow => Some("dial-too-slow"),
        Refusal::QueueFull => Some("queue-full"),
        Refusal::DialFailed => Some("dial-failed"),
        Refusal::ShutDown => Some("shut-down"),
        _ => None,
    }
}
