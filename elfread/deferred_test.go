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
		"bad-timer-by-hand":   {by + "timer_list (after)"},
		"bad-timer-in-data":   {"late: timer_list (after)"},
		"bad-hrtimer":         {by + "hrtimer (after)"},
		"bad-work":            {by + "work_struct (after)"},
		"bad-work-in-data":    {"late: work_struct (after)"},
		"bad-tasklet":         {by + "tasklet_struct tasklet_setup(after)"},
		"bad-tasklet-in-data": {"late: tasklet_struct (after)"},
		"bad-irq-work":        {by + "irq_work (after)"},
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
		{"a timer's function", func(a *assembled, text uint32) {
			a.op(0x48, 0xc7, 0x43, 0x58).ref(imm, text, 0).op(0x48, 0x8d, 0x7b, 0x40).call(0xe8, "add_timer_on") // 0x58(%rbx), lea 0x40(%rbx),%rdi
		}, []string{"caller: timer_list (new_func)"}},
		{"another member of a timer's struct", func(a *assembled, text uint32) {
			a.op(0x48, 0xc7, 0x43, 0x60).ref(imm, text, 0).op(0x48, 0x8d, 0x7b, 0x40).call(0xe8, "add_timer_on")
		}, nil},
		{"an hrtimer's function, by registers", func(a *assembled, text uint32) {
			a.op(0x48, 0x89, 0xdf).call(0xe8, "hrtimer_init").op(0x48, 0xc7, 0xc0).ref(imm, text, 0).op(0x48, 0x89, 0x43, 0x28).call(0xe8, "hrtimer_start_range_ns")
		}, []string{"caller: hrtimer (new_func)"}},
		{"stored, in a module that starts nothing", func(a *assembled, text uint32) {
			a.op(0x48, 0x89, 0xdf).call(0xe8, "hrtimer_init").op(0x48, 0xc7, 0x43, 0x28).ref(imm, text, 0)
		}, nil},
		{"a work's function", func(a *assembled, text uint32) { // movabs $0xfffffffe00000,%rax; mov %rax,0x8(%rbp)
			a.op(0x48, 0xb8, 0, 0, 0xe0, 0xff, 0xff, 0xff, 0x0f, 0).op(0x48, 0x89, 0x45, 0x08)
			a.op(0x48, 0xc7, 0x45, 0x20).ref(imm, text, 0).call(0xe8, "queue_work_on")
		}, []string{"caller: work_struct (new_func)"}},
		{"a work that nothing is stored in", func(a *assembled, text uint32) {
			a.op(0x48, 0xb8, 0, 0, 0xe0, 0xff, 0xff, 0xff, 0x0f, 0).op(0x48, 0x89, 0x45, 0x08)
			a.op(0x48, 0xc7, 0x45, 0x10).ref(imm, text, 0).call(0xe8, "queue_work_on").op(0xff, 0xd0)
		}, nil},
		{"a work that the kernel's threads run", func(a *assembled, text uint32) {
			a.op(0x48, 0x89, 0xef).call(0xe8, "__kthread_init_work").op(0x48, 0xc7, 0x45, 0x10).ref(imm, text, 0).call(0xe8, "kthread_queue_work")
		}, []string{"caller: kthread_work (new_func)"}},
		{"called on the stack", func(a *assembled, text uint32) {
			a.op(0x55, 0x48, 0x89, 0xe5, 0x48, 0xc7, 0x45, 0xf8).ref(imm, text, 0).op(0xff, 0x55, 0xf8).call(0xe8, "irq_work_queue")
		}, nil},
		{"lost on the way", func(a *assembled, text uint32) {
			a.op(0x48, 0xc7, 0xc0).ref(imm, text, 0).op(0x0f, 0xa2).call(0xe8, "hrtimer_setup") // cpuid
		}, []string{"caller: hrtimer hrtimer_setup(new_func)"}},
		{"lost, behind the call", func(a *assembled, text uint32) {
			a.call(0xe8, "hrtimer_setup").op(0x48, 0xc7, 0xc0).ref(imm, text, 0).op(0x0f, 0xa2)
		}, nil},
		{"lost, beside a call with a function of the kernel", func(a *assembled, text uint32) {
			outside := uint32(a.f.AddSym(elfmut.Sym{Name: "delayed_work_timer_fn", Bind: elf.STB_GLOBAL}))
			a.op(0x48, 0xc7, 0xc0).ref(imm, text, 0).op(0x0f, 0xa2)
			a.op(0x48, 0xc7, 0xc6).ref(imm, outside, 0).call(0xe8, "init_timer_key")
		}, nil},
		{"lost, beside a call of another's", func(a *assembled, text uint32) {
			a.op(0x48, 0xc7, 0xc0).ref(imm, text, 0).op(0x0f, 0xa2)
			a.op(0x48, 0xc7, 0xc6).ref(imm, text, 0).call(0xe8, "tasklet_setup")
		}, []string{"caller: tasklet_struct tasklet_setup(new_func)"}},
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
