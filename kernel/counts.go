package kernel

import "slices"

// Counts are the sizes of what is known; -1 where nothing is.
type Counts struct {
	Symbols       int // of vmlinux
	Traceable     int // ftrace locations outside init text, or listed functions
	Exports       int
	Modules       int // files in the folder
	ListedModules int // modules in a copy of /proc/kallsyms
	Options       int // of the configuration
}

// Counts returns how much is known.
func (k *Kernel) Counts() Counts {
	c := Counts{Symbols: -1, Traceable: -1, Exports: -1, Modules: -1, ListedModules: -1, Options: -1}
	if k.vmlinux.len() > 0 {
		c.Symbols = k.vmlinux.len()
	}
	switch {
	case k.image != nil && k.image.locationsKnown:
		from, _ := slices.BinarySearch(k.image.locations, k.image.initStart)
		to, _ := slices.BinarySearch(k.image.locations, k.image.initEnd)
		c.Traceable = len(k.image.locations) - (to - from)
	case k.filter != nil:
		c.Traceable = k.filter.total
	}
	if k.exports != nil {
		c.Exports = len(k.exports.byName)
	}
	if k.modules != nil {
		c.Modules = len(k.modules.names)
	}
	if k.text != nil && len(k.text.order) > 0 {
		c.ListedModules = len(k.text.order)
	}
	if k.config != nil {
		c.Options = len(k.config)
	}
	return c
}

// SymbolsFrom says where the symbols of vmlinux come from, "" when they are not
// known.
func (k *Kernel) SymbolsFrom() string { return k.vmlinuxFrom }
