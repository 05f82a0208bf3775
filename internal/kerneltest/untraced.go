package kerneltest

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/klplint/klplint/klp"
)

// untraced are the rules about what the module loader makes of the file itself,
// which trace takes to be as a toolchain writes it: it follows livepatches, not
// sections, plain relocations and symbols without a name. Here the rules alone
// are asked.
var untraced = []string{"KLP119", "KLP120", "KLP121", "KLP122", "KLP123", "KLP124", "KLP220", "KLP221", "KLP222", "KLP319", "KLP330", "KLP331"}

// leftToRules reports whether a disagreement is one that trace is not asked about:
// an untraced rule says of the module what the kernel did, where trace foretold
// that all goes well.
func leftToRules(ctx context.Context, d *Disagreement, folder string, target klp.Target) (bool, error) {
	if d.Predicted.Errno != "OK" || d.Op != "load" && d.Observed.Errno != crashed {
		return false, nil
	}
	claims, err := Judge(ctx, filepath.Join(folder, d.Module+".ko"), target)
	return slices.ContainsFunc(claims, func(c Claim) bool {
		return slices.Contains(untraced, c.Rule) && c.holds(d.Observed.Errno)
	}), err
}
