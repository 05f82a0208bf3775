package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/gate"
	"github.com/klplint/klplint/cmd/klplint/internal/input"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
	"github.com/klplint/klplint/kernel"
)

// undecisive are the flags that decide nothing about a verdict: where it is
// written, who asks for it, and what is recorded beside it. The channels and
// the files are bound by what they hold.
var undecisive = []string{
	"format", "jobs", "quiet", "verbose", "color", "no-cache", "help", "null", "literal-paths", "allow-empty", "registry", "wait", "label", "by", "dry-run",
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
func (a *app) basis(fs *pflag.FlagSet, s *settings.Settings, against []input.File) (gate.Basis, error) {
	b := gate.Basis{Version: buildVersion().Version, Rules: s.Policy.Rules, Settings: decisiveFlags(fs, false), Inputs: []gate.Descriptor{}}
	for _, flag := range fileFlags {
		for _, path := range a.filesRead(flag, filesOf(fs, s, flag)) {
			digest, files, err := hashTree(path)
			if err != nil {
				return b, uncheckedErrorf("--%s: %w", flag, err)
			}
			if err := a.guard(files...); err != nil {
				return b, err
			}
			d := gate.Descriptor{Name: path, Digest: map[string]string{"sha256": digest}, Annotations: map[string]string{"flag": flag}}
			if flag == "known" && s.Policy.Protected != nil {
				d.Annotations["from"] = "configuration" // it accepts less than one that the command line names
			}
			b.Inputs = append(b.Inputs, d)
		}
	}
	if len(s.Against) > 0 {
		digest, err := hashInputs(against)
		if err != nil {
			return b, uncheckedErrorf("--against: %w", err)
		}
		b.Inputs = append(b.Inputs, gate.Descriptor{
			Name: strings.Join(s.Against, " "), Digest: map[string]string{"sha256": digest}, Annotations: map[string]string{"flag": "against"},
		})
	}
	for i := range s.Policy.Waivers {
		if s.Policy.Waivers[i].Expired(s.Policy.Now) {
			b.Expired++
		}
	}
	return b, nil
}

// hashInputs is the digest of the digests of files, in whatever order they are given: a
// folder, a list and a pattern are the modules in them.
func hashInputs(files []input.File) (string, error) {
	digests := make([]string, len(files))
	for i := range files {
		var err error
		if digests[i], err = hashInput(&files[i]); err != nil {
			return "", err
		}
	}
	slices.Sort(digests)
	all := sha256.Sum256([]byte(strings.Join(digests, "\n")))
	return hex.EncodeToString(all[:]), nil
}

// filesNow are the digests of the files that the command line names for flags, --against
// aside.
func (a *app) filesNow(fs *pflag.FlagSet) (map[string][]string, error) {
	out := make(map[string][]string)
	for _, flag := range fileFlags {
		f := fs.Lookup(flag)
		if !f.Changed {
			continue
		}
		paths := words(f)
		if len(paths) == 1 && paths[0] == "none" && (flag == "kernel" || flag == "config") {
			paths = nil
		}
		out[flag] = []string{}
		for _, path := range a.filesRead(flag, paths) {
			digest, _, err := hashTree(path)
			if err != nil {
				return nil, uncheckedErrorf("--%s: %w", flag, err)
			}
			out[flag] = append(out[flag], digest)
		}
	}
	return out, nil
}

// filesRead are the files that a flag's words stand for: a release of --kernel is what
// this machine has of it.
func (a *app) filesRead(flag string, words []string) []string {
	var out []string
	for _, word := range words {
		if _, err := os.Stat(word); flag == "kernel" && isRelease(word, err) {
			if found := kernel.Discover(a.root, word); len(found) > 0 {
				out = append(out, found...)
				continue
			}
		}
		out = append(out, word)
	}
	return out
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
	return words(fs.Lookup(flag))
}

// words are the values of a flag that may be given several times, or its one value; none
// where that is empty.
func words(f *pflag.Flag) []string {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return list.GetSlice()
	}
	if word := f.Value.String(); word != "" {
		return []string{word}
	}
	return nil
}

// hashTree is the digest of a file, or of the names and digests of all files
// below a folder, which it lists.
func hashTree(path string) (digest string, files []string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", nil, err
	}
	switch {
	case info.Mode().IsRegular():
		digest, err = hashFile(path)
		return digest, []string{path}, err
	case !info.IsDir():
		// What was read from a pipe is gone, and its digest would be that of nothing.
		return "", nil, fmt.Errorf("%s is no regular file, and the record could not say what it holds", path)
	}
	t := tree{root: path, all: sha256.New(), met: make(map[string]bool)}
	err = t.folder("")
	return hex.EncodeToString(t.all.Sum(nil)), t.files, err
}

type tree struct {
	root  string
	all   hash.Hash
	met   map[string]bool // folders, by where they really are
	files []string
}

// folder adds the files of a folder and below it, those that links lead to as well:
// they are read. A folder that was met before is told by its name.
func (t *tree) folder(below string) error {
	folder := filepath.Join(t.root, below)
	real, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return err
	}
	if t.met[real] {
		fmt.Fprintf(t.all, "folder %q\n", below)
		return nil
	}
	t.met[real] = true
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		rel := filepath.Join(below, e.Name())
		path := filepath.Join(t.root, rel)
		info, err := os.Stat(path)
		switch {
		case err != nil:
			fmt.Fprintf(t.all, "nothing %q\n", rel) // a link that leads nowhere is read by nobody
		case info.IsDir():
			if err := t.folder(rel); err != nil {
				return err
			}
		case info.Mode().IsRegular():
			digest, err := hashFile(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(t.all, "%s %q\n", digest, rel)
			t.files = append(t.files, path)
		}
	}
	return nil
}
