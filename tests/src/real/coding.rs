//! Real servers that code content, or say what came of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Home, Real, nginx_config, program};
use crate::vectors::say;

/// Where distributions put nginx's modules.
const MODULES: [&str; 3] = ["/usr/lib/nginx/modules", "/usr/share/nginx/modules", "/usr/lib64/nginx/modules"];

/// Serves httpbin in HTTP/1.1.
const HTTPBIN: &str = "
import httpbin, werkzeug.serving as serving
serving.WSGIRequestHandler.protocol_version = 'HTTP/1.1'
server = serving.make_server('127.0.0.1', 0, httpbin.app, threaded=True)
print('port', server.port, flush=True)
server.serve_forever()
";

impl Real {
    /// nginx with the module for br; none, and a line that says so, where that is not installed.
    pub fn nginx_with_brotli(home: Home, site: &str) -> Option<Self> {
        let nginx = program("nginx")?;
        let file = "ngx_http_brotli_filter_module.so";
        let module = MODULES.iter().map(|folder| Path::new(folder).join(file)).find(|path| path.exists());
        let Some(module) = module else {
            say("skipped: nginx has no module for br");
            return None;
        };
        let up = |server: &Self| fs::metadata(server.home.path("pid")).is_ok_and(|pid| pid.len() > 0);
        Some(Self::on_a_port(home, up, |home, port| {
            let config = format!("load_module {};\n{}", module.display(), nginx_config(port, "", site));
            fs::write(home.path("nginx.conf"), config.replace("HOME", &home.0.to_string_lossy()))
                .expect("a file can be written");
            let mut command = Command::new(&nginx);
            command.arg("-p").arg(&home.0).arg("-c").arg(home.path("nginx.conf"));
            command
        }))
    }

    /// httpbin, by the python that `HTTPOCEAN_HTTPBIN` names, or the usual one; none, and a line that says so, where it
    /// has none.
    pub fn httpbin() -> Option<Self> {
        let python = match std::env::var_os("HTTPOCEAN_HTTPBIN") {
            Some(python) => PathBuf::from(python),
            None => program("python3")?,
        };
        let mut has = Command::new(&python);
        has.args(["-c", "import httpbin"]).stdout(Stdio::null()).stderr(Stdio::null());
        if !has.status().is_ok_and(|status| status.success()) {
            say("skipped: there is no httpbin (HTTPOCEAN_HTTPBIN names a python that has it)");
            return None;
        }
        Some(Self::on_its_port(Home::new(), &python, &["-c", HTTPBIN]))
    }
}
