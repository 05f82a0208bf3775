package modfile

import (
	"fmt"
	"strings"

	"github.com/klplint/klplint/internal/safeelf"
	"github.com/klplint/klplint/klp"
)

// maxModinfo bounds .modinfo in bytes: drivers with thousands of alias entries
// have a few hundred KiB.
const maxModinfo = 1 << 20

// Modinfo reads .modinfo, which is section i; 0 stands for a file without it.
func Modinfo(f *safeelf.File, i int) (klp.Modinfo, error) {
	if i == 0 {
		return klp.Modinfo{}, nil
	}
	data, err := f.Data(i)
	if err != nil {
		return klp.Modinfo{}, err
	}
	if len(data) > maxModinfo {
		s := f.Sections[i]
		return klp.Modinfo{}, &safeelf.Error{
			Section: s.Name, Offset: int64(s.Offset),
			Err: fmt.Errorf("modinfo of %d bytes, the limit is %d", len(data), maxModinfo),
		}
	}
	return parse(string(data)), nil
}

// parse splits the section's content at its NULs, as the kernel's
// next_string() does; runs of NULs pad it. A string without '=' has its whole
// text as key and is Bare: get_modinfo() does not find it.
func parse(s string) klp.Modinfo {
	m := klp.Modinfo{Present: true, Entries: make([]klp.ModinfoEntry, 0, min(strings.Count(s, "\x00"), len(s)/2)+1)}
	for off := 0; off < len(s); {
		end := strings.IndexByte(s[off:], 0)
		if end < 0 {
			end = len(s) - off
		}
		if end > 0 {
			key, value, found := strings.Cut(s[off:off+end], "=")
			m.Entries = append(m.Entries, klp.ModinfoEntry{Key: key, Value: value, Bare: !found, Offset: uint64(off)})
		}
		off += end + 1
	}
	return m
}

// ParseVermagic splits a vermagic string at its first space, as same_magic()
// of kernel/module/version.c does, and the flags behind it at theirs.
func ParseVermagic(s string) klp.Vermagic {
	v := klp.Vermagic{Raw: s}
	release, flags, _ := strings.Cut(s, " ")
	v.Release = release
	if flags = strings.TrimSpace(flags); flags != "" {
		v.Flags = strings.Fields(flags)
	}
	return v
}
