package rules

import (
	"fmt"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp331 = NewKernelRule(&Rule{
	Severity: finding.Error,
	Also:     []finding.Severity{finding.Warning, finding.Info},
	Since:    "0.2",
	Tags:     []string{"kernel", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP331",
		Doc: `kernel cannot decompress the module

With CONFIG_MODULE_DECOMPRESS, kmod passes a compressed module to the kernel as it
is if the kernel supports that compression (kernel/module/decompress.c). The
kernel's xz decoder supports the integrity checks none and CRC32 (the default of xz
is CRC64), and the filters LZMA2 and, depending on its configuration, BCJ
(lib/xz/xz_dec_stream.c). A file of another compression is decompressed by kmod; a
program that calls finit_module() directly gets EINVAL.

Fix: compress with the options of the kernel's own make modules_install: xz
--check=crc32 --lzma2=dict=1MiB.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	k, err := kernelOf(t)
	if err != nil {
		return nil, err
	}
	if m.Compression == klp.Uncompressed || m.Compression == "" {
		return nil, nil
	}
	value, known := k.Config("MODULE_DECOMPRESS")
	if !known {
		return nil, &MissingInput{Needs: "the kernel's configuration"}
	}
	if value != "y" {
		return nil, nil // kmod unpacks
	}
	own := klp.Compression("")
	for c, option := range map[klp.Compression]string{klp.XZ: "MODULE_COMPRESS_XZ", klp.Zstd: "MODULE_COMPRESS_ZSTD", klp.Gzip: "MODULE_COMPRESS_GZIP"} {
		if v, _ := k.Config(option); v == "y" {
			own = c
		}
	}
	switch {
	case own == "":
		return nil, nil
	case m.Compression != own:
		return []finding.Finding{{
			Severity: finding.Info,
			Message:  fmt.Sprintf("the module is compressed with %s, this kernel decompresses %s: kmod must decompress the module", m.Compression, own),
			Kernel:   accepted("by way of kmod; finit_module() of the compressed file returns EINVAL"),
		}}, nil
	case own != klp.XZ || m.XZ == nil:
		return nil, nil
	}
	var wrong []string
	if m.XZ.Check > 1 {
		wrong = append(wrong, "its integrity check is "+xzCheck(m.XZ.Check)+", not CRC32")
	}
	for _, id := range m.XZ.Filters {
		if id != 0x21 && (id < 0x04 || id > 0x0b) {
			wrong = append(wrong, fmt.Sprintf("the kernel does not support filter %#x", id))
		}
	}
	if len(wrong) == 0 && m.XZ.Trailing {
		return []finding.Finding{{
			Severity: finding.Warning,
			Message:  "bytes that are no xz stream follow the packed module",
			Kernel:   accepted("the kernel ignores them, a signature among them; kmod on a kernel that leaves unpacking to it refuses the file"),
		}}, nil
	}
	if len(wrong) == 0 {
		return nil, nil
	}
	return []finding.Finding{{
		Message: "this kernel cannot decompress the module's xz stream: " + strings.Join(wrong, "; "),
		Kernel:  refused("EINVAL", "decompression failed with status 6"),
	}}, nil
})

// xzCheck is the name of a check in the words of xz.
func xzCheck(id int) string {
	switch id {
	case 4:
		return "CRC64"
	case 10:
		return "SHA-256"
	}
	return fmt.Sprintf("type %d", id)
}
