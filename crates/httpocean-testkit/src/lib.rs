//! Scripted servers and links for the tests of httpocean.
