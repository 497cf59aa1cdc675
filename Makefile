# SPDX-License-Identifier: Apache-2.0
# The front door: each target does all the set-up that it needs. CMake does the work.
.PHONY: all product demo test test-asan test-valgrind test-fresh test-deb test-wheel deb wheel sbom torture bench fuzz lint format install uninstall clean
.DEFAULT_GOAL := all
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
# Most tests wait: for boards at their baud rate, for servers that are silent.
TEST_JOBS ?= $(shell expr 3 '*' $(JOBS))

all: build/build.ninja
	@cmake --build build -j $(JOBS)

build/build.ninja: scripts/packages.txt CMakeLists.txt
	@scripts/setup build
	@cmake --preset release $(if $(SIGNET_WERROR),-DSIGNET_WERROR=ON) >/dev/null

build-asan/build.ninja: scripts/packages.txt CMakeLists.txt
	@scripts/setup build
	@cmake --preset asan >/dev/null

# What is installed: without tests, fuzz targets and examples.
product: build/build.ninja
	@cmake --build build -j $(JOBS) --target product

demo: product
	@scripts/demo

test:
	@scripts/setup test
	@$(MAKE) --no-print-directory all
	@ctest --test-dir build -j $(TEST_JOBS) --output-on-failure

test-asan: build-asan/build.ninja
	@scripts/setup test
	@cmake --build build-asan -j $(JOBS)
	@ctest --test-dir build-asan -j $(JOBS) --output-on-failure

test-valgrind:
	@scripts/setup test
	@$(MAKE) --no-print-directory all
	@scripts/valgrind

# In a minimal Debian 12 that debootstrap makes; needs root
test-fresh test-deb test-wheel:
	@scripts/test-install $(@:test-%=%)

torture: all
	@scripts/torture

bench: all
	@cmake --build build --target bench -j $(JOBS)
	@scripts/bench

fuzz:
	@scripts/setup lint
	@cmake --preset fuzz >/dev/null && cmake --build build-fuzz -j $(JOBS) --target fuzzers
	@scripts/fuzz

lint:
	@scripts/setup lint
	@$(MAKE) --no-print-directory all
	@scripts/lint

format:
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i

# DESTDIR=FOLDER: below that folder
install: product
	@cmake --install build --prefix $(PREFIX) >/dev/null
	@cp build/install_manifest.txt build/installed.txt
	@[ -n "$(DESTDIR)" ] || [ "$$(id -u)" -ne 0 ] || ldconfig

uninstall:
	@scripts/uninstall build/installed.txt

deb:
	@scripts/setup package
	@scripts/deb build/packages

wheel: product
	@scripts/setup package
	@scripts/wheel build build/packages

sbom: product
	@scripts/sbom build >build/signet.spdx.json && echo build/signet.spdx.json

clean:
	@rm -rf build build-asan build-tsan build-fuzz build-coverage
