package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/gate"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
)

// undecisive are the flags that decide nothing about a verdict: where it is
// written, who asks for it, and what is recorded beside it. The channels and
// the files are bound by what they hold.
var undecisive = []string{
	"format", "jobs", "quiet", "color", "no-cache", "help", "null", "allow-empty", "registry", "wait", "owner", "label", "by", "dry-run",
	"attest", "attest-key", "attest-format", "verify", "key", "require-policy", "write-known",
}

// fileFlags name files that decide: their digests stand for them.
var fileFlags = []string{"config", "custom", "waivers", "known", "expect", "kernel"}

// decisiveFlags are the values of the flags that decide, by name, wherever they come
// from: command line, environment or configuration. Of changed flags only those
// of the command line.
func decisiveFlags(fs *pflag.FlagSet, changed bool) map[string]string {
	out := make(map[string]string)
	fs.VisitAll(func(f *pflag.Flag) {
		if (f.Changed || !changed) && !slices.Contains(undecisive, f.Name) && !slices.Contains(fileFlags, f.Name) && f.Name != "against" {
			out[f.Name] = f.Value.String()
		}
	})
	return out
}

// basis is what decides a gate's verdict beside the modules.
func basis(fs *pflag.FlagSet, s *settings.Settings) (gate.Basis, error) {
	b := gate.Basis{Version: buildVersion().Version, Rules: s.Policy.Rules, Settings: decisiveFlags(fs, false), Inputs: []gate.Descriptor{}}
	for _, flag := range append(slices.Clone(fileFlags), "against") {
		for _, path := range filesOf(fs, s, flag) {
			digest, err := hashTree(path)
			if err != nil {
				return b, uncheckedErrorf("--%s: %w", flag, err)
			}
			b.Inputs = append(b.Inputs, gate.Descriptor{Name: path, Digest: map[string]string{"sha256": digest}, Annotations: map[string]string{"flag": flag}})
		}
	}
	return b, nil
}

// filesOf lists the files that a flag names, or the configuration in its place.
func filesOf(fs *pflag.FlagSet, s *settings.Settings, flag string) []string {
	switch flag {
	case "config":
		if s.File == "" {
			return nil
		}
		return []string{s.File}
	case "kernel":
		return s.Kernel.Paths
	}
	value := fs.Lookup(flag).Value
	if list, ok := value.(pflag.SliceValue); ok {
		return list.GetSlice()
	}
	if path := value.String(); path != "" {
		return []string{path}
	}
	return nil
}

// hashTree is the digest of a file, or of the names and digests of all files
// below a folder.
func hashTree(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return hashFile(path)
	}
	all := sha256.New()
	root := path + string(filepath.Separator) // a folder may be a link
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		digest, err := hashFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		fmt.Fprintf(all, "%s %q\n", digest, rel)
		return err
	})
	return hex.EncodeToString(all.Sum(nil)), err
}
