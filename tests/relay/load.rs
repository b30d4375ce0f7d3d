//! Many clients.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::{echo, expect, payload, soon, start};

/// Each takes four descriptors here.
fn allow_open_files() {
    let allowed = gatehand::supervisor::allow_open_files(8192).unwrap();
    assert!(allowed >= 8192, "raise the hard limit of `ulimit -n`: {allowed}");
}

#[tokio::test]
async fn a_thousand_idle_clients_are_all_served() {
    const CLIENTS: usize = 1000;
    allow_open_files();
    let mut relay = start(|relay| relay.limits.clients = CLIENTS).await;
    let address = relay.open().await;
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        let (client, server) = relay.connect(address).await;
        let said = u32::try_from(number).unwrap().to_be_bytes();
        clients.push((client, server, said));
    }
    assert_eq!(
        relay
            .settled(|status| status.clients == CLIENTS)
            .await
            .turned_away,
        0
    );
    // The last first: order does not matter.
    for (client, server, said) in clients.iter_mut().rev() {
        client.write_all(said).await.unwrap();
        expect(server, said).await;
        server.write_all(said).await.unwrap();
        expect(client, said).await;
    }
    drop(clients);
    let status = relay.all_gone(CLIENTS as u64).await;
    assert_eq!((status.bytes_up, status.bytes_down), (4000, 4000));
}

#[tokio::test]
async fn many_clients_each_with_its_own_bytes() {
    const CLIENTS: u32 = 200;
    const EACH: u32 = 50_000;
    allow_open_files();
    let mut relay = start(|relay| relay.limits.clients = CLIENTS as usize).await;
    let address = relay.open().await;
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        let (mut client, server) = relay.connect(address).await;
        clients.push(tokio::spawn(async move {
            let echo = tokio::spawn(echo(server));
            let sent = payload(EACH, number);
            let (mut read, mut write) = client.split();
            let mut received = Vec::new();
            let (written, got) = tokio::join!(
                async {
                    write.write_all(&sent).await?;
                    write.shutdown().await
                },
                read.read_to_end(&mut received)
            );
            written.unwrap();
            got.unwrap();
            echo.await.unwrap();
            assert!(received == sent, "client {number}");
        }));
    }
    for client in clients {
        soon(client).await.unwrap();
    }
    let status = relay.all_gone(u64::from(CLIENTS)).await;
    let all = u64::from(CLIENTS * EACH);
    assert_eq!((status.bytes_up, status.bytes_down), (all, all));
}
