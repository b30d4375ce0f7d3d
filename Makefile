# What people run. CI runs .ci/run, which is `make lint test fuzz` with times.
.PHONY: demo build test test-all bench coverage fuzz image image-test image-bench lint fmt

# Build, start the stand-in gateway through gatehand, end with a summary; Ctrl-C stops everything.
demo:
	@scripts/setup.sh run
	@fixtures/gateway/install.sh target/demo/Jts
	cargo build --release --locked
	@exec target/release/gatehand demo --tws-path target/demo/Jts

build:
	cargo build --release --locked

# Everything that CI checks: unit tests, and integration tests against real X servers, JVM windows and viewers.
test:
	@scripts/setup.sh test
	@scripts/test.sh

# The large look x size matrix as well.
test-all:
	@scripts/setup.sh test
	@GATEHAND_TEST_MATRIX=all scripts/test.sh

bench:
	@scripts/setup.sh bench
	@scripts/test.sh --prepare
	cargo bench --workspace --locked

# Line coverage of all tests; needs `cargo install --locked cargo-llvm-cov` and `rustup component add llvm-tools`.
coverage:
	@scripts/setup.sh test
	@scripts/test.sh --prepare
	@scripts/coverage.sh

# A minute of arbitrary viewers against the protocol crate.
fuzz:
	@scripts/setup.sh test
	@scripts/fuzz.sh

# The container image with the stand-in gateway (docs/image.md tells how to build it with IBKR's), by podman or Docker.
image:
	@scripts/setup.sh image
	@scripts/image.sh build demo

# The same, run as users run it: hardened, by compose files, with a wrong password.
image-test:
	@scripts/setup.sh image
	@scripts/image.sh test

# Sizes, start and memory beside an image of x11vnc, socat and a script; the tables go into docs/image.md.
image-bench:
	@scripts/setup.sh image
	@scripts/image.sh compare

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

fmt:
	cargo fmt --all
