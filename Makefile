# What a contributor types. `make` alone explains it.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

ENGINE ?= dev/engine
# The frontend runs in the engine, so it is for Linux even when this machine is not.
TARGET ?= $(subst arm64,aarch64,$(shell uname -m))-unknown-linux-gnu
FRONTEND := target/$(TARGET)/release/microb
# What goes into the image: the program without its command line, which packs it.
FEATURES := --no-default-features --features microb
PACK = cargo run --quiet --package microb-frontend -- pack
RELEASE := target/microb.oci.tar
# Tests that build many images: with them, `make test` would take longer than anybody waits. `make conformance SHARD=2` runs one shard.
SHARD ?= 1 2 3
SHARD_1 := inspection:: new:: parity:: recipes:: supply::
# These run one at a time: they count which steps ran, and BuildKit merges steps of builds that run side by side; or they measure
# how long a server needs to end.
SHARD_2 := caching:: explain:: projects::corpus::
SHARD_3 := projects::counterparts:: projects::servers:: projects::system_needs:: projects::two_indices::
ENGINE_TESTS = cargo test --package microb --test engine -- --include-ignored
# Every line that talks to the engine starts with it: which one that is may change from day to day.
WITH_ENGINE = eval "$$($(ENGINE) env)";

.PHONY: help engine executable frontend demo test conformance conformance-1 conformance-2 conformance-3 conformance-table bench bench-service measure release test-release lint doc clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' Makefile

engine: ## start a container engine for development, unless this machine has one
	@$(ENGINE) up $(IMAGES)

executable:
	RUSTFLAGS="-C target-feature=+crt-static" \
	  cargo build --release --target $(TARGET) --package microb-frontend --bin microb $(FEATURES)

frontend: engine executable ## build the static executable and load it into the engine as the image microb:dev
	@$(WITH_ENGINE) $(PACK) --tag microb:dev --executable $(FRONTEND) | docker image load

# Where base images have to be made first, one is enough.
demo: IMAGES = python:3.14
demo: frontend ## build the first example into an image and run it
	@$(WITH_ENGINE) dev/demo

# What takes a minute first: who has broken a law need not wait for the engine.
test: frontend ## run the tests, those on the real engine too, but for what takes longer
	@$(WITH_ENGINE) cargo test --workspace --no-fail-fast -- --include-ignored
	@$(WITH_ENGINE) $(ENGINE_TESTS) $(addprefix --skip ,$(SHARD_1) $(SHARD_2) $(SHARD_3))

conformance: $(addprefix conformance-,$(SHARD)) ## run the other tests: edit after edit, image against image, and whole projects of every layout and tool

conformance-1: frontend
	@$(WITH_ENGINE) $(ENGINE_TESTS) $(SHARD_1)

conformance-2 conformance-3: conformance-%: frontend
	@$(WITH_ENGINE) $(ENGINE_TESTS) --test-threads=1 $(SHARD_$*)

conformance-table: ## print which tests of BuildKit's Dockerfile frontend, and which cases of the corpus of projects, have one of ours
	@cargo test --quiet --test conformance -- --include-ignored --nocapture print

bench: frontend ## time an unchanged rebuild against the Dockerfile frontend
	@$(WITH_ENGINE) dev/bench unchanged

bench-service: frontend ## time builds of a larger service, from nothing and after an edit, against uv's guide
	@$(WITH_ENGINE) dev/bench service

measure: frontend ## compare time, memory and calls with the Dockerfile frontend's image (DOCKERFILE_FRONTEND=…)
	@$(WITH_ENGINE) TARGET=$(TARGET) dev/measure $(DOCKERFILE_FRONTEND)

release: executable ## write the frontend for all platforms as one OCI index, target/microb.oci.tar (NAME=… names it)
	@dev/release build $(FRONTEND) $(RELEASE) $(NAME)

test-release: ## start each image of that index under emulation, as BuildKit does
	@emulators=$$(dev/release emulators); eval "$$emulators"; \
	  MICROB_RELEASE=$(CURDIR)/$(RELEASE) cargo test --package microb-frontend --test release -- --nocapture

lint: ## check format, lints and documentation
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy --package microb --test engine -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet

doc: ## build the documentation into target/doc
	cargo doc --workspace --no-deps

clean: ## delete what was compiled; the engine stays (dev/engine down --purge deletes it)
	cargo clean
