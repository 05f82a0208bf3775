package gate

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/registry/registrytest"
	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/rules"
)

func passes(t *testing.T, r *registry.Registry, m *klp.Module, want Status) *Outcome {
	t.Helper()
	m.Path = m.Name + ".ko"
	out, err := answer(t.Context(), r, "", finding.Error, false, m)
	if err != nil {
		t.Fatal(err)
	}
	if got := out.Modules[0].Status; got != want {
		t.Errorf("%s %v: %q, want %q: %v", m.Name, m.Vermagic.Flags, got, want, out.Verdict.Findings)
	}
	return out
}

// Builds of one release that differ in a flag never meet, and a file that was
// signed since is the module that it was.
func TestSameKernelAndSameModule(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, place string) {
		r := registrytest.Open(t, place)
		m := registrytest.Module("fix_1", registrytest.Flag(false), "f", "")
		m.UnsignedSHA256 = m.SHA256
		passes(t, r, m, Admitted)
		rt := registrytest.Module("fix_1", registrytest.Flag(false), "g", "")
		rt.Vermagic.Flags = []string{"SMP", "preempt_rt"}
		if out := passes(t, r, rt, Admitted); out.Compared != 0 {
			t.Errorf("%d modules of another kernel were compared", out.Compared)
		}
		signed := *m
		signed.SHA256 = strings.Repeat("5", 64)
		first := passes(t, r, &signed, Already)
		if again := passes(t, r, &signed, Already); string(again.Statement) != string(first.Statement) || !strings.Contains(string(first.Statement), signed.SHA256) {
			t.Error("the statement about the signed file is not kept")
		}
		other := registrytest.Module("fix_1", registrytest.Flag(false), "h", "")
		passes(t, r, other, Refused)
	})
}

// What one channel has been given says nothing of another: a fix that stands in one
// is reverted there, whatever came later elsewhere.
func TestChannelsHaveTheirOwnSuccession(t *testing.T) {
	r := registrytest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "r.db"))
	module := func(name, funcs string) *klp.Module {
		return registrytest.Module(name, registrytest.Flag(true), funcs, "")
	}
	both := module("fix_3", "f g")
	err := r.Write(t.Context(), func(tx *registry.Tx) error {
		_, err := tx.Add([]*registry.Entry{
			{Module: module("fix_1", "f g gone"), State: registry.Active, Channel: "stable"},
			{Module: both, State: registry.Active, Channel: "testing"},
			{Module: both, State: registry.Active, Channel: "stable"},
			{Module: module("fix_4", "f"), State: registry.Active, Channel: "testing"},
		}, registry.Added)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	m := module("fix_5", "f")
	m.Path = "fix_5.ko"
	out, err := answer(t.Context(), r, "stable", finding.Error, false, m)
	if err != nil {
		t.Fatal(err)
	}
	if got := dropsFrom(out.Verdict); !slices.Equal(got, []string{"fix_5 replaces fix_3"}) {
		t.Errorf("%s: %q", out.Modules[0].Status, got)
	}
	err = r.Write(t.Context(), func(tx *registry.Tx) error {
		if _, err := tx.Add([]*registry.Entry{{Module: module("fix_5", "f"), State: registry.Active, Channel: "stable"}}, registry.Added); err != nil {
			return err
		}
		v, _, err := Check(tx, lint.Config{Rules: rules.All()}, policy.Policy{FailOn: finding.Error, Rules: rules.All()})
		if got := dropsFrom(v); err == nil && !slices.Equal(got, []string{"fix_3 replaces fix_1", "fix_4 replaces fix_3", "fix_5 replaces fix_3"}) {
			t.Errorf("registry check: %q", got)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// dropsFrom says of which module something is dropped, in a fixed order.
func dropsFrom(v *policy.Verdict) []string {
	var out []string
	for _, f := range v.Findings {
		if before, _, found := strings.Cut(f.Message, " under "); found && f.Rule == "KLP404" {
			out = append(out, before)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Signing and packing leave the digest of what was signed as it is.
func TestUnsignedDigest(t *testing.T) {
	digests := make(map[string][]string)
	for _, name := range []string{"one-func.ko", "one-func.ko.gz", "one-func.ko.xz", "one-func.ko.zst", "signed.ko"} {
		found, err := filepath.Glob("../../../../fixtures/*/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			m, err := elfread.Open(path, elfread.Options{SHA256: true})
			if err != nil {
				t.Fatal(err)
			}
			if (m.SHA256 == m.UnsignedSHA256) != (m.Compression == klp.Uncompressed && m.Signature == nil) {
				t.Errorf("%s: %s and %s", path, m.SHA256, m.UnsignedSHA256)
			}
			digests[m.UnsignedSHA256] = append(digests[m.UnsignedSHA256], path)
		}
	}
	if len(digests) == 0 {
		t.Error("no fixture was read")
	}
}

// While nothing of a lineage is active, what its newest retired module fixed is
// not forgotten.
func TestWithdrawnRelease(t *testing.T) {
	r := registrytest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "r.db"))
	old := registrytest.Module("fix_1", registrytest.Flag(true), "f g", "")
	passes(t, r, old, Admitted)
	err := r.Write(t.Context(), func(tx *registry.Tx) error {
		entries, err := tx.All(registry.Filter{})
		if err != nil {
			return err
		}
		return tx.SetState(entries, registry.Retired, registry.RetiredNow, registry.Change{By: "test"})
	})
	if err != nil {
		t.Fatal(err)
	}
	out := passes(t, r, registrytest.Module("fix_2", registrytest.Flag(true), "f", ""), Admitted)
	if got := out.Modules[0].Withdrawn; !strings.Contains(got, "vmlinux:g") {
		t.Errorf("warning %q", got)
	}
	s, err := ReadStatement(out.Statement)
	if err != nil || s.Predicate.Result != "WARNED" {
		t.Errorf("%+v, %v", s, err)
	}
	if out := passes(t, r, registrytest.Module("fix_3", registrytest.Flag(true), "f", ""), Admitted); out.Modules[0].Withdrawn != "" {
		t.Errorf("a lineage with an active module: %q", out.Modules[0].Withdrawn)
	}
}

// An active module of another channel does not make up for what was retired in this
// one; what was retired in another channel is its own affair while one is active there.
func TestWithdrawnFromAChannel(t *testing.T) {
	r := registrytest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "r.db"))
	module := func(name, funcs string) *klp.Module {
		return registrytest.Module(name, registrytest.Flag(true), funcs, "")
	}
	err := r.Write(t.Context(), func(tx *registry.Tx) error {
		_, err := tx.Add([]*registry.Entry{
			{Module: module("fix_1", "f g"), State: registry.Retired, Channel: "stable"},
			{Module: module("fix_2", "f h"), State: registry.Retired, Channel: "testing"},
			{Module: module("fix_3", "f"), State: registry.Active, Channel: "testing"},
		}, registry.Added)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, tt := range []struct{ channel, want string }{
		{"stable", "#stable is retired, no newer module of fix is active in its channel, and this one does not patch vmlinux:g as that did"},
		{"testing", ""},
		{"other", ""},
	} {
		m := module("fix_4", fmt.Sprintf("f own_%d", i))
		m.Path = "fix_4.ko"
		out, err := answer(t.Context(), r, tt.channel, finding.Error, false, m)
		if err != nil {
			t.Fatal(err)
		}
		if got := out.Modules[0].Withdrawn; (got == "") != (tt.want == "") || !strings.HasSuffix(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.channel, got, tt.want)
		}
	}
}
