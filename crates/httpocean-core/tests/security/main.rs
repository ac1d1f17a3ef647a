//! What went wrong in other clients, by the classes T1 to T33 of the threat model, against the machines themselves.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod reading;

mod t12_codings;
mod t14_injection;
mod t15_request_framing;
mod t1_content_length;
mod t22_key;
mod t24_authority;
mod t2_transfer_coding;
mod t31_bounded_tables;
mod t3_chunk_size;
mod t4_chunk_line;
mod t5_head_bytes;
mod t6_surplus;
mod t7_interim;
mod t8_early_final;
mod t9_cut_short;
