package initcode

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
	"github.com/klplint/klplint/klp"
)

var update = flag.Bool("update", false, "write the effects of testdata/effects anew")

// The state that each instruction of testdata/effects starts in: registers hold
// numbers whose lowest byte, halfword and word are negative and tell the
// register; of the argument registers the second points to data, the third holds 8,
// the fourth is not known and the fifth is 0.
const (
	effectBase  = int64(-0x0f1f2f3f4f5f7000)
	effectData  = 256
	effectIndex = 8
)

// effectCells are what is in memory from the second argument register on.
var effectCells = []cell{
	{off: 0, width: 8, val: ir.Number(-0x778899aabbccddef)},
	{off: 8, width: 8, val: ir.Number(-0x66778899aabbccde)},
	{off: 16, width: 4, val: ir.Number(0x88776655)},
	{off: 20, width: 4, val: ir.Number(0x99887766)},
	{off: 24, width: 2, val: ir.Number(0x8877)},
	{off: 26, width: 1, val: ir.Number(0x88)},
}

func effectState(e *engine) *state {
	s := new(state)
	s.reset()
	for i := range s.regs[:ir.Temp0] {
		s.regs[i] = ir.Number(effectBase + 0x80 + int64(i))
	}
	m := e.m
	s.regs[m.SP] = ir.Value{Kind: ir.Address, Reg: ir.Stack}
	s.regs[m.Args[1]] = ir.Value{Kind: ir.Address, Reg: ir.SectionBase | 2, Off: effectData}
	s.regs[m.Args[2]] = ir.Number(effectIndex)
	s.regs[m.Args[3]] = ir.Anything(0)
	s.regs[m.Args[4]] = ir.Number(0)
	for _, c := range effectCells {
		c.reg, c.off, c.clean = ir.SectionBase|2, c.off+effectData, true
		s.cells = append(s.cells, c)
	}
	s.cmp = ir.Number(1)
	return s
}

// show writes a value: "?" is not known, "!" is decided at run time, "*" says that
// it may be an address.
func show(v ir.Value) string {
	where := func() string {
		switch {
		case v.Reg == ir.Stack:
			return "stack"
		case v.Reg == ir.SectionBase|1:
			return "code"
		case v.Reg == ir.SectionBase|2:
			return "data"
		}
		return fmt.Sprintf("region%x", uint32(v.Reg))
	}
	text := ""
	switch v.Kind {
	case ir.Unknown:
		text = "?"
		if !v.Vague() {
			text = "!"
		}
	case ir.Constant:
		return fmt.Sprintf("%#x", uint64(v.Off))
	case ir.Address:
		return fmt.Sprintf("%s%+#x", where(), v.Off)
	case ir.Within:
		return where() + "+?"
	case ir.LowByte:
		text = fmt.Sprintf("..%02x", v.Off)
	case ir.LowWord:
		text = fmt.Sprintf("..%08x", v.Off)
	default:
		text = fmt.Sprintf("kind%d", v.Kind)
	}
	if v.Bits() != 0 {
		text += "*"
	}
	return text
}

var flowNames = map[ir.Flow]string{
	ir.FlowJump: "jump", ir.FlowBranch: "branch", ir.FlowCall: "call", ir.FlowReturn: "return", ir.FlowStop: "stop",
	ir.FlowReturnIf: "return or not", ir.FlowIndirect: "indirect jump", ir.FlowCallReg: "indirect call",
}

var condNames = map[ir.Condition]string{ir.CondZero: "== 0", ir.CondNotZero: "!= 0", ir.CondNegative: "< 0", ir.CondNotNegative: ">= 0"}

// effectOf runs one instruction and says what it changed, and where it leads.
func effectOf(arch klp.Arch, code []byte) string {
	var e engine
	e.start(newSnippet(code).input(arch))
	s, old := effectState(&e), effectState(&e)
	in := e.decode(ir.PC{Section: 1})
	if in.Len == 0 {
		return strings.TrimSpace("not understood " + in.Name)
	}
	var out []string
	if int(in.Len) != len(code) {
		out = append(out, fmt.Sprintf("%d bytes", in.Len))
	}
	for i := range e.slab[in.First : in.First+int(in.Steps)] {
		e.step(s, &e.slab[in.First+i], ir.PC{Section: 1})
	}
	if in.Name != "" {
		return "anything (" + in.Name + ")"
	}
	for i := range s.regs[:ir.Temp0] {
		if s.regs[i] != old.regs[i] {
			out = append(out, fmt.Sprintf("r%d=%s", i, show(s.regs[i])))
		}
	}
	for _, c := range s.cells {
		if was := old.find(c.reg, c.off, int(c.width)); was == nil || was.val != c.val {
			at, where := c.off, "data"
			switch c.reg {
			case ir.SectionBase | 2:
				at -= effectData
			case ir.Stack:
				where = "stack"
			default:
				where = "elsewhere"
			}
			out = append(out, fmt.Sprintf("%s[%d:%d]=%s", where, at, c.width, show(c.val)))
		}
	}
	for i := range old.cells {
		if c := &old.cells[i]; s.find(c.reg, c.off, int(c.width)) == nil {
			out = append(out, fmt.Sprintf("data[%d:%d] forgotten", c.off-effectData, c.width))
		}
	}
	if s.wild != old.wild {
		out = append(out, "data wild")
	}
	if s.blind {
		out = append(out, "blind")
	}
	if s.cmp != old.cmp || s.field != old.field {
		text := "cmp=" + show(s.cmp)
		if s.field != 0 && s.cmp != (ir.Value{}) {
			text += fmt.Sprintf(" in field %d", s.field)
		}
		out = append(out, text)
	}
	if in.Flow != ir.FlowNext {
		text := flowNames[in.Flow]
		if in.Target != (ir.Value{}) {
			text += " " + show(in.Target)
		}
		switch {
		case in.Cond != ir.CondOther && in.CondReg != ir.NoReg:
			text += fmt.Sprintf(" if %s %s", show(s.regs[in.CondReg]), condNames[in.Cond])
		case in.Cond != ir.CondOther:
			text += fmt.Sprintf(" if cmp %s in field %d", condNames[in.Cond], in.Field)
		}
		out = append(out, text)
	}
	if len(out) == 0 {
		return "nothing"
	}
	return strings.Join(out, " ")
}

// TestEffects runs the instructions of testdata/effects, one a line: its bytes,
// its text, and all that it changes. An effect that is not known may be written
// as "?"; a number or an address that is wrong would be a wrong proof.
func TestEffects(t *testing.T) {
	for _, arch := range []klp.Arch{klp.X86_64, klp.ARM64, klp.PPC64LE, klp.S390X, klp.LoongArch64} {
		path := "testdata/effects/" + string(arch) + ".txt"
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var anew bytes.Buffer
		n := 0
		for line := range strings.Lines(string(b)) {
			fields := strings.Split(strings.TrimSuffix(line, "\n"), " | ")
			if len(fields) < 2 || strings.HasPrefix(line, "#") {
				anew.WriteString(line)
				continue
			}
			code, err := hex.DecodeString(strings.ReplaceAll(fields[0], " ", ""))
			if err != nil {
				t.Fatalf("%s: %q: %v", path, line, err)
			}
			n++
			got := effectOf(arch, code)
			if len(fields) < 3 || got != fields[2] {
				if !*update {
					t.Errorf("%s: %s: %s, want %q", arch, fields[1], got, fields[2:])
				}
			}
			fmt.Fprintf(&anew, "%s | %s | %s\n", fields[0], fields[1], got)
		}
		if n < 40 {
			t.Errorf("%s: %d instructions", path, n)
		}
		if *update {
			if err := os.WriteFile(path, anew.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
