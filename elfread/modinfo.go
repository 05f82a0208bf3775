package elfread

import (
	"strings"

	"github.com/klplint/klplint/klp"
)

// maxModinfo bounds .modinfo in bytes: drivers with thousands of alias entries
// have a few hundred KiB.
const maxModinfo = 1 << 20

// readModinfo reads .modinfo and the vermagic in it.
func (p *parser) readModinfo() error {
	i := p.sec.modinfo
	if i == 0 {
		return nil
	}
	data, err := p.f.Data(i)
	if err != nil {
		return err
	}
	if len(data) > maxModinfo {
		return p.fail(place{Section: i}, "modinfo of %d bytes, the limit is %d", len(data), maxModinfo)
	}
	p.m.Modinfo = parseModinfo(string(data))
	if v, ok := p.m.Modinfo.Get("vermagic"); ok {
		p.m.Vermagic = parseVermagic(v)
	}
	p.m.Name, _ = p.m.Modinfo.Get("name")
	return nil
}

// parseModinfo splits the section's content at its NULs, as the kernel's
// next_string() does; runs of NULs pad it. A string without '=' has its whole
// text as key, as get_modinfo() would match it.
func parseModinfo(s string) klp.Modinfo {
	m := klp.Modinfo{Present: true, Entries: make([]klp.ModinfoEntry, 0, min(strings.Count(s, "\x00"), len(s)/2)+1)}
	for off := 0; off < len(s); {
		end := strings.IndexByte(s[off:], 0)
		if end < 0 {
			end = len(s) - off
		}
		if end > 0 {
			key, value, _ := strings.Cut(s[off:off+end], "=")
			m.Entries = append(m.Entries, klp.ModinfoEntry{Key: key, Value: value, Offset: uint64(off)})
		}
		off += end + 1
	}
	return m
}

// parseVermagic splits a vermagic string at its first space, as same_magic()
// of kernel/module/version.c does, and the flags behind it at theirs.
func parseVermagic(s string) klp.Vermagic {
	v := klp.Vermagic{Raw: s}
	release, flags, _ := strings.Cut(s, " ")
	v.Release = release
	if flags = strings.TrimSpace(flags); flags != "" {
		v.Flags = strings.Fields(flags)
	}
	return v
}
