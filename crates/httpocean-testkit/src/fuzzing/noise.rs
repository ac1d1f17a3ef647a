//! Bytes for who has no fuzzer: always the same, and often nearly right.

/// Pieces of what targets read. A piece is more likely to be followed by one of its own kind.
const KINDS: [&[&str]; 4] = [
    &[
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        "HTTP/1.0 200 OK\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 101 Switch\r\nupgrade: tea\r\n\r\n",
        "HTTP/1.1 204 No\r\n\r\n",
        "HTTP/1.1 302 Found\r\nlocation: /a\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 503 No\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n",
        "content-length: 5\r\n",
        "Content-Length: 3, 3\r\n",
        "transfer-encoding: chunked\r\n",
        "transfer-encoding: gzip, chunked\r\n",
        "connection: close\r\n",
        "connection: keep-alive, x\r\n",
        "keep-alive: timeout=5, max=1\r\n",
        "x: y\r\n",
        " z\r\n",
        "x :y\r\n",
        ":",
        "\r\n",
        "\n",
        "\r",
        "\0",
        "hello",
    ],
    &[
        "5\r\nhello\r\n",
        "1\r\na\r\n",
        "0\r\n",
        "\r\n",
        "t: u\r\n",
        " v\r\n",
        "1;x\r\na\r\n",
        "1 ; x = \"\\\"y\"\r\na\r\n",
        "ffffffffffffffff\r\n",
        "00000000000000001\r\n",
        ";",
        "\"",
        "=",
        "\t",
        "a",
        "\n",
    ],
    &[
        "http://",
        "https://",
        "//",
        "/",
        "\\",
        ":",
        ":80",
        ":443",
        ":0",
        "@",
        "#",
        "?",
        "%2f",
        "%00",
        "a",
        "B",
        "b.",
        ".",
        "..",
        " ",
        "\t",
        "127.1",
        "127.0.0.1",
        "0x7f",
        "[::1]",
        "[",
        "]",
        "xn--",
        "\u{fc}",
        "\u{3002}",
        "site.example",
    ],
    &[
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Wed, 14 Oct 2026 17:47:10 GMT",
        "Sun, ",
        "29 Feb ",
        "2000 ",
        "23:59:60",
        " GMT",
        "0",
        "9",
        "-",
        " ",
        "120",
        "99999999999999999999",
    ],
];

/// Inputs, one after the other, the same for the same seed.
#[derive(Clone, Debug)]
pub struct Noise(u64);

impl Noise {
    /// The inputs of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next input: some choices, then pieces, most of one kind.
    pub fn input(&mut self) -> Vec<u8> {
        let mut input = Vec::new();
        for _ in 0..self.below(24) {
            let byte = self.below(256);
            // Small numbers choose the usual.
            input.push(if self.below(3) == 0 { byte as u8 } else { byte as u8 % 8 });
        }
        let pieces = self.below(16);
        let mut kind = self.below(KINDS.len());
        for _ in 0..pieces {
            match self.below(12) {
                0 => input.push(self.below(256) as u8),
                1 => kind = self.below(KINDS.len()),
                _ => input.extend_from_slice(KINDS[kind][self.below(KINDS[kind].len())].as_bytes()),
            }
        }
        if self.below(3) == 0 {
            let more = self.below(400);
            input.extend((0..more).map(|_| self.below(256) as u8));
        }
        input
    }

    /// Xorshift: good enough to choose.
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }
}
