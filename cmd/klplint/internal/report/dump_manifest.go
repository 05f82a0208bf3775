package report

import (
	"io"

	"github.com/klplint/klplint/cmd/klplint/internal/manifest"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
)

// DumpManifest writes what the modules contain in the form that lint --expect
// reads. Files that are no livepatch have no place in it.
type DumpManifest struct{ w *manifest.Writer }

// NewDumpManifest begins the output.
func NewDumpManifest(w io.Writer, _ Options) Dumper { return &DumpManifest{manifest.NewWriter(w)} }

// Module appends one livepatch.
func (d *DumpManifest) Module(m *klp.Module) error {
	if !m.IsLivepatch() {
		return nil
	}
	return d.w.Module(m)
}

// Problem has no place in a manifest; stderr tells of it.
func (d *DumpManifest) Problem(lint.Error) error { return nil }

// Close ends the output.
func (d *DumpManifest) Close(DumpTotal) error { return d.w.Close() }
