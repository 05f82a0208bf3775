package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

// Kernels is what `klplint kernel` shows.
type Kernels struct {
	Kernels []*kernel.Kernel
	LookUps []LookUp
}

// LookUp is one name that was looked up in one kernel.
type LookUp struct {
	Release      string
	Object, Name string
	SrcVersion   string // of a module that was read from its file
	Error        string // why the object's symbols are not known
	Rule         string // the rule that reports that error, "" for none
	Positions    []kernel.Position
	Verdicts     []LookUpVerdict
	Derived      string   // what the name is when it is no function of its own
	Similar      []string // proposals for a name that is missing
	Prototype    string   // in C; "" where no BTF tells it
	// What else is the function, or runs its old code when it is patched: other
	// names of the address, the compiler's copies, and the other entries of a
	// system call, and the functions into which it was inlined.
	Aliases, Clones, Twins, Compats, Inlined []string
}

// relations are the lines about what else is the function.
func (l *LookUp) relations() []fact {
	var list []fact
	for _, r := range []struct {
		name  string
		names []string
	}{{"aliases", l.Aliases}, {"clones", l.Clones}, {"twins", l.Twins}, {"compat", l.Compats}, {"inlined into", l.Inlined}} {
		if len(r.names) > 0 {
			list = append(list, fact{r.name, strings.Join(r.names, " ")})
		}
	}
	if l.Prototype != "" {
		list = append(list, fact{"prototype", l.Prototype})
	}
	return list
}

// LookUpVerdict is what becomes of a func with that sympos.
type LookUpVerdict struct {
	Sympos uint64
	Rule   string // the rule that reports it, "" when the func can be patched
	Status klp.SymbolStatus
	Errno  string // "" where the kernel does not refuse it
	Text   string // the kernel's log line, or what is missing, or what comes of it
}

// OK reports whether a func with that sympos can be patched to effect: it is
// found, and no rule speaks against it.
func (v *LookUpVerdict) OK() bool { return v.Status == klp.SymbolFound && v.Rule == "" }

// KernelsText writes one fact a line, each with the release in front.
func KernelsText(w io.Writer, ks *Kernels, _ Options) error {
	var b strings.Builder
	for _, k := range ks.Kernels {
		if len(ks.LookUps) > 0 {
			continue
		}
		line := func(format string, args ...any) {
			b.WriteString(Escape(releaseOf(k.Release())+": "+fmt.Sprintf(format, args...)) + "\n")
		}
		line("kernel arch=%s vermagic=%q", orDash(string(k.Arch())), k.Vermagic())
		for _, s := range k.Sources() {
			note := ""
			if s.Note != "" {
				note = " (" + s.Note + ")"
			}
			line("source %s %s%s", s.Kind, s.Path, note)
		}
		for _, f := range facts(k) {
			line("%s %s", f.name, f.value)
		}
		for _, m := range k.Missing() {
			line("missing %s", m)
		}
	}
	for i := range ks.LookUps {
		l := &ks.LookUps[i]
		line := func(format string, args ...any) {
			b.WriteString(Escape(releaseOf(l.Release)+": "+l.Object+":"+l.Name+": "+fmt.Sprintf(format, args...)) + "\n")
		}
		if l.Error != "" {
			line("%s%s", bracketed(l.Rule), l.Error)
			continue
		}
		for j := range l.Positions {
			p := &l.Positions[j]
			line("position %d address=%s size=%s kind=%s traceable=%s init=%t file=%s", p.Sympos, address(p), size(p), kind(p), p.Traceable, p.Init, orDash(p.File))
		}
		for _, v := range l.Verdicts {
			line("sympos %d: %s", v.Sympos, verdict(v))
		}
		if l.Derived != "" {
			line("note the name is that of %s", l.Derived)
		}
		for _, f := range l.relations() {
			line("%s %s", f.name, f.value)
		}
		if len(l.Similar) > 0 {
			line("similar %s", strings.Join(l.Similar, " "))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// fact is a name and a value.
type fact struct{ name, value string }

// facts are what is known of a kernel in lines.
func facts(k *kernel.Kernel) []fact {
	c := k.Counts()
	list := []fact{}
	add := func(name string, n int, format string, args ...any) {
		if n >= 0 {
			list = append(list, fact{name, fmt.Sprintf(format, args...)})
		}
	}
	add("symbols", c.Symbols, "%d of vmlinux, from %s", c.Symbols, k.SymbolsFrom())
	add("traceable", c.Traceable, "%s", count(c.Traceable, "ftrace location"))
	add("exports", c.Exports, "%d", c.Exports)
	add("modules", c.Modules, "%d in the directory", c.Modules)
	add("listed-modules", c.ListedModules, "%d in the list of symbols", c.ListedModules)
	add("options", c.Options, "%d", c.Options)
	if l := k.Layout(); l != nil {
		list = append(list,
			fact{"layout", fmt.Sprintf("klp_patch %d, klp_object %d, klp_func %d, klp_state %d bytes", l.PatchSize, l.ObjectSize, l.FuncSize, l.StateSize)},
			fact{"replace", fmt.Sprintf("%s at offset %d", l.ReplaceField, l.PatchReplace)})
	}
	if n := k.ModuleStructSize(); n > 0 {
		list = append(list, fact{"struct-module", fmt.Sprintf("%d bytes", n)})
	}
	if answer, reason := k.Livepatch(); answer == klp.No {
		list = append(list, fact{"livepatch", "not supported: " + reason})
	}
	b := k.Behaviour()
	list = append(list,
		fact{"init-eexist", strings.Join(b.InitEEXIST, " or ")},
		fact{"sympos01", "0 and 1 are equal: " + b.Sympos01.String()})
	return list
}

func releaseOf(release string) string {
	if release == "" {
		return "unknown release"
	}
	return release
}

func bracketed(rule string) string {
	if rule == "" {
		return ""
	}
	return "[" + rule + "] "
}

func address(p *kernel.Position) string {
	if !p.HasAddr {
		return "-"
	}
	return fmt.Sprintf("%#x", p.Addr)
}

func size(p *kernel.Position) string {
	switch {
	case p.Size == 0 || p.Size > 1<<32:
		return "-"
	case p.Exact:
		return fmt.Sprint(p.Size)
	}
	return fmt.Sprintf("<=%d", p.Size)
}

func kind(p *kernel.Position) string {
	if p.Kind == 0 {
		return "-"
	}
	return string(rune(p.Kind))
}

func verdict(v LookUpVerdict) string {
	switch {
	case v.OK():
		return "ok"
	case v.Rule == "":
		return "unknown: " + v.Text
	case v.Errno == "":
		return bracketed(v.Rule) + v.Text
	}
	return fmt.Sprintf("%s%s %s", bracketed(v.Rule), v.Errno, v.Text)
}
