//! What the command and the project's own tests of behaviour both need: a mio client that any thread may ask and
//! wait for. It is made for those two and changes with them; the command itself is the program `httpocean`.

pub mod reactor;
