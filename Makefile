# The few things one does to this repository. Nothing here is needed to build
# it: `go build ./cmd/klplint` does.
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/klplint-dev
GO ?= go

.PHONY: dist build test race lint fmt fuzz bench bench-gate bench-peers bench-registry fixtures kernel-test cross readme clean

build: ## bin/klplint
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/klplint ./cmd/klplint

test:
	$(GO) test ./...

race:
	$(GO) test -race ./...

lint: ## go vet and golangci-lint, which is built once into the cache
	$(GO) vet ./...
	CACHE=$(CACHE) tools/golangci-lint run ./...

fmt:
	CACHE=$(CACHE) tools/golangci-lint fmt ./...

FUZZTIME ?= 30s
fuzz: ## every fuzz target for FUZZTIME
	FUZZTIME=$(FUZZTIME) tools/fuzz

fixtures: ## rebuild the test modules (see fixtures/build.sh)
	fixtures/build.sh

kernel-test: ## predictions against real kernels under qemu
	internal/kerneltest/fetch.sh $(CACHE)/kernels newest
	rm -rf $(CACHE)/fixtures
	fixtures/build.sh --arch x86_64 --out $(CACHE)/fixtures
	KLPLINT_KERNELS=$(CACHE)/kernels KLPLINT_FIXTURES=$(CACHE)/fixtures $(GO) test -count=1 -timeout 15m -run RealKernels ./kernel ./rules
	KLPLINT_KERNELS=$(CACHE)/kernels KLPLINT_FIXTURES=$(CACHE)/fixtures KLPLINT_UPDATE=1 \
		$(GO) test -count=1 -timeout 40m -run Agree ./internal/kerneltest
	KLPLINT_KERNELS=$(CACHE)/kernels KLPLINT_FIXTURES=$(CACHE)/fixtures $(GO) test -count=1 -timeout 60m -v -run TestMutants ./internal/kerneltest
	internal/kerneltest/small.sh $(CACHE)/kernels
	KLPLINT_KERNELS=$(CACHE)/kernels KLPLINT_UPDATE=1 $(GO) test -count=1 -timeout 40m -run TestOtherArchitectures ./internal/kerneltest

BENCH ?= $(CACHE)/bench
# All programs are the cache's own: bin/klplint may be built anew meanwhile.
define bench-prepare
	mkdir -p $(BENCH)/variants
	fixtures/build.sh --bench $(BENCH)/variants
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BENCH)/klplint ./cmd/klplint
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BENCH)/launch internal/bench/launch/main.go
endef
bench: ## klplint held to its goals beside modinfo and readelf; needs kernel headers
	$(bench-prepare)
	$(GO) run internal/bench/main.go -klplint $(BENCH)/klplint -launch $(BENCH)/launch \
		-variants $(BENCH)/variants -work $(BENCH) $(BENCHFLAGS)

bench-gate: ## the gate beside 1,000 and 10,000 active modules; over PostgreSQL too where KLPLINT_POSTGRES is set
	$(GO) test -run '^$$' -bench '^BenchmarkGate$$' -benchtime 5x -timeout 20m ./cmd/klplint/internal/gate

bench-registry: ## the registry with 100,000 modules; over PostgreSQL too with FARMFLAGS='-registry postgres://...'
	mkdir -p $(BENCH)
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BENCH)/klplint ./cmd/klplint
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BENCH)/launch internal/bench/launch/main.go
	$(GO) run internal/bench/farm/main.go -klplint $(BENCH)/klplint -launch $(BENCH)/launch $(FARMFLAGS)

PAGE ?= docs/performance.md
bench-peers: ## klplint beside all that reads such files: brings PAGE up to date
	$(bench-prepare)
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BENCH)/floor internal/bench/floor/main.go
	CGO_ENABLED=0 $(GO) test -c -trimpath -o $(BENCH)/klplint.test ./cmd/klplint
	$(GO) run internal/bench/peers/main.go -klplint $(BENCH)/klplint -test $(BENCH)/klplint.test \
		-launch $(BENCH)/launch -floor $(BENCH)/floor \
		-variants $(BENCH)/variants -work $(BENCH) -page '$(PAGE)' $(BENCHFLAGS)

cross: ## compile for the other systems
	tools/cross

dist: ## static binaries for every Linux architecture, with checksums
	packaging/dist.sh dist

readme: ## bring README.md and the pages of the rules up to date
	UPDATE_README=1 $(GO) test -count=1 -run 'TestReadme|TestRulePages' ./cmd/klplint

clean:
	rm -rf bin dist
