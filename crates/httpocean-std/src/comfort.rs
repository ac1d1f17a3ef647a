//! What requests are made of, in a word each. All of it can be had for a plain `http::Request`, too: as a body, or as
//! text for its URL.

#[cfg(feature = "form")]
use std::borrow::Borrow;

#[cfg(any(feature = "form", feature = "json", feature = "multipart"))]
use http::header::CONTENT_TYPE;
#[cfg(any(feature = "form", feature = "json"))]
use http::header::HeaderValue;

#[cfg(any(feature = "form", feature = "json"))]
use crate::body::Body;
use crate::request::RequestBuilder;

impl RequestBuilder {
    /// These pairs at the end of the URL's query.
    ///
    /// ```
    /// # let server = httpocean_testkit::server::Server::start(|request: &httpocean_testkit::server::Request| {
    /// #     httpocean_testkit::server::Reply::ok(request.target.clone())
    /// # });
    /// # let url = server.url("/find");
    /// let response = httpocean_std::Client::new().get(&url)?.query(&[("q", "two words")]).send()?;
    /// assert_eq!(response.text()?, "/find?q=two+words");
    /// # Ok::<(), httpocean_std::Error>(())
    /// ```
    #[cfg(feature = "form")]
    pub fn query<I, K, V>(mut self, pairs: I) -> Self
    where
        I: IntoIterator,
        I::Item: Borrow<(K, V)>,
        K: AsRef<str>,
        V: AsRef<str>,
    {
        match httpocean_content::form::with_query(self.request.uri(), pairs) {
            Ok(uri) => *self.request.uri_mut() = uri,
            Err(_) => self.fault = Some("its URL is longer than a URL may be"),
        }
        self
    }

    /// These pairs as the body, as a form of HTML sends them.
    ///
    /// ```
    /// # use httpocean_testkit::server::{Reply, Server};
    /// # let server = Server::builder().record_body(4096).start(|_| Reply::ok("[1,2,3]")).unwrap();
    /// # let url = server.url("/");
    /// let response = httpocean_std::Client::new().post(&url)?.form(&[("name", "Ann & Bob")]).send()?;
    /// # drop(response);
    /// # assert_eq!(server.requests()[0].body, b"name=Ann+%26+Bob");
    /// # Ok::<(), httpocean_std::Error>(())
    /// ```
    #[cfg(feature = "form")]
    pub fn form<I, K, V>(self, pairs: I) -> Self
    where
        I: IntoIterator,
        I::Item: Borrow<(K, V)>,
        K: AsRef<str>,
        V: AsRef<str>,
    {
        self.of_type(HeaderValue::from_static(httpocean_content::form::CONTENT_TYPE)).body(Body::form(pairs))
    }

    /// `value` as the body, as JSON. What can't be JSON fails the request when it is sent.
    ///
    /// ```
    /// # use httpocean_testkit::server::{Reply, Server};
    /// # let server = Server::builder().record_body(4096).start(|_| Reply::ok("[1,2,3]")).unwrap();
    /// # let url = server.url("/");
    /// let numbers = [1, 2, 3];
    /// let response = httpocean_std::Client::new().post(&url)?.json(&numbers).send()?;
    /// assert_eq!(response.json::<Vec<u8>>()?, numbers);
    /// # Ok::<(), httpocean_std::Error>(())
    /// ```
    #[cfg(feature = "json")]
    pub fn json(mut self, value: &(impl serde::Serialize + ?Sized)) -> Self {
        match Body::json(value) {
            Ok(body) => {
                self.of_type(HeaderValue::from_static(httpocean_content::json::CONTENT_TYPE)).body(body)
            }
            Err(_) => {
                self.fault = Some("its body can't be JSON");
                self
            }
        }
    }

    /// `form` as the body.
    ///
    /// ```
    /// use httpocean_std::{Client, Form};
    /// # use httpocean_testkit::server::{Reply, Server};
    /// # let server = Server::builder().record_body(4096).start(|_| Reply::ok("[1,2,3]")).unwrap();
    /// # let url = server.url("/");
    /// # let path = std::env::temp_dir().join(format!("httpocean-of-an-example-{}.csv", std::process::id()));
    /// # std::fs::write(&path, "a,b")?;
    ///
    /// let form = Form::new().text("title", "A report").file("data", &path)?;
    /// let response = Client::new().post(&url)?.multipart(form).send()?;
    /// # drop(response);
    /// # let sent = String::from_utf8(server.requests()[0].body.clone())?;
    /// # assert!(sent.contains("text/csv\r\n\r\na,b\r\n--") && sent.contains(r#"name="title""#), "{sent}");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "multipart")]
    pub fn multipart(mut self, form: crate::Form) -> Self {
        // Whatever the user said has not the boundary in it.
        self.request.headers_mut().insert(CONTENT_TYPE, form.content_type());
        self.body(form.into_body())
    }

    /// What becomes of a response in a content coding such as gzip.
    #[cfg(feature = "_codings")]
    pub fn decoding(mut self, decoding: crate::Decoding) -> Self {
        self.request.extensions_mut().insert(decoding);
        self
    }

    /// The response as it comes: no content coding is asked for, and none is undone.
    #[cfg(feature = "_codings")]
    pub fn raw(self) -> Self {
        self.decoding(crate::Decoding::Raw)
    }

    #[cfg(any(feature = "form", feature = "json"))]
    fn of_type(mut self, content_type: HeaderValue) -> Self {
        self.request.headers_mut().entry(CONTENT_TYPE).or_insert(content_type);
        self
    }
}

#[cfg(any(feature = "form", feature = "json"))]
impl Body {
    /// These pairs, as a form of HTML sends them: [`content::form::CONTENT_TYPE`](crate::content::form::CONTENT_TYPE).
    #[cfg(feature = "form")]
    pub fn form<I, K, V>(pairs: I) -> Self
    where
        I: IntoIterator,
        I::Item: Borrow<(K, V)>,
        K: AsRef<str>,
        V: AsRef<str>,
    {
        httpocean_content::form::encode(pairs).into()
    }

    /// `value` as JSON: [`content::json::CONTENT_TYPE`](crate::content::json::CONTENT_TYPE).
    ///
    /// # Errors
    /// When it can't be JSON, as a map whose keys are no text.
    #[cfg(feature = "json")]
    pub fn json(value: &(impl serde::Serialize + ?Sized)) -> Result<Self, httpocean_content::json::Error> {
        Ok(httpocean_content::json::encode(value)?.into())
    }
}
