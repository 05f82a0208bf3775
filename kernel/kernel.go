package kernel

import (
	"errors"
	"fmt"
	"slices"

	"github.com/klplint/klplint/internal/modfile"
	"github.com/klplint/klplint/klp"
)

// Kernel is what is known of one kernel. It answers as that kernel would
// (klp.Target). It is complete when Load returns it; several goroutines may
// ask it.
type Kernel struct {
	release  string
	arch     klp.Arch
	vermagic string
	sources  []Source

	image    *imageFacts
	copies   *inlinedCopies // nil where no vmlinux has DWARF
	text     *symbolText
	filter   *filterList
	exports  *exportTable
	config   configuration
	types    typeFacts
	allTypes allTypes
	baseBTF  baseBTF
	modules  *moduleTree
	beside   *besideModules

	vmlinux     *symbolTable
	vmlinuxFrom string // where the symbols of vmlinux come from
	behaviour   klp.Behaviour
}

var _ klp.Target = (*Kernel)(nil)

// Kernels are the kernels that were given, in the order of their first source.
type Kernels []*Kernel

// assemble makes kernels of the parts. Those that carry a release form a kernel
// each; those without join the only kernel, else they form one of unknown
// release.
func assemble(parts []part) (Kernels, error) {
	groups := map[string][]part{}
	var order []string
	for _, p := range parts {
		if p.image != nil && p.image.release() != "" {
			// The hint of a name never outranks the banner.
			p.release = p.image.release()
		}
		if _, seen := groups[p.release]; !seen {
			order = append(order, p.release)
		}
		groups[p.release] = append(groups[p.release], p)
	}
	if loose, ok := groups[""]; ok && len(order) == 2 {
		other := order[0]
		if other == "" {
			other = order[1]
		}
		groups[other] = append(groups[other], loose...)
		delete(groups, "")
		order = []string{other}
	}
	var kernels Kernels
	for _, release := range order {
		k := &Kernel{release: release}
		for _, p := range groups[release] {
			if err := k.add(p); err != nil {
				return nil, err
			}
		}
		if !slices.ContainsFunc(k.sources, func(s Source) bool { return s.Kind != Unread }) {
			continue // a release of which nothing could be read
		}
		if err := k.complete(); err != nil {
			return nil, err
		}
		kernels = append(kernels, k)
	}
	if len(kernels) == 0 {
		return nil, errors.New("no kernel among the paths")
	}
	return kernels, nil
}

func (k *Kernel) add(p part) error {
	k.sources = append(k.sources, p.source)
	if p.image != nil {
		if k.arch != "" && p.image.arch != "" && k.arch != p.image.arch {
			return fmt.Errorf("%s: architecture %s, while %s is %s", p.source.Path, p.image.arch, k.release, k.arch)
		}
		k.addImage(p.image)
		s := &k.sources[len(k.sources)-1]
		for _, note := range p.image.notes {
			if s.Note != "" {
				s.Note += "; "
			}
			s.Note += note
		}
	}
	if k.copies == nil {
		k.copies = p.copies
	}
	if p.text != nil {
		k.addText(p.text)
	}
	if p.filter != nil {
		k.filter = p.filter
	}
	if p.exports != nil {
		k.exports = p.exports.merge(k.exports)
	}
	if p.config != nil {
		k.config = p.config
	}
	if p.types != nil {
		k.addTypes(*p.types)
	}
	switch {
	case p.modules == nil:
	case k.modules == nil:
		k.modules = p.modules
	default:
		k.modules.merge(p.modules)
	}
	return nil
}

func (k *Kernel) addImage(f *imageFacts) {
	if k.arch == "" {
		k.arch = f.arch
	}
	k.addTypes(f.types)
	if f.symbols == nil {
		return // a stub that holds only BTF, as in Debian's headers
	}
	// Of vmlinuz and vmlinux the one with more knowledge stays.
	if k.image == nil || !k.image.locationsKnown && f.locationsKnown {
		k.image = f
	}
	if f.config != nil && k.config == nil {
		k.config = f.config
	}
	k.exports = k.exports.merge(f.exports)
}

func (k *Kernel) addTypes(t typeFacts) {
	if k.types.Layout == nil {
		k.types.Layout = t.Layout
	}
	if k.types.ModuleSize == 0 {
		k.types.ModuleSize = t.ModuleSize
	}
	if k.types.raw == nil {
		k.types.raw = t.raw
	}
}

// addText prefers the list that knows addresses, then the longer one.
func (k *Kernel) addText(t *symbolText) {
	if k.text == nil {
		k.text = t
		return
	}
	old := k.text
	if old.vmlinux.hidden && !t.vmlinux.hidden || old.vmlinux.hidden == t.vmlinux.hidden && t.vmlinux.len() > old.vmlinux.len() {
		old.vmlinux = t.vmlinux
	}
	for _, name := range t.order {
		if _, there := old.modules[name]; !there {
			old.modules[name] = t.modules[name]
			old.order = append(old.order, name)
		}
	}
}

// complete settles what follows from all parts together.
func (k *Kernel) complete() error {
	switch {
	case k.image != nil && k.image.symbolsFromKallsyms:
		k.vmlinux, k.vmlinuxFrom = k.image.symbols, "the image's kallsyms tables"
	case k.text != nil && k.text.vmlinux.len() > 0:
		k.vmlinux, k.vmlinuxFrom = k.text.vmlinux, "a symbol list"
	case k.image != nil:
		k.vmlinux, k.vmlinuxFrom = k.image.symbols, "the ELF symbol table"
	}
	if k.image != nil {
		k.vermagic = k.image.vermagic
	}
	if k.modules != nil && len(k.modules.names) > 0 && (k.vermagic == "" || k.types.ModuleSize == 0 || k.arch == "") {
		m, err := k.modules.module(k.modules.names[0])
		if err != nil {
			return err
		}
		if k.vermagic == "" {
			k.vermagic = m.vermagic
		}
		if k.types.ModuleSize == 0 {
			k.types.ModuleSize = m.thisModule
		}
		if k.arch == "" {
			k.arch = m.arch
		}
	}
	if k.release == "" {
		k.release = modfile.ParseVermagic(k.vermagic).Release
	}
	banner := ""
	if k.image != nil {
		banner = k.image.banner
	}
	k.behaviour = behaviour(k.release, bannerVersion(k.release, banner))
	return nil
}

// Release returns the release as in vermagic, "" when unknown.
func (k *Kernel) Release() string { return k.release }

// Arch returns the architecture, "" when unknown.
func (k *Kernel) Arch() klp.Arch { return k.arch }

// Vermagic returns the string that modules are compared with, "" when unknown.
func (k *Kernel) Vermagic() string { return k.vermagic }

// Banner returns the version line of the image, "" when there is no image.
func (k *Kernel) Banner() string {
	if k.image == nil {
		return ""
	}
	return k.image.banner
}

// Sources returns what the kernel was learned from, in the order given.
func (k *Kernel) Sources() []Source { return slices.Clone(k.sources) }

// Behaviour returns how this kernel answers where releases differ. An image's
// banner settles what a distribution's release hides.
func (k *Kernel) Behaviour() klp.Behaviour { return k.behaviour }

// Layout returns the livepatch structs as this kernel was built, nil when no
// BTF tells them.
func (k *Kernel) Layout() *klp.Layout {
	if k.types.Layout == nil {
		return nil
	}
	l := *k.types.Layout
	return &l
}

// ModuleStructSize returns sizeof(struct module) in bytes, 0 when unknown.
func (k *Kernel) ModuleStructSize() uint64 { return k.types.ModuleSize }

// Config returns the value of a configuration option, named without CONFIG_;
// "n" when it is not set, and false when the configuration is not known.
func (k *Kernel) Config(option string) (value string, known bool) {
	if k.config == nil {
		return "", false
	}
	return k.config.value(option), true
}

// Export looks up an exported symbol. known is false when the exports are not
// known well enough to call it missing: those of modules come from
// Module.symvers alone.
func (k *Kernel) Export(name string) (e Export, found, known bool) {
	if k.exports == nil {
		return Export{}, false, false
	}
	e, found = k.exports.byName[name]
	return e, found, found || k.exports.modules
}

// Modules returns the names of the modules of the kernel's folder, sorted; nil
// when no folder was given.
func (k *Kernel) Modules() []string {
	if k.modules == nil {
		return nil
	}
	return slices.Clone(k.modules.names)
}

// Missing says what could not be learned, and which file would tell it.
func (k *Kernel) Missing() []string {
	var missing []string
	need := func(known bool, what, from string) {
		if !known {
			missing = append(missing, what+": give "+from)
		}
	}
	need(k.release != "", "release", "vmlinuz, vmlinux or the module directory")
	need(k.vmlinux.len() > 0, "symbols of vmlinux", "vmlinuz, System.map or /proc/kallsyms")
	need(k.image != nil && k.image.locationsKnown || k.filter != nil, "traceable functions", "vmlinuz or available_filter_functions")
	need(k.types.Layout != nil, "layout of the livepatch structs", "vmlinuz with BTF, or /sys/kernel/btf/vmlinux")
	need(k.exports != nil && k.exports.modules, "exports of modules", "Module.symvers")
	need(k.modules != nil, "modules", "the directory /lib/modules/REL")
	need(k.config != nil, "configuration", "its .config")
	return missing
}
