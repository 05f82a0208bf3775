package mutant

import (
	"bytes"
	"context"
	"debug/elf"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/klplint/klplint/internal/elfmut"
)

// edited changes a file through its parsed form.
func edited(data []byte, edit func(*elfmut.File) (what string, err error)) ([]byte, string, error) {
	f, err := elfmut.Parse(data)
	if err != nil {
		return nil, "", err
	}
	what, err := edit(f)
	if err != nil {
		return nil, "", err
	}
	return f.Bytes(), what, nil
}

func modinfoKey(_ context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	return edited(data, func(f *elfmut.File) (string, error) {
		list := f.Modinfo()
		i := r.IntN(len(list))
		entry := list[i]
		key, _, _ := strings.Cut(entry, "=")
		what := pick(r, []string{"dropped", "bare", "doubled", "moved to the end"})
		f.EditModinfo(func(list []string) []string {
			switch what {
			case "dropped":
				return append(list[:i:i], list[i+1:]...)
			case "bare":
				list[i] = key
			case "doubled":
				return append(list, key+"=other")
			case "moved to the end":
				return append(append(list[:i:i], list[i+1:]...), entry)
			}
			return list
		})
		return entry + " " + what, nil
	})
}

// added are modinfo entries that no base has.
var added = []string{
	"import_ns=module:klp", "import_ns=DMA_BUF", "test=Y", "staging=Y", "intree=N", "license=Proprietary", "name=other", "retpoline=N", "softdep=pre: nothing", "parmtype=x:int",
}

func modinfoValue(_ context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	return edited(data, func(f *elfmut.File) (string, error) {
		list := f.Modinfo()
		i := r.IntN(len(list))
		key, value, _ := strings.Cut(list[i], "=")
		changed := pick(r, []string{
			key + "= " + value, key + "=" + value + " ", key + "=" + strings.TrimRight(value, " "), key + "=", key + "=" + strings.ReplaceAll(value, " ", "  "),
			key + "=" + value + strings.Repeat("x", 60), " " + key + "=" + value, key + "=" + strings.ToUpper(value),
			"vmlinux", pick(r, added), pick(r, added),
		})
		if changed == list[i] {
			return "", errNothing
		}
		if changed == "vmlinux" {
			changed = key + "=vmlinux"
		}
		first := r.IntN(2) == 0
		f.EditModinfo(func(list []string) []string {
			if !strings.HasPrefix(changed, key+"=") && first {
				return append([]string{changed}, list...)
			}
			list[i] = changed
			return list
		})
		return fmt.Sprintf("%q to %q", key+"="+value, changed), nil
	})
}

func versions(_ context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	return edited(data, func(f *elfmut.File) (string, error) {
		if f.Index("__versions") <= 0 {
			return "", errNothing
		}
		s := f.Section("__versions")
		n := len(s.Data) / 64
		if n == 0 {
			return "", errNothing
		}
		i := r.IntN(n)
		entry := s.Data[i*64 : i*64+64]
		name, _, _ := strings.Cut(string(entry[8:]), "\x00")
		what := pick(r, []string{"removed", "crc", "high half", "renamed", "cut off", "empty", "doubled in front", "no section"})
		switch what {
		case "removed":
			s.Data = append(s.Data[:i*64:i*64], s.Data[i*64+64:]...)
		case "crc":
			entry[r.IntN(4)] ^= 1 << r.IntN(8)
		case "high half":
			entry[4+r.IntN(4)] ^= 1 << r.IntN(8)
		case "renamed":
			entry[8] ^= 1
		case "cut off":
			s.Data = s.Data[:len(s.Data)-1-r.IntN(63)]
		case "empty":
			s.Data = nil
		case "doubled in front":
			other := bytes.Clone(entry)
			other[0] ^= 1
			s.Data = append(other, s.Data...)
		case "no section":
			f.Remove("__versions")
		}
		return name + " " + what, nil
	})
}

func structModule(_ context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	return edited(data, func(f *elfmut.File) (string, error) {
		s := f.Section(".gnu.linkonce.this_module")
		what := pick(r, []string{"name", "size", "byte", "nameless", "taken", "vmlinux"})
		switch what {
		case "name":
			i := r.IntN(4)
			s.Data[24+i] = 'X'
			what = fmt.Sprintf("byte %d of the name", i)
		case "size":
			n := 1 + r.IntN(64)
			s.Data = s.Data[:len(s.Data)-n]
			what = fmt.Sprintf("%d bytes less", n)
		case "byte":
			i := 80 + r.IntN(len(s.Data)-80)
			s.Data[i] = byte(1 + r.IntN(255))
			what = fmt.Sprintf("byte %d is %#x", i, s.Data[i])
		case "nameless":
			clear(s.Data[24:80])
		case "taken", "vmlinux":
			name := map[string]string{"taken": pick(r, []string{"kernel", "usbcore", "ext4", "kvm"}), "vmlinux": "vmlinux"}[what]
			clear(s.Data[24:80])
			copy(s.Data[24:], name)
			what = "named " + name
		}
		return what, nil
	})
}

func dataByte(_ context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	return changeByte(r, data, func(s *elf.Section) bool {
		return s.Flags&elf.SHF_ALLOC != 0 && s.Flags&elf.SHF_EXECINSTR == 0 && s.Type == elf.SHT_PROGBITS && s.Name != ".gnu.linkonce.this_module" && s.Name != "__versions"
	})
}

// codeByte changes code that runs in the load.
func codeByte(_ context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	return changeByte(r, data, func(s *elf.Section) bool { return s.Name == ".init.text" })
}

func changeByte(r *rand.Rand, data []byte, of func(*elf.Section) bool) ([]byte, string, error) {
	l, err := parse(data)
	if err != nil {
		return nil, "", err
	}
	var list []*elf.Section
	for _, s := range l.file.Sections {
		if s.Size > 0 && of(s) {
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		return nil, "", errNothing
	}
	s := pick(r, list)
	i := uint64(r.IntN(int(s.Size)))
	old := data[s.Offset+i]
	data[s.Offset+i] ^= 1 << r.IntN(8)
	return data, fmt.Sprintf("%s+%#x %#x to %#x", s.Name, i, old, data[s.Offset+i]), nil
}

func btf(_ context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	l, err := parse(data)
	if err != nil {
		return nil, "", err
	}
	s := l.file.Section(".BTF")
	if s == nil || s.Size < 32 {
		return nil, "", errNothing
	}
	if r.IntN(3) > 0 {
		f := pick(r, []place{{"magic", 0, 2}, {"version", 2, 1}, {"flags", 3, 1}, {"hdr_len", 4, 4}, {"type_off", 8, 4}, {"type_len", 12, 4}, {"str_off", 16, 4}, {"str_len", 20, 4}})
		f.at += s.Offset
		return data, f.set(r, data), nil
	}
	i := 24 + uint64(r.IntN(int(s.Size-24)))
	old := data[s.Offset+i]
	data[s.Offset+i] ^= 1 << r.IntN(8)
	return data, fmt.Sprintf(".BTF+%#x %#x to %#x", i, old, data[s.Offset+i]), nil
}
