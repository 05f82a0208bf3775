package rules

import (
	"cmp"
	"fmt"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp319 = NewKernelRule(&Rule{
	Severity: finding.Error,
	Also:     []finding.Severity{finding.Warning},
	Since:    "0.2",
	Tags:     []string{"kernel", "load", "btf"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP319",
		Doc: `kernel refuses the module's BTF

A kernel with CONFIG_DEBUG_INFO_BTF_MODULES reads the module's .BTF section before
init (kernel/bpf/btf.c: btf_module_notify): its header, the bounds of strings and
types, each type with its names, and what typedefs and qualifiers refer to. If it finds
a defect, the load fails with EINVAL, ENOTSUPP (524) or ELOOP, or with
CONFIG_MODULE_ALLOW_BTF_MISMATCH the kernel warns. Types and names count on from those
of the kernel's own BTF: for another kernel they lead elsewhere.

Fix: build with the pahole that the kernel's tree asks for, against the vmlinux of
this kernel; or without CONFIG_DEBUG_INFO_BTF_MODULES: a livepatch needs no BTF.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	k, err := kernelOf(t)
	if err != nil {
		return nil, err
	}
	if m.BTF == nil {
		return nil, nil
	}
	layout := k.Behaviour().BTFLayout
	if m.BTF.LayoutOff|m.BTF.LayoutLen != 0 && layout == klp.Unknown {
		return nil, &MissingInput{Needs: "a release of which it is known whether its BTF headers have a layout"}
	}
	why, errno, code := btfDefect(m.BTF, layout == klp.Yes)
	if reads, known := k.Config("DEBUG_INFO_BTF_MODULES"); known && reads != "y" {
		return nil, nil
	}
	if why == "" {
		d, err := k.CheckModuleBTF(m)
		if err != nil {
			return nil, &MissingInput{Needs: err.Error()}
		}
		if d == nil {
			return nil, nil
		}
		why, errno, code = fmt.Sprintf("the type %d %s", d.ID, d.Reason), d.Errno, d.Code
	}
	f := finding.Finding{
		Message:  ".BTF: " + why,
		Location: klp.Location{Section: ".BTF"},
		Kernel:   refused(errno, fmt.Sprintf("failed to validate module [%s] BTF: -%d", names.Cut(m.StructName), code)),
	}
	switch allowed, known := k.Config("MODULE_ALLOW_BTF_MISMATCH"); {
	case !known:
		return nil, &MissingInput{Needs: "the kernel's configuration"}
	case allowed == "y":
		f.Severity = finding.Warning
		f.Kernel = warns("Kernel module BTF mismatch detected, BTF debug info may be unavailable for some modules")
	}
	return []finding.Finding{f}, nil
})

// btfDefect says why the kernel refuses the section, "" where it does not, and with
// which errno. layout tells that it knows the header's part about the layout.
func btfDefect(b *klp.ModuleBTF, layout bool) (why, errno string, code int) {
	const magic, header, withLayout = 0xeb9f, 24, 32
	refused := func(format string, args ...any) (string, string, int) {
		return fmt.Sprintf(format, args...), "EINVAL", 22
	}
	unsupported := func(format string, args ...any) (string, string, int) {
		return fmt.Sprintf(format, args...), "ENOTSUPP", 524
	}
	switch {
	case b.Size < header:
		return refused("%d bytes are too short for a header", b.Size)
	case b.HdrLen < header || uint64(b.HdrLen) > b.Size:
		return refused("invalid header length %d", b.HdrLen)
	case b.Unknown || b.LayoutOff|b.LayoutLen != 0 && !layout:
		return "the header has members that this kernel does not know", "E2BIG", 7
	case b.Magic != magic:
		return refused("bad magic %#x", b.Magic)
	case b.Version != 1:
		return unsupported("unsupported version %d", b.Version)
	case b.Flags != 0:
		return unsupported("unsupported flags %#x", b.Flags)
	case !contiguous(b), !(layout && b.HdrLen >= withLayout) && uint64(b.StrOff)+uint64(b.StrLen) != b.Size-uint64(b.HdrLen):
		return refused("types, strings and the end of the section overlap or leave a gap")
	case !b.StringsEnd:
		return refused("the string section is not NUL-terminated")
	case b.LayoutLen%4 != 0 || b.LayoutLen != 0 && b.LayoutOff%4 != 0:
		return refused("the layout of %d bytes at offset %d is not aligned", b.LayoutLen, b.LayoutOff)
	case b.TypeOff%4 != 0:
		return refused("types at offset %d are not aligned", b.TypeOff)
	case b.TypeDefect != "" && b.TypeUnsupported:
		return unsupported("the type at offset %d %s", b.TypesEnd, b.TypeDefect)
	case b.TypeDefect != "":
		return refused("the type at offset %d %s", b.TypesEnd, b.TypeDefect)
	}
	return "", "", 0
}

// contiguous reports whether the parts of the section lie behind each other, in
// whatever order, from the header to the end.
func contiguous(b *klp.ModuleBTF) bool {
	type part struct{ off, len uint32 }
	parts := []part{{b.TypeOff, b.TypeLen}, {b.StrOff, b.StrLen}}
	if b.LayoutLen != 0 {
		parts = append(parts, part{b.LayoutOff, b.LayoutLen})
	}
	slices.SortFunc(parts, func(x, y part) int { return cmp.Or(cmp.Compare(x.off, y.off), cmp.Compare(x.len, y.len)) })
	end := uint64(0)
	for _, p := range parts {
		if uint64(p.off) != end {
			return false
		}
		end += uint64(p.len)
	}
	return end == b.Size-uint64(b.HdrLen)
}
