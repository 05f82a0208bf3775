package rules

import (
	"fmt"

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
types, and each type. If it finds a defect, the load fails with EINVAL, or with
CONFIG_MODULE_ALLOW_BTF_MISMATCH the kernel warns. Names that a type takes from the
kernel's own strings are not checked here.

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
	why := btfDefect(m.BTF)
	if why == "" {
		return nil, nil
	}
	if reads, known := k.Config("DEBUG_INFO_BTF_MODULES"); known && reads != "y" {
		return nil, nil
	}
	f := finding.Finding{
		Message:  ".BTF: " + why,
		Location: klp.Location{Section: ".BTF"},
		Kernel:   refused("EINVAL", "failed to validate module ["+names.Cut(m.StructName)+"] BTF: -22"),
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

// btfDefect says why the kernel refuses the section; "" where it does not.
func btfDefect(b *klp.ModuleBTF) string {
	const magic, header = 0xeb9f, 24
	body := b.Size - min(b.Size, uint64(b.HdrLen))
	types, strings := uint64(b.TypeOff)+uint64(b.TypeLen), uint64(b.StrOff)+uint64(b.StrLen)
	switch {
	case b.Size < header:
		return fmt.Sprintf("%d bytes are too short for a header", b.Size)
	case b.Magic != magic:
		return fmt.Sprintf("bad magic %#x", b.Magic)
	case b.HdrLen < header || uint64(b.HdrLen) > b.Size:
		return fmt.Sprintf("invalid header length %d", b.HdrLen)
	case b.Version != 1:
		return fmt.Sprintf("unsupported version %d", b.Version)
	case b.Flags != 0:
		return fmt.Sprintf("unsupported flags %#x", b.Flags)
	case types > body || strings > body:
		return "types or strings extend past the end of the section"
	case b.TypeOff != 0 || b.TypeOff%4 != 0 || types != uint64(b.StrOff) || strings != body:
		return "types, strings and the end of the section overlap or leave a gap"
	case !b.StringsEnd:
		return "the string section is not NUL-terminated"
	case b.TypesEnd != b.TypeLen:
		return fmt.Sprintf("the type at offset %d is truncated or of unknown kind", b.TypesEnd)
	}
	return ""
}
