//! Forms of several parts.
#![cfg(feature = "multipart")]

use httpocean_content::multipart::{Form, Part, Segment};

fn sent(form: Form<&'static str>) -> String {
    let announced = form.len();
    let mut all = Vec::new();
    for segment in form.into_segments() {
        match segment {
            Segment::Bytes(bytes) => all.extend_from_slice(&bytes),
            Segment::Content(content) => all.extend_from_slice(content.as_bytes()),
        }
    }
    assert!(announced.is_none_or(|announced| announced == all.len() as u64), "{announced:?}, {}", all.len());
    String::from_utf8(all).expect("these are text")
}

fn form() -> Form<&'static str> {
    Form::with_boundary("B").expect("a boundary")
}

#[test]
fn a_length_is_known_if_that_of_all_parts_is() {
    let known = form().text("a", "b").part("c", Part::new("content", Some(7)).file_name("f.bin"));
    assert_eq!(known.len(), Some(sent(known_again()).len() as u64));
    assert_eq!(known.part("d", Part::new("who knows", None)).len(), None);
    assert_eq!(form().len(), Some(7));
    assert_eq!(sent(form()), "--B--\r\n");

    fn known_again() -> Form<&'static str> {
        form().text("a", "b").part("c", Part::new("content", Some(7)).file_name("f.bin"))
    }
}

/// What a name can't do is to end itself, its line or its part.
#[test]
fn names_are_escaped_as_browsers_do() {
    let text = sent(form().part("a\"\r\nX: y\rz\n", Part::bytes("v").file_name("f\"\r\n\\ü\n.txt")));
    assert_eq!(
        text,
        "--B\r\nContent-Disposition: form-data; name=\"a%22%0D%0AX: y%0D%0Az%0D%0A\"; \
         filename=\"f%22%0D%0A\\ü%0A.txt\"\r\nContent-Type: text/plain\r\n\r\nv\r\n--B--\r\n"
    );
}

#[test]
fn a_type_can_not_hold_the_end_of_a_line() {
    for evil in ["text/plain\r\nX: y", "text/plain\n", "a\0b", "\r"] {
        assert!(Part::<()>::bytes("v").content_type(evil).is_err(), "{evil:?}");
    }
    let part = Part::bytes("v").content_type("text/plain; charset=utf-8").expect("a type");
    let part = part.header("x-y".parse().expect("a name"), "z".parse().expect("a value"));
    let text = sent(form().part("a", part));
    assert!(text.contains("\r\nContent-Type: text/plain; charset=utf-8\r\nx-y: z\r\n\r\nv\r\n"), "{text}");
}

#[test]
fn a_boundary_is_one_or_is_made_from_a_seed() {
    for wrong in ["", "a b", "a\"", "a\r\n", &"x".repeat(71)] {
        assert!(Form::<()>::with_boundary(wrong).is_err(), "{wrong:?}");
    }
    let of = |seed| Form::<()>::new(seed).content_type();
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
    assert_eq!(of(u128::MAX), "multipart/form-data; boundary=httpocean-ffffffffffffffffffffffffffffffff");
}

#[test]
fn a_file_has_the_type_that_its_name_says() {
    for (name, of) in
        [("a.PNG", "image/png"), ("a", "application/octet-stream"), ("a.b.json", "application/json")]
    {
        let text = sent(form().part("f", Part::new("x", Some(1)).file_name(name)));
        assert!(text.contains(&format!("\r\nContent-Type: {of}\r\n\r\nx\r\n")), "{text}");
    }
}

#[test]
fn large_bytes_are_not_copied() {
    let bytes = bytes::Bytes::from(vec![b'x'; 5000]);
    let segments: Vec<_> = form().part("a", Part::bytes(bytes.clone())).into_segments().collect();
    let Segment::Bytes(middle) = &segments[1] else { panic!("{segments:?}") };
    assert_eq!((segments.len(), middle.as_ptr()), (3, bytes.as_ptr()));
}
