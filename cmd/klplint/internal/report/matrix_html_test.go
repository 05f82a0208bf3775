package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/klplint/klplint/cmd/klplint/internal/matrix"
	"github.com/klplint/klplint/klp"
)

// A page of the matrix is a page whatever modules call themselves.
func TestMatrixPageOfHostileNames(t *testing.T) {
	var modules []*klp.Module
	for i, name := range hostile() {
		modules = append(modules, &klp.Module{
			Path: name, Name: name, Arch: klp.X86_64, Vermagic: klp.Vermagic{Release: fmt.Sprintf("%s%d", name[:min(len(name), 200)], i%7)},
			Patch: klp.Patch{Objects: []klp.Object{{Name: name, Funcs: []klp.Func{{Name: name}, {Name: "shared"}}}}, States: []klp.State{{ID: uint64(i), Version: 1}}},
		})
	}
	for _, group := range []matrix.Grouper{nil, func(*klp.Module) string { return hostile()[6] }} {
		var b bytes.Buffer
		if err := MatrixHTML(&b, matrix.New(modules, group), Options{}); err != nil {
			t.Fatal(err)
		}
		htmlCheck(t, b.Bytes())
	}
}

// What is beyond the bound of a page is counted.
func TestMatrixPageIsBounded(t *testing.T) {
	var modules []*klp.Module
	for k := range 100 {
		m := &klp.Module{Path: fmt.Sprint(k), Name: "fix", Arch: klp.X86_64, Vermagic: klp.Vermagic{Release: fmt.Sprintf("6.12.%d", k)}, Patch: klp.Patch{Objects: []klp.Object{{Name: "vmlinux"}}}}
		for f := range 3000 {
			m.Patch.Objects[0].Funcs = append(m.Patch.Objects[0].Funcs, klp.Func{Name: fmt.Sprintf("func_%d.isra.%d", f, k%2)})
		}
		modules = append(modules, m)
	}
	var b bytes.Buffer
	if err := MatrixHTML(&b, matrix.New(modules, nil), Options{}); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	if cells := strings.Count(page, "<td"); cells > maxGridCells || cells < maxGridCells*9/10 {
		t.Errorf("%d cells", cells)
	}
	if !strings.Contains(page, "Left out: 1022 lines") { // of 3,000 funcs, the replace field and the modules
		t.Error("what is left out is not counted")
	}
	if !strings.Contains(page, ">.isra.0<") {
		t.Error("no suffix is shown")
	}
}
