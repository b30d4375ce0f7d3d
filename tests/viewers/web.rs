//! Viewers in browsers: what the port takes and refuses, and noVNC in Chromium.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use gatehand::screen::{Frame, Rect, Size};
use tungstenite::client::IntoClientRequest as _;
use tungstenite::{Error, Message, WebSocket};

use crate::browser::{Browser, Pages};
use crate::clipboard::{copy, wait_to_paste};
use crate::common::{PATIENCE, TestDisplay, novnc as latest_novnc, wait_for};
use crate::endpoint::{Endpoint, State, address_in};
use crate::novnc::canvas;
use crate::painter::Painter;
use crate::program::Program;
use crate::raw_client::RawClient;
use crate::server::password;
use crate::tigervnc::{find, mean_difference};

const SIZE: Size = Size::new(640, 480);
const SECRET: &str = "web only";
const LONG_SECRET: &str = "longer than eight bytes";

fn serve(display: &TestDisplay, state: &State, arguments: &[&str], secret: &str) -> (Endpoint, SocketAddr) {
    let mut all = vec!["--web", "127.0.0.1:0"];
    all.extend(arguments);
    let endpoint = Endpoint::start(display, state, &all, &[("VNC_PASSWORD", secret)]);
    let address = address_in(&endpoint.line("viewers in browsers are served"));
    (endpoint, address)
}

fn connect(
    address: SocketAddr,
    headers: &[(&'static str, &str)],
) -> Result<(WebSocket<TcpStream>, Option<String>), String> {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut request = format!("ws://{address}/websockify")
        .into_client_request()
        .unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match tungstenite::client(request, stream) {
        Ok((socket, response)) => {
            let protocol = response.headers().get("sec-websocket-protocol");
            Ok((socket, protocol.map(|value| value.to_str().unwrap().to_owned())))
        }
        Err(tungstenite::HandshakeError::Failure(Error::Http(response))) => {
            let body = response.body().clone().unwrap_or_default();
            Err(format!(
                "{} {}",
                response.status().as_u16(),
                String::from_utf8_lossy(&body)
            ))
        }
        Err(error) => panic!("{error}"),
    }
}

fn read(socket: &mut WebSocket<TcpStream>, bytes: &mut Vec<u8>, count: usize) -> Vec<u8> {
    while bytes.len() < count {
        if let Message::Binary(part) = socket.read().unwrap() {
            bytes.extend_from_slice(&part);
        }
    }
    bytes.drain(..count).collect()
}

/// Whether the server ends the connection, once it has.
fn is_closed(socket: &mut WebSocket<TcpStream>) -> bool {
    loop {
        match socket.read() {
            Ok(Message::Close(_)) => return true,
            Ok(_) => {}
            Err(Error::Io(error)) => return error.kind() != std::io::ErrorKind::WouldBlock,
            Err(_) => return true,
        }
    }
}

#[test]
fn rfb_travels_in_binary_messages_of_any_size() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let state = State::new();
    let (_endpoint, address) = serve(&display, &state, &[], SECRET);
    let (mut socket, protocol) = connect(address, &[("sec-websocket-protocol", "binary")]).unwrap();
    assert_eq!(protocol.as_deref(), Some("binary"));
    let mut bytes = Vec::new();
    assert_eq!(read(&mut socket, &mut bytes, 12), b"RFB 003.008\n");
    // Where messages end means nothing.
    for byte in b"RFB 003.008\n" {
        socket.send(Message::binary(vec![*byte])).unwrap();
    }
    socket.send(Message::Ping("still there?".into())).unwrap();
    loop {
        match socket.read().unwrap() {
            Message::Pong(said) => {
                assert_eq!(&said[..], b"still there?");
                break;
            }
            Message::Binary(part) => bytes.extend_from_slice(&part),
            other => panic!("{other}"),
        }
    }
    assert_eq!(
        read(&mut socket, &mut bytes, 4),
        [3, 2, 130, 6],
        "VNC authentication first"
    );
    socket.send(Message::binary(vec![2])).unwrap();
    let challenge = read(&mut socket, &mut bytes, 16).try_into().unwrap();
    let answer = password(SECRET).answer(&challenge);
    // Together with what comes after the verdict: shared, and a request for all of the screen.
    let ahead = [&answer[..], &[1], &[3, 0, 0, 0, 0, 0, 2, 0x80, 1, 0xe0]].concat();
    socket.send(Message::binary(ahead)).unwrap();
    assert_eq!(read(&mut socket, &mut bytes, 4), [0; 4]);
    let init = read(&mut socket, &mut bytes, 24);
    assert_eq!(init[..4], [2, 0x80, 1, 0xe0]);
    let name = u32::from_be_bytes(init[20..].try_into().unwrap());
    read(&mut socket, &mut bytes, name as usize);
    let update = read(&mut socket, &mut bytes, 4);
    assert_eq!(update[..2], [0, 0]);
    let mut area = 0;
    for _ in 0..u16::from_be_bytes([update[2], update[3]]) {
        let rect = read(&mut socket, &mut bytes, 12);
        let [width, height] = [4, 6].map(|at| usize::from(u16::from_be_bytes([rect[at], rect[at + 1]])));
        assert_eq!(rect[8..], [0; 4], "Raw");
        read(&mut socket, &mut bytes, width * height * 4);
        area += width * height;
    }
    assert_eq!(area, SIZE.area());
}

#[test]
fn it_ends_with_the_last_viewer_whichever_way_that_came() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let (mut endpoint, address) = serve(&display, &State::new(), &["--once"], SECRET);
    let (mut browser, _) = connect(address, &[]).unwrap();
    let mut bytes = Vec::new();
    read(&mut browser, &mut bytes, 12);
    browser.send(Message::binary(&b"RFB 003.008\n"[..])).unwrap();
    read(&mut browser, &mut bytes, 4);
    browser.send(Message::binary(vec![2])).unwrap();
    let challenge = read(&mut browser, &mut bytes, 16).try_into().unwrap();
    let answer = password(SECRET).answer(&challenge);
    browser.send(Message::binary(answer.to_vec())).unwrap();
    endpoint.line("viewer let in");
    let log = endpoint.log();
    let native = log.lines().find(|line| line.contains("viewers are served"));
    let mut native = RawClient::connect(address_in(native.unwrap()));
    native.authenticate(SECRET).unwrap();
    endpoint.line("viewer let in");
    drop(native);
    endpoint.line("viewer left");
    // The verdict, and what follows when the viewer goes on.
    browser.send(Message::binary(vec![1])).unwrap();
    assert_eq!(read(&mut browser, &mut bytes, 8)[4..], [2, 0x80, 1, 0xe0]);
    drop(browser);
    endpoint.line("the last viewer has left");
    assert!(endpoint.ended().success());
}

#[test]
fn what_is_no_viewer_of_this_screen_is_turned_away() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let state = State::new();
    let arguments = ["--web-host", "pages.example.org"];
    let (endpoint, address) = serve(&display, &state, &arguments, SECRET);
    for (origin, admitted) in [
        ("http://127.0.0.1:9", true),
        ("https://pages.example.org", true),
        ("https://example.org", false),
    ] {
        let outcome = connect(address, &[("origin", origin)]).map(|_| ());
        match outcome {
            Ok(()) => assert!(admitted, "{origin}"),
            Err(said) => {
                assert!(!admitted, "{origin}: {said}");
                assert!(said.starts_with("403 a page of this host"), "{said}");
            }
        }
    }

    let (mut text, protocol) = connect(address, &[]).unwrap();
    assert_eq!(protocol, None, "none was asked for");
    text.send(Message::text("RFB 003.008\n")).unwrap();
    assert!(is_closed(&mut text));

    // A megabyte by its own words; nothing of it is there, and nothing waits for it.
    let (mut huge, _) = connect(address, &[]).unwrap();
    let mut header = vec![0x82, 0xff];
    header.extend((1_u64 << 20).to_be_bytes());
    header.extend([0; 4]);
    huge.get_mut().write_all(&header).unwrap();
    assert!(is_closed(&mut huge));
    endpoint.line("Message too long");

    let mut plain = TcpStream::connect(address).unwrap();
    plain.set_read_timeout(Some(PATIENCE)).unwrap();
    plain
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut said = String::new();
    plain.read_to_string(&mut said).unwrap();
    assert!(said.starts_with("HTTP/1.1 404"), "{said}");
    assert!(
        said.ends_with("viewers in browsers connect to /websockify by WebSocket\n"),
        "{said}"
    );

    // Who does not say what it wants has some seconds for it.
    for beginning in [&b""[..], b"GET / HT"] {
        let mut silent = TcpStream::connect(address).unwrap();
        silent.set_read_timeout(Some(PATIENCE)).unwrap();
        silent.write_all(beginning).unwrap();
        assert_eq!(silent.read(&mut [0]).unwrap(), 0, "{beginning:?}");
    }

    let mut endless = TcpStream::connect(address).unwrap();
    endless.set_read_timeout(Some(PATIENCE)).unwrap();
    endless.write_all(b"GET / HTTP/1.1\r\nX: ").unwrap();
    // It stops reading, and says so or not.
    while endless.write_all(&[b'x'; 4096]).is_ok() {}
}

#[test]
fn what_is_offered_without_tls_keeps_a_long_password_from_whoever_listens() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    for (secret, types) in [(SECRET, &[3, 2, 130, 6][..]), (LONG_SECRET, &[2, 130, 6])] {
        let state = State::new();
        let (_endpoint, address) = serve(&display, &state, &[], secret);
        let (mut socket, _) = connect(address, &[]).unwrap();
        let mut bytes = Vec::new();
        read(&mut socket, &mut bytes, 12);
        socket.send(Message::binary(&b"RFB 003.008\n"[..])).unwrap();
        assert_eq!(read(&mut socket, &mut bytes, types.len()), types);
    }
}

#[test]
fn without_a_password_no_page_gets_in() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let state = State::new();
    let arguments = ["--no-password", "--web", "127.0.0.1:0"];
    let mut endpoint = Endpoint::start(&display, &state, &arguments, &[]);
    assert_eq!(endpoint.ended().code(), Some(78));
    endpoint.line("would let every page in a browser reach the screen");
}

/// noVNC's own page, connected as `way` says.
fn novnc(pages: &Pages, address: SocketAddr, way: &str) -> Browser {
    let place = format!("host={}&port={}", address.ip(), address.port());
    Browser::open(&pages.novnc(&format!("{place}&{way}")))
}

/// Waits until noVNC shows the display: what is drawn to the last pixel, pictures nearly.
fn wait_for_picture(browser: &mut Browser, painter: &Painter) {
    let picture = painter.screenshot();
    // Lines and panels are above, noise and a gradient below.
    let drawn = picture.crop(Rect::new(0, 0, SIZE.width, 190));
    wait_for("the picture in noVNC", || {
        let page: Frame = browser.screenshot();
        let at = find(&drawn, &page)?;
        let shown = page.crop(picture.bounds().offset(at.x, at.y));
        (mean_difference(&picture, &shown) < 2.0).then_some(())
    });
}

#[test]
fn novnc_shows_the_display_types_and_copies() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let painter = Painter::connect(&display);
    let window = painter.show_pattern(SIZE);
    let state = State::new();
    let (endpoint, address) = serve(&display, &state, &[], SECRET);
    let pages = Pages::start();
    let mut browser = novnc(&pages, address, "password=web%20only");
    endpoint.line("viewer let in");
    wait_for_picture(&mut browser, &painter);
    painter.fill(window.0, Rect::new(200, 40, 60, 30), 0x00ff_00ff);
    wait_for_picture(&mut browser, &painter);

    let program = Program::start(&display, Rect::new(100, 200, 300, 200));
    // The screen is in the middle of the page.
    browser.click(500, 400);
    assert!(program.next().starts_with("+button 1 at"));
    assert!(program.next().starts_with("-button 1 at"));
    browser.type_text("gate hand 2");
    assert_eq!(program.typed(11), "gate hand 2");

    copy(&display, "clipboard", "from a program: 12 €");
    wait_for("the text in noVNC", || {
        let text = browser.evaluate("document.getElementById('noVNC_clipboard_text').value");
        (text == "from a program: 12 €").then_some(())
    });
    browser.evaluate(
        "const area = document.getElementById('noVNC_clipboard_text'); \
         area.value = 'from a page: два'; area.dispatchEvent(new Event('change'))",
    );
    wait_to_paste(&display, "clipboard", "from a page: два");
}

#[test]
fn novnc_comes_through_tls_with_a_long_password() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let painter = Painter::connect(&display);
    painter.show_pattern(SIZE);
    let state = State::new();
    let (endpoint, address) = serve(&display, &state, &["--tls"], LONG_SECRET);
    let pages = Pages::start();
    let mut browser = novnc(&pages, address, "encrypt=1");
    // It asks for both, and the name means nothing.
    wait_for("noVNC's question", || {
        let open = "document.getElementById('noVNC_credentials_dlg').classList.contains('noVNC_open')";
        browser.evaluate(open).as_bool().filter(|open| *open)
    });
    browser.evaluate(&format!(
        "document.getElementById('noVNC_username_input').value = 'anybody'; \
         document.getElementById('noVNC_password_input').value = '{LONG_SECRET}'; \
         document.getElementById('noVNC_credentials_button').click()"
    ));
    endpoint.line("viewer let in");
    wait_for_picture(&mut browser, &painter);
}

#[test]
fn novnc_comes_through_tls_with_a_short_password_alone() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let painter = Painter::connect(&display);
    painter.show_pattern(SIZE);
    let state = State::new();
    let (endpoint, address) = serve(&display, &state, &["--tls"], SECRET);
    let pages = Pages::start();
    let mut browser = novnc(&pages, address, "encrypt=1&password=web%20only");
    endpoint.line("viewer let in");
    wait_for_picture(&mut browser, &painter);
}

/// Connects by the image's noVNC, which tells what it took, and approves of the server's key.
fn choose_security(browser: &mut Browser, address: SocketAddr, secret: &str) {
    browser.evaluate(&format!(
        "window.outcome = null; (async () => {{
            const {{default: RFB}} = await import('/core/rfb.js');
            const rfb = new RFB(document.body, 'ws://{address}/websockify', {{credentials: {{password: '{secret}'}}}});
            let [key, why] = [null, null];
            rfb.addEventListener('serververification', async told => {{
                const digest = await crypto.subtle.digest('SHA-1', told.detail.publickey);
                const bytes = [...new Uint8Array(digest)].slice(0, 8);
                key = bytes.map(byte => byte.toString(16).padStart(2, '0')).join('-');
                rfb.approveServer();
            }});
            const tell = isIn => window.outcome = {{isIn, key, why, type: rfb._rfbAuthScheme}};
            rfb.addEventListener('securityfailure', told => why = told.detail.reason);
            rfb.addEventListener('connect', () => tell(true));
            rfb.addEventListener('disconnect', () => tell(false));
        }})()"
    ));
}

/// The RSA-AES of somebody else: noVNC knows the kind that keeps the password only (6).
#[test]
fn novnc_shows_a_long_password_by_rsa_aes() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let painter = Painter::connect(&display);
    let window = painter.show_pattern(SIZE);
    let view_password = "of the same kind, to look";
    let environment = [
        ("VNC_PASSWORD", LONG_SECRET),
        ("GATEHAND_VNC_VIEW_PASSWORD", view_password),
    ];
    let endpoint = Endpoint::start(&display, &State::new(), &["--web", "127.0.0.1:0"], &environment);
    let address = address_in(&endpoint.line("viewers in browsers are served"));
    let log = endpoint.log();
    let key = log
        .split("fingerprint=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let pages = Pages::of(&latest_novnc());
    for (secret, access) in [
        (LONG_SECRET, Ok("Full")),
        (view_password, Ok("ViewOnly")),
        (&LONG_SECRET[..8], Err("wrong password")),
    ] {
        let mut browser = Browser::open(&pages.address("/core/"));
        choose_security(&mut browser, address, secret);
        let outcome = wait_for("the outcome", || {
            Some(browser.evaluate("window.outcome")).filter(|outcome| outcome.is_object())
        });
        assert_eq!((&outcome["type"], outcome["key"].as_str()), (&6.into(), key));
        let Ok(access) = access else {
            assert_eq!(outcome["why"], access.unwrap_err());
            continue;
        };
        assert_eq!(outcome["isIn"], true, "{outcome}");
        endpoint.line(&format!("viewer let in access={access}"));
        painter.fill(window.0, Rect::new(200, 40, 60, 30), 0x00ff_00ff);
        wait_for("the picture in noVNC", || {
            canvas(&mut browser).filter(|shown| *shown == painter.screenshot())
        });
    }
}

/// Who has a way in that asks nothing takes it as before.
#[test]
fn novnc_prefers_to_be_asked_nothing() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let (_endpoint, address) = serve(&display, &State::new(), &[], SECRET);
    let pages = Pages::of(&latest_novnc());
    let mut browser = Browser::open(&pages.address("/core/"));
    choose_security(&mut browser, address, SECRET);
    let outcome = wait_for("the outcome", || {
        Some(browser.evaluate("window.outcome")).filter(|outcome| outcome.is_object())
    });
    assert_eq!((&outcome["isIn"], &outcome["type"]), (&true.into(), &2.into()));
}
