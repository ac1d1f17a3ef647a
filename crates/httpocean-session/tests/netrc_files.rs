//! What a `.netrc` says.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use httpocean_session::Netrc;

fn of(text: &str, host: &str) -> Option<(Option<String>, Option<String>)> {
    let netrc: Netrc = text.parse().unwrap_or_else(|error| panic!("{error}: {text:?}"));
    let entry = netrc.machine(host)?;
    Some((entry.login().map(Into::into), entry.password().map(Into::into)))
}

fn pair(login: &str, password: &str) -> Option<(Option<String>, Option<String>)> {
    Some((Some(login.to_owned()), Some(password.to_owned())))
}

#[test]
fn entries_are_found_by_their_hosts() {
    for (text, found) in [
        ("machine h login ann password pw", pair("ann", "pw")),
        ("machine h\n\tlogin ann\n\tpassword pw\n", pair("ann", "pw")),
        ("machine h password pw login ann", pair("ann", "pw")),
        ("machine h user ann passwd pw", pair("ann", "pw")),
        ("machine h login ann account x password pw", pair("ann", "pw")),
        ("machine H. login ann password pw", pair("ann", "pw")),
        ("machine g login bob password no\nmachine h login ann password pw", pair("ann", "pw")),
        ("machine h login ann password pw machine h login bob password no", pair("ann", "pw")),
        ("default login bob password no\nmachine h login ann password pw", pair("ann", "pw")),
        ("# a comment\nmachine h # another: machine x\nlogin ann\npassword pw", pair("ann", "pw")),
        ("machine h login ann password p#w", pair("ann", "p#w")),
        ("machine h login ann password #pw", pair("ann", "#pw")),
        ("machine h login \"ann b\" password \"p\\\"\\\\\\tw\"", pair("ann b", "p\"\\\tw")),
        ("machine h login \"\" password \"\"", pair("", "")),
        (
            "macdef init\ncd /x\nmachine h login bob password no\n\nmachine h login ann password pw",
            pair("ann", "pw"),
        ),
        ("machine h login ann password pw macdef init\nmachine x\n", pair("ann", "pw")),
        ("machine h login machine password login", pair("machine", "login")),
        ("machine h login ann", Some((Some("ann".into()), None))),
        ("machine h", Some((None, None))),
        ("machine hh login ann password pw", None),
        ("default login ann password pw", None),
        ("", None),
        ("\r\n \t", None),
    ] {
        assert_eq!(of(text, "h"), found, "{text:?}");
    }
    assert_eq!(of("machine ::1 login ann password pw", "[::1]"), pair("ann", "pw"));
    assert_eq!(of("machine [::1] login ann password pw", "[::1]"), pair("ann", "pw"));
}

#[test]
fn the_entry_of_all_others_is_told_apart() {
    let netrc: Netrc = "machine h login a password b default login c password d".parse().unwrap();
    assert_eq!(netrc.default_entry().unwrap().login(), Some("c"));
    assert!(netrc.machine("other").is_none() && !netrc.is_empty());
    assert!("default login c".parse::<Netrc>().unwrap().is_empty());
}

#[test]
fn what_is_none_is_told_by_its_line_and_not_repeated() {
    for (text, line, why) in [
        ("machine", 1, "no value"),
        ("machine h\nlogin", 2, "no value"),
        ("login s3cret", 1, "no machine"),
        ("\n\npassword s3cret", 3, "no machine"),
        ("machine h login ann password \"s3cret", 1, "not closed"),
        ("machine h login ann password \"s3cret\\", 1, "not closed"),
        ("machine h login ann password two s3cret", 1, "no keyword"),
    ] {
        let error = text.parse::<Netrc>().unwrap_err();
        assert_eq!(error.line, line, "{text:?}");
        assert!(
            error.to_string().contains(why) && !error.to_string().contains("s3cret"),
            "{text:?}: {error}"
        );
    }
    let long = " ".repeat((1 << 20) + 1);
    assert!(long.parse::<Netrc>().is_err());
}

#[test]
fn nothing_prints_a_password() {
    let netrc: Netrc = "machine h login s3cret password s3cret".parse().unwrap();
    assert!(!format!("{netrc:?} {:?}", netrc.machine("h").unwrap()).contains("s3cret"));
}
