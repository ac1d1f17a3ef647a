//! Reads the output of `{:?}` of what is private.

use std::collections::BTreeMap;

/// The name of an enum's variant.
pub(crate) fn variant(value: &str) -> &str {
    let end = value.find([' ', '(', '{']).unwrap_or(value.len());
    &value[..end]
}

/// What is in the parentheses of a variant such as `Some(..)`, if it has any.
pub(crate) fn inside(value: &str) -> Option<&str> {
    value.strip_prefix(variant(value))?.strip_prefix('(')?.strip_suffix(')')
}

/// The fields of a struct or of a variant with named fields.
pub(crate) fn fields(value: &str) -> BTreeMap<&str, &str> {
    let fields = value.split_once('{').and_then(|(_, rest)| rest.strip_suffix('}')).unwrap_or_default();
    parts(fields).into_iter().filter_map(|part| part.trim().split_once(": ")).collect()
}

/// One field, which has to be there.
pub(crate) fn field<'a>(value: &'a str, name: &str) -> &'a str {
    fields(value).get(name).unwrap_or_else(|| panic!("no field {name} is printed: {value}"))
}

/// The elements of a list.
pub(crate) fn elements(value: &str) -> Vec<&str> {
    let list = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or_default();
    parts(list).into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// What stands between commas that are in no brackets and no string.
fn parts(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut depth) = (Vec::new(), 0, 0);
    let (mut in_string, mut escaped) = (false, false);
    let bytes = text.as_bytes();
    let mut at = 0;
    // No iterator: it takes most of the time of these tests, unoptimized as they are.
    while at < bytes.len() {
        match bytes[at] {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(&text[from..]);
    parts
}

#[test]
fn it_is_not_misled_by_strings_and_nesting() {
    let value = r#"Call { uri: "a, \" state: No {", inner: X { state: Wrong(1, 2) }, state: Right([1, 2]) }"#;
    assert_eq!(field(value, "state"), "Right([1, 2])");
    assert_eq!(variant(field(value, "state")), "Right");
    assert_eq!(inside(field(value, "state")), Some("[1, 2]"));
    assert_eq!(elements("[A { x: 1, y: 2 }, B]"), ["A { x: 1, y: 2 }", "B"]);
}
