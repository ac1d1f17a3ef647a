//! Response heads as views into the receive buffer.

use http::{StatusCode, Version};

use crate::buf::Span;

/// Where the parts of a parsed head are, as offsets into its bytes. Recycled with the buffers.
#[derive(Debug, Default)]
pub(crate) struct HeadIndex {
    pub(crate) status: StatusCode,
    pub(crate) http10: bool,
    pub(crate) reason: Span,
    pub(crate) fields: Vec<(Span, Span)>,
}

impl HeadIndex {
    pub(crate) fn clear(&mut self) {
        self.fields.clear();
    }
}

/// A response head as a view: no allocation.
#[derive(Debug)]
pub struct Head<'a> {
    bytes: &'a [u8],
    index: &'a HeadIndex,
}

impl<'a> Head<'a> {
    pub(crate) fn new(bytes: &'a [u8], index: &'a HeadIndex) -> Self {
        Self { bytes, index }
    }

    /// The status code.
    pub fn status(&self) -> StatusCode {
        self.index.status
    }

    /// HTTP/1.0 or HTTP/1.1; a higher minor version counts as 1.1 (RFC 9110 section 2.5).
    pub fn version(&self) -> Version {
        if self.index.http10 { Version::HTTP_10 } else { Version::HTTP_11 }
    }

    /// The reason phrase as it was sent, maybe empty.
    pub fn reason(&self) -> &'a [u8] {
        &self.bytes[self.index.reason.start as usize..self.index.reason.end as usize]
    }
}
