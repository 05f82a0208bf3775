package kernel

import (
	"testing"

	"github.com/klplint/klplint/klp"
)

// A location counts for a function at its entry; far behind it stands that of
// a weak function that lost.
func TestSiteOffset(t *testing.T) {
	s := &symbolTable{}
	for _, x := range []struct {
		name string
		addr uint64
	}{{"endbr", 0x1000}, {"assembler", 0x1100}, {"plain", 0x1400}, {"none", 0x1500}, {"end", 0x1600}} {
		s.add([]byte(x.name), x.addr, 'T')
	}
	f := &imageFacts{symbols: s, symbolsFromKallsyms: true, locationsKnown: true, locations: []uint64{0x1004, 0x12ac, 0x1400}}
	k := &Kernel{image: f, vmlinux: s}
	for name, want := range map[string]uint64{"endbr": 0, "assembler": 0x1ac, "plain": 0, "none": 0} {
		p := mustObject(t, k, vmlinux).Positions(name)[0]
		if p.SiteOffset != want || (p.Traceable == klp.Yes) != (name != "none") {
			t.Errorf("%s: %#x, traceable %s, want %#x", name, p.SiteOffset, p.Traceable, want)
		}
	}
}
