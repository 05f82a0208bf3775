package rules

import (
	"slices"
	"testing"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

// TestDisplaced: where sections with an odd alignment come to lie.
func TestDisplaced(t *testing.T) {
	const alloc, write, exec = shfAlloc, shfAlloc | shfWrite, shfAlloc | shfExecinstr
	section := func(name string, flags, size, align uint64) klp.Section {
		return klp.Section{Name: name, Flags: flags, Size: size, Align: align}
	}
	for _, c := range []struct {
		name     string
		sections []klp.Section
		want     []int
	}{
		{"good ones", []klp.Section{section(".text", exec, 100, 16), section(".data", write, 100, 32)}, nil},
		{"the first of its memory", []klp.Section{section(".text", exec, 100, 16), section(".data", write, 100, 33)}, nil},
		{"not in memory", []klp.Section{section(".data", write, 4, 4), section(".comment", 0, 100, 33)}, nil},
		{"read-only, wherever", []klp.Section{section(".rodata", alloc, 3, 1), section(".note", alloc, 100, 5)}, nil},
		{"what the kernel writes", []klp.Section{section(".data", write, 3, 1), section(".data.2", write, 100, 5)}, []int{1}},
		{"init has memory of its own", []klp.Section{section(".data", write, 3, 1), section(".init.data", write, 100, 5)}, nil},
		{"empty", []klp.Section{section(".data", write, 3, 1), section(".bss", write, 0, 5)}, nil},
		{"over the one before", []klp.Section{section(".text", exec, 64, 16), section(".text.2", exec, 64, 1<<32-2)}, []int{1}},
		{"alignment of 0 in 32 bits", []klp.Section{section(".text", exec, 64, 16), section(".text.2", exec, 64, 1<<32)}, []int{1}},
		{"far away", []klp.Section{section(".text", exec, 64, 16), section(".text.2", exec, 64, 1<<31-1)}, []int{1}},
	} {
		m := &klp.Module{Sections: c.sections}
		var got []int
		for i := range displaced(m) {
			got = append(got, i)
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestOddAlignment: a warning where the section lies right all the same.
func TestOddAlignment(t *testing.T) {
	for _, c := range []struct {
		before uint64
		want   finding.Severity
	}{{0, finding.Warning}, {3, finding.Error}} {
		m := &klp.Module{Kind: klp.KindLivepatch, Sections: []klp.Section{
			{Name: ".gnu.linkonce.this_module", Flags: shfAlloc | shfWrite, Size: 1280, Align: 64},
			{Name: ".data", Flags: shfAlloc | shfWrite, Size: c.before, Align: 1},
			{Name: ".data.2", Flags: shfAlloc | shfWrite, Size: 8, Align: 7},
		}}
		got, needs := judge(t, klp121, m, nil)
		if needs != "" || len(got) != 1 || got[0].Severity != c.want || (got[0].Kernel == nil) != (c.want == finding.Error) {
			t.Errorf("behind %d bytes: %+v, %q", c.before, got, needs)
		}
	}
}
