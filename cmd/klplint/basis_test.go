package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
)

// What decides beside the bytes changes the policy's digest: the day on which a waiver
// ends, and who names the file of known findings.
func TestBasis(t *testing.T) {
	known := filepath.Join(t.TempDir(), "known.json")
	if err := os.WriteFile(known, []byte(`{"schema": 2, "findings": []}`), 0o600); err != nil {
		t.Fatal(err)
	}
	until := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	digest := func(now time.Time, protected map[string]bool) string {
		t.Helper()
		var f settings.Flags
		fs := pflag.NewFlagSet("gate", pflag.ContinueOnError)
		f.AddLint(fs)
		if err := fs.Parse([]string{"--known=" + known}); err != nil {
			t.Fatal(err)
		}
		s := &settings.Settings{Policy: policy.Policy{
			Now: now, Protected: protected,
			Waivers: []policy.Waiver{{Rule: "KLP401", Module: "a", Until: until}, {Rule: "KLP401", Module: "b"}},
		}}
		b, err := (&app{}).basis(fs, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		return b.Digest()
	}
	last := digest(until.Add(24*time.Hour-time.Second), nil)
	if again := digest(until, nil); again != last {
		t.Errorf("on one day: %s and %s", again, last)
	}
	if after := digest(until.Add(24*time.Hour), nil); after == last {
		t.Error("the same when the waiver no longer holds")
	}
	if protected := digest(until, map[string]bool{"KLP601": true}); protected == last {
		t.Error("the same where known findings of some rules count")
	}
}
