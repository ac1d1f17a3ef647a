//! What a request's body is made of, by what the user said.

mod parts;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use httpocean_content::multipart::{Form, Part};
use httpocean_content::{form, json};
use httpocean_driver::random_seed;
use httpocean_std::http::header::{ACCEPT, CONTENT_TYPE};
use httpocean_std::http::{HeaderName, HeaderValue};

use crate::client::Source;
use crate::stop::{Done, Stop};
use parts::Parts;

/// Where the request's body comes from.
#[derive(Clone, Debug)]
pub(super) enum Data {
    Bytes(Vec<u8>),
    File(PathBuf),
    Stdin,
    /// Pieces of an urlencoded form.
    Urlencoded(Vec<String>),
    Form(Vec<Field>),
}

/// One part of a multipart form.
#[derive(Clone, Debug)]
pub(super) struct Field {
    name: String,
    content: Content,
    content_type: Option<String>,
}

#[derive(Clone, Debug)]
enum Content {
    Text(String),
    File(PathBuf),
}

/// Fields that go with a body, unless the user gave others of that name.
type Fields = Vec<(HeaderName, HeaderValue)>;

impl Data {
    pub(super) fn of(given: OsString) -> Self {
        match given.as_bytes() {
            b"@-" => Self::Stdin,
            [b'@', path @ ..] => Self::File(OsStr::from_bytes(path).into()),
            _ => Self::Bytes(given.into_vec()),
        }
    }

    /// `CONTENT`, `=CONTENT`, `NAME=CONTENT`, `@FILE` or `NAME@FILE`, as curl has it. One more piece of what there is.
    pub(super) fn add_urlencoded(data: &mut Option<Self>, given: &str) -> Done {
        let at = given.find(['=', '@']);
        let (name, content) = match at.map(|at| (given.as_bytes()[at], &given[..at], &given[at + 1..])) {
            None => ("", form::escape(given.as_bytes())),
            Some((b'=', name, content)) => (name, form::escape(content.as_bytes())),
            Some((_, name, file)) => (name, form::escape(&read(Path::new(file))?)),
        };
        let piece = if name.is_empty() { content } else { format!("{name}={content}") };
        match data {
            Some(Self::Urlencoded(pieces)) => pieces.push(piece),
            None => *data = Some(Self::Urlencoded(vec![piece])),
            Some(_) => return Err(one_body()),
        }
        Ok(())
    }

    /// `NAME=CONTENT` or `NAME=@FILE`, and behind a file maybe `;type=TYPE`. One more part of what there is.
    pub(super) fn add_field(data: &mut Option<Self>, given: &str) -> Done {
        let (name, content) = given
            .split_once('=')
            .ok_or_else(|| Stop::usage("--form takes NAME=CONTENT or NAME=@FILE: there is no `=`"))?;
        let (content, content_type) = match content.strip_prefix('@') {
            None => (Content::Text(content.to_owned()), None),
            Some(file) => match file.rsplit_once(";type=") {
                Some((file, of)) => (Content::File(file.into()), Some(of.to_owned())),
                None => (Content::File(file.into()), None),
            },
        };
        let field = Field { name: name.to_owned(), content, content_type };
        match data {
            Some(Self::Form(fields)) => fields.push(field),
            None => *data = Some(Self::Form(vec![field])),
            Some(_) => return Err(one_body()),
        }
        Ok(())
    }

    /// The body, and the fields that go with it.
    pub(super) fn open(&self) -> Done<(Source, Fields)> {
        Ok(match self {
            Self::Bytes(bytes) => (Source::Bytes(bytes.clone().into()), Vec::new()),
            Self::File(path) => (file(path)?, Vec::new()),
            Self::Stdin => (Source::Reader(Box::new(io::stdin())), Vec::new()),
            Self::Urlencoded(pieces) => {
                let of = (CONTENT_TYPE, HeaderValue::from_static(form::CONTENT_TYPE));
                (Source::Bytes(pieces.join("&").into()), vec![of])
            }
            Self::Form(fields) => multipart(fields)?,
        })
    }
}

/// The fields of a body that is JSON.
pub(super) fn of_json() -> Fields {
    [CONTENT_TYPE, ACCEPT].map(|name| (name, HeaderValue::from_static(json::CONTENT_TYPE))).into()
}

pub(super) fn one_body() -> Stop {
    Stop::usage("a request has one body: one of --data, --json, --data-urlencode and --form")
}

fn multipart(fields: &[Field]) -> Done<(Source, Fields)> {
    let seed = u128::from(random_seed()) << 64 | u128::from(random_seed());
    let mut form = Form::new(seed);
    for Field { name, content, content_type } in fields {
        let part = match content {
            Content::Text(text) => Part::bytes(text.clone()),
            Content::File(path) => {
                let part = match file(path)? {
                    Source::Seekable(source) => Part::new(source, None),
                    // A pipe, and stdin.
                    Source::Bytes(_) | Source::Reader(_) | Source::Sized(..) => Part::bytes(read(path)?),
                };
                part.file_name(path.file_name().unwrap_or_default().to_string_lossy())
            }
        };
        let part = match content_type {
            Some(of) => part.content_type(of).map_err(|unfit| Stop::usage(unfit.to_string()))?,
            None => part,
        };
        form = form.part(name, part);
    }
    let of = (CONTENT_TYPE, form.content_type());
    let parts =
        Parts::new(form.into_segments()).map_err(|error| cannot_send(Path::new("the form"), &error))?;
    Ok((Source::Seekable(Box::new(parts)), vec![of]))
}

fn file(path: &Path) -> Done<Source> {
    if path == Path::new("-") {
        return Ok(Source::Reader(Box::new(io::stdin())));
    }
    File::open(path).and_then(Source::file).map_err(|error| cannot_send(path, &error))
}

/// `-` is stdin.
fn read(path: &Path) -> Done<Vec<u8>> {
    let mut all = Vec::new();
    let read = match path == Path::new("-") {
        true => io::stdin().lock().read_to_end(&mut all),
        false => File::open(path).and_then(|mut file| file.read_to_end(&mut all)),
    };
    read.map(|_| all).map_err(|error| cannot_send(path, &error))
}

fn cannot_send(path: &Path, error: &io::Error) -> Stop {
    Stop::Trouble(format!("{} can't be sent: {error}", path.display()))
}
