package mutant

import (
	"bytes"
	"context"
	"debug/elf"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// tool runs a program of binutils on a copy of the file.
func tool(ctx context.Context, data []byte, name string, args ...string) ([]byte, string, error) {
	folder, err := os.MkdirTemp("", "mutant-")
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	in, out := filepath.Join(folder, "in.ko"), filepath.Join(folder, "out.ko")
	if err := os.WriteFile(in, data, 0o644); err != nil {
		return nil, "", err
	}
	all := append(append([]string{}, args...), in, out)
	if name == "strip" {
		all = append(append([]string{}, args...), "-o", out, in)
	}
	what := name + " " + strings.Join(args, " ")
	if err := exec.CommandContext(ctx, name, all...).Run(); err != nil {
		return nil, "", errNothing // it does not take this file, or this section
	}
	changed, err := os.ReadFile(out)
	return changed, what, err
}

func strip(ctx context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	return tool(ctx, data, "strip", pick(r, []string{"-g", "-x", "-X", "--strip-unneeded", "-s", "--strip-unneeded-rel-relocs", "--keep-file-symbols", "-w", "-R.comment", "-R.note*"}))
}

// aSection draws the name of a section.
func aSection(r *rand.Rand, data []byte) (string, error) {
	l, err := parse(data)
	if err != nil {
		return "", err
	}
	s := l.file.Sections[1+r.IntN(l.shnum-1)]
	if s.Type == elf.SHT_STRTAB || s.Type == elf.SHT_SYMTAB {
		return "", errNothing
	}
	return s.Name, nil
}

func removeSection(ctx context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	name, err := aSection(r, data)
	if err != nil {
		return nil, "", err
	}
	return tool(ctx, data, "objcopy", "--remove-section="+name)
}

func renameSection(ctx context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	name, err := aSection(r, data)
	if err != nil {
		return nil, "", err
	}
	to := pick(r, []string{".other", ".text", ".init.text", ".data", "__jump_table", ".static_call_sites", "__param", ".modinfo", ".data..percpu", ".altinstructions", "__bug_table", "__ex_table", ".smp_locks", "__tracepoints_ptrs"})
	return tool(ctx, data, "objcopy", "--rename-section="+name+"="+to)
}

func setFlags(ctx context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	name, err := aSection(r, data)
	if err != nil {
		return nil, "", err
	}
	flags := pick(r, []string{"alloc,readonly,data", "alloc,code", "alloc,code,readonly", "alloc,data,contents", "readonly", "contents", "alloc", "noload"})
	return tool(ctx, data, "objcopy", "--set-section-flags="+name+"="+flags)
}

func compression(ctx context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	args := pick(r, [][]string{
		{"xz"},
		{"xz", "--check=crc32"},
		{"xz", "--check=none"},
		{"xz", "--check=sha256"},
		{"xz", "--check=crc32", "-9e"},
		{"xz", "--check=crc32", "--x86", "--lzma2=dict=1MiB"},
		{"xz", "--check=crc32", "--delta", "--lzma2"},
		{"xz", "--format=lzma"},
		{"gzip", "-n"},
		{"gzip", "-n", "-1"},
		{"zstd", "-q"},
		{"zstd", "-q", "-19"},
		{"zstd", "-q", "--no-check"},
	})
	cmd := exec.CommandContext(ctx, args[0], append(args[1:len(args):len(args)], "-c")...)
	cmd.Stdin = bytes.NewReader(data)
	packed, err := cmd.Output()
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", strings.Join(args, " "), err)
	}
	what := strings.Join(args, " ")
	switch r.IntN(6) {
	case 0:
		packed, what = append(packed, "trailing bytes"...), what+" and trailing bytes"
	case 1:
		packed, what = append(packed, trailer([]byte("not a signature"), 2)...), what+" and a signature behind"
	case 2:
		packed, what = packed[:len(packed)-1-r.IntN(20)], what+" cut off"
	}
	return packed, what, nil
}

func padding(_ context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	n := pick(r, []int{1, 7, 16, 100, 4096, 70000})
	fill := pick(r, []byte{0, 'x'})
	return append(data, bytes.Repeat([]byte{fill}, n)...), fmt.Sprintf("%d bytes of %#x", n, fill), nil
}

// magic ends a signed module (include/linux/module_signature.h).
const magic = "~Module signature appended~\n"

// trailer is a signature, its description and the magic.
func trailer(signature []byte, idType byte) []byte {
	n := len(signature)
	info := []byte{0, 0, idType, 0, 0, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
	return append(append(append([]byte{}, signature...), info...), magic...)
}

func signature(_ context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	if bytes.HasSuffix(data, []byte(magic)) {
		i := len(data) - 1 - r.IntN(min(len(data), len(magic)+12+200))
		old := data[i]
		data[i] ^= 1 << r.IntN(8)
		return data, fmt.Sprintf("byte %d before the end %#x to %#x", len(data)-i, old, data[i]), nil
	}
	switch r.IntN(5) {
	case 0:
		return append(data, magic...), "magic alone", nil
	case 1:
		return append(data, trailer(nil, 2)...), "empty", nil
	case 2:
		typ := byte(r.IntN(4))
		return append(data, trailer(make([]byte, 64), typ)...), fmt.Sprintf("zeros of type %d", typ), nil
	case 3:
		// A PKCS#7 content of an unknown type: SEQUENCE { OID 1.2.3.4 }.
		return append(data, trailer([]byte{0x30, 0x05, 0x06, 0x03, 0x2a, 0x03, 0x04}, 2)...), "unknown content type", nil
	}
	t := trailer(make([]byte, 64), 2)
	i := 64 + r.IntN(12)
	t[i] ^= 1 << r.IntN(8)
	return append(data, t...), fmt.Sprintf("description byte %d is %#x", i-64, t[i]), nil
}
