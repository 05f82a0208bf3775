//go:build ignore

// Command farm measures klplint's registry at the scale of a build farm: it makes up a
// registry of many modules, imports it, asks what a farm asks, and prints a table of the
// time and the memory of each command.
//
//	farm -klplint PROGRAM -launch PROGRAM [-modules 100000] [-registry PLACE] [-files 10000]
//
// Of the modules, with 20 funcs each, 45 % are for the kernel of fixtures/static, which a
// candidate meets, 10 % for another, and the rest for 45 more; a tenth patch ext4. They
// come in no order. launch is ../launch: it stands between, for the sake of the peak.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	release = "6.12.117+deb12-amd64" // of fixtures/static
	other   = "6.12.45"
)

func main() {
	log.SetFlags(0)
	klplint := flag.String("klplint", "klplint", "measure this `PROGRAM`")
	launch := flag.String("launch", "launch", "start it with this `PROGRAM`")
	modules := flag.Int("modules", 100_000, "how many modules")
	files := flag.Int("files", 10_000, "how many files to add; 0 for none")
	place := flag.String("registry", "", "the empty registry at `PLACE` (default: a SQLite file)")
	flag.Parse()
	dir, err := os.MkdirTemp("", "farm")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if *place == "" {
		*place = "sqlite:" + filepath.Join(dir, "registry.db")
	}
	m := &measure{klplint: *klplint, launch: *launch, place: *place}
	lines := filepath.Join(dir, "farm.jsonl")
	if err := generate(lines, *modules); err != nil {
		log.Fatal(err)
	}
	stacks, replaces := "fixtures/static/one-func.ko", "fixtures/static/replace.ko"
	fmt.Printf("| %d modules | wall | CPU | peak |\n|---|---|---|---|\n", *modules)
	m.run("", "registry", "init", "--quiet")
	m.run("import", "registry", "import", "--quiet", lines)
	m.run("import again", "registry", "import", "--quiet", lines)
	m.run("gate, stacks, beside 45 %", "gate", "--dry-run", "--quiet", "--fail-on", "never", stacks)
	m.run("gate, replaces 45 %", "gate", "--dry-run", "--quiet", "--fail-on", "never", replaces)
	m.run("find --object ext4 --release", "registry", "find", "--object", "ext4", "--release", other)
	m.run("find --object vmlinux --release", "registry", "find", "--object", "vmlinux", "--release", "6.1.7")
	m.run("find --func", "registry", "find", "--func", "func_5_3")
	m.run("list", "registry", "list")
	m.run("export", "registry", "export")
	m.run("verify", "registry", "verify", "--quiet")
	m.run("gate --retire-replaced of 45 %", "gate", "--quiet", "--fail-on", "never", "--retire-replaced", replaces)
	if *files > 0 {
		folder, err := variants(dir, stacks, *files)
		if err != nil {
			log.Fatal(err)
		}
		m.run(fmt.Sprintf("add of %d files", *files), "registry", "add", "--quiet", "--channel", "added", folder)
	}
}

// measure runs klplint.
type measure struct{ klplint, launch, place string }

// run prints a row, unless it has no name.
func (m *measure) run(row string, args ...string) {
	cmd := exec.Command(m.launch, append([]string{m.klplint}, append(args, "--registry", m.place)...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		log.Fatalf("%v: %v: %s", args, err, &stderr)
	}
	var user, system, wall, resident, code int64 // microseconds, and KiB
	if _, err := fmt.Sscan(string(out), &user, &system, &wall, &resident, &code); err != nil || code != 0 {
		log.Fatalf("%v: %v: %s%s", args, err, out, &stderr)
	}
	if row != "" {
		fmt.Printf("| %s | %.2f s | %.2f s | %d MiB |\n", row, float64(wall)/1e6, float64(user+system)/1e6, resident>>10)
	}
}

// generate writes modules in the form of klplint registry export.
func generate(path string, modules int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprintln(w, `{"klplint_registry":1,"revision":1}`)
	for _, i := range rand.New(rand.NewSource(1)).Perm(modules) {
		kernel := fmt.Sprintf("6.1.%d", i%45)
		switch {
		case i < modules*45/100:
			kernel = release
		case i < modules*55/100:
			kernel = other
		}
		if err := writeModule(w, i, kernel); err != nil {
			return err
		}
	}
	return w.Flush()
}

func writeModule(w *bufio.Writer, i int, kernel string) error {
	object := map[string]any{"name": "vmlinux", "null": true}
	if i%10 == 7 {
		object = map[string]any{"name": "ext4"}
	}
	object["at"] = [3]int{}
	var funcs []any
	for j := range 20 {
		name := fmt.Sprintf("func_%d_%d", i, j)
		funcs = append(funcs, map[string]any{"name": name, "at": [3]int{1, j * 152, 4096 + j*152}, "new": "livepatch_" + name, "new_size": 64})
	}
	object["funcs"] = funcs
	name := fmt.Sprintf("fix_of_%d_x", i)
	flags := []string{"SMP", "preempt", "mod_unload", "modversions"}
	vermagic := kernel + " " + strings.Join(flags, " ") + " "
	return json.NewEncoder(w).Encode(map[string]any{
		"state": "active", "owner": "vendor", "added_by": "farm", "added_at": "2026-01-01T00:00:00Z",
		"document": map[string]any{
			"path": name + ".ko", "name": name, "arch": "x86_64", "toolchain": "static", "size": 4096,
			"sha256": fmt.Sprintf("%x", sha256.Sum256([]byte(name))), "compression": "none", "layout": "relocations", "found": true,
			"modinfo":  [][2]string{{"livepatch", "Y"}, {"license", "GPL"}, {"name", name}, {"vermagic", vermagic}},
			"vermagic": vermagic, "release": kernel, "flags": flags,
			"replace": map[string]any{"kind": "flag", "sets": nil, "supersedes": nil, "source": "data", "field_source": "dwarf", "at": [3]int{}},
			"objects": []any{object}, "sites": [][2]string{{"", ""}, {".data", "funcs"}},
		},
	})
}

// variants writes copies of a module with names of their own.
func variants(dir, module string, n int) (string, error) {
	content, err := os.ReadFile(module)
	if err != nil {
		return "", err
	}
	folder := filepath.Join(dir, "files")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return "", err
	}
	for i := range n {
		b := bytes.ReplaceAll(content, []byte("static_one_func"), fmt.Appendf(nil, "hotfix_%08d", i))
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("hotfix-%d.ko", i)), b, 0o600); err != nil {
			return "", err
		}
	}
	return folder, nil
}
