package rules

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

// typesKernel has struct opener {void *list; void *file; _Bool closing;},
// struct holder {struct opener *first;}, void close_it(struct opener *, char) and
// void hold(struct holder *).
func typesKernel(t *testing.T) (k *kernel.Kernel, raw []byte) {
	t.Helper()
	pointer := &btf.Pointer{Target: &btf.Void{}}
	char := &btf.Int{Name: "char", Size: 1}
	opener := &btf.Struct{Name: "opener", Size: 24, Members: []btf.Member{
		{Name: "list", Type: pointer}, {Name: "file", Type: pointer, Offset: 64}, {Name: "closing", Type: char, Offset: 128},
	}}
	builder, err := btf.NewBuilder([]btf.Type{
		&btf.Func{Name: "close_it", Type: &btf.FuncProto{Return: &btf.Void{}, Params: []btf.FuncParam{
			{Name: "o", Type: &btf.Pointer{Target: opener}}, {Name: "c", Type: char},
		}}},
		&btf.Func{Name: "hold", Type: &btf.FuncProto{Return: &btf.Void{}, Params: []btf.FuncParam{{Name: "h", Type: &btf.Pointer{Target: &btf.Struct{
			Name: "holder", Size: 8, Members: []btf.Member{{Name: "first", Type: &btf.Pointer{Target: opener}}},
		}}}}}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err = builder.Marshal(nil, &btf.MarshalOptions{Order: binary.LittleEndian})
	if err != nil {
		t.Fatal(err)
	}
	return kernelWith(t, "vmlinux.btf", string(raw)), raw
}

// splitBTF writes BTF on top of a base: types as words, in which a name is
// written as a negative index into names, and type n of the split itself as
// own(n). Documentation/bpf/btf.rst.
type splitBTF struct {
	first   uint32 // id of the first type
	strings uint32 // length of the base's strings
	text    []byte
	types   []byte
}

func newSplit(t *testing.T, base []byte) *splitBTF {
	t.Helper()
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(base))
	if err != nil {
		t.Fatal(err)
	}
	s := &splitBTF{strings: binary.LittleEndian.Uint32(base[20:])}
	for _, err := range spec.All() {
		if err != nil {
			t.Fatal(err)
		}
		s.first++ // All gives void too, whose id is 0
	}
	return s
}

func (s *splitBTF) own(n uint32) uint32 { return s.first + n }

func (s *splitBTF) name(name string) uint32 {
	at := s.strings + uint32(len(s.text))
	s.text = append(append(s.text, name...), 0)
	return at
}

func (s *splitBTF) add(words ...uint32) {
	for _, w := range words {
		s.types = binary.LittleEndian.AppendUint32(s.types, w)
	}
}

func (s *splitBTF) bytes() []byte {
	b := []byte{0x9f, 0xeb, 1, 0}
	for _, w := range []uint32{24, 0, uint32(len(s.types)), uint32(len(s.types)), uint32(len(s.text))} {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return append(append(b, s.types...), s.text...)
}

// moduleWith is a livepatch of close_it with struct opener as described: the
// offset of file in bits, the size in bytes, and the replacement's parameters.
func moduleWith(s *splitBTF, file, size uint32, params ...uint32) *klp.Module {
	const (
		structKind, pointerKind, intKind, funcKind, protoKind = 4 << 24, 2 << 24, 1 << 24, 12 << 24, 13 << 24
	)
	s.add(s.name("long"), intKind, 8, 64)                                                                    // own(0)
	s.add(s.name("opener"), structKind|2, size, s.name("list"), s.own(0), 0, s.name("file"), s.own(0), file) // own(1)
	s.add(0, pointerKind, s.own(1))                                                                          // own(2)
	s.add(0, protoKind|uint32(len(params)), 0)                                                               // own(3)
	for _, p := range params {
		s.add(0, s.own(p))
	}
	s.add(s.name("klp_close_it"), funcKind, s.own(3))
	m := fitting()
	m.Patch.Objects = []klp.Object{{Name: "vmlinux", Null: true, Funcs: []klp.Func{{Name: "close_it", New: klp.Code{Symbol: "klp_close_it"}}}}}
	m.BTF = &klp.ModuleBTF{Data: s.bytes()}
	return m
}

func TestTypes(t *testing.T) {
	k, raw := typesKernel(t)
	for _, c := range []struct {
		name       string
		file, size uint32
		params     []uint32
		layout     string // in the only message of KLP324, "" for none
		layoutAs   finding.Severity
		prototype  string // the same of KLP325
	}{
		{"moved", 128, 32, []uint32{2, 2}, "struct opener of the module's BTF: the member file is at 16, in the kernel at 8", finding.Error, "parameter 2 is struct opener * (8 bytes), the original's char (1)"},
		{"moved, not reached", 128, 32, []uint32{0}, "the member file is at 16", finding.Warning, "it takes 1 parameters, the original 2"},
		{"shorter", 64, 16, []uint32{2}, "it lacks the kernel's member closing; it has 16 bytes, the kernel's 24", finding.Warning, "it takes 1"},
	} {
		m := moduleWith(newSplit(t, raw), c.file, c.size, c.params...)
		for _, r := range []struct {
			rule *Rule
			want string
			as   finding.Severity
		}{{klp324, c.layout, c.layoutAs}, {klp325, c.prototype, finding.Error}} {
			got, needs := judge(t, r.rule, m, k)
			if needs != "" || len(got) != 1 || !strings.Contains(got[0].Message, r.want) || got[0].Severity != r.as {
				t.Errorf("%s: %s: %+v, needs %q", c.name, r.rule.ID(), got, needs)
			}
		}
	}
	m := moduleWith(newSplit(t, raw), 64, 24, 2)
	m.BTF = nil
	for _, r := range []*Rule{klp324, klp325} {
		if _, needs := judge(t, r, m, k); needs != "the module's BTF or debug information" {
			t.Errorf("%s without BTF needs %q", r.ID(), needs)
		}
	}
	// BTF of a module for a kernel with more strings and types.
	longer := newSplit(t, raw)
	longer.strings, longer.first = longer.strings+6, longer.first+2
	m = moduleWith(longer, 64, 24, 2)
	for _, r := range []*Rule{klp324, klp325} {
		if got, needs := judge(t, r, m, k); !strings.Contains(needs, "which this kernel's is not") || len(got) > 0 {
			t.Errorf("%s on another base: %+v, needs %q", r.ID(), got, needs)
		}
		if _, needs := judge(t, r, m, kernelWith(t, "System.map", relatedNames)); needs != "the kernel's BTF" {
			t.Errorf("%s without the kernel's types needs %q", r.ID(), needs)
		}
	}
	// The base that the module brings counts, whatever the kernel's.
	m = moduleWith(newSplit(t, raw), 128, 32, 2)
	m.BTF.Base = raw
	if got, needs := judge(t, klp324, m, k); len(got) != 1 || needs != "" {
		t.Errorf("with .BTF.base: %+v, needs %q", got, needs)
	}
}

// Modules use names of the kernel's types for types of their own: in a livepatch
// of a module it needs more than the name.
func TestTypesOfOtherFiles(t *testing.T) {
	k, raw := typesKernel(t)
	vmlinux := klp.Object{Name: "vmlinux", Null: true, Funcs: []klp.Func{{Name: "close_it", New: klp.Code{Symbol: "klp_close_it"}}}}
	module := klp.Object{Name: "ext4", Funcs: []klp.Func{{Name: "ext4_close", New: klp.Code{Symbol: "klp_close_it"}}}}
	holder := func(s *splitBTF, name string) {
		s.add(s.name(name), 4<<24|1, 8, s.name("first"), s.own(2), 0) // struct NAME {struct opener *first;}
	}
	for _, c := range []struct {
		name   string
		change func(*klp.Module, *splitBTF)
		found  bool
	}{
		{"the name alone", func(m *klp.Module, _ *splitBTF) { m.Patch.Objects = []klp.Object{module} }, false},
		{"a struct of another name has it", func(m *klp.Module, s *splitBTF) {
			m.Patch.Objects = []klp.Object{module}
			holder(s, "keeper")
		}, false},
		{"beside funcs of vmlinux that take none", func(m *klp.Module, _ *splitBTF) {
			m.Patch.Objects = []klp.Object{{Name: "vmlinux", Null: true, Funcs: []klp.Func{{Name: "hold", New: klp.Code{Symbol: "klp_close_it"}}}}, module}
		}, false},
		{"vmlinux alone", func(m *klp.Module, _ *splitBTF) {
			m.Patch.Objects = []klp.Object{{Name: "vmlinux", Null: true, Funcs: []klp.Func{{Name: "hold", New: klp.Code{Symbol: "klp_close_it"}}}}}
		}, true},
		{"a func of vmlinux takes it", func(m *klp.Module, _ *splitBTF) { m.Patch.Objects = []klp.Object{vmlinux, module} }, true},
		{"a function that is called takes it", func(m *klp.Module, _ *splitBTF) {
			m.Patch.Objects = []klp.Object{module}
			m.Imports = []klp.Import{{Name: "close_it"}}
		}, true},
		{"a klp symbol's function takes it", func(m *klp.Module, _ *splitBTF) {
			m.Patch.Objects = []klp.Object{module}
			m.KlpSyms = []klp.KlpSym{{Object: "vmlinux", Name: "close_it"}}
		}, true},
		{"a klp symbol of a module", func(m *klp.Module, _ *splitBTF) {
			m.Patch.Objects = []klp.Object{module}
			m.KlpSyms = []klp.KlpSym{{Object: "ext4", Name: "close_it"}}
		}, false},
		{"a struct of the kernel has it", func(m *klp.Module, s *splitBTF) {
			m.Patch.Objects = []klp.Object{module}
			holder(s, "holder")
		}, true},
	} {
		s := newSplit(t, raw)
		m := moduleWith(s, 128, 32, 2)
		c.change(m, s)
		m.BTF = &klp.ModuleBTF{Data: s.bytes()}
		got, needs := judge(t, klp324, m, k)
		if needs != "" || (len(got) == 1) != c.found || len(got) > 1 {
			t.Errorf("%s: %+v, needs %q", c.name, got, needs)
		}
	}
}

// Unnamed members within unnamed members are looked at a bounded number of times.
func TestUnnamedMembersAreBounded(t *testing.T) {
	k, raw := typesKernel(t)
	s := newSplit(t, raw)
	m := moduleWith(s, 128, 32, 2)
	const first, deep = 5, 30
	for i := range uint32(deep) { // struct of two unnamed structs
		s.add(s.name("opener"), 4<<24|2, 8, 0, s.own(first+i+1), 0, 0, s.own(first+i+1), 0)
	}
	s.add(0, 4<<24, 0)
	m.BTF = &klp.ModuleBTF{Data: s.bytes()}
	if got, needs := judge(t, klp324, m, k); len(got) != 1 || needs != "" {
		t.Errorf("%+v, needs %q", got, needs)
	}
}

// Types that refer to themselves, and trees of them, are written in bounded text.
func TestPrototypesAreBounded(t *testing.T) {
	k, raw := typesKernel(t)
	s := newSplit(t, raw)
	m := moduleWith(s, 64, 24, 5, 5)
	s.add(0, 2<<24, s.own(6))                              // own(5): a pointer to
	s.add(0, 13<<24|2, s.own(5), 0, s.own(5), 0, s.own(5)) // own(6): a function that takes two of it and returns one
	m.BTF = &klp.ModuleBTF{Data: s.bytes()}
	got, needs := judge(t, klp325, m, k)
	if len(got) != 1 || needs != "" || len(got[0].Message) > 10<<10 {
		t.Errorf("%.200v, needs %q", got, needs)
	}
}

// A module without BTF is read by its debug information: fixtures/src/types.c with
// the kernel's types as they are in Linux 6.12.
func TestTypesOfDebugInformation(t *testing.T) {
	word := &btf.Int{Name: "long unsigned int", Size: 8}
	pointer := &btf.Pointer{Target: &btf.Void{}}
	list := &btf.Struct{Name: "list_head", Size: 16, Members: []btf.Member{{Name: "next", Type: pointer}, {Name: "prev", Type: pointer, Offset: 64}}}
	k := kernelOfTypes(t,
		&btf.Struct{Name: "pde_opener", Size: 40, Members: []btf.Member{
			{Name: "lh", Type: list},
			{Name: "file", Type: pointer, Offset: 128},
			{Name: "closing", Type: &btf.Int{Name: "_Bool", Size: 1, Encoding: btf.Bool}, Offset: 192},
			{Name: "c", Type: pointer, Offset: 256},
		}},
		// Moved: the module's headers have a bit field there, two arrays, an enum.
		&btf.Struct{Name: "seq_file", Size: 128, Members: []btf.Member{{Name: "buf", Type: pointer, Offset: 64}, {Name: "size", Type: word}, {Name: "count", Type: word, Offset: 192}}},
		// Moved, and described by both of the module's files.
		&btf.Struct{Name: "work_struct", Size: 32, Members: []btf.Member{{Name: "data", Type: word, Offset: 64}}},
		&btf.Enum{Name: "pid_type", Size: 4, Values: []btf.EnumValue{{Name: "PIDTYPE_PID"}, {Name: "PIDTYPE_TGID", Value: 2}}},
		&btf.Func{Name: "seq_putc", Type: &btf.FuncProto{Return: &btf.Void{}, Params: []btf.FuncParam{{Name: "m", Type: pointer}, {Name: "c", Type: &btf.Int{Name: "char", Size: 1, Encoding: btf.Char}}}}},
		&btf.Func{Name: "close_pdeo", Type: &btf.FuncProto{Return: &btf.Void{}, Params: []btf.FuncParam{{Type: pointer}, {Type: pointer}}}},
	)
	m, err := elfread.Open("../fixtures/rules/KLP324/bad-debug.ko", elfread.Options{Types: true})
	if err != nil {
		t.Fatal(err)
	}
	for rule, want := range map[*Rule][]string{
		klp324: {
			"enum pid_type of the module's debug information: PIDTYPE_TGID is 1, in the kernel 2",
			"struct pde_opener of the module's debug information: the member file is at 24, in the kernel at 16",
			"struct seq_file of the module's debug information: the member buf is at 0, in the kernel at 8",
			"struct work_struct of the module's debug information: the member data is at 0, in the kernel at 8",
		},
		klp325: {"it takes 3 parameters, the original 2"},
	} {
		got, needs := judge(t, rule, m, k)
		if len(got) != len(want) {
			t.Errorf("%s: %+v, needs %q", rule.ID(), got, needs)
			continue
		}
		for i := range want {
			if !strings.Contains(got[i].Message, want[i]) {
				t.Errorf("%s: %q, want %q", rule.ID(), got[i].Message, want[i])
			}
		}
	}
	// What is described is compared, and the rest is said to be missing.
	for module, want := range map[string]struct {
		found int
		needs [2]string // of KLP324 and KLP325
	}{
		"good-in-parts":   {3, [2]string{"there is none of klp_seq_putc", "prototype of klp_seq_putc in the module's types"}},
		"good-base-types": {2, [2]string{"there is none of klp_close_pdeo, klp_seq_putc", ""}},
	} {
		m, err := elfread.Open("../fixtures/rules/KLP324/"+module+".ko", elfread.Options{Types: true})
		if err != nil {
			t.Fatal(err)
		}
		got, needs := judge(t, klp324, m, k)
		if len(got) != want.found || !strings.Contains(needs, want.needs[0]) {
			t.Errorf("%s: %+v, needs %q", module, got, needs)
		}
		if got, needs := judge(t, klp325, m, k); len(got) > 0 || needs != want.needs[1] {
			t.Errorf("%s: prototypes: %+v, needs %q", module, got, needs)
		}
	}
	m.Debug = &klp.ModuleDebug{Reason: "debug info: too large"}
	if _, needs := judge(t, klp324, m, k); !strings.Contains(needs, "too large") {
		t.Errorf("debug information that cannot be read: needs %q", needs)
	}
}
