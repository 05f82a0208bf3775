package initcode

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/klp"
)

// outcome is what must come out for one init function of testdata/src/variants.c.
type outcome struct {
	replace string // as describe writes it
	// or is a weaker answer that some compilers leave us with: a register that
	// is free where a function of unknown effect is called still holds an
	// address, and could be an argument.
	or      string
	args    []string // kinds of the arguments of klp_enable_patch(), with the symbol of static ones
	repeats bool
}

const unproven = "unknown"

var variants = map[string]outcome{
	"kp_true":     {replace: "1 byte 0x1", args: allocatedArg},
	"kp_false":    {replace: "1 byte 0x0", args: allocatedArg},
	"kp_param":    {replace: "runtime", args: allocatedArg},
	"kp_set":      {replace: "4 byte 0x12345", args: allocatedArg},
	"kb_true":     {replace: "1 byte 0x1", args: allocatedArg},
	"kb_false":    {replace: "1 byte 0x0", args: allocatedArg},
	"kb_local":    {replace: "1 byte 0x1", args: allocatedArg},
	"kb_set":      {replace: "4 byte 0x3", args: allocatedArg},
	"kb_setzero":  {replace: "4 byte 0x0", args: allocatedArg},
	"kb_sets":     {replace: "pointer to list_of_sets", args: allocatedArg},
	"kb_setsnull": {replace: "8 byte 0x0", args: allocatedArg},
	"kb_param":    {replace: "runtime", args: allocatedArg},
	"kb_branch":   {replace: "runtime", or: unproven, args: allocatedArg},
	"kb_nostore":  {replace: "0 byte 0x0", args: allocatedArg},
	"kb_garbage":  {replace: unproven, args: allocatedArg},
	"kb_nomod":    {replace: unproven, args: allocatedArg},
	"kb_passed":   {replace: unproven, args: allocatedArg},
	"kb_hook":     {replace: unproven, args: []string{"unknown"}},
	"kb_other":    {replace: "1 byte 0x1", or: unproven, args: allocatedArg},
	"kb_again":    {replace: "1 byte 0x0", args: allocatedArg},
	"st_plain":    {replace: "static", args: []string{"data st_plain_patch"}},
	"st_ifret":    {replace: "static", args: []string{"data st_ifret_patch"}},
	"st_param":    {replace: "runtime", args: []string{"data st_param_patch"}},
	"st_cond":     {replace: "runtime", args: []string{"data st_cond_patch"}},
	"st_store":    {replace: "1 byte 0x0", args: []string{"data st_store_patch"}},
	"st_twice":    {replace: "static", args: []string{"data st_twice_patch"}, repeats: true},
	"st_careless": {replace: "static", args: []string{"data st_careless_patch"}, repeats: true},
	"st_retry":    {replace: "static", args: []string{"data st_retry_patch"}},
	"st_loop":     {replace: "static", args: []string{"data st_loop_patch"}, repeats: true},
	"st_until":    {replace: "static", args: []string{"data st_until_patch"}},
	"st_either":   {replace: "static", or: unproven, args: []string{"data st_either_patch"}},
	"st_two":      {replace: "static", args: []string{"data st_two_other", "data st_two_patch"}},
	"st_many":     {replace: unproven, args: []string{"unknown"}},
	"st_null":     {replace: unproven, args: []string{"null"}},
	"st_never":    {replace: unproven},
	"st_helper":   {replace: "static", args: []string{"data st_helper_patch"}},
	"st_decide":   {replace: "runtime", args: []string{"data st_decide_patch"}},
	"st_passed":   {replace: unproven, args: []string{"data st_passed_patch"}},
	"st_given":    {replace: "runtime", args: []string{"data st_given_patch"}},
}

var allocatedArg = []string{"allocated"}

// describe writes a Replace in one clause, and fails where it contradicts itself.
func describe(t *testing.T, o *object, r Replace) string {
	t.Helper()
	set := 0
	for _, b := range []bool{r.Known, r.Runtime, r.Static} {
		if b {
			set++
		}
	}
	if set > 1 {
		t.Fatalf("more than one answer: %+v", r)
	}
	if (set == 0 || r.Runtime) != (r.Reason != "") {
		t.Fatalf("reason %q of %+v", r.Reason, r)
	}
	switch {
	case r.Static:
		return "static"
	case r.Runtime:
		if !strings.HasSuffix(r.At.Section, "text") && !strings.Contains(r.At.Section, "text.") {
			t.Fatalf("decided at %+v", r.At)
		}
		return "runtime"
	case !r.Known:
		return unproven
	case r.Pointer != nil:
		data := o.sections[r.Pointer.Section].Data[r.Pointer.Offset:]
		order := o.file.ByteOrder
		if r.Width != 8 || order.Uint32(data) != 7 || order.Uint32(data[4:]) != 9 || order.Uint32(data[8:]) != 0 {
			t.Fatalf("pointer %+v, width %d", *r.Pointer, r.Width)
		}
		return "pointer to list_of_sets"
	}
	const digits = "0123456789abcdef"
	hex := ""
	for v := r.Value; ; v >>= 4 {
		hex = digits[v&15:v&15+1] + hex
		if v < 16 {
			break
		}
	}
	return digits[r.Width:r.Width+1] + " byte 0x" + hex
}

// TestCompiled analyses every init function of every object that a real compiler
// made of variants.c. An architecture without such an object must not be claimed.
func TestCompiled(t *testing.T) {
	files, err := filepath.Glob("testdata/*.o.gz")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d objects, %v", len(files), err)
	}
	seen := map[klp.Arch]bool{}
	var a Analyzer
	for _, f := range files {
		o := readObject(t, f)
		seen[o.arch] = true
		t.Run(strings.TrimSuffix(filepath.Base(f), ".o.gz"), func(t *testing.T) {
			for name, want := range variants {
				t.Run(name, func(t *testing.T) { checkVariant(t, &a, o, name, want) })
			}
		})
	}
	for _, arch := range []klp.Arch{klp.X86_64, klp.ARM64, klp.PPC64LE, klp.S390X, klp.LoongArch64} {
		if d := new(engine).decoderOf(arch); (d != nil) != seen[arch] {
			t.Errorf("%s: claimed %t, shown by a compiled object %t", arch, d != nil, seen[arch])
		}
	}
}

func checkVariant(t *testing.T, a *Analyzer, o *object, name string, want outcome) {
	in := o.input(name + "_init")
	if in.Init.Section == 0 {
		t.Fatal("no such function")
	}
	res := a.Analyze(in)
	if !res.Decoded || res.Reason != "" {
		t.Fatalf("not decoded: %s", res.Reason)
	}
	if got := describe(t, o, res.Replace); got != want.replace && (want.or == "" || got != want.or) {
		t.Errorf("replace: got %s (%s), want %s", got, res.Replace.Reason, want.replace)
	}
	if res.Repeats != want.repeats || want.repeats && res.RepeatsAt.Section == "" {
		t.Errorf("repeats: got %t at %+v, want %t", res.Repeats, res.RepeatsAt, want.repeats)
	}
	if len(res.Enables) != len(res.Args) || len(res.Enables) < 20 {
		t.Fatalf("%d calls, %d arguments", len(res.Enables), len(res.Args))
	}
	var args []string
	for i, en := range res.Enables {
		switch en.Arg {
		case klp.ArgUnknown:
			if en.At.Symbol != name+"_init" {
				continue
			}
			args = append(args, "unknown")
		case klp.ArgData:
			s, _ := o.covering(res.Args[i], 1)
			if s.Value != res.Args[i].Offset || en.Data.Offset != s.Value || en.Data.Section != o.sections[s.Section].Name {
				t.Errorf("argument %+v is not the start of %s", en.Data, s.Name)
			}
			args = append(args, "data "+s.Name)
		default:
			args = append(args, string(en.Arg))
		}
	}
	slices.Sort(args)
	if args = slices.Compact(args); !slices.Equal(args, want.args) {
		t.Errorf("arguments: got %q, want %q", args, want.args)
	}
	again := Analyze(in)
	if describe(t, o, again.Replace) != describe(t, o, res.Replace) || again.Repeats != res.Repeats {
		t.Error("a used Analyzer answers differently")
	}
}

// TestShadowIDs looks for the constant ids of variants.c in every object.
func TestShadowIDs(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.o.gz")
	for _, f := range files {
		o := readObject(t, f)
		in := o.input("st_plain_init")
		in.Shadow = true
		var got []string
		for _, s := range Analyze(in).ShadowIDs {
			if s.At.Section == "" {
				t.Errorf("%s: no place: %+v", f, s)
			}
			got = append(got, s.At.Symbol+" "+s.By+" "+describe(t, o, Replace{Known: true, Value: s.ID}))
		}
		slices.Sort(got)
		want := []string{
			"shadow_end klp_shadow_free_all 0 byte 0x4321",
			"shadow_user klp_shadow_free 0 byte 0x11",
			"shadow_user klp_shadow_get 0 byte 0x11",
			"shadow_user klp_shadow_get 0 byte 0xffffffffffffffff",
			"shadow_user klp_shadow_get_or_alloc 0 byte 0x123456789abc",
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q", f, got)
		}
	}
}
