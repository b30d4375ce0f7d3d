//! IBKR's side as a stand-in: the login page with its steps, and the API behind it. It stands behind a gateway, or serves a browser
//! by itself as if it were one. Everything about it is in the test's hands.

#![allow(dead_code, unreachable_pub, reason = "each test program uses its part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

/// What the page looks like. None is IBKR's; a login that needs one of them goes by something else than the page's purpose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Skin {
    /// Names and classes as they were in 2023, with placeholders in the fields.
    Classic,
    /// Other names, labels above the fields, a wide button.
    Labels,
    /// Dark, with placeholders alone and rounded fields.
    Dark,
}

/// What is asked for after user name and password.
#[derive(Clone, Debug, PartialEq)]
pub enum Factor {
    None,
    /// A code; these are right.
    Code(Vec<String>),
    /// A notice that somebody has to confirm; with this many notices it is confirmed by itself.
    Push {
        confirmed_at: u32,
    },
    /// A list of devices, each with what it asks for.
    Devices(Vec<(&'static str, Self)>),
}

/// Who may log in, and how.
#[derive(Clone, Debug)]
pub struct User {
    pub name: String,
    pub password: String,
    /// Whether it is one of paper trading alone.
    pub is_paper: bool,
    pub factor: Factor,
    /// Whether an advertisement is shown before the end.
    pub promo: bool,
}

/// What is wrong with the page, or with what is behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Trouble {
    #[default]
    None,
    /// No request is answered.
    Away,
    /// Every request is answered with this status.
    Status(u16),
    /// The page is served, and then at work forever.
    Hangs,
    /// The page's title pretends to be a report that the login succeeded.
    Forges,
    /// The page is without a form.
    NoForm,
    /// The login is sent back to its page.
    BackToLogin,
    /// What is submitted is never answered.
    Mute,
    /// Every login is refused with this.
    Says(&'static str),
}

/// What happened, and how it is now.
#[derive(Debug)]
pub struct State {
    pub user: User,
    pub skin: Skin,
    pub trouble: Trouble,
    /// Whether it answers as the gateway does that is otherwise between it and the browser.
    pub is_gateway: bool,
    /// Whether a login brings the brokerage session with it, as it mostly does.
    pub brings_brokerage: bool,
    pub session: bool,
    pub authenticated: bool,
    pub connected: bool,
    pub competing: bool,
    /// User name, password and paper switch of each login.
    pub logins: Vec<(String, String, bool)>,
    /// Codes that were submitted.
    pub codes: Vec<String>,
    pub pushes: u32,
    pub confirmed: bool,
    /// First lines of all requests.
    pub requests: Vec<String>,
    /// The factor that the login under way still has before it, if there is one.
    progress: Option<Factor>,
    authorised: bool,
}

pub struct Upstream {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl Upstream {
    /// One with this certificate; without TLS when there is none.
    pub fn start(certificate: Option<(&Path, &Path)>) -> Self {
        Self::start_at("127.0.0.1", certificate)
    }

    /// One at this address of this machine.
    pub fn start_at(host: &str, certificate: Option<(&Path, &Path)>) -> Self {
        let listener = TcpListener::bind((host, 0)).unwrap();
        let state = Arc::new(Mutex::new(State {
            user: User {
                name: "trader01".into(),
                password: "Se cret-9€".into(),
                is_paper: false,
                factor: Factor::None,
                promo: false,
            },
            skin: Skin::Classic,
            trouble: Trouble::None,
            is_gateway: false,
            brings_brokerage: true,
            session: false,
            authenticated: false,
            connected: false,
            competing: false,
            logins: Vec::new(),
            codes: Vec::new(),
            pushes: 0,
            confirmed: false,
            requests: Vec::new(),
            progress: None,
            authorised: false,
        }));
        let upstream = Self {
            port: listener.local_addr().unwrap().port(),
            state: Arc::clone(&state),
        };
        let tls = certificate.map(|(certificate, key)| Arc::new(tls(certificate, key)));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { continue };
                let (state, tls) = (Arc::clone(&state), tls.clone());
                thread::spawn(move || {
                    // A client that goes in the middle of something has its reasons.
                    let _ = match tls {
                        None => serve(stream, &state),
                        Some(tls) => serve(
                            StreamOwned::new(ServerConnection::new(tls).unwrap(), stream),
                            &state,
                        ),
                    };
                });
            }
        });
        upstream
    }

    /// How it is; what is changed there counts at once.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// How many requests had this path.
    pub fn count(&self, path: &str) -> usize {
        let state = self.state();
        let is = |request: &&String| request.split([' ', '?']).nth(1) == Some(path);
        state.requests.iter().filter(is).count()
    }
}

fn tls(certificate: &Path, key: &Path) -> ServerConfig {
    let chain = CertificateDer::pem_file_iter(certificate).unwrap();
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    ServerConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            chain.map(Result::unwrap).collect(),
            PrivateKeyDer::from_pem_file(key).unwrap(),
        )
        .unwrap()
}

struct Request {
    line: String,
    method: String,
    path: String,
    body: Vec<u8>,
}

/// The next request of a connection; none at its end.
fn read_request(stream: &mut impl BufRead) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let (mut length, mut chunked) = (0, false);
    loop {
        let mut header = String::new();
        if stream.read_line(&mut header)? == 0 {
            return Ok(None);
        }
        let header = header.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        match header.split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().unwrap_or_default(),
            Some(("transfer-encoding", value)) => chunked = value.contains("chunked"),
            _ => {}
        }
    }
    let mut body = Vec::new();
    if chunked {
        loop {
            let mut size = String::new();
            stream.read_line(&mut size)?;
            let size = size.trim().split(';').next().unwrap_or_default();
            let size = u64::from_str_radix(size, 16).unwrap_or_default();
            stream.by_ref().take(size).read_to_end(&mut body)?;
            stream.read_line(&mut String::new())?;
            if size == 0 {
                break;
            }
        }
    } else {
        stream.by_ref().take(length).read_to_end(&mut body)?;
    }
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    Ok(Some(Request {
        method: method.to_owned(),
        path: target.split('?').next().unwrap_or_default().to_owned(),
        line: line.trim_end().to_owned(),
        body,
    }))
}

struct Response {
    status: u16,
    kind: &'static str,
    headers: Vec<String>,
    body: String,
}

impl Response {
    fn text(status: u16, body: &str) -> Self {
        Self {
            status,
            kind: "text/plain",
            headers: Vec::new(),
            body: body.to_owned(),
        }
    }

    fn json(body: &Value) -> Self {
        Self {
            kind: "application/json",
            ..Self::text(200, &body.to_string())
        }
    }

    fn redirect(to: &str) -> Self {
        Self {
            headers: vec![format!("Location: {to}")],
            ..Self::text(302, "")
        }
    }

    fn with(mut self, header: &str) -> Self {
        self.headers.push(header.to_owned());
        self
    }
}

fn serve(stream: impl Read + Write, state: &Mutex<State>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read_request(&mut stream)? {
        let response = {
            let mut state = state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            state.requests.push(request.line.clone());
            state.answer(&request)
        };
        let Some(response) = response else {
            // Until whoever asked has enough of it.
            let _ = stream.read(&mut [0]);
            return Ok(());
        };
        let mut head = format!(
            "HTTP/1.1 {} -\r\nContent-Type: {}; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\n",
            response.status,
            response.kind,
            response.body.len()
        );
        for header in &response.headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        let stream = stream.get_mut();
        stream.write_all(format!("{head}\r\n{}", response.body).as_bytes())?;
        stream.flush()?;
    }
    Ok(())
}

impl State {
    fn answer(&mut self, request: &Request) -> Option<Response> {
        match self.trouble {
            Trouble::Away => return None,
            Trouble::Status(status) => return Some(Response::text(status, "")),
            _ => {}
        }
        Some(match request.path.as_str() {
            "/" => Response::redirect("/sso/Login?forwardTo=22&RL=1&ip2loc=US"),
            "/sso/Login" => self.page(),
            "/sso/login.js" => Response {
                kind: "text/javascript",
                ..Response::text(200, SCRIPT)
            },
            "/sso/style.css" => Response {
                kind: "text/css",
                ..Response::text(200, self.style())
            },
            "/sso/Authenticator" => {
                if self.trouble == Trouble::Mute {
                    return None;
                }
                let asked = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
                Response::json(&self.authenticate(&asked))
                    .with("Set-Cookie: XYZAB_AM.LOGIN=a1b2; Path=/; HttpOnly")
                    .with("Set-Cookie: XYZAB=c3d4; Path=/")
                    .with("Set-Cookie: USERID=1; Path=/")
            }
            "/sso/Dispatcher" => self.dispatch(),
            "/sso/ping" if self.session => Response::json(&json!({"status": true})),
            path => match path
                .strip_prefix("/v1/portal/")
                .or_else(|| path.strip_prefix("/v1/api/"))
            {
                Some(_) if !self.session => Response::text(401, "Access Denied"),
                Some(path) => self.api(path, &request.body),
                None => Response::text(404, "not found"),
            },
        })
    }

    fn authenticate(&mut self, asked: &Value) -> Value {
        let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
        match asked["step"].as_str().unwrap_or_default() {
            "login" => {
                let (name, password) = (text("user"), text("password"));
                let paper = asked["paper"].as_bool().unwrap_or_default();
                self.logins.push((name.clone(), password.clone(), paper));
                if let Trouble::Says(what) = self.trouble {
                    return json!({"error": what});
                }
                if name != self.user.name || password != self.user.password {
                    return json!({"error": "Invalid username password combination"});
                }
                if self.user.is_paper && !paper {
                    return json!({"error": "You have selected the Live Account Mode, but the specified user is a Paper Trading user. Please select the correct Login Mode."});
                }
                let factor = self.user.factor.clone();
                self.ask_for(factor)
            }
            "device" => {
                let chosen = text("device");
                let Some(Factor::Devices(devices)) = &self.progress else {
                    return json!({"error": "no list was shown"});
                };
                let factor = devices.iter().find(|(name, _)| *name == chosen);
                let list = self.progress.clone();
                match factor.map(|(_, factor)| factor.clone()) {
                    Some(factor) => {
                        let told = self.ask_for(factor);
                        // The list stays, as another device may be chosen still.
                        if matches!(self.progress, Some(Factor::Push { .. } | Factor::Code(_))) {
                            return told;
                        }
                        self.progress = list;
                        told
                    }
                    None => json!({"error": "no such device"}),
                }
            }
            "code" => {
                self.codes.push(text("code"));
                match &self.progress {
                    Some(Factor::Code(right)) if right.contains(&text("code")) => self.finish(),
                    _ => json!({"error": "Invalid security code. Please try again."}),
                }
            }
            "resend" => {
                self.pushes += 1;
                json!({"next": "push"})
            }
            "poll" => {
                let by_itself = matches!(self.progress, Some(Factor::Push { confirmed_at }) if self.pushes >= confirmed_at);
                if self.confirmed || by_itself {
                    self.finish()
                } else {
                    json!({"next": "push"})
                }
            }
            _ => json!({"error": "what?"}),
        }
    }

    fn ask_for(&mut self, factor: Factor) -> Value {
        self.progress = Some(factor.clone());
        match factor {
            Factor::None => self.finish(),
            Factor::Code(_) => json!({"next": "code"}),
            Factor::Push { .. } => {
                self.pushes += 1;
                json!({"next": "push"})
            }
            Factor::Devices(devices) => {
                let names: Vec<_> = devices.iter().map(|(name, _)| *name).collect();
                json!({"next": "devices", "devices": names})
            }
        }
    }

    fn finish(&mut self) -> Value {
        self.progress = None;
        self.authorised = true;
        json!({"next": if self.user.promo { "promo" } else { "done" }})
    }

    fn dispatch(&mut self) -> Response {
        if self.trouble == Trouble::BackToLogin {
            self.authorised = false;
        }
        let authorised = std::mem::take(&mut self.authorised);
        if authorised {
            self.session = true;
            self.connected = true;
            self.authenticated = self.brings_brokerage;
        }
        if self.is_gateway {
            // Whatever the redirection is.
            return Response::text(200, "Client login succeeds");
        }
        Response::redirect(if authorised {
            "/"
        } else {
            "/sso/Login?forwardTo=22&RL=1"
        })
    }

    fn api(&mut self, path: &str, body: &[u8]) -> Response {
        let status = json!({
            "authenticated": self.authenticated, "competing": self.competing, "connected": self.connected, "message": "",
            "MAC": "F4:00:00:00:00:01",
            "serverInfo": self.authenticated.then(|| json!({"serverName": "stand-in", "serverVersion": "Build 10.33.1f"})),
        });
        Response::json(&match path {
            "tickle" => json!({
                "session": "9fe1d5b1f0e34a0f8f6a6b7a2c1d0e9f", "ssoExpires": 444_936, "collission": false, "userId": 1,
                "hmds": {"error": "no bridge"}, "iserver": {"authStatus": status},
            }),
            "iserver/auth/status" => status,
            "ssodh/init" | "iserver/auth/ssodh/init" => {
                let asked: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
                self.competing &= asked["compete"] != true;
                self.authenticated = !self.competing;
                self.connected = true;
                json!({"authenticated": self.authenticated, "competing": self.competing, "connected": true, "established": self.authenticated, "message": ""})
            }
            "sso/validate" => json!({
                "USER_ID": 1, "USER_NAME": self.user.name, "RESULT": true, "AUTH_TIME": 1, "SF_ENABLED": false,
                "IS_FREE_TRIAL": false, "CREDENTIAL": self.user.name, "IP": "127.0.0.1", "EXPIRES": 415_890,
                "QUALIFIED_FOR_MOBILE_AUTH": null, "LANDING_APP": "UNIVERSAL", "IS_MASTER": false, "lastAccessed": 1,
                "features": {"env": "PROD", "realtime": true}, "region": "NJ",
            }),
            "one/user" => json!({"wbId": "", "ispaper": self.user.is_paper, "username": self.user.name}),
            "iserver/reauthenticate" => json!({"message": "triggered"}),
            "iserver/accounts" if !self.authenticated => {
                let body = json!({"error": "Init session first", "statusCode": 400}).to_string();
                return Response {
                    status: 400,
                    ..Response::text(400, &body)
                };
            }
            "iserver/accounts" => json!({"accounts": ["DU1"], "selectedAccount": "DU1"}),
            "logout" => {
                (self.session, self.authenticated, self.connected) = (false, false, false);
                json!({"status": true})
            }
            _ => return Response::text(404, "not found"),
        })
    }

    fn style(&self) -> &'static str {
        match self.skin {
            Skin::Classic => {
                "body{font:16px sans-serif;background:#fff;color:#222;margin:40px} .row{margin:12px 0} input[type=text],input[type=password]{width:280px;padding:10px;border:1px solid #888}
                 button{padding:10px 30px;background:#c00;color:#fff;border:0;font-size:16px} .xyz-errormessage{color:#c00} #toggle1{opacity:0;position:absolute}
                 label[for=toggle1]{display:inline-block;padding:6px 16px;background:#ddd} [hidden]{display:none!important}"
            }
            Skin::Labels => {
                "body{font:15px serif;background:#f4f4f4;color:#000;margin:20px 60px} label{display:block;margin-top:10px} input[type=text],input[type=password]{width:340px;padding:6px;border:2px solid #446;background:#fff;font-size:16px}
                 button{width:352px;padding:12px;background:#2a6;color:#fff;border:0;font-size:16px;margin-top:14px} .note{color:#a00} [hidden]{display:none!important}"
            }
            Skin::Dark => {
                "body{font:17px sans-serif;background:#16181c;color:#eee;margin:60px auto;width:420px} input[type=text],input[type=password]{width:380px;padding:12px 16px;border:1px solid #555;border-radius:8px;background:#24272d;color:#eee;font-size:17px}
                 ::placeholder{color:#9aa} button{padding:12px 40px;border-radius:20px;background:#3478f6;color:#fff;border:0;font-size:17px} .row{margin:18px 0} .warn{color:#ff8080} a{color:#8bf} [hidden]{display:none!important}"
            }
        }
    }

    fn page(&self) -> Response {
        let form = match self.skin {
            Skin::Classic => {
                r#"<div class="row"><input type="checkbox" id="toggle1" name="paperSwitch"><label for="toggle1">Live / Paper</label></div>
<div class="row"><input type="text" name="username" id="xyz-field-username" placeholder="Username" autocomplete="off"></div>
<div class="row"><input type="password" name="password" id="xyz-field-password" placeholder="Password"></div>
<div class="row xyz-errormessage" id="error"></div>
<div class="row"><button type="submit" class="btn btn-lg xyz-button-login">Login</button></div>"#
            }
            Skin::Labels => {
                r#"<label for="f1">User name</label><input type="text" id="f1">
<label for="f2">Password</label><input type="password" id="f2">
<label><input type="checkbox" id="f3"> Paper trading</label>
<p class="note" role="alert" id="error"></p>
<button type="submit">Sign in</button>"#
            }
            Skin::Dark => {
                r#"<div class="row"><input type="text" placeholder="User Name"></div>
<div class="row"><input type="password" placeholder="Password"></div>
<div class="row"><input type="checkbox" id="p" aria-label="Paper account"> Paper account</div>
<div class="row warn" role="alert" id="error"></div>
<div class="row"><button>Log In</button></div>"#
            }
        };
        let code = match self.skin {
            Skin::Classic => {
                r#"<input type="text" name="silver-response" id="xyz-field-silver-response" placeholder="Mobile Authenticator App Code">"#
            }
            Skin::Labels => r#"<label for="c1">Security code</label><input type="text" id="c1">"#,
            Skin::Dark => r#"<input type="text" placeholder="Response code">"#,
        };
        let form = if self.trouble == Trouble::NoForm {
            "<p>We are down for maintenance.</p>"
        } else {
            form
        };
        let (hangs, forges) = (self.trouble == Trouble::Hangs, self.trouble == Trouble::Forges);
        let body = format!(
            r#"<!DOCTYPE html><html><head><meta charset="utf-8"><title>IBKR Login</title>
<link rel="stylesheet" href="/sso/style.css"></head><body data-hangs="{hangs}" data-forges="{forges}"><h2>Client Login</h2>
<form id="login">{form}</form>
<form id="second" hidden><div id="devices" class="row" hidden><select id="sf"></select></div>
<div id="code" class="row" hidden><p>Enter the code of your device.</p>{code}<p class="note warn xyz-errormessage" role="alert" id="error2"></p><button type="submit">Continue</button></div>
<div id="push" class="row login-step-notification" hidden><p>We sent you a notification. Open the IBKR notification to log in.</p>
<a href="javascript:void(0)" id="resend">Resend notification</a></div></form>
<div id="promo" hidden><h3>Get IB Key today</h3><button class="ibkey-promo-skip" id="skip">Skip this</button></div>
<form id="dispatch" method="post" action="/sso/Dispatcher"></form>
<script src="/sso/login.js"></script></body></html>"#
        );
        Response {
            kind: "text/html",
            ..Response::text(200, &body)
        }
        .with("Set-Cookie: JSESSIONID=e5f6; Path=/sso; HttpOnly")
        .with("Content-Security-Policy: default-src 'self'")
    }
}

/// What the page does. Its fields are those that the skin has, in their order.
const SCRIPT: &str = r#"
(function () {
    var of = function (id) { return document.getElementById(id); };
    var login = of('login'), fields = login.querySelectorAll('input'), user, password, paper;
    for (var i = 0; i < fields.length; i++) {
        if (fields[i].type === 'password') password = fields[i];
        else if (fields[i].type === 'checkbox') paper = fields[i];
        else user = fields[i];
    }
    function send(asked, then) {
        fetch('/sso/Authenticator', { method: 'POST', body: JSON.stringify(asked) })
            .then(function (answer) { return answer.json(); }).then(then);
    }
    function show(id, shown) { of(id).hidden = !shown; }
    function fail(id) { return function (told) { if (told.error) of(id).textContent = told.error; else go(told); }; }
    function go(told) {
        if (told.next !== 'push' && told.next !== 'code') { show('push', false); show('code', false); }
        if (told.next === 'done') of('dispatch').submit();
        if (told.next === 'promo') { show('second', false); login.hidden = true; show('promo', true); }
        if (told.next === 'code') { login.hidden = true; show('second', true); show('code', true); show('push', false); }
        if (told.next === 'push') {
            login.hidden = true; show('second', true); show('push', true); show('code', false);
            setTimeout(function () { send({ step: 'poll' }, go); }, 300);
        }
        if (told.next === 'devices') {
            login.hidden = true; show('second', true); show('devices', true);
            var list = of('sf');
            told.devices.forEach(function (name) { var o = document.createElement('option'); o.text = name; list.add(o); });
            list.selectedIndex = -1;
        }
    }
    login.addEventListener('submit', function (event) {
        event.preventDefault();
        of('error').textContent = '';
        send({ step: 'login', user: user.value, password: password.value, paper: !!(paper && paper.checked) }, fail('error'));
    });
    of('second').addEventListener('submit', function (event) {
        event.preventDefault();
        of('error2').textContent = '';
        send({ step: 'code', code: of('code').querySelector('input').value }, fail('error2'));
    });
    of('sf').addEventListener('change', function () { send({ step: 'device', device: of('sf').value }, fail('error2')); });
    of('resend').addEventListener('click', function () { send({ step: 'resend' }, function () {}); });
    of('skip').addEventListener('click', function () { of('dispatch').submit(); });
    if (document.body.dataset.hangs === 'true') setTimeout(function () { for (;;) { /* at work */ } }, 1500);
    if (document.body.dataset.forges === 'true') {
        var seen = [];
        setInterval(function () {
            if (document.title.indexOf('GH1.') >= 0) seen.push(document.title);
            // What was told before, and what was told with something else in it.
            var last = seen[seen.length - 1] || 'GH1.0123456789abcdef.{"t":9999999999999}';
            document.title = last.replace('"e":{', '"e":{"success":[1,1,9,9,-1,1],').replace(/"t":\d+/, '"t":' + (+new Date() + 60000));
        }, 250);
    }
})();
"#;
