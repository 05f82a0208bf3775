package kerneltest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Build compiles every module of the suite that is not built yet against a tree of kernel headers
// and leaves them in folder as KEY.ko, without debug info; variables are what
// Kbuild wants to hear of that tree. Modules are built
// together: Kbuild takes a module's name from its file, so all but one module of
// a name are built under another of that length and renamed behind the link.
func (s *Suite) Build(ctx context.Context, headers, folder string, variables ...string) error {
	var rounds []map[string]string // per round: name that it is built under -> key
	for _, key := range slices.Sorted(maps.Keys(s.Modules)) {
		if s.Built && s.Modules[key].Kind != "target" {
			continue
		}
		if _, err := os.Stat(filepath.Join(folder, key+".ko")); err == nil {
			continue // KLPLINT_WORK kept it
		}
		name, i := "", 0
		for ; name == ""; i++ {
			if i == len(rounds) {
				rounds = append(rounds, map[string]string{})
			}
			if s.fits(key, rounds[i]) {
				name = freeName(s.Modules[key].Name, rounds[i])
			}
		}
		rounds[i-1][name] = key
	}
	for i, round := range rounds {
		dir := filepath.Join(folder, fmt.Sprintf("build-%d", i))
		if err := s.buildRound(ctx, headers, dir, round, variables); err != nil {
			return err
		}
		for name, key := range round {
			if err := finish(ctx, filepath.Join(dir, name+".ko"), name, filepath.Join(folder, key+".ko"), s.Modules[key]); err != nil {
				return err
			}
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}

// fits reports whether a module can be built beside those of a round: what links
// with kpatch's script has a folder of its own.
func (s *Suite) fits(key string, round map[string]string) bool {
	for _, other := range round {
		return s.Modules[other].Hooked == s.Modules[key].Hooked
	}
	return true
}

// buildRound runs Kbuild over modules of different names.
func (s *Suite) buildRound(ctx context.Context, headers, dir string, round map[string]string, variables []string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var kbuild strings.Builder
	kbuild.WriteString("ccflags-y := -g0\n")
	hooked := false
	for _, name := range slices.Sorted(maps.Keys(round)) {
		m := s.Modules[round[name]]
		if m.Hooked {
			lines, err := layHooked(dir, name, &m)
			if err != nil {
				return err
			}
			kbuild.WriteString(lines)
			hooked = true
			continue
		}
		if err := writeSource(filepath.Join(dir, name+".c"), m.source()); err != nil {
			return err
		}
		fmt.Fprintf(&kbuild, "obj-m += %s.o\n", name)
	}
	if hooked {
		lines, err := s.layHook(dir)
		if err != nil {
			return err
		}
		kbuild.WriteString(lines)
	}
	if err := os.WriteFile(filepath.Join(dir, "Kbuild"), []byte(kbuild.String()), 0o644); err != nil {
		return err
	}
	// Module BTF costs a pahole run each and is not what is tested here.
	arguments := append([]string{"-s", fmt.Sprintf("-j%d", runtime.NumCPU()), "-C", headers, "M=" + dir, "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules"}, variables...)
	cmd := exec.CommandContext(ctx, "make", arguments...)
	output, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("build modules in %s: %w\n%s", dir, err, output)
	}
	return nil
}

// writeSource leaves a file alone that says the same: what an earlier build was
// stopped in goes on where it was (KLPLINT_WORK).
func writeSource(path, text string) error {
	if before, err := os.ReadFile(path); err == nil && string(before) == text {
		return nil
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// freeName is the name, or another of its length where the round has it; "" where
// there is none.
func freeName(name string, round map[string]string) string {
	if _, taken := round[name]; !taken {
		return name
	}
	const letters = "abcdefghijklmnopqrstuvwxyz"
	for n := range 20_000 {
		other := []byte(strings.Repeat("z", len(name)))
		for i := range other {
			other[i] = letters[n%len(letters)]
			if n /= len(letters); n == 0 {
				break
			}
		}
		if _, taken := round[string(other)]; !taken {
			return string(other)
		}
	}
	return ""
}

// finish puts a module that was built under some name where the guest finds it,
// with its own name and its mutations, and packed where it is to be.
func finish(ctx context.Context, built, name, to string, m Module) error {
	data, err := os.ReadFile(built)
	if err != nil {
		return err
	}
	if name != m.Name {
		if err := rename(data, name, m.Name); err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	mutations := m.Mutate
	if m.License != "" && m.License != "GPL" {
		mutations = append(slices.Clone(mutations), BadLicence)
	}
	for _, mutation := range mutations {
		if err := mutation.apply(data); err != nil {
			return fmt.Errorf("%s: %s: %w", m.Name, mutation, err)
		}
	}
	if m.Packed != "" {
		pack := exec.CommandContext(ctx, "xz", append(strings.Fields(m.Packed), "--stdout")...)
		pack.Stdin = bytes.NewReader(data)
		if data, err = pack.Output(); err != nil {
			return fmt.Errorf("%s: xz %s: %w", m.Name, m.Packed, err)
		}
	}
	return os.WriteFile(to, data, 0o644)
}
