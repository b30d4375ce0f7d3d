//! The real gateway, in a network of its own in which nothing but itself can be reached. It is fetched for
//! `GATEHAND_TEST_CPG=1` alone: it may not be passed on.

use std::path::Path;
use std::process::{Command, Stdio};

use super::common::outcome::Home;

/// Waits for the gateway in `$GATEWAY`, then asks about its session; in the end nothing is left of it.
const SCRIPT: &str = r#"
ip link set lo up
cd "$GATEWAY"
java -Xmx96m -Dvertx.disableDnsResolver=true -Djava.net.preferIPv4Stack=true \
    -Dvertx.logger-delegate-factory-class-name=io.vertx.core.logging.SLF4JLogDelegateFactory \
    -cp "root:dist/ibgroup.web.core.iblink.router.clientportal.gw.jar:build/lib/runtime/*" \
    ibgroup.web.core.clientportal.gw.GatewayStart --conf ../root/conf.yaml >"$HOME/java.log" 2>&1 &
trap 'kill $!; wait $!' EXIT
until curl --insecure --silent --output /dev/null https://127.0.0.1:5000/; do kill -0 $! || exit 1; sleep 0.1; done
"$GATEHAND" portal tickle --json
"#;

#[test]
fn the_real_gateway_shows_the_certificate_that_is_believed_and_tells_nothing_without_ibkr() {
    if std::env::var_os("GATEHAND_TEST_CPG").is_none() {
        eprintln!("skipped: GATEHAND_TEST_CPG=1 fetches the real gateway and tries it");
        return;
    }
    let home = Home::new();
    let gateway = fetched();
    let output = Command::new("timeout")
        .args(["--kill-after=5", "60", "unshare", "--net", "sh", "-c", SCRIPT])
        .env("GATEWAY", gateway.trim_end())
        .env("GATEHAND", env!("CARGO_BIN_EXE_gatehand"))
        .env("HOME", home.folder())
        .env("GATEHAND_PORTAL_REQUEST_LIMIT", "3")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (told, log) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(told.contains(r#""standing":"upstream-down""#), "{told}{log}");
}

fn fetched() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(root.join("fixtures/portal/fetch.sh"))
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("portal"))
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "the real gateway cannot be had");
    String::from_utf8(output.stdout).unwrap()
}
