# Two commands do everything on a fresh machine: `make run` and `make test`. Both install what is missing.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

APT := $(if $(filter 0,$(shell id -u)),,sudo )apt-get
NPM := cd web/ui && npm

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

run: needs-node ui ## build everything and serve the demo on http://127.0.0.1:8080
	cargo run --release -p switchboard-web -- serve --demo

test: needs-test ui format ui-check ui-test rust-test release-test ## everything that must pass before a change lands

# The tests are built in the release profile, our own packages as for debugging: what others wrote is compiled once, for
# the tests and for both builds of `release-test`. It must have the same features in all of them: hence `--workspace`.
TESTED := --release --workspace --config .cargo/tested.toml

# `cargo clippy` calls clippy's compiler in this way, and has all dependencies checked for it. While the tests are built they
# are there anyway: it compiles our own packages as rustc does, and a lint is an error.
LINTED := RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-Dwarnings

check: format ui-check ## formatting, lints, types of the UI
	cargo clippy --workspace --all-targets -- -D warnings

format:
	cargo fmt --all --check

ui-check:
	$(NPM) run check

ui: needs-node ## the console, the widget and the demo shop, compressed, into web/ui/dist
	$(NPM) ci --no-audit --no-fund
	$(NPM) run build

ui-test: ## the UI's own tests
	$(NPM) run test

rust-test: ## lints; unit, integration, conformance, simulation, crash and browser tests
	$(LINTED) cargo build $(TESTED) --all-targets
	sync  # what was built is gigabytes on their way to the disk, before what the tests write
	$(LINTED) cargo nextest run $(TESTED) --no-fail-fast --test-threads $$((4 * $$(nproc)))

# The server without the features of the tests, as it is shipped, must know none of the faults that stories plant, however
# much it is optimised; the one in the release profile has them.
UNHURRIED := --config profile.release.package.switchboard-engine.opt-level=0
SERVER := target/release/switchboard
release-test: ## the shipped server has no fault in it, and a panic is survived by the release build, too
	$(LINTED) cargo build $(TESTED) $(UNHURRIED) --bin switchboard --no-default-features
	! grep -qa -e '!fault' -e 'SWITCHBOARD_FAULT' $(SERVER)
	cargo build --release --workspace --bin switchboard
	grep -qa '!fault' $(SERVER)
	cp $(SERVER) $(SERVER)-with-faults
	SWITCHBOARD_UNDER_TEST=$(CURDIR)/$(SERVER)-with-faults $(LINTED) cargo nextest run $(TESTED) it::panics
	rm $(SERVER)-with-faults

fuzz: ## frames and bytes that nobody would write, for ten minutes a story
	cargo build -p switchboard-web -p switchboard-tests
	FUZZ_SECONDS=600 cargo nextest run -p switchboard-tests it::fuzz

theory: ## the simulator against the formulas of Erlang, in full
	cargo test --release -p switchboard-engine --lib simulation::tests::against_theory

dist: ui ## the server as it is shipped and measured: target/dist/switchboard
	cargo build --profile dist -p switchboard-web

bench: dist ## what a message costs, beside the least possible; see benches/README.md
	cargo bench --profile dist -p switchboard-benches

# The profile that is shipped, where somebody has built it; the quicker one otherwise.
COST := $(if $(wildcard target/dist/switchboard),dist,release)
cost: ## what a visitor and a message cost on this machine, beside the least possible, as a table; ARGS=--json
	cargo build --profile $(COST) -p switchboard-web -p switchboard-benches --bins
	target/$(COST)/bench-cost $(ARGS)

needs-node:
	@command -v cargo >/dev/null || { echo "Rust is missing: https://rustup.rs"; exit 1; }
	@command -v node >/dev/null || { echo "Node 20.19 or later is missing: https://nodejs.org"; exit 1; }
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' || { echo "Node $$(node --version) is too old: 20.19 or later, or 22.12 or later, is needed"; exit 1; }

# Debian's packages that the tests start as child processes, and the runner of the tests.
needs-test: needs-node
	@missing=""; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	command -v strace >/dev/null || missing="$$missing strace"; \
	command -v nsenter >/dev/null || missing="$$missing util-linux"; \
	command -v prometheus >/dev/null || missing="$$missing prometheus"; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	if [ -n "$$missing" ]; then $(APT) update -qq && DEBIAN_FRONTEND=noninteractive $(APT) install -y -qq --no-install-recommends $$missing; fi
	@command -v cargo-nextest >/dev/null || cargo install --locked cargo-nextest

.PHONY: help run test check format ui ui-check ui-test rust-test release-test fuzz theory dist bench cost needs-node needs-test
