package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

// The names of Debian's 6.12 that the fixtures are about.
const relatedNames = `ffffffff81000000 T _text
ffffffff81000100 T __do_sys_getpid
ffffffff81000100 T __ia32_sys_getpid
ffffffff81000100 T __x64_sys_getpid
ffffffff81000200 T __ia32_sys_newuname
ffffffff81000300 T __x64_sys_newuname
ffffffff81000400 T __ia32_compat_sys_sysinfo
ffffffff81000500 T __x64_sys_sysinfo
ffffffff81000600 t __tcp_send_ack.cold
ffffffff81000700 t __tcp_send_ack.part.0
ffffffff81000800 t __pfx___tcp_send_ack
ffffffff81000810 T __tcp_send_ack
ffffffff81000900 t renamed.llvm.123
ffffffff81000a00 t renamed
`

func TestWhatStillRunsTheOldCode(t *testing.T) {
	k := kernelWith(t, "System.map", relatedNames)
	for _, r := range []*Rule{klp321, klp322} {
		files, err := filepath.Glob(filepath.Join("..", "fixtures", "rules", r.ID(), "*.ko"))
		if err != nil || len(files) < 2 {
			t.Fatalf("%s: %d fixtures, %v", r.ID(), len(files), err)
		}
		for _, file := range files {
			m, err := elfread.Open(file, elfread.Options{})
			if err != nil {
				t.Fatal(err)
			}
			got, needs := judge(t, r, m, k)
			if bad := strings.HasPrefix(filepath.Base(file), "bad"); needs != "" || bad != (len(got) == 1) {
				t.Errorf("%s: %+v, needs %q", file, got, needs)
			}
		}
	}
	for _, c := range []struct {
		rule *Rule
		name string
		want string // in the only message, "" for none
		as   finding.Severity
	}{
		{klp321, "__tcp_send_ack", "__tcp_send_ack.part.0, a part of __tcp_send_ack", finding.Warning},
		{klp321, "renamed", "", 0},
		{klp321, "__x64_sys_getpid", "", 0},
		{klp322, "__ia32_sys_newuname", "__x64_sys_newuname, the other entry", finding.Warning},
		{klp322, "__x64_sys_getpid", "", 0}, // one address
		{klp322, "__x64_sys_sysinfo", "__ia32_compat_sys_sysinfo, the compat entry", finding.Info},
		{klp322, "__ia32_compat_sys_sysinfo", "", 0},
	} {
		m := fitting()
		m.Toolchain = klp.Static
		m.Patch.Objects = []klp.Object{{Name: "vmlinux", Null: true, Funcs: []klp.Func{{Name: c.name}}}}
		got, needs := judge(t, c.rule, m, k)
		switch {
		case needs != "" || c.want == "" && len(got) > 0:
			t.Errorf("%s of %s: %+v, needs %q", c.rule.ID(), c.name, got, needs)
		case c.want != "" && (len(got) != 1 || !strings.Contains(got[0].Message, c.want) || got[0].Severity != c.as):
			t.Errorf("%s of %s: %+v", c.rule.ID(), c.name, got)
		}
	}
	// kpatch-build compares the copies itself.
	m := fitting()
	m.Toolchain = klp.KpatchBuild
	m.Patch.Objects = []klp.Object{{Name: "vmlinux", Null: true, Funcs: []klp.Func{{Name: "__tcp_send_ack"}}}}
	if got, _ := judge(t, klp321, m, k); len(got) > 0 {
		t.Errorf("kpatch-build: %+v", got)
	}
	m.Patch.Objects[0].Name = "ext4"
	for _, r := range []*Rule{klp321, klp322} {
		m.Toolchain = klp.Static
		if _, needs := judge(t, r, m, k); needs != "symbols of ext4" {
			t.Errorf("%s needs %q", r.ID(), needs)
		}
	}
}

// Copies in functions that are patched too, or freed after boot, do not count;
// of two functions of one name only the patched one's do.
func TestInlinedCopies(t *testing.T) {
	ks, err := kernel.Options{}.Load("../kernel/testdata/inlined/vmlinux-gcc")
	if err != nil {
		t.Fatal(err)
	}
	k := ks[0]
	for file, want := range map[string]string{
		"good.ko": "",
		"bad.ko":  "vmlinux:seq_list_start: copies of it in seq_list_start_head keep the old code",
	} {
		m, err := elfread.Open(filepath.Join("..", "fixtures", "rules", "KLP326", file), elfread.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, needs := judge(t, klp326, m, k)
		if needs != "" || (len(got) > 0) != (want != "") || want != "" && (len(got) != 1 || got[0].Message != want || got[0].Severity != finding.Warning) {
			t.Errorf("%s: %+v, needs %q", file, got, needs)
		}
	}
	for _, c := range []struct {
		sympos uint64
		want   string
	}{{1, "vmlinux:local: copies of it in seq_local and seq_puts keep the old code"}, {2, "vmlinux:local,2: copies of it in cmdline_proc_show keep the old code"}} {
		m := fitting()
		m.Toolchain = klp.Static
		m.Patch.Objects = []klp.Object{{Name: "vmlinux", Null: true, Funcs: []klp.Func{{Name: "local", Sympos: c.sympos}}}, {Name: "ext4", Funcs: []klp.Func{{Name: "ext4_freeze"}}}}
		got, needs := judge(t, klp326, m, k)
		if len(got) != 1 || got[0].Message != c.want || needs != "symbols of ext4" {
			t.Errorf("%+v, needs %q, want %q", got, needs, c.want)
		}
		m.Toolchain = klp.KpatchBuild
		if got, needs := judge(t, klp326, m, k); len(got) > 0 || needs != "" {
			t.Errorf("kpatch-build: %+v, needs %q", got, needs)
		}
	}
	m := fitting()
	m.Toolchain = klp.Static
	m.Patch.Objects = []klp.Object{{Name: "vmlinux", Null: true, Funcs: []klp.Func{{Name: "seq_putc"}}}}
	if got, needs := judge(t, klp326, m, kernelWith(t, "System.map", "ffffffff81000000 T _text\nffffffff81000040 T seq_putc\n")); len(got) > 0 || needs != "a vmlinux with DWARF" {
		t.Errorf("no DWARF: %+v, needs %q", got, needs)
	}
}

// With an image the callers of a clone are named; where all of them are patched
// there is nothing to say.
func TestCallersOfClones(t *testing.T) {
	ks, err := kernel.Options{}.Load("../kernel/testdata/inlined/vmlinux-gcc")
	if err != nil {
		t.Fatal(err)
	}
	for funcs, want := range map[string]string{
		"seq_path":                 "vmlinux:seq_path: vmlinux also has seq_path.part.0, a part of seq_path that the compiler split off, which keeps the old code and is called by seq_file_path",
		"seq_path seq_file_path":   "",
		"seq_path seq_path.part.0": "",
		"seq_dentry":               "",
	} {
		m := fitting()
		m.Toolchain = klp.Static
		m.Patch.Objects = []klp.Object{{Name: "vmlinux", Null: true}}
		for name := range strings.FieldsSeq(funcs) {
			m.Patch.Objects[0].Funcs = append(m.Patch.Objects[0].Funcs, klp.Func{Name: name})
		}
		got, needs := judge(t, klp321, m, ks[0])
		if needs != "" || (len(got) > 0) != (want != "") || want != "" && (len(got) != 1 || got[0].Message != want) {
			t.Errorf("%s: %+v, needs %q, want %q", funcs, got, needs, want)
		}
	}
}

func TestSome(t *testing.T) {
	for n, want := range map[int]string{1: "a", 2: "a and b", 3: "a, b and c", 5: "a, b, c, d and e", 6: "a, b, c, d, e and 1 other function", 7: "a, b, c, d, e and 2 other functions"} {
		if got := some(strings.Split("a b c d e f g", " ")[:n]); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

// The list is in order, so that an entry is found and no name stands twice.
func TestStackResidentsAreInOrder(t *testing.T) {
	for i, s := range stackResidents {
		if i > 0 && stackResidents[i-1].name >= s.name {
			t.Errorf("%s stands behind %s", s.name, stackResidents[i-1].name)
		}
		if s.of == "" || !kernelSource.MatchString(s.where) && !strings.Contains(s.where, ".h: ") {
			t.Errorf("%s: of %q, from %q", s.name, s.of, s.where)
		}
	}
}

// docs/code.md has the list.
func TestStackResidentsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/code.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stackResidents {
		if row := "| `" + s.name + "` | " + s.of + " | " + s.where + " |"; !strings.Contains(string(text), row) {
			t.Errorf("docs/code.md lacks the row\n%s", row)
		}
	}
}

// What an image tells of threads counts beside the list, which says more.
func TestThreadsOfTheImage(t *testing.T) {
	m := fitting()
	m.Patch.Objects = []klp.Object{{Name: "vmlinux", Null: true, Funcs: []klp.Func{
		{Name: "poll_thread", StartedBy: []string{"cpci_hp_start"}},
		{Name: "worker_thread", StartedBy: []string{"create_worker"}},
		{Name: "process_one_work"},
	}}}
	got, _ := judge(t, klp323, m, nil)
	if len(got) != 2 ||
		got[0].Message != "vmlinux:poll_thread is the main function of a kernel thread, which cpci_hp_start starts" ||
		got[1].Message != "vmlinux:worker_thread is always on the stack of the workers of workqueues" {
		t.Errorf("%+v", got)
	}
}
