package replace

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klplint/klplint/klp"
)

// Livepatch is a livepatch module as one model sees it. It is not changed
// after NewLivepatch, and several systems may hold it.
type Livepatch struct {
	// Name is the module's own name, as lsmod and /sys/kernel/livepatch show it.
	Name    string
	Module  *klp.Module
	Reading Reading
	// PrePatchErrno is what the module's pre_patch callbacks return; "" for
	// success. No table shows it: it is given by whoever describes a run.
	PrePatchErrno string

	objects []object
	funcs   map[funcKey]bool // of the static tables; nil where there are none
}

// object is a klp_object as the kernel takes it from the tables.
type object struct {
	name    string // "" with vmlinux set, for a NULL name
	vmlinux bool
	funcs   []fn
	// callbacks that it has; nil for none.
	callbacks map[klp.CallbackKind]bool
}

// fn is a klp_func.
type fn struct {
	name    string
	null    bool // old_name is NULL
	sympos  uint64
	newNull bool
	// replacement is the symbol of new_func; "" where none is known.
	replacement string
	// code and position stand for the code behind the name (klp.Func.Code).
	code     string
	position uint64
}

// funcKey is one patched function: two klp_funcs with equal keys patch the same
// code.
type funcKey struct {
	vmlinux  bool
	object   string
	name     string
	position uint64
}

// String writes the key as reports do: "vmlinux:name", "ext4:name,2".
func (k funcKey) String() string {
	o := k.object
	if k.vmlinux {
		o = klp.VmlinuxObjectName
	}
	if k.position > 1 {
		return fmt.Sprintf("%s:%s,%d", o, k.name, k.position)
	}
	return o + ":" + k.name
}

func (o *object) key(f *fn) funcKey {
	return funcKey{vmlinux: o.vmlinux, object: o.name, name: f.name, position: max(1, f.sympos)}
}

// codeKey is equal for funcs that are one function of the kernel, by whatever
// names (kernel/livepatch/patch.c: klp_find_ops).
func (o *object) codeKey(f *fn) funcKey {
	return funcKey{vmlinux: o.vmlinux, object: o.name, name: f.code, position: f.position}
}

// display is the object's name in the kernel's messages.
func (o *object) display() string {
	if o.vmlinux {
		return klp.VmlinuxObjectName
	}
	return o.name
}

// same is klp_find_object()'s comparison: both NULL, or equal strings.
func (o *object) same(p *object) bool { return o.vmlinux == p.vmlinux && o.name == p.name }

// TablesError says that a module's tables could not be read, so that nothing
// can be predicted of it.
type TablesError struct{ Reason string }

// Error gives the reason.
func (e *TablesError) Error() string { return "no livepatch tables: " + e.Reason }

// NewLivepatch reads a module under a model. It fails with a *FieldError where
// the model cannot read the replace field, and with a *TablesError where
// the patch tables were not found.
func NewLivepatch(m Model, mod *klp.Module) (*Livepatch, error) {
	if enablesNull(mod) || enablesNothing(mod) {
		// Always refused, or never enabled, whatever the tables say: a compiler
		// may even have dropped them.
		return &Livepatch{Name: ModuleName(mod), Module: mod, Reading: Reading{Sets: []uint32{0}}}, nil
	}
	if !mod.Patch.Found {
		reason := mod.Patch.Reason
		if reason == "" {
			reason = "not found"
		}
		return nil, &TablesError{Reason: reason}
	}
	r, err := m.Read(&mod.Replace)
	if err != nil {
		return nil, err
	}
	p := &Livepatch{Name: ModuleName(mod), Module: mod, Reading: r}
	for i := range mod.Patch.Objects {
		p.addObject(&mod.Patch.Objects[i])
	}
	return p, nil
}

// enablesNull reports whether every call of klp_enable_patch() passes NULL.
func enablesNull(m *klp.Module) bool {
	return len(m.Init.Enables) > 0 && !slices.ContainsFunc(m.Init.Enables, func(e klp.Enable) bool { return e.Arg != klp.ArgNull })
}

func (p *Livepatch) addObject(from *klp.Object) {
	o := object{name: from.Name, vmlinux: from.Null || from.Name == klp.VmlinuxObjectName && !from.Literal}
	if o.vmlinux {
		o.name = ""
	}
	for _, c := range from.Callbacks {
		if !c.Func.Null {
			if o.callbacks == nil {
				o.callbacks = make(map[klp.CallbackKind]bool, 4)
			}
			o.callbacks[c.Kind] = true
		}
	}
	for i := range from.Funcs {
		f := &from.Funcs[i]
		g := fn{name: f.Name, null: f.NameNull, sympos: f.Sympos, newNull: f.New.Null, replacement: f.New.Symbol}
		g.code, g.position = f.Code()
		o.funcs = append(o.funcs, g)
		if !g.null {
			if p.funcs == nil {
				p.funcs = make(map[funcKey]bool)
			}
			p.funcs[o.key(&g)] = true
		}
	}
	p.objects = append(p.objects, o)
}

// ModuleName returns the name under which the kernel knows a module: that of
// struct module where it could be read, else the one in .modinfo, or for a module
// that records none the file's stem with '-' as '_'.
func ModuleName(m *klp.Module) string {
	if m.StructName != "" {
		return m.StructName
	}
	if m.Name != "" {
		return m.Name
	}
	base := filepath.Base(m.Path)
	if i := strings.Index(base, ".ko"); i > 0 {
		base = base[:i]
	}
	return strings.ReplaceAll(base, "-", "_")
}
