package config

import (
	"fmt"
	"strings"
)

// Template is the file that `klplint config init` writes: every key with its
// meaning, commented out.
func Template() string {
	var b strings.Builder
	b.WriteString("# The configuration of klplint; see docs/policy.md. A flag overrides an\n# environment variable, and both override this file.\n")
	for _, k := range Keys() {
		b.WriteByte('\n')
		for _, line := range fill(k.Doc, 76) {
			b.WriteString("# " + line + "\n")
		}
		fmt.Fprintf(&b, "# --%s, %s", k.Flag, k.Env())
		if k.Values != nil {
			fmt.Fprintf(&b, "; %s", strings.Join(k.Values, ", "))
		}
		b.WriteByte('\n')
		switch k.Kind {
		case Waivers:
			b.WriteString(`# waivers:
#   - rule: KLP113
#     module: "livepatch_debug_*"
#     reason: loaded by hand on test machines only
#     owner: kernel-team
#     until: 2026-12-31
`)
		case Custom:
			b.WriteString(`# custom:
#   - id: SITE001
#     message: the scheduler is not patched here
#     doc: A livepatch of the scheduler never finishes its transition under our load.
#     expr: |
#       !module.objects.exists(o, o.name == "vmlinux" &&
#         o.funcs.exists(f, f.name.matches("^(schedule|__switch_to)")))
`)
		default:
			fmt.Fprintf(&b, "# %s: %s\n", k.Name, k.Example)
		}
	}
	return b.String()
}

// fill breaks a text into lines of at most width bytes, at spaces.
func fill(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
