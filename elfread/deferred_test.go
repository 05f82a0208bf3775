package elfread

import (
	"bytes"
	"debug/elf"
	"fmt"
	"slices"
	"testing"

	"github.com/klplint/klplint/fixtures"
	"github.com/klplint/klplint/internal/elfmut"
)

// deferralsOf are the functions that a module leaves with the kernel, in words.
func deferralsOf(t *testing.T, b []byte) []string {
	t.Helper()
	m, err := Read(bytes.NewReader(b), int64(len(b)), "deferring.ko", Options{})
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, d := range m.Deferred {
		list = append(list, fmt.Sprintf("%s: %s %s(%s)", d.At.Symbol, d.Kind, d.By, d.Func))
	}
	return list
}

// By what a function of the module is left with the kernel, as compilers write it.
func TestDeferred(t *testing.T) {
	const by = "klp_cmdline_proc_show: "
	for module, want := range map[string][]string{
		"bad":                 {by + "rcu_head call_rcu(after)"},
		"bad-far":             {by + "rcu_head call_rcu(after)"},
		"bad-timer":           {by + "timer_list init_timer_key(after)"},
		"bad-timer-by-hand":   {by + " (after)"},
		"bad-timer-in-data":   {"late: timer_list (after)"},
		"bad-hrtimer":         {by + " (after)"},
		"bad-work":            {by + " (after)"},
		"bad-work-in-data":    {"late: work_struct (after)"},
		"bad-tasklet":         {by + "tasklet_struct tasklet_setup(after)"},
		"bad-tasklet-in-data": {"late: tasklet_struct (after)"},
		"bad-irq-work":        {by + " (after)"},
		"good-of-others":      nil,
	} {
		if got := deferralsOf(t, fixtures.Read(t, "rules/KLP217/"+module+".ko")); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", module, got, want)
		}
	}
	// What timer_setup() calls has another name in 7.x.
	b := bytes.ReplaceAll(fixtures.Read(t, "rules/KLP217/bad-timer.ko"), []byte("init_timer_key"), []byte("timer_init_key"))
	if got := deferralsOf(t, b); !slices.Equal(got, []string{by + "timer_list timer_init_key(after)"}) {
		t.Errorf("timer of 7.x: %q", got)
	}
}

// Where the address of a function of the module goes, instruction by instruction.
func TestWhereAddressesGo(t *testing.T) {
	const at, size = 64, 128
	const imm = elf.R_X86_64_32S
	for _, tc := range []struct {
		name string
		code func(a *assembled, text uint32)
		want []string
	}{
		{"first parameter of another function", func(a *assembled, text uint32) {
			a.op(0x48, 0xc7, 0xc7).ref(imm, text, 0).call(0xe8, "printk").call(0xe8, "mod_timer")
		}, nil},
		{"parameter, by another register", func(a *assembled, text uint32) {
			a.op(0x48, 0xc7, 0xc3).ref(imm, text, 0).call(0xe8, "printk").op(0x48, 0x89, 0xde).call(0xe8, "call_srcu") // rbx, rsi
		}, []string{"caller: rcu_head of SRCU call_srcu(new_func)"}},
		{"tail call", func(a *assembled, text uint32) {
			a.op(0x48, 0xc7, 0xc6).ref(imm, text, 0).call(0xe9, "call_rcu_tasks")
		}, []string{"caller: rcu_head of RCU Tasks call_rcu_tasks(new_func)"}},
		{"stored at once", func(a *assembled, text uint32) {
			a.op(0x48, 0xc7, 0x47, 0x18).ref(imm, text, 0).call(0xe8, "queue_work_on") // 0x18(%rdi)
		}, []string{"caller:  (new_func)"}},
		{"stored by a register, in a module that starts nothing", func(a *assembled, text uint32) {
			a.op(0x48, 0xc7, 0xc0).ref(imm, text, 0).op(0x48, 0x89, 0x47, 0x18).call(0xe8, "printk")
		}, nil},
		{"stored where %rbp points", func(a *assembled, text uint32) {
			a.op(0x48, 0xc7, 0x45, 0x18).ref(imm, text, 0).call(0xe8, "kthread_queue_work")
		}, []string{"caller:  (new_func)"}},
		{"called on the stack", func(a *assembled, text uint32) {
			a.op(0x55, 0x48, 0x89, 0xe5, 0x48, 0xc7, 0x45, 0xf8).ref(imm, text, 0).op(0xff, 0x55, 0xf8).call(0xe8, "irq_work_queue")
		}, nil},
		{"lost on the way", func(a *assembled, text uint32) {
			a.op(0x48, 0xc7, 0xc0).ref(imm, text, 0).op(0x0f, 0xa2).call(0xe8, "hrtimer_setup") // cpuid
		}, []string{"caller: hrtimer hrtimer_setup(new_func)"}},
		{"lost, beside a start", func(a *assembled, text uint32) {
			a.op(0x48, 0xc7, 0xc0).ref(imm, text, 0).op(0x0f, 0xa2).call(0xe8, "mod_timer")
		}, []string{"caller:  (new_func)"}},
		{"lost, beside none", func(a *assembled, text uint32) {
			a.op(0x48, 0xc7, 0xc0).ref(imm, text, 0).op(0x0f, 0xa2, 0xc3)
			a.f.AddSym(elfmut.Sym{Name: "mod_timer", Bind: elf.STB_GLOBAL})
		}, nil},
	} {
		f := x86().build()
		text := f.Section(".text")
		text.Data = append(text.Data, make([]byte, 2*size)...)
		index := elf.SectionIndex(f.Index(".text"))
		var section uint32
		f.EditSyms(func(syms []elfmut.Sym) []elfmut.Sym {
			for i := range syms {
				if syms[i].Type == elf.STT_SECTION && syms[i].Shndx == index {
					section = uint32(i)
				}
				if syms[i].Name == "new_func" {
					syms[i].Value, syms[i].Size = 0, 16
				}
			}
			return syms
		})
		f.AddSym(elfmut.Sym{Name: "caller", Type: elf.STT_FUNC, Shndx: index, Value: at, Size: size})
		a := assembled{f: f}
		tc.code(&a, section)
		copy(text.Data[at:], a.code)
		for i := range a.relocs {
			a.relocs[i].Offset += at
		}
		f.AddRelas(".rela.text", ".text", 0, a.relocs)
		if got := deferralsOf(t, f.Bytes()); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
