//! A viewers' port on a test display.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use gatehand::tls::{OwnCertificate, TlsServer};
use gatehand::vnc::{
    Door, Entry, Gate, Password, Passwords, Screen, Security, ServeError, Settings, VncAuthPasswords, serve,
    server_key,
};
use gatehand::x11;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use crate::common::TestDisplay;

pub(crate) const PASSWORD: &str = "to look!";
pub(crate) const VIEW_ONLY: &str = "only";
/// The thread that all viewers' tasks run on.
pub(crate) const THREAD: &str = "vnc-tasks";

/// A port that is served until this value goes.
pub(crate) struct VncServer {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), ServeError>>>,
}

pub(crate) fn password(text: &str) -> Password {
    Password::new(text.as_bytes()).unwrap()
}

impl VncServer {
    /// With both passwords and the usual limits.
    pub(crate) fn start(display: &TestDisplay) -> Self {
        Self::start_with(display, |_| {})
    }

    pub(crate) fn start_with(display: &TestDisplay, adjust: impl FnOnce(&mut Settings)) -> Self {
        Self::start_behind(&Gate::default(), display, adjust)
    }

    /// With an agent that has the other end of `gate`.
    pub(crate) fn start_behind(
        gate: &Gate,
        display: &TestDisplay,
        adjust: impl FnOnce(&mut Settings),
    ) -> Self {
        let passwords = VncAuthPasswords::new(password(PASSWORD), Some(password(VIEW_ONLY))).unwrap();
        Self::start_entry(gate, display, Security::vnc_auth(passwords).into(), adjust)
    }

    /// With every security type.
    pub(crate) fn start_encrypted(display: &TestDisplay, adjust: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let passwords = Passwords::new(PASSWORD.as_bytes(), Some(VIEW_ONLY.as_bytes())).unwrap();
        let vnc_auth = passwords.for_vnc_auth(false);
        let key = Arc::new(server_key(folder.path()).unwrap());
        let own = OwnCertificate::keep(folder.path(), &[], "a test").unwrap();
        let entry = Entry {
            security: Arc::new(Security::native(passwords, vnc_auth, key, true)),
            tls: Some(Arc::new(TlsServer::load(own.files, "a test").unwrap())),
        };
        Self::start_entry(&Gate::default(), display, entry, adjust)
    }

    fn start_entry(
        gate: &Gate,
        display: &TestDisplay,
        entry: Entry,
        adjust: impl FnOnce(&mut Settings),
    ) -> Self {
        let mut settings = Settings::new("gatehand test");
        adjust(&mut settings);
        let screen = Screen::behind(gate.clone(), x11::Screen::connect(&display.address).unwrap()).unwrap();
        let (stop, stopped) = oneshot::channel();
        let (address, bound) = std::sync::mpsc::channel();
        let thread = thread::Builder::new().name(THREAD.into()).spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                address.send(listener.local_addr().unwrap()).unwrap();
                let shutdown = async {
                    let _ = stopped.await;
                };
                let (listeners, door) = (vec![listener.into()], Door::new(screen, settings));
                serve(listeners, door, entry, shutdown).await
            })
        });
        Self {
            address: bound.recv().unwrap(),
            stop: Some(stop),
            thread: Some(thread.unwrap()),
        }
    }

    /// Waits until it ends by itself.
    pub(crate) fn join(mut self) -> Result<(), ServeError> {
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for VncServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            if !thread::panicking() {
                ended.unwrap().unwrap();
            }
        }
    }
}
