# `make` lists what there is to make.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

SWIFT ?= swift
# Identical code is folded and nothing is exported; and of libstdc++, which only the Swift runtime uses, the programs have
# the little they need in them: its shared library costs each a megabyte. Both keep `jarvisctl` under 12 MB.
STATIC_LIBS := $(CURDIR)/.build/static-libs
RELEASE := -c release --static-swift-stdlib -Xlinker --no-export-dynamic -Xlinker --icf=all -Xswiftc "-L$(STATIC_LIBS)"
# What to search in the demo: a folder or a file.
PATH_TO_AUDIT ?= .build/checkouts
# A folder with built programs makes demo and install use them instead of building.
BIN_DIR ?=
# Where install and uninstall work. PURGE=1 makes uninstall remove configuration and state too.
PREFIX ?= $(HOME)/.local
DESTDIR ?=
PURGE ?=

export SWIFT PATH_TO_AUDIT PREFIX DESTDIR PURGE

built = $(if $(BIN_DIR),,build)
bin_dir = $(if $(BIN_DIR),"$(BIN_DIR)",$$($(SWIFT) build $(RELEASE) --show-bin-path))
swift_files = Sources Tests Package.swift $(wildcard Benchmarks)
shell_files = .ci/run $(wildcard scripts/*.sh Benchmarks/*.sh Tests/*/*.sh)

.PHONY: help deps deps-test deps-demo deps-bench build debug demo test lint format docs e2e bench bench-simulate \
  bench-hive bench-overseer bench-agents bench-learn bench-scheduling fuzz install uninstall clean

help: ## List what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## Check the Swift toolchain, install missing Debian packages
	@scripts/install-deps.sh build

deps-test deps-demo deps-bench:
	@scripts/install-deps.sh $(@:deps-%=%)

build: deps ## Build the release programs (static Swift standard library)
	@mkdir -p "$(STATIC_LIBS)" && ln -sf "$$($(CC) -print-file-name=libstdc++.a)" "$(STATIC_LIBS)/libstdc++.a"
	@$(SWIFT) build $(RELEASE)

debug: deps ## Build the debug programs
	@$(SWIFT) build

demo: deps-demo $(built) ## A security audit of PATH_TO_AUDIT with three tasks at once
	@bin=$(bin_dir); BIN_DIR="$$bin" scripts/demo.sh

test: deps-test ## Run all tests
	@scripts/test.sh

fuzz: ## Send a million random messages to the MCP server (a minute or two)
	@JARVIS_FUZZ_MESSAGES=1000000 $(SWIFT) test --filter MCPFuzzTests

lint: ## Check the style of the sources
	@$(SWIFT) format lint --strict --parallel -r $(swift_files)
	@for file in $(shell_files); do bash -n "$$file"; done
	@if command -v shellcheck >/dev/null; then shellcheck -x $(shell_files); fi

format: ## Format the Swift sources
	@$(SWIFT) format --in-place --parallel -r $(swift_files)

docs: debug ## Write docs/protocol.md and docs/mcp.md anew from the types
	@bin=$$($(SWIFT) build --show-bin-path); "$$bin/jarvisd" --print-protocol >docs/protocol.md.new
	@mv docs/protocol.md.new docs/protocol.md
	@bin=$$($(SWIFT) build --show-bin-path); "$$bin/jarvisd" --print-mcp >docs/mcp.md.new
	@mv docs/mcp.md.new docs/mcp.md

e2e: $(built) ## Run the end-to-end tests in a virtual machine (some minutes)
	@bin=$(bin_dir); BIN_DIR="$$bin" Tests/E2E/run.sh

bench: build ## Run the benchmarks
	@bash Benchmarks/run.sh

bench-simulate: $(built) ## Time the simulation of a day of 100,000 tasks
	@bin=$(bin_dir); BIN_DIR="$$bin" python3 Benchmarks/simulate.py

bench-hive: $(built) ## Measure searches over a million findings
	@bin=$(bin_dir); BIN_DIR="$$bin" python3 Benchmarks/hive.py

bench-overseer: $(built) ## Measure what looking after 200 agents costs, and what a flood of output writes
	@bin=$(bin_dir); JARVIS_BIN="$$bin" python3 Tests/overseer/cost.py
	@bin=$(bin_dir); JARVIS_BIN="$$bin" python3 Tests/overseer/flood.py

bench-agents: debug ## Measure memory and CPU of real Claude Code and Codex agents
	@scripts/venv.sh .build/venv Tests/requirements.txt Tests/requirements-agents.txt
	@JARVIS_BIN=$$($(SWIFT) build --show-bin-path) .build/venv/bin/python Tests/agents/cost.py

bench-learn: $(built) ## Measure what an observation costs, and the memory of 10,000 profiles
	@bin=$(bin_dir); BIN_DIR="$$bin" bash Benchmarks/run.sh learning

bench-scheduling: deps-bench $(built) ## Compare adaptive with fixed widths and GNU parallel (up to 40 minutes)
	@bin=$(bin_dir); BIN_DIR="$$bin" python3 Benchmarks/scheduling/bench.py

install: $(built) ## Install for the current user (PREFIX, DESTDIR)
	@bin=$(bin_dir); BIN_DIR="$$bin" scripts/install.sh

uninstall: ## Remove what install put (PURGE=1: configuration and state too)
	@scripts/uninstall.sh

clean: ## Remove everything built
	@rm -rf .build Benchmarks/.build
