# `make` alone lists the goals.

# The Debian packages that building needs; .ci/run adds its own.
PACKAGES := liburing-dev
EXTRA_PACKAGES ?=

PORT ?= 8080
BACKEND ?= auto
SWIFT ?= swift
# Options for the compilers, for instance `-Xswiftc -warnings-as-errors`.
FLAGS ?=
# The configuration in which the examples are tested.
EXAMPLES_CONFIGURATION ?= debug
# Set this if the packages are installed by other means than apt-get.
SKIP_DEPS ?=

EXAMPLES := Examples
# Named one by one, with a slash, so that build folders are left out.
SWIFT_CODE := $(wildcard Package.swift Sources Tests Examples/Package.swift Examples/*/ \
	Benchmarks/Package.swift Benchmarks/*/)

# Some tests count what their process has open, so a process runs one test at a time.
SWIFT_TEST := $(SWIFT) test --disable-xctest --no-parallel
BUILD_TESTS = $(SWIFT) build --build-tests --disable-xctest
# The built tests are a program: it runs without `swift test`, which would write to the build folder and build again.
RUN_TESTS := scripts/run-tests
DENY := .build/debug/deny-io-uring

# Which test files a run with a reason is about; each list says why for each of its files.
THREADS := Tests/Lists/threads.txt
STRESS := Tests/Lists/stress.txt
DEFAULT_BACKEND := Tests/Lists/default-backend.txt
FALLBACK := $(DEFAULT_BACKEND) Tests/Lists/fallback.txt
LARGE := Tests/Lists/large.txt
# Where io_uring is denied, the tests skip the ring. With PROACTOR_REQUIRE_RING=1 in the environment, they fail.

# Set this to run all tests where otherwise a list would choose.
EVERY_TEST ?=
chosen = $(if $(EVERY_TEST),,$(1))

# Both builds of the address sanitizer.
ASAN_FLAGS := --sanitize=address -Xswiftc -use-ld=lld
ASAN_ENVIRONMENT := ASAN_OPTIONS=detect_leaks=1 \
	LSAN_OPTIONS=suppressions=$(CURDIR)/Tests/leaks.supp:print_suppressions=0

.DEFAULT_GOAL := help
.PHONY: help run test test-package test-logging test-examples redis-suite test-everything test-release test-denied \
	test-memlock test-epoll test-large test-stress built-tests built-logging check-api accept-api bench deps format lint \
	sanitize sanitize-thread sanitize-address sanitize-address-debug clean

help: ## list the goals
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: deps ## run the HTTP example: PORT=8080 BACKEND=auto|io_uring|epoll|poll|select
	$(SWIFT) build --package-path $(EXAMPLES) -c release --product HTTPServer
	PROACTOR_BACKEND=$(BACKEND) exec $(EXAMPLES)/.build/release/HTTPServer --port $(PORT)

test: test-package test-logging test-examples ## build and test the package, its swift-log support and the examples

test-package: built-tests ## build and test the package alone
	$(RUN_TESTS) .build/debug

test-logging: deps
	$(SWIFT_TEST) --package-path Tests/Logging

test-examples: deps
	$(SWIFT) build --package-path $(EXAMPLES) -c $(EXAMPLES_CONFIGURATION) --build-tests $(FLAGS)
	$(SWIFT_TEST) --package-path $(EXAMPLES) -c $(EXAMPLES_CONFIGURATION) $(FLAGS) --skip-build

redis-suite: ## run redis's own tests against the example RespServer; takes 15 seconds after the build
	@$(if $(SKIP_DEPS),:,scripts/install-dependencies $(PACKAGES) tcl)
	$(SWIFT) build --package-path $(EXAMPLES) -c release --product RespServer $(FLAGS)
	scripts/redis-suite $(EXAMPLES)/.build/release/RespServer

# CI runs each of these with the tests that can fail there alone.
test-everything: ## run every test in every build and on every backend; takes an hour
	$(MAKE) test
	$(MAKE) redis-suite
	$(MAKE) test-release
	$(MAKE) EVERY_TEST=1 test-denied test-memlock test-epoll
	$(MAKE) test-large
	$(MAKE) test-stress
	$(MAKE) EVERY_TEST=1 sanitize
	$(MAKE) sanitize-address-debug

# With EPERM every test runs without the ring; how the kernel refuses matters to a few files only.
test-denied: built-tests ## run the tests with io_uring denied: with EPERM as in Docker, with ENOSYS as in gVisor
	$(DENY) EPERM $(RUN_TESTS) .build/debug
	$(DENY) ENOSYS $(RUN_TESTS) .build/debug $(call chosen,$(FALLBACK))

# Released memory is overwritten, so that reading it afterwards fails a test.
test-release: deps ## run the tests in a release build
	$(BUILD_TESTS) -c release -Xswiftc -enable-testing --scratch-path .build-release
	MALLOC_PERTURB_=165 $(RUN_TESTS) .build-release/release

# "nobody" cannot write to this folder, so the tests run in a temporary one.
test-memlock: built-tests ## run the tests as nobody without lockable memory (needs root)
	@[ "$$(id -u)" = 0 ] || { echo "make test-memlock: only root can become nobody" >&2; exit 1; }
	ulimit -l 0 && HOME=/tmp setpriv --reuid=65534 --regid=65534 --clear-groups \
		$(RUN_TESTS) .build/debug $(call chosen,$(FALLBACK))

test-epoll: built-tests ## run the tests with PROACTOR_BACKEND=epoll
	PROACTOR_BACKEND=epoll $(RUN_TESTS) .build/debug $(call chosen,$(DEFAULT_BACKEND))

test-large: built-tests ## run the tests that scale, at a hundred times their usual size
	PROACTOR_TEST_SIZE=10000 $(RUN_TESTS) .build/debug $(LARGE)

# Ten thousand idle connections need about twice as many descriptors.
test-stress: built-tests ## run the stress tests at ten times their size; PROACTOR_TEST_SEED repeats a run
	PROACTOR_TEST_SIZE=1000 $(RUN_TESTS) .build/debug $(STRESS)

built-tests: deps
	$(BUILD_TESTS) $(FLAGS)

# `make test-logging` runs the same build.
built-logging: deps
	$(BUILD_TESTS) --package-path Tests/Logging

check-api: built-tests built-logging ## compare the public API with Tests/PublicAPI
	scripts/public-api check

accept-api: built-tests built-logging ## write the public API to Tests/PublicAPI
	scripts/public-api accept

bench: deps ## run the benchmarks
	$(SWIFT) build --package-path $(EXAMPLES) -c release
	$(MAKE) -C Benchmarks run

deps: ## install the Debian packages that building and testing need
	@$(if $(SKIP_DEPS),:,scripts/install-dependencies $(PACKAGES) $(EXTRA_PACKAGES))

format: ## format all Swift code in place
	$(SWIFT) format format --in-place --parallel --recursive $(SWIFT_CODE)

lint: ## report what the formatter would change
	$(SWIFT) format lint --strict --parallel --recursive $(SWIFT_CODE)

sanitize: ## run the tests under the thread sanitizer, then under the address and leak sanitizer
	$(MAKE) sanitize-thread
	$(MAKE) sanitize-address

# A test that runs on one thread cannot have a data race. Tests whose tasks go from the loops' threads to the standard
# library's own executor are left out: the sanitizer does not see that libdispatch orders the two threads.
UNORDERED := ^ConformanceTests/(Group|Move|RunGroup)
sanitize-thread: deps
	$(BUILD_TESTS) --sanitize=thread --scratch-path .build-tsan
	grep -vE '$(UNORDERED)' $(THREADS) >.build-tsan/threads.txt
	TSAN_OPTIONS=halt_on_error=1:exitcode=66 PROACTOR_TEST_SIZE=$(if $(EVERY_TEST),100,10) \
		$(RUN_TESTS) .build-tsan/debug $(call chosen,.build-tsan/threads.txt)

# A release build, because the optimiser ends lifetimes earlier: code that holds memory without a reference fails here.
# With lld, because gold, the default, prints a warning for each of the sanitizer's symbols.
sanitize-address: deps
	$(BUILD_TESTS) -c release -Xswiftc -enable-testing --scratch-path .build-asan $(ASAN_FLAGS)
	$(ASAN_ENVIRONMENT) $(RUN_TESTS) .build-asan/release

# The tests that inject faults exist in debug builds only.
sanitize-address-debug: deps
	$(BUILD_TESTS) --scratch-path .build-asan-debug $(ASAN_FLAGS)
	$(ASAN_ENVIRONMENT) $(RUN_TESTS) .build-asan-debug/debug

clean: ## delete everything that was built
	rm -rf .build .build-* Tests/Logging/.build $(EXAMPLES)/.build $(EXAMPLES)/.build-* Benchmarks/.build Benchmarks/.build-*
