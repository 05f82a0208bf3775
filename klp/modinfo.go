package klp

// Modinfo is the .modinfo section: key=value strings in file order. A key may
// occur several times (alias, parm, import_ns).
type Modinfo struct {
	Present bool // the section exists
	Entries []ModinfoEntry
}

// ModinfoEntry is one key=value string of .modinfo.
type ModinfoEntry struct {
	Key, Value string
	// Bare: the string has no '='; all of it is the Key. The kernel passes such
	// strings over (kernel/module/main.c: get_next_modinfo).
	Bare   bool
	Offset uint64 // bytes from the start of .modinfo
}

// Get returns the value of the first entry with the key, as the kernel's
// get_modinfo() does, and whether there is one.
func (m *Modinfo) Get(key string) (string, bool) {
	for i := range m.Entries {
		if e := &m.Entries[i]; e.Key == key && !e.Bare {
			return m.Entries[i].Value, true
		}
	}
	return "", false
}

// Has reports whether the key occurs, whatever its value: for livepatch= the
// kernel looks at presence alone (kernel/module/main.c: check_modinfo_livepatch).
func (m *Modinfo) Has(key string) bool {
	_, ok := m.Get(key)
	return ok
}

// Vermagic is the vermagic= string, split as same_magic() of
// kernel/module/version.c splits it: the release up to the first space, then
// the flags.
type Vermagic struct {
	Raw     string   // "" when the module has none
	Release string   // e.g. "6.12.111+deb12-amd64"
	Flags   []string // e.g. SMP preempt mod_unload modversions
}
