package kernel

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/klplint/klplint/klp"
)

func seed(f *testing.F, name string) []byte {
	f.Helper()
	data, err := os.ReadFile(filepath.Join(synthetic, name))
	if err != nil {
		f.Fatal(err)
	}
	return data
}

// checkTable walks everything that a look-up could reach.
func checkTable(t *testing.T, s *symbolTable) {
	t.Helper()
	for i := range s.len() {
		found := s.find(string(s.name(i)))
		if len(found) == 0 {
			t.Fatalf("symbol %d, %q, is not found", i, s.name(i))
		}
		for n := 1; n < len(found); n++ {
			if found[n] <= found[n-1] {
				t.Fatalf("positions of %q do not rise: %v", s.name(i), found)
			}
		}
		s.size(i)
		s.file(i)
		if i == 1000 {
			break
		}
	}
}

func FuzzSystemMap(f *testing.F) {
	f.Add(seed(f, "System.map"))
	f.Add([]byte("0000000000000000 t one\t[loop]\n0000000000000000 t x\t[bpf]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseSymbolText(data)
		if err != nil {
			return
		}
		checkTable(t, s.vmlinux)
		for _, name := range s.order {
			checkTable(t, s.modules[name])
		}
	})
}

func FuzzSymvers(f *testing.F) {
	f.Add(seed(f, "Module.symvers"))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := parseSymvers(data)
		if (err == nil) == (table == nil) {
			t.Fatalf("table %v, error %v", table, err)
		}
	})
}

func FuzzConfig(f *testing.F) {
	f.Add(seed(f, "config"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseConfig(data)
		if (err == nil) == (c == nil) {
			t.Fatalf("configuration %v, error %v", c, err)
		}
	})
}

func FuzzFilterList(f *testing.F) {
	f.Add(seed(f, "available_filter_functions"))
	f.Add([]byte("ffffffff81000100 one [loop]\nffffffff81000200 two\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := parseFilterList(data)
		if err == nil && l.total == 0 {
			t.Fatal("an empty list is no error")
		}
	})
}

func FuzzKallsyms(f *testing.F) {
	for format := range tableFormat(formatCount) {
		f.Add(packTables(format, testRodata, testSymbols(), binary.LittleEndian))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := decodeKallsyms(&image{order: binary.LittleEndian, segments: []segment{{testRodata, data}}})
		if err != nil {
			return
		}
		if !s.sorted() {
			t.Fatal("addresses do not rise")
		}
		checkTable(t, s)
	})
}

func FuzzVmlinuz(f *testing.F) {
	f.Add(testBzImage(f, testELF(format61)))
	f.Add(testBzImage(f, testELF(format70)))
	f.Add(testELF(format612))
	flat := make([]byte, 4096)
	copy(flat[56:], "ARM\x64")
	f.Add(append(flat, packTables(format615, testRodata, testSymbols(), binary.LittleEndian)...))
	small := packTablesAt(format612, s390Text, s390Text, moved(s390Text), binary.BigEndian)
	f.Add(s390Image(gzipped(f, small), []uint64{s390Text, uint64(len(small)), 0, 0, 0, 0, 0, s390Text, s390Text, s390Text + 24}))
	f.Add(bzImageOf(lz4ed(testELF(format70)), 1))
	f.Add(pe(peAMD64, ".linux", testBzImage(f, testELF(format70))))
	f.Add(zboot(peARM64, gzipped(f, append(arm64Header(), packTables(format70, testRodata, testSymbols(), binary.LittleEndian)...))))
	f.Add(zboot(peLoongArch64, zstded(f, loongArchHeader())))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := openBootImage(data, func(packed []byte, size int64) ([]byte, error) {
			limits := imageLimits
			limits.Output, limits.Window = 8<<20, 1<<20
			return unpackWithin(packed, limits, min(size, 8<<20))
		})
		if err != nil {
			if m, err = openELFBytes(data); err != nil {
				return
			}
		}
		facts, err := learn(m)
		if err != nil {
			return
		}
		k := &Kernel{}
		k.addImage(facts)
		if err := k.complete(); err != nil {
			return
		}
		for _, name := range []string{"label_show", "unique_show", "start_kernel"} {
			k.FindFunc(vmlinux, name, 1)
		}
		// What the cache writes it must read back.
		var e encoder
		e.image(facts)
		d := decoder{b: e.b}
		again := d.image()
		if d.err != nil || len(d.b) > 0 {
			t.Fatalf("cache: %v, %d bytes left", d.err, len(d.b))
		}
		var second encoder
		second.image(again)
		if !bytes.Equal(e.b, second.b) {
			t.Fatal("cache: a second writing differs")
		}
	})
}

func FuzzLZ4(f *testing.F) {
	f.Add(lz4ed(testELF(format612)))
	f.Add(append(bytes.Clone(lz4Magic), "\x05\x00\x00\x00\x1fabcd"...))
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 1 << 20
		out, err := unpackLZ4(data, limit)
		if err == nil && (len(out) == 0 || len(out) > limit) {
			t.Fatalf("%d bytes without an error", len(out))
		}
	})
}

func FuzzCacheEntry(f *testing.F) {
	m, err := openELFBytes(testELF(format612))
	if err != nil {
		f.Fatal(err)
	}
	facts, err := learn(m)
	if err != nil {
		f.Fatal(err)
	}
	var e encoder
	e.image(facts)
	f.Add(e.b)
	f.Fuzz(func(t *testing.T, data []byte) {
		d := decoder{b: data}
		if facts := d.image(); d.err == nil && facts.symbols != nil {
			checkTable(t, facts.symbols)
		}
		d = decoder{b: data}
		if m := d.module(); d.err == nil {
			checkTable(t, m.symbols)
		}
	})
}

func FuzzBTF(f *testing.F) {
	f.Add(testBTF(f, "replace", &btf.Int{Name: "_Bool", Size: 1, Encoding: btf.Bool}, true))
	f.Add(testBTF(f, "replace_sets", &btf.Pointer{Target: &btf.Void{}}, false))
	f.Fuzz(func(t *testing.T, data []byte) {
		facts, err := readBTF(data)
		if (err == nil) == (facts == nil) && facts == nil {
			t.Fatalf("facts %v, error %v", facts, err)
		}
	})
}

func FuzzModule(f *testing.F) {
	f.Add(seed(f, "modules/kernel/synth_target.ko"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := readModule(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		o := &Object{Name: "fuzzed", kernel: &Kernel{arch: klp.X86_64}, table: m.symbols, facts: m}
		for i := range min(m.symbols.len(), 100) {
			o.Positions(string(m.symbols.name(i)))
		}
	})
}
