package kernel

// OneModule knows the symbols of a single ordinary module, and nothing of the
// kernel around it: FindFunc and FindSym answer for objects of that name. The
// file is read at the first question.
func OneModule(path, name string) *Kernel {
	return &Kernel{modules: &moduleTree{
		paths:  map[string]string{name: path},
		names:  []string{name},
		loaded: map[string]*loadedModule{},
		cache:  openCache(""),
		spell:  func(path string) string { return path },
	}}
}
