package kerneltest

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

// The files in which a kernel lists what can be patched in it.
const (
	kallsyms  = "/proc/kallsyms"
	traceable = "/sys/kernel/tracing/available_filter_functions_addrs"
)

// listing compares what is read from the image with what the booted kernel lists
// of itself: every symbol with its position and address, and the functions that
// ftrace knows.
func (a *agreement) listing(t *testing.T, work string) {
	t.Helper()
	suite := &Suite{Scenarios: []Scenario{{Name: "listing", Steps: []Step{{Op: "copy", Module: kallsyms}, {Op: "copy", Module: traceable}}}}}
	machine := a.machine(work)
	observed, err := machine.Run(t.Context(), suite, work)
	if err != nil {
		t.Fatal(err)
	}
	if len(observed) != 1 || len(observed[0].Steps) != 2 || observed[0].unfinished() {
		t.Fatalf("the kernel did not list its symbols: %v", observed)
	}
	addresses, order := symbolsListed(t, observed[0].Steps[0].Text)
	a.listed = addresses
	sites, names := sitesListed(t, observed[0].Steps[1].Text)
	image, err := a.known.Object(klp.VmlinuxObjectName)
	if err != nil {
		t.Fatal(err)
	}
	if image.Len() != len(order) {
		t.Errorf("%d symbols, the kernel has %d", image.Len(), len(order))
	}
	if got := a.known.Counts().Traceable; got != len(sites) {
		t.Errorf("%d traceable functions, the kernel has %d", got, len(sites))
	}
	if len(order) < 10000 || len(sites) < 5000 {
		t.Errorf("the kernel listed %d symbols and %d functions", len(order), len(sites))
	}
	text := image.Positions("_text")
	if len(text) != 1 || len(addresses["_text"]) != 1 {
		t.Fatal("no _text")
	}
	moved := addresses["_text"][0] - text[0].Addr
	for _, name := range slices.Sorted(maps.Keys(addresses)) {
		positions := image.Positions(name)
		if len(positions) != len(addresses[name]) {
			t.Errorf("%s: %d positions, the kernel has %d", name, len(positions), len(addresses[name]))
			continue
		}
		for i, p := range positions {
			if p.Addr+moved != addresses[name][i] && !absolute(p.Kind) {
				t.Errorf("%s,%d: at %#x, the kernel has it at %#x", name, i+1, p.Addr+moved, addresses[name][i])
			}
		}
	}
	// A kernel lists one name an address, so that a name which it lists is one of
	// those that klplint calls traceable; what it calls traceable may stand there
	// under another name.
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !slices.ContainsFunc(image.Positions(name), func(p kernel.Position) bool { return p.Traceable == klp.Yes }) {
			t.Errorf("%s is among the kernel's traceable functions, and klplint says that it is not", name)
		}
	}
	found := 0
	for _, name := range slices.Sorted(maps.Keys(addresses)) {
		for i, p := range image.Positions(name) {
			if p.Traceable != klp.Yes || p.Init {
				continue
			}
			found++
			if p.Size == 0 || !within(sites, addresses[name][i], addresses[name][i]+p.Size) {
				t.Errorf("%s,%d is traceable, and the kernel has no place of ftrace in it", name, i+1)
			}
		}
	}
	t.Logf("listing: %d symbols equal in number, order and address; %d places of ftrace, %d traceable names", len(order), len(sites), found)
}

// absolute reports whether a symbol's value is no address, which does not move.
func absolute(kind byte) bool { return kind == 'a' || kind == 'A' }

// symbolsListed reads /proc/kallsyms: the addresses of each name in the order in
// which the kernel counts them.
func symbolsListed(t *testing.T, text []string) (addresses map[string][]uint64, order []string) {
	t.Helper()
	addresses = map[string][]uint64{}
	for _, line := range text {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			t.Fatalf("kallsyms: %q", line)
		}
		addresses[fields[2]] = append(addresses[fields[2]], address(t, fields[0]))
		order = append(order, fields[2])
	}
	return addresses, order
}

// sitesListed reads available_filter_functions_addrs: the places, sorted, and
// their functions.
func sitesListed(t *testing.T, text []string) (sites []uint64, names map[string]bool) {
	t.Helper()
	names = map[string]bool{}
	for _, line := range text {
		at, name, _ := strings.Cut(line, " ")
		sites = append(sites, address(t, at))
		if !strings.HasPrefix(name, "__ftrace_invalid_address__") {
			names[name] = true
		}
	}
	slices.Sort(sites)
	return sites, names
}

func address(t *testing.T, hex string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimPrefix(hex, "0x"), 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// within reports whether one of the sorted places lies in [from, to).
func within(sites []uint64, from, to uint64) bool {
	i, _ := slices.BinarySearch(sites, from)
	return i < len(sites) && sites[i] < to
}
