package elfread

import (
	"path/filepath"
	"testing"
)

// BenchmarkReader measures what one module costs a Reader, file included: the
// whole lint of a stripped static module may cost 2.4 times the 15 us of CPU
// that modinfo needs.
func BenchmarkReader(b *testing.B) {
	for _, bm := range []struct {
		name string
		o    Options
		glob string
	}{
		{"static-one", Options{}, "../fixtures/static/one-func.ko"},
		{"static-many", Options{}, "../fixtures/static/many.ko"},
		{"static-many-sha256", Options{SHA256: true}, "../fixtures/static/many.ko"},
		{"static-debug", Options{}, "../fixtures/static/debug.ko"},
		{"kpatch-many", Options{}, "../fixtures/kpatch/many.ko"},
		{"klp-build-many", Options{}, "../fixtures/klp-build/many.ko"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			files, err := filepath.Glob(bm.glob)
			if err != nil || len(files) == 0 {
				b.Fatalf("no fixtures %s: %v", bm.glob, err)
			}
			r := NewReader(bm.o)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := r.Open(files[i%len(files)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
