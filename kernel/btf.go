package kernel

import (
	"bytes"
	"errors"
	"fmt"
	"math"

	"github.com/cilium/ebpf/btf"

	"github.com/klplint/klplint/klp"
)

// typeFacts is what a kernel's BTF tells.
type typeFacts struct {
	Layout     *klp.Layout // nil where the kernel has no struct klp_patch
	ModuleSize uint64      // sizeof(struct module); 0 where the type is missing
	// raw returns the BTF itself, nil where it is not to be had any more.
	raw func() []byte
}

// isBTF tells raw BTF (/sys/kernel/btf/vmlinux) by its magic in either order.
func isBTF(head []byte) bool {
	return len(head) >= 24 && (head[0] == 0x9f && head[1] == 0xeb || head[0] == 0xeb && head[1] == 0x9f) && head[2] == 1
}

// maxBTF bounds the BTF of a kernel; distributions have 5 to 8 MiB.
const maxBTF = 64 << 20

// errSplitBTF says that BTF describes one module on top of a kernel's.
var errSplitBTF = errors.New("split BTF of a module, not the kernel's own BTF")

// readBTF takes the layouts from raw BTF. The library is not written for
// hostile input as a promise, so a panic becomes an error.
func readBTF(raw []byte) (facts *typeFacts, err error) {
	defer func() {
		if r := recover(); r != nil {
			facts, err = nil, fmt.Errorf("BTF: %v", r)
		}
	}()
	if len(raw) > maxBTF {
		return nil, fmt.Errorf("BTF of %d bytes: the limit is %d", len(raw), maxBTF)
	}
	if !isBTF(raw) {
		return nil, fmt.Errorf("BTF: bad magic")
	}
	spec, _, err := readKernelTypes(raw)
	if err != nil {
		// Without a base the library names the first string of a split BTF.
		if bytes.Contains([]byte(err.Error()), []byte("first item in string table")) {
			return nil, errSplitBTF
		}
		return nil, fmt.Errorf("BTF: %w", err)
	}
	facts = &typeFacts{raw: func() []byte { return raw }}
	if module, err := structOf(spec, "module"); err == nil {
		facts.ModuleSize = uint64(module.Size)
	}
	facts.Layout, err = layoutOf(spec)
	if errors.Is(err, btf.ErrNotFound) {
		return facts, nil
	}
	return facts, err
}

func structOf(spec *btf.Spec, name string) (*btf.Struct, error) {
	var s *btf.Struct
	err := spec.TypeByName(name, &s)
	return s, err
}

// layoutOf reads the livepatch structs. A member that a release does not have
// is left out; one that every release has must be there.
func layoutOf(spec *btf.Spec) (*klp.Layout, error) {
	patch, err := structOf(spec, "klp_patch")
	if err != nil {
		return nil, err
	}
	object, err := structOf(spec, "klp_object")
	if err != nil {
		return nil, err
	}
	function, err := structOf(spec, "klp_func")
	if err != nil {
		return nil, err
	}
	l := &klp.Layout{
		Source:       klp.LayoutBTF,
		PatchSize:    uint64(patch.Size),
		ObjectSize:   uint64(object.Size),
		FuncSize:     uint64(function.Size),
		ReplaceField: klp.KindUnknown,
	}
	for _, want := range []struct {
		in   *btf.Struct
		name string
		to   *uint64
	}{
		{patch, "mod", &l.PatchMod},
		{patch, "objs", &l.PatchObjs},
		{object, "name", &l.ObjectName},
		{object, "funcs", &l.ObjectFuncs},
		{function, "old_name", &l.FuncName},
		{function, "new_func", &l.FuncNew},
		{function, "old_sympos", &l.FuncSympos},
	} {
		m := member(want.in, want.name)
		if m == nil {
			return nil, fmt.Errorf("BTF: struct %s has no member %s", want.in.Name, want.name)
		}
		*want.to = uint64(m.Offset.Bytes())
	}
	if m := member(object, "callbacks"); m != nil {
		l.ObjectCallbacks, l.HasCallbacks = uint64(m.Offset.Bytes()), true
	}
	if m := member(patch, "supersedes"); m != nil {
		l.PatchSupersedes = uint64(m.Offset.Bytes())
	}
	replaceField(patch, l)
	state, err := structOf(spec, "klp_state")
	switch {
	case errors.Is(err, btf.ErrNotFound):
		return l, nil
	case err != nil:
		return nil, err
	}
	states, id, version := member(patch, "states"), member(state, "id"), member(state, "version")
	if states == nil || id == nil || version == nil {
		return nil, fmt.Errorf("BTF: struct klp_state without klp_patch.states, id or version")
	}
	l.HasStates, l.StateSize = true, uint64(state.Size)
	l.PatchStates = uint64(states.Offset.Bytes())
	l.StateID, l.StateVersion = uint64(id.Offset.Bytes()), uint64(version.Offset.Bytes())
	return l, nil
}

// replaceField finds the field that decides about replacing by its name, and
// which model it means by its type.
func replaceField(patch *btf.Struct, l *klp.Layout) {
	for _, name := range []string{"replace", "replace_set", "replace_sets"} {
		m := member(patch, name)
		if m == nil {
			continue
		}
		l.PatchReplace = uint64(m.Offset.Bytes())
		switch t := btf.UnderlyingType(m.Type).(type) {
		case *btf.Pointer:
			l.ReplaceField = klp.KindSets
		case *btf.Int:
			switch {
			case t.Encoding == btf.Bool, t.Size == 1:
				l.ReplaceField = klp.KindFlag
			case t.Size == 4:
				l.ReplaceField = klp.KindSet
			}
		}
		return
	}
}

// member returns the member of that name that begins at a whole byte.
func member(s *btf.Struct, name string) *btf.Member {
	for i := range s.Members {
		m := &s.Members[i]
		if m.Name == name && m.BitfieldSize == 0 && m.Offset%8 == 0 && uint64(m.Offset) < math.MaxUint32 {
			return m
		}
	}
	return nil
}
