//! The relay against socat, which other images have in its place: throughput, round trips, and 1,000 idle connections.
//!
//! Each runs in a process of its own between the same two ends, which are in this one. Rounds take turns, and the one in
//! the middle counts. Relays have the second CPU and the ends the first: else it is the scheduler's choice of where they
//! run that is compared. `GATEHAND_BENCH_SECONDS` (4) is how long idle connections are looked at.

#![allow(clippy::unwrap_used, reason = "what fails here fails the bench")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::certificates::Authority;
use common::program::{family, free_port};
use gatehand::relay::{Limits, Relay, RelayStatus, TLS_SETTINGS};
use gatehand::supervisor::allow_open_files;
use gatehand::tls::TlsFiles;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio_rustls::TlsConnector;

const ROUNDS: usize = 11;
const BULK: u64 = 1 << 28;
const PINGS: usize = 5000;
/// About the size of a tick of market data.
const PING: usize = 64;
const IDLE: usize = 1000;
/// Of a program that forks for each: enough to tell what one costs.
const IDLE_PROCESSES: usize = 100;
/// Tells this program, started again, to be the relay: its target, and the folder of its certificate.
const BE_RELAY: &str = "GATEHAND_BENCH_RELAY";

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// What stands between the two ends.
struct Contender {
    name: &'static str,
    address: SocketAddr,
    tls: Option<TlsConnector>,
    process: Option<Child>,
    rounds: Vec<Round>,
}

/// What is measured in one round.
struct Round {
    /// MiB per second from the gateway to the client.
    throughput: f64,
    /// CPU seconds per GiB.
    cpu: f64,
    /// Round trips, in microseconds.
    median: f64,
    p99: f64,
}

impl Drop for Contender {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            for pid in family(process.id()) {
                let _ = Command::new("kill")
                    .arg(pid.to_string())
                    .stderr(Stdio::null())
                    .status();
            }
            let _ = process.wait();
        }
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    allow_open_files(8192).unwrap();
    match std::env::var(BE_RELAY) {
        Ok(wanted) => runtime.block_on(be_relay(&wanted)),
        Err(_) => runtime.block_on(compare()),
    }
}

async fn be_relay(wanted: &str) {
    let (target, folder) = wanted.split_once(' ').unwrap();
    let tls = (!folder.is_empty()).then(|| TlsFiles {
        certificate: format!("{folder}/relay.pem").into(),
        key: format!("{folder}/relay.key").into(),
        client_ca: None,
        settings: TLS_SETTINGS,
    });
    let relay = Relay {
        listen: "127.0.0.1:0".parse().unwrap(),
        target: target.parse().unwrap(),
        hold: None,
        allow: Vec::new(),
        tls,
        limits: Limits::default(),
    };
    let (_ready, gate) = watch::channel(true);
    let (status, mut told) = watch::channel(RelayStatus::default());
    let (_shutdown, ended) = oneshot::channel();
    let relaying = tokio::spawn(relay.run(gate, status, ended));
    let status = *told.wait_for(|status| status.listening.is_some()).await.unwrap();
    println!("{}", status.listening.unwrap());
    relaying.await.unwrap().unwrap();
}

async fn compare() {
    let own = std::process::id().to_string();
    let pinned = Command::new("taskset")
        .args(["-a", "-p", "-c", "0", &own])
        .stdout(Stdio::null())
        .status();
    assert!(pinned.unwrap().success(), "two CPUs are needed");
    let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = gateway.local_addr().unwrap();
    tokio::spawn(serve(gateway));
    let authority = Authority::new("bench");
    authority.issue("relay");
    let folder = authority.text("");
    let connector = connector(&authority);
    let mut contenders = vec![
        contender("no relay", target, None, None),
        relay("gatehand", target, "", None),
        socat("socat", target, &[], "TCP-LISTEN:{port},fork,reuseaddr", None).await,
        socat(
            "socat -b 65536",
            target,
            &["-b", "65536"],
            "TCP-LISTEN:{port},fork,reuseaddr",
            None,
        )
        .await,
        relay(
            "gatehand, TLS",
            target,
            folder.trim_end_matches('/'),
            Some(&connector),
        ),
        socat(
            "socat, TLS",
            target,
            &[],
            &format!(
                "OPENSSL-LISTEN:{{port}},fork,reuseaddr,verify=0,cert={},key={}",
                authority.text("relay.pem"),
                authority.text("relay.key")
            ),
            Some(&connector),
        )
        .await,
    ];
    for _ in 0..ROUNDS {
        for contender in &mut contenders {
            contender.play().await;
        }
    }
    println!("one connection, the middle one of {ROUNDS} rounds:");
    for contender in &contenders {
        println!(
            "  {:16} {:6.0} MiB/s down, {:.2} s of CPU per GiB; round trip of {PING} bytes: median {:5.1} us, 99 % {:5.1} us",
            contender.name,
            contender.middle(|round| round.throughput),
            contender.middle(|round| round.cpu),
            contender.middle(|round| round.median),
            contender.middle(|round| round.p99),
        );
    }
    let seconds = std::env::var("GATEHAND_BENCH_SECONDS").map_or(4, |text| text.parse().unwrap());
    println!("idle connections:");
    for contender in contenders.iter().skip(1) {
        let forks = contender.name.starts_with("socat");
        let count = if forks { IDLE_PROCESSES } else { IDLE };
        contender.idle(count, Duration::from_secs(seconds)).await;
    }
}

fn connector(authority: &Authority) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(authority.path("ca.pem")).unwrap();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

fn contender(
    name: &'static str,
    address: SocketAddr,
    tls: Option<&TlsConnector>,
    process: Option<Child>,
) -> Contender {
    Contender {
        name,
        address,
        tls: tls.cloned(),
        process,
        rounds: Vec::new(),
    }
}

fn relay(name: &'static str, target: SocketAddr, folder: &str, tls: Option<&TlsConnector>) -> Contender {
    let mut process = pinned(std::env::current_exe().unwrap())
        .env(BE_RELAY, format!("{target} {folder}"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut address = String::new();
    BufReader::new(process.stdout.take().unwrap())
        .read_line(&mut address)
        .unwrap();
    contender(name, address.trim().parse().unwrap(), tls, Some(process))
}

/// A program that runs on the second CPU.
fn pinned(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "1"]).arg(program);
    command
}

async fn socat(
    name: &'static str,
    target: SocketAddr,
    options: &[&str],
    listen: &str,
    tls: Option<&TlsConnector>,
) -> Contender {
    let port = free_port();
    let process = pinned("socat")
        .args(options)
        .arg(listen.replace("{port}", &port.to_string()))
        .arg(format!("TCP:{target}"))
        .stderr(Stdio::null())
        .spawn()
        .expect("socat is there: run scripts/setup.sh bench");
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    while TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    contender(name, address, tls, Some(process))
}

/// The gateway: it sends so many bytes as it is asked for, or sends back what comes.
async fn serve(gateway: TcpListener) {
    loop {
        let (mut client, _) = gateway.accept().await.unwrap();
        client.set_nodelay(true).unwrap();
        tokio::spawn(async move {
            let chunk = vec![7; 256 * 1024];
            while let Ok(mut wanted) = client.read_u64().await {
                if wanted == 0 {
                    let (mut read, mut write) = client.split();
                    // The other side is done when it is done.
                    let _ = tokio::io::copy(&mut read, &mut write).await;
                    return;
                }
                while wanted > 0 {
                    let length = wanted.min(chunk.len() as u64);
                    if client.write_all(&chunk[..length as usize]).await.is_err() {
                        return;
                    }
                    wanted -= length;
                }
            }
        });
    }
}

impl Contender {
    async fn connect(&self) -> Box<dyn Stream> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        match &self.tls {
            None => Box::new(stream),
            Some(tls) => {
                let name = ServerName::try_from("localhost").unwrap();
                Box::new(tls.connect(name, stream).await.unwrap())
            }
        }
    }

    /// One round.
    async fn play(&mut self) {
        let mut client = self.connect().await;
        let mut chunk = vec![0; 256 * 1024];
        let (began, cpu) = (Instant::now(), self.cpu());
        client.write_u64(BULK).await.unwrap();
        client.flush().await.unwrap();
        let mut rest = BULK as usize;
        while rest > 0 {
            let length = client.read(&mut chunk).await.unwrap();
            assert!(length > 0, "{}: the connection ended", self.name);
            rest -= length;
        }
        let throughput = BULK as f64 / began.elapsed().as_secs_f64();
        let cpu = (self.cpu() - cpu).as_secs_f64() / (BULK as f64 / f64::from(1 << 30));

        client.write_u64(0).await.unwrap();
        let mut times = Vec::with_capacity(PINGS);
        for _ in 0..PINGS {
            let began = Instant::now();
            client.write_all(&[1; PING]).await.unwrap();
            client.flush().await.unwrap();
            client.read_exact(&mut chunk[..PING]).await.unwrap();
            times.push(began.elapsed());
        }
        times.sort();
        self.rounds.push(Round {
            throughput: throughput / f64::from(1 << 20),
            cpu,
            median: times[PINGS / 2].as_secs_f64() * 1e6,
            p99: times[PINGS * 99 / 100].as_secs_f64() * 1e6,
        });
    }

    /// One of the figures, in the round in which it is in the middle.
    fn middle(&self, figure: impl Fn(&Round) -> f64) -> f64 {
        let mut figures: Vec<f64> = self.rounds.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    }

    /// What idle connections cost, and that each of them is served.
    async fn idle(&self, count: usize, time: Duration) {
        let before = self.memory();
        let began = Instant::now();
        let mut clients = Vec::new();
        for _ in 0..count {
            let mut client = self.connect().await;
            client.write_u64(0).await.unwrap();
            client.flush().await.unwrap();
            clients.push(client);
        }
        for client in &mut clients {
            client.write_u8(1).await.unwrap();
            client.flush().await.unwrap();
            client.read_u8().await.unwrap();
        }
        let opened = began.elapsed();
        let (memory, cpu) = (self.memory() - before, self.cpu());
        tokio::time::sleep(time).await;
        let cpu = self.cpu() - cpu;
        println!(
            "  {:16} {count} connections, {:5.1} KiB each; {:.2} ms of CPU in {} s; opened and served once in {:.2} s",
            self.name,
            memory / count as f64,
            cpu.as_secs_f64() * 1e3,
            time.as_secs(),
            opened.as_secs_f64()
        );
    }

    fn processes(&self) -> Vec<u32> {
        self.process
            .as_ref()
            .map_or_else(Vec::new, |process| family(process.id()))
    }

    /// KiB that belong to its processes alone, shared pages divided.
    fn memory(&self) -> f64 {
        let of = |pid: &u32| {
            let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
            line.map_or(0.0, |line| {
                line.trim().trim_end_matches("kB").trim().parse().unwrap()
            })
        };
        self.processes().iter().map(of).sum()
    }

    /// Time on a CPU of its processes so far.
    fn cpu(&self) -> Duration {
        let of = |pid: &u32| {
            let text = fs::read_to_string(format!("/proc/{pid}/schedstat")).unwrap_or_default();
            let nanoseconds = text.split(' ').next().and_then(|text| text.parse().ok());
            Duration::from_nanos(nanoseconds.unwrap_or(0))
        };
        self.processes().iter().map(of).sum()
    }
}
