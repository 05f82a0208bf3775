package kernel

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klplint/klplint/klp"
)

// realKernels returns the folders RELEASE/{vmlinuz,headers,modules} that
// kerneltest/fetch.sh makes. Without KLPLINT_KERNELS the tests are not run;
// with it, a missing kernel is a failure.
func realKernels(t *testing.T) []string {
	t.Helper()
	root := os.Getenv("KLPLINT_KERNELS")
	if root == "" {
		t.Skip("KLPLINT_KERNELS is not set: run `make kernel-test`")
	}
	folders, err := filepath.Glob(filepath.Join(root, "*", "complete"))
	if err != nil || len(folders) < 2 {
		t.Fatalf("%s: %d kernels, want at least 2: run kerneltest/fetch.sh", root, len(folders))
	}
	for i := range folders {
		folders[i] = filepath.Dir(folders[i])
	}
	return folders
}

// booted is what a running kernel said of itself, line by line, read here with
// nothing of the package under test.
type booted struct {
	symbols []bootedSymbol // /proc/kallsyms, all objects
	filter  []string       // available_filter_functions
	addrs   map[uint64]bool
	version string
}

type bootedSymbol struct {
	addr         uint64
	kind         byte
	name, object string
}

func boot(t *testing.T, folder string) *booted {
	t.Helper()
	out := t.TempDir()
	if output, err := exec.Command("testdata/boot/boot.sh", filepath.Join(folder, "vmlinuz"), filepath.Join(folder, "modules"), out).CombinedOutput(); err != nil {
		t.Fatalf("boot.sh: %v\n%s", err, output)
	}
	b := &booted{addrs: map[uint64]bool{}}
	lines(t, filepath.Join(out, "kallsyms"), func(line string) {
		line, object, isModule := strings.Cut(line, "\t")
		if !isModule {
			object = "[vmlinux]"
		}
		fields := strings.SplitN(line, " ", 3)
		addr, err := strconv.ParseUint(fields[0], 16, 64)
		if err != nil || len(fields) != 3 {
			t.Fatalf("kallsyms: %q", line)
		}
		b.symbols = append(b.symbols, bootedSymbol{addr, fields[1][0], fields[2], strings.Trim(object, "[]")})
	})
	lines(t, filepath.Join(out, "filter"), func(line string) { b.filter = append(b.filter, line) })
	lines(t, filepath.Join(out, "addrs"), func(line string) {
		word, _, _ := strings.Cut(line, " ")
		addr, err := strconv.ParseUint(word, 16, 64)
		if err != nil {
			t.Fatalf("addrs: %q", line)
		}
		b.addrs[addr] = true
	})
	lines(t, filepath.Join(out, "version"), func(line string) { b.version = line })
	if len(b.symbols) < 10000 || len(b.filter) < 10000 {
		t.Fatalf("the kernel listed %d symbols and %d traceable functions", len(b.symbols), len(b.filter))
	}
	return b
}

func lines(t *testing.T, path string, f func(string)) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	scanner := bufio.NewScanner(bytes.NewReader(data))
	for scanner.Scan() {
		f(scanner.Text())
	}
}

// of returns the symbols of one object in the order in which the kernel lists
// and counts them.
func (b *booted) of(object string) []bootedSymbol {
	var list []bootedSymbol
	for _, s := range b.symbols {
		if s.object == object {
			list = append(list, s)
		}
	}
	return list
}

// TestRealKernels compares what is decoded from an image and its modules with
// what that kernel says of itself when it runs.
func TestRealKernels(t *testing.T) {
	for _, folder := range realKernels(t) {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			o := Options{CacheDir: t.TempDir()}
			cold, err := o.Load(filepath.Join(folder, "vmlinuz"), filepath.Join(folder, "headers"), filepath.Join(folder, "modules"))
			if err != nil {
				t.Fatal(err)
			}
			cached, err := o.Load(filepath.Join(folder, "vmlinuz"), filepath.Join(folder, "headers"), filepath.Join(folder, "modules"))
			if err != nil {
				t.Fatal(err)
			}
			b := boot(t, folder)
			for _, ks := range []Kernels{cold, cached} {
				if len(ks) != 1 {
					t.Fatalf("%d kernels of one release", len(ks))
				}
				k := ks[0]
				if k.Banner() != b.version {
					t.Errorf("banner\n%s\n, the kernel says\n%s", k.Banner(), b.version)
				}
				if missing := k.Missing(); len(missing) > 0 {
					t.Errorf("missing: %q", missing)
				}
				compareSymbols(t, k, b)
				compareTraceable(t, k, b)
				compareModules(t, k, b)
				compareAnswers(t, k, b)
				compareExports(t, k)
				if starters := k.ThreadStarters(vmlinux, "worker_thread", 0); !slices.Equal(starters, []string{"create_worker"}) || len(k.image.threadStarts) < 30 {
					t.Errorf("worker_thread is started by %q, one of %d", starters, len(k.image.threadStarts))
				}
			}
		})
	}
}

func compareSymbols(t *testing.T, k *Kernel, b *booted) {
	t.Helper()
	want := b.of(vmlinux)
	if k.vmlinux.len() != len(want) {
		t.Fatalf("%d symbols, the kernel has %d", k.vmlinux.len(), len(want))
	}
	for i, w := range want {
		if string(k.vmlinux.name(i)) != w.name || k.vmlinux.kinds[i] != w.kind || k.vmlinux.addrs[i] != w.addr {
			t.Fatalf("symbol %d: %#x %c %s, the kernel has %#x %c %s", i,
				k.vmlinux.addrs[i], k.vmlinux.kinds[i], k.vmlinux.name(i), w.addr, w.kind, w.name)
		}
	}
	t.Logf("%d symbols equal in name, kind, order and address", len(want))
}

// compareTraceable: by address where the kernel lists addresses, else by name.
func compareTraceable(t *testing.T, k *Kernel, b *booted) {
	t.Helper()
	running := map[string]int{}
	inVmlinux := 0
	for _, line := range b.filter {
		name, module, _ := strings.Cut(line, " ")
		if module == "" {
			running[name]++
			inVmlinux++
		}
	}
	if got := k.Counts().Traceable; got != inVmlinux {
		t.Errorf("%d traceable functions, the kernel has %d", got, inVmlinux)
	}
	for _, a := range k.image.locations {
		if a >= k.image.initStart && a < k.image.initEnd {
			continue
		}
		if len(b.addrs) > 0 && !b.addrs[a] {
			t.Fatalf("location %#x is not among those of the kernel", a)
		}
		i, exact := slices.BinarySearch(k.vmlinux.addrs, a)
		if !exact {
			i--
		}
		running[string(k.vmlinux.name(i))]--
	}
	differ := 0
	for _, name := range slices.Sorted(maps.Keys(running)) {
		// Functions at one address have several names; the kernel lists one.
		if running[name] != 0 {
			differ++
		}
	}
	if len(b.addrs) == 0 && differ > len(running)/100 {
		t.Errorf("%d of %d names differ in their number of traceable functions", differ, len(running))
	}
	t.Logf("%d traceable functions; by name %d differ (aliases)", inVmlinux, differ)
}

// compareModules: positions in a module follow its file.
func compareModules(t *testing.T, k *Kernel, b *booted) {
	t.Helper()
	objects := map[string]bool{}
	for _, s := range b.symbols {
		objects[s.object] = true
	}
	delete(objects, vmlinux)
	compared := 0
	for _, object := range slices.Sorted(maps.Keys(objects)) {
		if strings.HasPrefix(object, "__builtin__") || object == "bpf" {
			continue
		}
		o, err := k.Object(object)
		if err != nil {
			t.Errorf("%s: %v", object, err)
			continue
		}
		counts := map[string]uint64{}
		for _, s := range b.of(object) {
			counts[s.name]++
		}
		for name, n := range counts {
			if got := uint64(len(o.Positions(name))); got != n {
				t.Errorf("%s:%s has %d positions, the kernel %d", object, name, got, n)
			}
		}
		if o.Len() != len(b.of(object)) {
			t.Errorf("%s: %d symbols, the kernel has %d", object, o.Len(), len(b.of(object)))
		}
		for i, s := range b.of(object) {
			if i < o.Len() && string(o.table.name(i)) != s.name {
				t.Errorf("%s: symbol %d is %s, the kernel's %s", object, i, o.table.name(i), s.name)
				break
			}
		}
		traceable := map[string]bool{}
		for _, line := range b.filter {
			if name, module, _ := strings.Cut(line, " "); module == "["+object+"]" {
				traceable[name] = true
			}
		}
		aliases := map[uint64]int{}
		for _, s := range b.of(object) {
			aliases[s.addr]++
		}
		for _, s := range b.of(object) {
			p := o.Positions(s.name)
			if len(p) != 1 || aliases[s.addr] > 1 || s.kind != 't' && s.kind != 'T' {
				continue
			}
			if got := p[0].Traceable == klp.Yes; got != traceable[s.name] {
				t.Errorf("%s:%s: traceable %t, the kernel says %t", object, s.name, got, traceable[s.name])
			}
		}
		compared++
	}
	if compared < 3 {
		t.Errorf("only %d modules were compared", compared)
	}
	t.Logf("%d modules equal in order and traceable functions", compared)
}

// compareAnswers asks for 2,000 names of all sorts, and works the answers out
// from the raw lists alone.
func compareAnswers(t *testing.T, k *Kernel, b *booted) {
	t.Helper()
	list := b.of(vmlinux)
	positions := map[string][]int{}
	initStart, initEnd := uint64(0), uint64(0)
	for i, s := range list {
		positions[s.name] = append(positions[s.name], i)
		switch s.name {
		case "_sinittext":
			initStart = s.addr
		case "_einittext":
			initEnd = s.addr
		}
	}
	listed := map[string]int{}
	for _, line := range b.filter {
		if name, module, _ := strings.Cut(line, " "); module == "" {
			listed[name]++
		}
	}
	traceable := func(i int) (bool, bool) {
		end := i + 1
		for end < len(list) && list[end].addr == list[i].addr {
			end++
		}
		if len(b.addrs) > 0 && end < len(list) {
			for a := list[i].addr; a < list[end].addr && a < list[i].addr+1<<16; a++ {
				if b.addrs[a] {
					return true, true
				}
			}
			return false, true
		}
		// By name alone an alias or one of several cannot be told.
		unique := len(positions[list[i].name]) == 1 && list[end-1] == list[i] && (i == 0 || list[i-1].addr != list[i].addr)
		return listed[list[i].name] > 0, unique
	}
	classes := map[string][]string{}
	add := func(class, name string) {
		if len(classes[class]) < 400 {
			classes[class] = append(classes[class], name)
		}
	}
	for n, name := range slices.Sorted(maps.Keys(positions)) {
		at := positions[name]
		s := list[at[0]]
		isText := s.kind == 't' || s.kind == 'T'
		yes, known := traceable(at[0])
		switch {
		case s.addr == 0:
		case len(at) > 1 && n%3 == 0:
			add("ambiguous", name)
		case !isText && n%50 == 0:
			add("data", name)
		case isText && s.addr >= initStart && s.addr < initEnd && n%5 == 0:
			add("init", name)
		case isText && known && !yes && n%3 == 0:
			add("notrace", name)
		case isText && known && yes && n%40 == 0:
			add("unique", name)
		case n%100 == 0:
			add("missing", name+".gone")
		}
	}
	asked := 0
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		for _, name := range classes[class] {
			at := positions[name]
			for _, sympos := range []uint64{0, 1, 2, uint64(len(at)), uint64(len(at)) + 1} {
				want := klp.SymbolFound
				switch {
				case len(at) == 0:
					want = klp.SymbolMissing
				case sympos == 0 && len(at) > 1:
					want = klp.SymbolAmbiguous
				case sympos > uint64(len(at)):
					want = klp.SymbolBeyond
				default:
					yes, known := traceable(at[max(1, sympos)-1])
					if !known {
						continue
					}
					if !yes {
						want = klp.SymbolUntraceable
					}
				}
				if got := k.FindFunc(vmlinux, name, sympos); got.Status != want {
					t.Errorf("%s: %s,%d: %s, want %s", class, name, sympos, got.Status, want)
				}
			}
			asked++
		}
	}
	if asked < 1500 {
		t.Errorf("only %d names were asked for", asked)
	}
	t.Logf("%d names asked for: %s", asked, sizes(classes))
}

func sizes(classes map[string][]string) string {
	var parts []string
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		parts = append(parts, fmt.Sprintf("%s %d", class, len(classes[class])))
	}
	return strings.Join(parts, ", ")
}

// compareExports: those decoded from the image equal Module.symvers.
func compareExports(t *testing.T, k *Kernel) {
	t.Helper()
	compared := 0
	for name, want := range k.exports.byName {
		if want.Module != vmlinux {
			continue
		}
		if got := k.image.exports.byName[name]; got != want {
			t.Errorf("%s: the image says %+v, Module.symvers %+v", name, got, want)
		}
		compared++
	}
	if compared != len(k.image.exports.byName) {
		t.Errorf("%d exports in the image, %d in Module.symvers", len(k.image.exports.byName), compared)
	}
	t.Logf("%d exports equal in CRC, licence and namespace", compared)
}
