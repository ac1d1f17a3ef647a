//! The map of fields is that of the `http` crate; what urllib3's does is done with it.

use http::header::Entry;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use httpocean_core::BodyPlan;
use httpocean_core::policy::redirect::{Previous, Redirects, Verdict, follow};
use httpocean_tests::vectors::each;
use serde_json::{Value, json};

use super::same;

#[test]
fn header_map() {
    each("urllib3/header_map.json", |_, vector| {
        let mut map = HeaderMap::new();
        for step in vector["steps"].as_array().unwrap() {
            let ours = carry_out(&mut map, step["op"].as_array().unwrap());
            same(&step["result"], &ours).map_err(|difference| format!("{}: {difference}", step["op"]))?;
        }
        // Names have no case here, and fields of different names no order (RFC 9110 section 5.3).
        let sorted = |fields: &mut dyn Iterator<Item = (String, String)>| {
            let mut fields: Vec<_> = fields.collect();
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
            fields
        };
        let expected = pairs(&vector["final_items"]);
        let expected = sorted(&mut expected.map(|(name, value)| (name.to_string(), text(&value))));
        let ours = sorted(&mut map.iter().map(|(name, value)| (name.to_string(), text(value))));
        same(&expected, &ours)
    });
}

fn carry_out(map: &mut HeaderMap, op: &[Value]) -> Value {
    let name = || HeaderName::from_bytes(op[1].as_str().unwrap().as_bytes()).unwrap();
    let value = || HeaderValue::from_str(op[2].as_str().unwrap()).unwrap();
    match op[0].as_str().unwrap() {
        "add" => _ = map.append(name(), value()),
        "add_combine" => match map.entry(name()) {
            Entry::Occupied(mut entry) => {
                let last = entry.iter_mut().next_back().unwrap();
                *last = HeaderValue::from_str(&format!("{}, {}", text(last), text(&value()))).unwrap();
            }
            Entry::Vacant(entry) => _ = entry.insert(value()),
        },
        "set" => _ = map.insert(name(), value()),
        "get" => return merged(map, &name()),
        "getlist" => return json!(map.get_all(name()).iter().map(text).collect::<Vec<_>>()),
        "contains" => return json!(map.contains_key(name())),
        "len" => return json!(map.keys_len()),
        "setdefault" => {
            map.entry(name()).or_insert_with(value);
            return merged(map, &name());
        }
        "discard" => _ = map.remove(name()),
        op @ ("del" | "pop") => {
            let was = merged(map, &name());
            if map.remove(name()).is_none() {
                return json!({"error": "KeyError"});
            }
            return if op == "pop" { was } else { Value::Null };
        }
        "update" => pairs(&op[1]).for_each(|(name, value)| _ = map.insert(name, value)),
        "extend" | "or" => pairs(&op[1]).for_each(|(name, value)| _ = map.append(name, value)),
        "method_change" => *map = without_body(map),
        other => panic!("a new operation: {other}"),
    }
    Value::Null
}

/// As a redirect that turns POST into GET leaves them.
fn without_body(map: &HeaderMap) -> HeaderMap {
    let mut request = Request::post("http://a.test/").body(()).unwrap();
    *request.headers_mut() = map.clone();
    let previous = Previous { request: &request, body: BodyPlan::sized(5), fragment: None, followed: 0 };
    let verdict = follow(previous, StatusCode::SEE_OTHER, [&b"/x"[..]], &Redirects::default());
    let Verdict::Follow(hop) = verdict else { panic!("not followed: {verdict:?}") };
    hop.request.headers().clone()
}

fn merged(map: &HeaderMap, name: &HeaderName) -> Value {
    let values: Vec<_> = map.get_all(name).iter().map(text).collect();
    if values.is_empty() { Value::Null } else { json!(values.join(", ")) }
}

fn pairs(list: &Value) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    list.as_array().unwrap().iter().map(|pair| {
        let part = |at: usize| pair[at].as_str().unwrap();
        (HeaderName::from_bytes(part(0).as_bytes()).unwrap(), HeaderValue::from_str(part(1)).unwrap())
    })
}

fn text(value: &HeaderValue) -> String {
    value.to_str().unwrap().to_owned()
}
