package settings

import (
	"fmt"
	"slices"
)

// Kernel says where the target kernels are.
type Kernel struct {
	Paths []string // as --kernel gives them
	None  bool     // no kernel of this machine is looked at
}

// kernel reads --kernel.
func (r *resolver) kernel() error {
	paths := r.f.kernels
	i := slices.Index(paths, "none")
	switch {
	case i < 0:
		r.s.Kernel.Paths = paths
	case len(paths) > 1:
		other := slices.IndexFunc(paths, func(s string) bool { return s != "none" })
		if other < 0 {
			other = 0
		}
		return fmt.Errorf("--kernel none together with --kernel %s", paths[other])
	default:
		r.s.Kernel.None = true
	}
	return nil
}
