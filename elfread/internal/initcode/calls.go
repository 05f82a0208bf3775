package initcode

import (
	"strconv"
	"strings"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
)

// effect is what is known of a function outside the module.
type effect uint8

const (
	// The zero effect: it may keep its arguments, and write to all that it can reach.
	_ effect = iota
	// effectNone: it writes to nothing of ours and keeps none of its arguments.
	effectNone
	// effectTrace: it leaves all registers alone.
	effectTrace
	// effectFatal: it does not come back.
	effectFatal
	// effectReturn: jumping to it is returning (return thunks).
	effectReturn
	// effectIndirect: jumping to it is jumping through a register (retpolines).
	effectIndirect
	// effectAlloc: it returns fresh memory, zeroed if its flags say so.
	effectAlloc
	// effectZalloc: it returns fresh zeroed memory.
	effectZalloc
	// effectEnable: klp_enable_patch().
	effectEnable
	// effectOut: it stores through one argument and nowhere else.
	effectOut
	// effectFill: memset().
	effectFill
	// effectCopy: memcpy() and memmove().
	effectCopy
	// effectShadow: klp_shadow_*(), with the id at argument arg.
	effectShadow
)

// external is an entry of the table of functions outside the module.
type external struct {
	effect effect
	arg    uint8 // the argument of interest: gfp flags, out pointer, shadow id
}

// gfpZero is __GFP_ZERO (include/linux/gfp_types.h): seen as part of 0xdc0 in modules for
// 6.1, 6.6, 6.12 and 7.3.
const gfpZero = 0x100

// lookUp says what is known of a function outside the module. Names are those that
// code of kernels 5.1 to 7.3 refers to; what is missing here costs an answer,
// never a wrong one.
func lookUp(name string) external {
	switch name {
	case "klp_enable_patch":
		return external{effect: effectEnable}
	case "__fentry__", "mcount", "_mcount", "ftrace_caller":
		return external{effect: effectTrace}
	case "__x86_return_thunk", "__s390_indirect_jump_r14":
		return external{effect: effectReturn}
	case "__stack_chk_fail", "panic", "__fortify_panic", "fortify_panic", "__ubsan_handle_builtin_unreachable":
		return external{effect: effectFatal}
	// klp_register_patch(), of kernels before 5.1, writes to the kernel's own
	// fields of the patch and to none of the author's.
	case "_printk", "printk", "klp_register_patch", "kfree", "kvfree", "vfree", "__sanitizer_cov_trace_pc",
		"__sanitizer_cov_trace_cmp1", "__sanitizer_cov_trace_cmp2", "__sanitizer_cov_trace_cmp4", "__sanitizer_cov_trace_cmp8",
		"__sanitizer_cov_trace_const_cmp1", "__sanitizer_cov_trace_const_cmp2",
		"__sanitizer_cov_trace_const_cmp4", "__sanitizer_cov_trace_const_cmp8",
		"strcmp", "strncmp", "strlen", "strnlen", "memcmp",
		"__list_add_valid", "__list_add_valid_or_report", "__list_del_entry_valid", "__list_del_entry_valid_or_report",
		"__warn_printk", "_dev_printk", "__warn", "dump_stack", "__cond_resched", "__might_sleep", "__rcu_read_lock", "__rcu_read_unlock":
		return external{effect: effectNone}
	// void *f(size, flags)
	case "__kmalloc", "__kmalloc_noprof", "kmalloc_large", "kmalloc_large_noprof", "__kmalloc_large_noprof", "__kvmalloc":
		return external{effectAlloc, 1}
	// void *f(cache, flags, size)
	case "kmalloc_trace", "kmalloc_trace_noprof", "__kmalloc_cache_noprof", "kmem_cache_alloc_trace",
		"kmem_cache_alloc", "kmem_cache_alloc_noprof":
		return external{effectAlloc, 1}
	// void *f(size, buckets or node, flags...): the flags are elsewhere, or not looked at
	case "kvmalloc_node", "__kvmalloc_node_noprof", "__kmalloc_node", "__kmalloc_node_noprof",
		"vmalloc", "vmalloc_noprof", "kmalloc_array", "kmalloc":
		return external{effectAlloc, 255}
	case "kzalloc", "kcalloc", "vzalloc", "vzalloc_noprof":
		return external{effectZalloc, 0}
	case "memset", "__memset":
		return external{effect: effectFill}
	case "memcpy", "__memcpy", "memmove", "__memmove":
		return external{effect: effectCopy}
	// void *f(mod, name, size_t *size)
	case "klp_find_section_by_name":
		return external{effectOut, 2}
	case "klp_shadow_get", "klp_shadow_alloc", "klp_shadow_get_or_alloc", "klp_shadow_free":
		return external{effectShadow, 1}
	case "klp_shadow_free_all":
		return external{effectShadow, 0}
	}
	if strings.HasPrefix(name, "__x86_indirect_") {
		return external{effect: effectIndirect}
	}
	if thunkRegister(name) != ir.NoReg {
		return external{effect: effectIndirect}
	}
	return external{}
}

// thunkRegister is the register that one of s390x's thunks jumps through.
func thunkRegister(name string) int8 {
	const jump = "__s390_indirect_jump_r"
	if !strings.HasPrefix(name, jump) {
		return ir.NoReg
	}
	n, err := strconv.Atoi(name[len(jump):])
	if err != nil || n < 1 || n > 15 {
		return ir.NoReg
	}
	return int8(n)
}

// callExternal applies the effect of a call of an undefined symbol. It reports false
// when the call does not come back.
func (e *engine) callExternal(s *state, sym int, at ir.PC) bool {
	name := e.symbol(uint32(sym)).Name
	x := lookUp(name)
	if uint32(sym) == e.in.Enable {
		x = external{effect: effectEnable}
	}
	m := e.m
	result, fixed := ir.Value{}, false
	switch x.effect {
	case effectTrace:
		return true
	case effectFatal:
		return false
	case effectNone:
	case effectReturn, effectIndirect:
		e.callAnything(s)
		return true
	case effectAlloc, effectZalloc:
		zero := x.effect == effectZalloc
		if int(x.arg) < len(m.Args) && !zero {
			flags := s.regs[m.Args[x.arg]]
			zero = ir.IsNumber(flags) && flags.Off&gfpZero != 0
		}
		result, fixed = e.allocate(s, at, zero), true
	case effectEnable:
		arg := s.regs[m.Args[0]]
		e.enabled(s, arg, at)
		s.escaped |= arg.Bits() &^ ir.StaticBits // the kernel keeps it, and leaves the field alone
		if arg.Exact() {
			result, fixed = ir.Value{Kind: ir.Verdict, Reg: arg.Reg, Off: arg.Off}, true
		}
	case effectOut:
		e.store(s, s.regs[m.Args[x.arg]], 8, ir.Runtime(s.escaped), at)
	case effectFill, effectCopy: // some bytes somewhere in what the argument points into
		to, b := s.regs[m.Args[0]], ir.Bits(0)
		if x.effect == effectCopy {
			from := s.regs[m.Args[1]]
			b = e.load(s, ir.Mix(from, ir.Number(0)), 8, false).Bits() | s.escaped
		}
		e.store(s, anywhere(to), 8, ir.Anything(b), at)
		result, fixed = to, true
	case effectShadow:
		e.shadow(s, name, s.regs[m.Args[x.arg]], at)
		e.callUnknown(s)
	default:
		e.callUnknown(s)
	}
	e.clobberScratch(s)
	if !fixed {
		result = ir.Runtime(s.escaped)
	}
	s.regs[m.Result] = result
	return true
}

// anywhere is an address somewhere in what v points into.
func anywhere(v ir.Value) ir.Value {
	if v.Pointer() {
		return ir.Value{Kind: ir.Within, Reg: v.Reg}
	}
	return v
}

// callUnknown: the function may keep its arguments, and write wherever they or what it
// already has lead.
func (e *engine) callUnknown(s *state) {
	for _, r := range e.m.Args {
		v := s.regs[r]
		if v.Kind == ir.Address && v.Reg.IsSection() {
			if sec := e.section(v.Reg.Number()); sec != nil && sec.Exec {
				e.callAnything(s) // a callback into the module
				return
			}
		}
		e.leak(s, v)
	}
	e.blindWrite(s)
	s.spoilAll(s.escaped)
}

// callAnything: code that may be any function, the module's own too.
func (e *engine) callAnything(s *state) {
	for _, r := range e.m.Args {
		e.leak(s, s.regs[r])
	}
	s.spoilAll(ir.AllBits &^ ir.StackBit)
	s.spoilAll(s.escaped)
	s.blind = true
	e.clobberScratch(s)
}

func (e *engine) clobberScratch(s *state) {
	v := ir.Anything(s.escaped)
	for _, r := range e.m.Scratch {
		s.regs[r] = v
	}
	s.regs[ir.Temp0], s.regs[ir.Temp1], s.regs[ir.Temp2] = v, v, v
	s.cmp = ir.Value{}
}

// allocate returns the address of fresh memory. Addresses of what the same call
// returned before are no longer told from others.
func (e *engine) allocate(s *state, at ir.PC, zero bool) ir.Value {
	n := -1
	for i := range e.allocs {
		if e.allocs[i].at == at && e.allocs[i].path == e.sites {
			n = i
		}
	}
	if n < 0 {
		if len(e.allocs) == maxAllocs {
			return ir.Anything(s.escaped)
		}
		n = len(e.allocs)
		e.allocs = append(e.allocs, alloc{at: at, path: e.sites, zero: zero})
	}
	if e.allocs[n].zero && !zero {
		e.allocs[n].zero = false
		e.again = true // what was concluded from it no longer holds
	}
	r := ir.AllocBase | ir.Region(n)
	old := func(v *ir.Value) {
		if v.Reg == r && v.Kind != ir.Unknown && v.Kind != ir.Constant {
			*v = ir.Anything(v.Bits())
		}
	}
	for i := range s.regs {
		old(&s.regs[i])
	}
	s.drop(r)
	for i := range s.cells {
		old(&s.cells[i].val)
	}
	old(&s.cmp)
	if n < 31 {
		s.wild &^= r.Bit()
	}
	kept := s.enabled[:0]
	for _, v := range s.enabled {
		if v.Reg != r {
			kept = append(kept, v)
		}
	}
	s.enabled = kept
	return ir.Value{Kind: ir.Address, Reg: r}
}
