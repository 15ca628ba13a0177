# What can be done here; `make` alone says it.

# The Debian packages that each goal needs, in this one place.
BUILD_PACKAGES := liburing-dev
RUN_PACKAGES := $(BUILD_PACKAGES) libhttp-parser-dev
PACKAGES := $(RUN_PACKAGES) curl

PORT ?= 8080
BACKEND ?= auto
SWIFT ?= swift
# Set to anything where the packages come from elsewhere than apt-get.
SKIP_DEPS ?=

# One test at a time: some look at what the whole process has open.
SWIFT_TEST := $(SWIFT) test --disable-xctest --no-parallel
EXAMPLES := Examples
# Folders by name with a slash, so that what was built, in hidden folders, is left out.
SWIFT_CODE := $(wildcard Package.swift Sources Tests Examples/Package.swift Examples/*/ \
	Benchmarks/Package.swift Benchmarks/*/)
# What the tests of the house's rules read is text: no sanitizer finds anything there.
SANITIZED := --disable-xctest --skip TidyTests

# The launcher, which denies its command io_uring; and the tests, which are a program of their own.
DENY := .build/debug/deny-io-uring
TEST_BUNDLE = $(wildcard .build/debug/*PackageTests.xctest)

.DEFAULT_GOAL := help
.PHONY: help run test test-release test-denied test-memlock test-epoll built-tests bench deps format lint sanitize sanitize-thread sanitize-address clean deps-run

help: ## say what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: deps-run ## run the HTTP example: PORT=8080 BACKEND=auto|io_uring|epoll|poll|select
	$(SWIFT) build --package-path $(EXAMPLES) -c release --product HTTPServer
	PROACTOR_BACKEND=$(BACKEND) exec $(EXAMPLES)/.build/release/HTTPServer --port $(PORT)

test: deps ## build and test the package, what goes with swift-log, and the examples
	$(SWIFT_TEST)
	$(SWIFT_TEST) --package-path Tests/Logging
	$(SWIFT) build --package-path $(EXAMPLES)
	$(if $(wildcard $(EXAMPLES)/Tests),$(SWIFT_TEST) --package-path $(EXAMPLES))

test-denied: built-tests ## run the tests where io_uring is denied: with EPERM as in Docker, with ENOSYS as in gVisor
	$(DENY) EPERM $(SWIFT_TEST) --skip-build --skip TidyTests
	$(DENY) ENOSYS $(SWIFT_TEST) --skip-build --skip TidyTests

# The optimiser ends lives earlier: calls that count no reference, on purpose, may fail only here. Memory that was given
# back is overwritten, so that who still reads it notices.
test-release: deps ## run the tests in a release build
	MALLOC_PERTURB_=165 $(SWIFT_TEST) -c release -Xswiftc -enable-testing --scratch-path .build-release --skip TidyTests

# Without swift test, which writes to the build folder.
test-memlock: built-tests ## run the tests as nobody, who may lock no memory; as root only
	@[ "$$(id -u)" = 0 ] || { echo "make test-memlock: only root can become nobody" >&2; exit 1; }
	ulimit -l 0 && HOME=/tmp setpriv --reuid=65534 --regid=65534 --clear-groups \
		$(TEST_BUNDLE) --testing-library swift-testing --no-parallel --skip TidyTests

test-epoll: built-tests ## run the tests with PROACTOR_BACKEND=epoll
	PROACTOR_BACKEND=epoll $(SWIFT_TEST) --skip-build

built-tests: deps
	$(SWIFT) build --build-tests --disable-xctest

bench: deps ## run the benchmarks
	$(SWIFT) build --package-path $(EXAMPLES) -c release
	$(MAKE) -C Benchmarks run

deps: ## install the Debian packages that building and testing need
	@$(if $(SKIP_DEPS),:,scripts/install-dependencies $(PACKAGES))

deps-run:
	@$(if $(SKIP_DEPS),:,scripts/install-dependencies $(RUN_PACKAGES))

format: ## format all Swift in place
	$(SWIFT) format format --in-place --parallel --recursive $(SWIFT_CODE)

lint: ## say what the formatter would complain about
	$(SWIFT) format lint --strict --parallel --recursive $(SWIFT_CODE)

sanitize: ## run the tests under the thread sanitizer, then under the address and leak sanitizer
	$(MAKE) sanitize-thread
	$(MAKE) sanitize-address

sanitize-thread: deps
	TSAN_OPTIONS=halt_on_error=1:exitcode=66 \
		$(SWIFT) test --no-parallel --sanitize=thread --scratch-path .build-tsan $(SANITIZED)

# With lld, because gold, the default, prints a warning for each of the sanitizer's symbols.
sanitize-address: deps
	ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=$(CURDIR)/Tests/leaks.supp:print_suppressions=0 \
		$(SWIFT) test --no-parallel --sanitize=address --scratch-path .build-asan $(SANITIZED) -Xswiftc -use-ld=lld

clean: ## delete all that was built
	rm -rf .build .build-* Tests/Logging/.build $(EXAMPLES)/.build $(EXAMPLES)/.build-* Benchmarks/.build Benchmarks/.build-*
