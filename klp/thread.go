package klp

// ThreadTarget is a Target that knows which functions are the main functions of kernel
// threads.
type ThreadTarget interface {
	// ThreadStarters returns the functions that start a kernel thread with the
	// function that klp_find_object_symbol() finds, sorted.
	ThreadStarters(object, name string, sympos uint64) []string
}

// FindThreads notes of each func what starts threads with it, as far as the target
// knows.
func FindThreads(m *Module, t Target) {
	k, ok := t.(ThreadTarget)
	if !ok {
		return
	}
	m.eachApplied(func(o *Object, f *Func) { f.StartedBy = k.ThreadStarters(o.Name, f.Name, f.Sympos) })
}
