package replace_test

import (
	"fmt"
	"log"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// patch describes a livepatch of one func of the kernel image.
func patch(name string, replaces bool) *klp.Module {
	m := &klp.Module{Name: name, Kind: klp.KindLivepatch, Replace: klp.Replace{Kind: klp.KindFlag, Source: klp.FromData, Flag: replaces}}
	m.Modinfo.Entries = []klp.ModinfoEntry{{Key: "livepatch", Value: "Y"}}
	m.Patch.Found = true
	m.Patch.Objects = []klp.Object{{Name: "vmlinux", Null: true, Funcs: []klp.Func{{Name: "cmdline_proc_show"}}}}
	return m
}

// A cumulative livepatch replaces what was active before it.
func ExampleSystem_Load() {
	model := replace.Mainline{}
	s := replace.NewSystem(model, replace.Env{})
	for _, m := range []*klp.Module{patch("first", false), patch("second", false), patch("cumulative", true)} {
		p, err := replace.NewLivepatch(model, m)
		if err != nil {
			log.Fatal(err)
		}
		var d replace.Decision
		s, d = s.Load(p, replace.LoadOptions{})
		fmt.Printf("%s: %s; replaced %v, owner %s\n", m.Name, d.Outcome, d.Replaced, s.Owners()["vmlinux:cmdline_proc_show"])
	}
	// Output:
	// first: first; replaced [], owner first
	// second: stacks; replaced [], owner second
	// cumulative: replaces; replaced [first second], owner cumulative
}

// Where nobody names a model, the modules' own field does.
func ExampleDefault() {
	field := klp.Replace{Kind: klp.KindSets, Sets: []uint32{1, 2}, Source: klp.FromData}
	models, err := replace.Default([]*klp.Module{{Name: "cumulative", Replace: field}})
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range models {
		r, err := m.Read(&field)
		fmt.Println(m.Name(), r.Sets, r.Evicts, err)
	}
	// Output:
	// sets-positional [1] [2] <nil>
	// sets-flat [1 2] [] <nil>
}
