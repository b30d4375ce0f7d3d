//! Ten thousand strangers that mean no good, while one viewer goes on.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use gatehand::screen::{Point, Rect, Size, WindowId};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::common::{TestDisplay, wait_for};
use crate::endpoint::{Endpoint, State};
use crate::painter::Painter;
use crate::raw_client::RawClient;
use crate::server::password;

const STRANGERS: usize = 10_000;
/// That are there at the same time.
const AT_ONCE: usize = 100;
/// Of connections that say nothing more, as long as there are others to come.
const STAY: Duration = Duration::from_millis(50);
const SIZE: Size = Size::new(320, 240);
/// The attack is looked at in so many parts, and the viewer must be shown so many changes in each.
const PARTS: usize = 10;
const SHOWN: usize = 50;
/// A part does not wait longer for that.
const MOST_IN_PART: usize = STRANGERS;
/// What ten thousand of them may leave behind, KiB.
const GROWTH: u64 = 4 << 10;

/// What a stranger does. An end of the connection is what all of them may expect.
async fn be_hostile(number: usize, address: SocketAddr) -> std::io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    // From many places: one would soon have to wait.
    let [.., high, low] = (number / 8).to_be_bytes();
    socket.bind((Ipv4Addr::new(127, 1, high, low), 0).into())?;
    let mut stream = socket.connect(address).await?;
    match number % 8 {
        // Noise from the first byte on, and after the version.
        0 => stream.write_all(&noise(number)).await?,
        1 => {
            stream.write_all(b"RFB 003.008\n").await?;
            stream.write_all(&noise(number)).await?;
        }
        // Half of a handshake, or nothing at all, and no more.
        2 => tokio::time::sleep(STAY).await,
        3 => {
            stream.write_all(b"RFB 00").await?;
            tokio::time::sleep(STAY).await;
        }
        // A key of RSA-AES that would take half a gigabyte.
        4 => {
            stream.write_all(b"RFB 003.008\n\x81").await?;
            stream.write_all(&[0xff; 600]).await?;
        }
        // Gone before the server has said a word.
        5 => return stream.set_zero_linger(),
        // Wrong passwords.
        _ => guess(&mut stream).await?,
    }
    let mut said = Vec::new();
    let mut stream = stream.take(1 << 16);
    let reading = stream.read_to_end(&mut said);
    // Who says nothing has a minute, which is not waited for.
    let _ = timeout(STAY, reading).await;
    Ok(())
}

fn noise(number: usize) -> Vec<u8> {
    let mut lot = number as u32 | 1;
    let next = || {
        lot ^= lot << 13;
        lot ^= lot >> 17;
        lot ^= lot << 5;
        lot as u8
    };
    std::iter::repeat_with(next).take(200).collect()
}

async fn guess(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"RFB 003.008\n").await?;
    let mut version = [0; 12];
    stream.read_exact(&mut version).await?;
    let mut types = vec![0; stream.read_u8().await?.into()];
    stream.read_exact(&mut types).await?;
    if !types.contains(&2) {
        return Ok(());
    }
    stream.write_u8(2).await?;
    let mut challenge = [0; 16];
    stream.read_exact(&mut challenge).await?;
    stream.write_all(&password("guess").answer(&challenge)).await?;
    stream.read_u32().await.map(drop)
}

/// All of them, so many at a time, and in each part more when by then the viewer was not shown enough: how long a part
/// lasts is up to the machine. What the viewer was shown so far stands in `shown`; returns how much of it in each part, and how
/// many came.
fn attack(address: SocketAddr, shown: &AtomicUsize) -> ([usize; PARTS], usize) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut strangers = tokio::task::JoinSet::new();
        let mut in_parts = [0; PARTS];
        let mut came = 0;
        for in_part in &mut in_parts {
            let (before, first) = (shown.load(Ordering::Relaxed), came);
            while came - first < STRANGERS / PARTS || (*in_part < SHOWN && came - first < MOST_IN_PART) {
                if strangers.len() == AT_ONCE {
                    strangers.join_next().await.unwrap().unwrap();
                }
                let number = came;
                strangers.spawn(async move {
                    // Refused, cut off, or answered: all of it is well.
                    let _ = be_hostile(number, address).await;
                });
                came += 1;
                *in_part = shown.load(Ordering::Relaxed) - before;
            }
        }
        strangers.join_all().await;
        (in_parts, came)
    })
}

/// The viewer, and what changes before it.
struct Watcher {
    painter: Painter,
    window: WindowId,
    client: RawClient,
    changes: u32,
}

impl Watcher {
    /// One change, from the display to the viewer.
    fn see(&mut self) -> Duration {
        self.changes += 1;
        let colour = 0x0010_0000 + self.changes;
        let began = Instant::now();
        self.painter.put(self.window, Rect::new(8, 8, 1, 1), &[colour]);
        let mut is_shown = false;
        while !is_shown {
            self.client.request(true);
            is_shown = self.client.raw_update().iter().any(|(rect, pixels)| {
                let at = (8 - rect.y) * rect.width as i32 + 8 - rect.x;
                rect.contains(Point::new(8, 8)) && pixels[at as usize] == colour
            });
        }
        began.elapsed()
    }
}

fn middle(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[test]
fn ten_thousand_strangers_take_nothing_from_a_viewer() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let endpoint = Endpoint::start(&display, &State::new(), &[], &[("VNC_PASSWORD", "secret")]);
    let address = endpoint.address();
    let enter = || {
        let mut client = RawClient::connect(address);
        client.authenticate("secret").map(|()| {
            client.initialise();
            client
        })
    };
    let painter = Painter::connect(&display);
    let mut watcher = Watcher {
        window: painter.show_pattern(SIZE),
        painter,
        client: enter().unwrap(),
        changes: 0,
    };
    let memory = || {
        let text = fs::read_to_string(format!("/proc/{}/status", endpoint.pid())).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    let mut before: Vec<Duration> = (0..100).map(|_| watcher.see()).collect();
    let at_first = memory();

    let shown = Arc::new(AtomicUsize::new(0));
    let attacking = {
        let shown = Arc::clone(&shown);
        thread::spawn(move || attack(address, &shown))
    };
    let (mut during, mut most) = (Vec::new(), at_first);
    while !attacking.is_finished() {
        during.push(watcher.see());
        shown.fetch_add(1, Ordering::Relaxed);
        most = most.max(memory());
    }
    let (shown, came) = attacking.join().unwrap();
    println!(
        "a change shown after {:?} before, {:?} with {AT_ONCE} of {came} strangers there ({shown:?} of them, by tenths of the \
         attack); {at_first} KiB at first, {most} KiB at most",
        middle(&mut before),
        middle(&mut during),
    );
    assert!(shown.iter().all(|count| *count >= SHOWN), "{shown:?}");
    assert!(
        most < at_first + GROWTH,
        "{at_first} KiB at first, {most} KiB at most"
    );
    // The right password still opens.
    let mut next = wait_for("a place for another viewer", || enter().ok());
    next.request(false);
    next.raw_update();
    watcher.see();
}
