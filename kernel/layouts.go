package kernel

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// LayoutDifference is a struct, union or enum of a module whose layout is not
// that of the kernel's type of the same name.
type LayoutDifference struct {
	Type string // "struct NAME", "union NAME", "enum NAME", "typedef NAME"
	What string // the first difference, in one clause
	// Moved: a member or value that both have is elsewhere in the module's; else
	// members were only added or lost, or the size differs.
	Moved bool
	// Reached: the replacements get at the type, through their parameters and
	// results and the pointers in them.
	Reached bool
}

// CompareLayouts compares each named struct, union and enum that the module's
// BTF adds to its base, or that its debug information describes, with the kernel's of that name, in the order of names.
// Those that only a typedef gives a name are compared by that.
// Two files may use one name for different things: a type most of whose members
// have other names is no difference, and neither is one of a livepatch of modules
// of which nothing tells that it is the kernel's (see ownTypes). The error wraps ErrNoTypes, ErrNoModuleTypes or
// ErrOtherBase; with ErrUndescribed there is a list, of what is described.
func (o *ModuleTypes) CompareLayouts() (list []LayoutDifference, err error) {
	err = o.kernel.withTypes(func(kernel *kernelTypes) error {
		if err := o.open(kernel); err != nil {
			return err
		}
		types, err := o.all(kernel)
		if err != nil {
			return err
		}
		var same []namesakes
		var different []layoutPair
		for _, t := range types {
			is, ok := layoutOfType(t)
			if !ok || t.TypeName() == "" {
				continue
			}
			as, others := compareWithKernel(is, kernel.layouts([]byte(t.TypeName()), is.kind))
			if as != nil {
				same = append(same, namesakes{t, as})
			}
			different = append(different, others...)
		}
		if len(different) > 0 {
			if list, err = o.differences(kernel, types, same, different); err != nil {
				return err
			}
		}
		return o.undescribed()
	})
	return list, err
}

// differences tells which of the pairs that differ are one type, changed, each
// once, in the order of names.
func (o *ModuleTypes) differences(kernel *kernelTypes, types []btf.Type, same []namesakes, different []layoutPair) ([]LayoutDifference, error) {
	all := onlyVmlinux(o.module)
	var kernels map[namesakes]bool
	var err error
	if !all {
		if kernels, err = o.ownTypes(kernel.spec, same, different); err != nil {
			return nil, err
		}
	}
	reached, err := o.reached(types)
	if err != nil {
		return nil, err
	}
	var list []LayoutDifference
	var told btf.Type
	for i := range different {
		p := &different[i]
		if p.module != told && (all || kernels[p.namesakes]) {
			told = p.module
			p.difference.Reached = reached[told]
			list = append(list, p.difference)
		}
	}
	slices.SortFunc(list, func(a, b LayoutDifference) int {
		return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.What, b.What))
	})
	return list, nil
}

// layoutPair is a type of a module whose layout is not that of the kernel's.
type layoutPair struct {
	namesakes
	difference LayoutDifference
}

// compareWithKernel compares a type with the kernel's of its name and kind: it
// returns the one that is the same, else those that are akin and differ.
func compareWithKernel(is *typeLayout, candidates []*typeLayout) (same btf.Type, different []layoutPair) {
	for _, was := range candidates {
		what, moved := was.compare(is)
		if what == "" {
			return was.of, nil
		}
		if was.akin(is) {
			different = append(different, layoutPair{
				namesakes:  namesakes{module: pointedTo(is.of), kernel: pointedTo(was.of)},
				difference: LayoutDifference{Type: is.kind + " " + was.of.TypeName(), What: what, Moved: moved},
			})
		}
	}
	return nil, different
}

// typeLayout is where the members of a type are, those of unnamed members
// within included.
type typeLayout struct {
	of      btf.Type
	kind    string // "struct", "union", "enum", "typedef"
	values  bool   // of an enum
	size    int    // bytes
	members []memberPlace
	index   map[string]int // by name: in members; nil before places
	opened  int            // members that were looked at
}

// memberPlace is one member: bits from the start, the width of a bit field in bits,
// the size of anything else in bytes. Of an enum it is a value.
type memberPlace struct {
	name  string
	at    uint64
	width uint32
	size  int      // 0 for a type that is only declared, and for an array without an end
	of    btf.Type // nil for a value of an enum
}

func (m memberPlace) same(o memberPlace) bool {
	return m.at == o.at && m.width == o.width && sameSize(m.size, o.size) && m.name == o.name
}

// sameSize reports whether two sizes are equal as far as both are known.
func sameSize(a, b int) bool { return a == b || a == 0 || b == 0 }

// maxMembers bounds a type's members, unnamed ones and those within them
// included. The kernel's largest struct has some three hundred.
const maxMembers = 1 << 14

// maxPath bounds the name of a member with those of the members that it is in, in bytes.
const maxPath = 1 << 10

func layoutOfType(t btf.Type) (*typeLayout, bool) {
	l := &typeLayout{of: t}
	switch t := t.(type) {
	case *btf.Struct:
		l.kind, l.size = "struct", int(t.Size)
		l.open(t.Members, "", 0, 0)
	case *btf.Union:
		l.kind, l.size = "union", int(t.Size)
		l.open(t.Members, "", 0, 0)
	case *btf.Enum:
		l.kind, l.size, l.values = "enum", int(t.Size), true
		for _, v := range t.Values[:min(len(t.Values), maxMembers)] {
			l.add(memberPlace{name: v.Name, at: valueOfEnum(t.Size, v.Value)})
		}
	case *btf.Typedef:
		of, ok := layoutOfType(nameless(t.Type))
		if ok {
			of.of, of.kind = t, "typedef"
		}
		return of, ok
	default:
		return nil, false
	}
	// A struct without members is the trace of a type that is not described.
	return l, len(l.members) > 0
}

// valueOfEnum is a value of an enum of a size in bytes: whether one of four bytes is
// signed is not told alike by all that write types.
func valueOfEnum(size uint32, value uint64) uint64 {
	if size <= 4 {
		return uint64(int64(int32(value)))
	}
	return value
}

func (l *typeLayout) add(m memberPlace) {
	if m.name != "" {
		l.members = append(l.members, m)
	}
}

// places returns where a name is in members, which has each name once from then on.
func (l *typeLayout) places() map[string]int {
	if l.index != nil {
		return l.index
	}
	l.index = make(map[string]int, len(l.members))
	l.members = slices.DeleteFunc(l.members, func(m memberPlace) bool {
		if _, there := l.index[m.name]; there {
			return true
		}
		l.index[m.name] = len(l.index)
		return false
	})
	return l.index
}

// open adds members, those of members without a name, and those of members whose
// type has none: nothing else compares these. Of an array of such it is the first
// element's.
func (l *typeLayout) open(members []btf.Member, prefix string, from uint64, depth int) {
	for _, m := range members {
		at := from + uint64(m.Offset)
		if l.opened++; l.opened > maxMembers {
			return
		}
		within, of := prefix, btf.UnderlyingType(m.Type)
		switch {
		case prefix != "" && len(prefix)+len(m.Name) > maxPath:
			continue
		case m.Name != "":
			name, size := prefix+m.Name, 0
			if m.BitfieldSize == 0 {
				size = sizeOf(m.Type)
			}
			l.add(memberPlace{name, at, uint32(m.BitfieldSize), size, m.Type})
			if of = nameless(m.Type); of == nil {
				continue
			}
			within = name + "."
		}
		if depth > maxTypeDepth {
			continue
		}
		switch t := of.(type) {
		case *btf.Struct:
			l.open(t.Members, within, at, depth+1)
		case *btf.Union:
			l.open(t.Members, within, at, depth+1)
		}
	}
}

// nameless is the struct, union or enum without a name that a type is, or that it is
// an array of; nil for any other. A typedef is a name.
func nameless(t btf.Type) btf.Type {
	for range maxTypeDepth {
		switch is := t.(type) {
		case *btf.Const:
			t = is.Type
		case *btf.Volatile:
			t = is.Type
		case *btf.Array:
			t = is.Type
		case *btf.Struct, *btf.Union, *btf.Enum:
			if is.TypeName() == "" {
				return is
			}
			return nil
		default:
			return nil
		}
	}
	return nil
}

// akin reports whether most members of the smaller layout have their name in
// the other: else one name stands for two things.
func (l *typeLayout) akin(o *typeLayout) bool {
	common, index := 0, l.places()
	for _, m := range o.members {
		if _, ok := index[m.name]; ok {
			common++
		}
	}
	return 2*common > min(len(l.members), len(o.members))
}

// compare says what is first different in the module's layout, "" for nothing.
func (l *typeLayout) compare(is *typeLayout) (what string, moved bool) {
	if l.size == is.size && slices.EqualFunc(l.members, is.members, memberPlace.same) {
		return "", false
	}
	has, mine := l.places(), is.places()
	for _, m := range is.members {
		i, ok := has[m.name]
		if !ok {
			continue
		}
		switch was := l.members[i]; {
		case was.at == m.at && was.width == m.width && sameSize(was.size, m.size):
		case l.values:
			return fmt.Sprintf("%s is %d, in the kernel %d", m.name, int64(m.at), int64(was.at)), true
		case was.at == m.at && was.width == m.width:
			return fmt.Sprintf("the member %s has %s, in the kernel %d", m.name, bytesOf(m.size), was.size), true
		case was.at == m.at:
			return fmt.Sprintf("the bit field %s has %d bits, in the kernel %d", m.name, m.width, was.width), true
		default:
			return fmt.Sprintf("the member %s is at %s, in the kernel at %s", m.name, bitPlace(m.at), bitPlace(was.at)), true
		}
	}
	for _, m := range is.members {
		if _, ok := has[m.name]; !ok {
			what = "the kernel's has no member " + m.name
			break
		}
	}
	if what == "" {
		for _, m := range l.members {
			if _, ok := mine[m.name]; !ok {
				what = "it lacks the kernel's member " + m.name
				break
			}
		}
	}
	if l.size != is.size {
		size := fmt.Sprintf("it has %d bytes, the kernel's %d", is.size, l.size)
		if what == "" {
			return size, false
		}
		what += "; " + size
	}
	return what, false
}

func bytesOf(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// bitPlace is an offset in bytes, with bits where it is none of a whole byte.
func bitPlace(bits uint64) string {
	if bits%8 == 0 {
		return fmt.Sprintf("%d", bits/8)
	}
	return fmt.Sprintf("%d and %d bits", bits/8, bits%8)
}

// reached follows the replacements' parameters and results through the module's
// own types: those of the base cannot lead to others of the module.
func (o *ModuleTypes) reached(types []btf.Type) (map[btf.Type]bool, error) {
	reached := make(map[btf.Type]bool, len(types)) // false for what was not reached
	for _, t := range types {
		reached[t] = false
	}
	var queue []btf.Type
	push := func(t btf.Type) {
		t = pointedTo(t)
		if before, mine := reached[t]; mine && !before {
			reached[t] = true
			queue = append(queue, t)
		}
	}
	for i := range o.module.Patch.Objects {
		funcs := o.module.Patch.Objects[i].Funcs
		for j := range funcs {
			p, err := o.prototype(funcs[j].New.Symbol)
			if err != nil {
				return nil, err
			}
			if p != nil {
				push(p)
			}
		}
	}
	for len(queue) > 0 {
		t := queue[0]
		queue = queue[1:]
		switch t := t.(type) {
		case *btf.FuncProto:
			push(t.Return)
			for _, p := range t.Params {
				push(p.Type)
			}
		case *btf.Struct:
			for i := range t.Members {
				push(t.Members[i].Type)
			}
		case *btf.Union:
			for i := range t.Members {
				push(t.Members[i].Type)
			}
		}
	}
	return reached, nil
}
