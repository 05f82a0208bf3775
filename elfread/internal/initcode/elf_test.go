package initcode

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"io"
	"os"
	"sort"
	"strings"
	"testing"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
	"github.com/klplint/klplint/klp"
)

// object is a Source over a whole ELF file in memory, by the plain means of debug/elf.
type object struct {
	file     *elf.File
	arch     klp.Arch
	sections []ir.Section
	symbols  []elf.Symbol // [0] is the null symbol
}

func (o *object) Section(i int) (ir.Section, bool) {
	if i <= 0 || i >= len(o.sections) {
		return ir.Section{}, false
	}
	return o.sections[i], true
}

func (o *object) Symbol(i uint32) (ir.Symbol, bool) {
	if uint64(i) >= uint64(len(o.symbols)) {
		return ir.Symbol{}, false
	}
	s := o.symbols[i]
	sec := int(s.Section)
	if sec >= int(elf.SHN_LORESERVE) {
		sec = 0
	}
	return ir.Symbol{Name: s.Name, Section: sec, Value: s.Value}, true
}

func (o *object) covering(at Place, typ elf.SymType) (elf.Symbol, bool) {
	for _, s := range o.symbols {
		if elf.ST_TYPE(s.Info) == typ && int(s.Section) == at.Section && at.Offset >= s.Value && at.Offset < s.Value+s.Size {
			return s, true
		}
	}
	return elf.Symbol{}, false
}

func (o *object) Function(at Place) (Function, bool) {
	s, ok := o.covering(at, elf.STT_FUNC)
	return Function{s.Name, s.Value, s.Value + s.Size}, ok
}

func (o *object) Object(at Place) (lo, hi uint64, ok bool) {
	s, ok := o.covering(at, elf.STT_OBJECT)
	return s.Value, s.Value + s.Size, ok
}

// symbol finds a symbol by name.
func (o *object) symbol(name string) (int, elf.Symbol) {
	for i, s := range o.symbols {
		if s.Name == name {
			return i, s
		}
	}
	return 0, elf.Symbol{}
}

// input is the question about one function of the object.
func (o *object) input(init string) Input {
	in := Input{Arch: o.arch, Source: o, ReplaceOffset: 24}
	_, s := o.symbol(init)
	in.Init = Place{int(s.Section), s.Value}
	enable, _ := o.symbol("klp_enable_patch")
	in.Enable = uint32(enable)
	for i, s := range o.sections {
		switch {
		case s.Exec:
			in.Exec = append(in.Exec, i)
		case s.Name == "__jump_table":
			in.JumpTable = i
		case len(s.Relocs) > 0 && o.file.Sections[i].Flags&elf.SHF_ALLOC != 0:
			in.Data = append(in.Data, i)
		}
	}
	return in
}

// readObject reads an object file, gzipped or not.
func readObject(t testing.TB, path string) *object {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if data, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	return parseObject(t, data)
}

func parseObject(t testing.TB, data []byte) *object {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	o := &object{file: f}
	switch f.Machine {
	case elf.EM_X86_64:
		o.arch = klp.X86_64
	case elf.EM_AARCH64:
		o.arch = klp.ARM64
	case elf.EM_PPC64:
		o.arch = klp.PPC64LE
	case elf.EM_S390:
		o.arch = klp.S390X
	case elf.EM_LOONGARCH:
		o.arch = klp.LoongArch64
	}
	syms, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	o.symbols = append([]elf.Symbol{{}}, syms...)
	for _, s := range f.Sections {
		sec := ir.Section{
			Name:  s.Name,
			Exec:  s.Flags&elf.SHF_EXECINSTR != 0,
			Write: s.Flags&elf.SHF_WRITE != 0,
		}
		if s.Type == elf.SHT_PROGBITS {
			if sec.Data, err = s.Data(); err != nil {
				t.Fatal(err)
			}
		}
		o.sections = append(o.sections, sec)
	}
	for _, s := range f.Sections {
		if s.Type != elf.SHT_RELA || int(s.Info) >= len(o.sections) {
			continue
		}
		b, err := s.Data()
		if err != nil {
			t.Fatal(err)
		}
		to := &o.sections[s.Info]
		for ; len(b) >= 24; b = b[24:] {
			info := f.ByteOrder.Uint64(b[8:])
			to.Relocs = append(to.Relocs, ir.Reloc{
				Offset: f.ByteOrder.Uint64(b),
				Type:   uint32(info),
				Sym:    uint32(info >> 32),
				Addend: int64(f.ByteOrder.Uint64(b[16:])),
			})
		}
		sort.SliceStable(to.Relocs, func(i, j int) bool { return to.Relocs[i].Offset < to.Relocs[j].Offset })
	}
	return o
}
