//! In which ways the scenarios are run, and why some are on bare sockets alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use httpocean_tests::vectors::say;

/// Why a scenario stands behind a word in `on_both_adapters!`.
const WORDS: [(&str, &str); 11] = [
    ("addresses", "it is about which address of a host is connected to"),
    ("bytes", "it writes or times single segments of a bare socket"),
    ("dials", "it is about connections that fail before a byte of HTTP, where a handshake fails instead"),
    (
        "direct",
        "it is about the other end of a connection, which in a tunnel is the proxy's; over TLS it is run",
    ),
    ("drawn", "it is about the picture of what was done"),
    ("load", "it takes long: elsewhere than on bare sockets only where HTTPOCEAN_WAYS is all"),
    ("nothing", "nothing is sent in it"),
    ("origins", "it is about http and https side by side"),
    ("real", "its server is a program with TLS and proxies of its own"),
    ("secured", "it is about TLS or proxies"),
    ("unix", "its socket is none of TCP's"),
];

#[test]
fn what_is_run_on_bare_sockets_alone_says_why() {
    let (mut counts, mut all) = (BTreeMap::<String, usize>::new(), 0);
    for file in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")) {
        let text = fs::read_to_string(&file).expect("a file of tests");
        for list in text.split("\non_both_adapters!(").skip(1) {
            let list = list.split(");").next().unwrap_or_default();
            let (word, names) = match list.split_once(':') {
                Some((word, names)) => (word.trim().trim_matches('"'), names),
                None => ("", list),
            };
            let known = word.is_empty() || WORDS.iter().any(|(known, _)| *known == word);
            assert!(known, "{}: {word} is none of the words", file.display());
            let names = names.split(',').filter(|name| !name.trim().is_empty()).count();
            *counts.entry(word.to_owned()).or_default() += names;
            all += names;
        }
    }
    let everywhere = counts.remove("").unwrap_or_default();
    let counted: Vec<_> = counts.iter().map(|(word, n)| format!("{word} {n}")).collect();
    say(&format!("scenarios: {all}, over TLS and in a tunnel too {everywhere}; {}", counted.join(", ")));
    let unused: Vec<_> = WORDS.iter().filter(|(word, _)| !counts.contains_key(*word)).collect();
    assert!(unused.is_empty(), "nothing stands behind {unused:?}");
    assert!(everywhere > all / 3, "TLS and tunnels are tested by what is run there");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder of the tests");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}
