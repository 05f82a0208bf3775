package gate

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"github.com/klplint/klplint/cmd/klplint/internal/registry/registrytest"
	"github.com/klplint/klplint/klp"
)

// replaces draws what a module says of replacing. Of the three fields one is
// chosen for a whole registry, most of the time.
func replaces(field int) *rapid.Generator[klp.Replace] {
	numbers := rapid.SliceOfN(rapid.Uint32Range(0, 4), 0, 3)
	return rapid.Custom(func(t *rapid.T) klp.Replace {
		f := field
		if rapid.IntRange(0, 60).Draw(t, "other field") == 0 {
			f = (field + 1) % 3
		}
		r := klp.Replace{Source: klp.FromData, FieldSource: klp.FieldDWARF}
		if rapid.IntRange(0, 12).Draw(t, "unknown") == 0 {
			r.Source, r.Reason = klp.FromRuntime, "a module parameter"
			if rapid.Bool().Draw(t, "kind") {
				r.Kind, r.Source = klp.KindUnknown, klp.FromNone
				return r
			}
		}
		switch f {
		case 0:
			r.Kind, r.Flag = klp.KindFlag, rapid.Bool().Draw(t, "flag")
		case 1:
			r.Kind, r.Set = klp.KindSet, rapid.Uint32Range(0, 4).Draw(t, "set")
			if rapid.Bool().Draw(t, "has supersedes") {
				r.Supersedes = numbers.Draw(t, "supersedes")
			}
		default:
			r.Kind, r.Sets = klp.KindSets, numbers.Draw(t, "sets")
		}
		return r
	})
}

// module draws a module whose funcs, states, shadow ids, names and lineages meet
// those of others.
func module(t *rapid.T, replace *rapid.Generator[klp.Replace], i int) *klp.Module {
	pick := func(label string, of ...string) string {
		return strings.Join(rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, 3, rapid.ID[string]).Draw(t, label), " ")
	}
	name := rapid.SampledFrom([]string{"fix", "cve", "hot", "kernel"}).Draw(t, "stem") + fmt.Sprintf("_%d", rapid.IntRange(1, 12).Draw(t, "version"))
	m := registrytest.Module(name, replace.Draw(t, "replace"),
		pick("funcs", "f", "g", "h,1", "h,2", "ext4:f", "ext4:g")+" "+pick("more", "a", "b", "c", "d,1", "d", "e"),
		pick("states", "1:1", "1:2", "2:1", "3:1", "4:4", "18446744073709551615:1"))
	m.Path = fmt.Sprintf("build/%d.ko", i)
	m.SHA256 = fmt.Sprintf("%064x", i+1)
	m.UnsignedSHA256 = m.SHA256
	if rapid.IntRange(0, 3).Draw(t, "shadow") == 0 {
		m.ShadowIDs = []klp.ShadowID{{ID: rapid.Uint64Range(1, 3).Draw(t, "shadow id"), By: "klp_shadow_alloc"}}
	}
	if rapid.IntRange(0, 6).Draw(t, "callbacks") == 0 {
		m.Patch.Objects = append(m.Patch.Objects, klp.Object{
			Name: rapid.SampledFrom([]string{"xfs", "nfs"}).Draw(t, "object"), Callbacks: []klp.Callback{{Kind: klp.PrePatch}},
		})
	}
	if rapid.IntRange(0, 6).Draw(t, "literal") == 0 {
		m.Patch.Objects = append(m.Patch.Objects, klp.Object{Name: "vmlinux", Literal: true, Funcs: []klp.Func{{Name: "f"}}})
	}
	return m
}
