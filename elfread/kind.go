package elfread

import (
	"bytes"
	"debug/elf"
	"strings"

	"github.com/klplint/klplint/klp"
)

// kindByHeaders tells the kinds that the headers alone give away; "" for a
// file that may be a module.
func (p *parser) kindByHeaders() klp.Kind {
	c := &p.sec
	if p.f.Type != elf.ET_REL {
		// Only kernel images carry the kernel's own sections without a dynamic
		// loader's. The file of that name in header packages holds nothing but
		// BTF and a few symbols.
		if c.interp == 0 && (c.ksym != 0 || p.f.Index(".BTF") != 0 || p.f.Index(".init.text") != 0) {
			return klp.KindVmlinux
		}
		if c.ksym != 0 && p.f.Index(".init.text") != 0 { // relocatable kernels have .dynamic
			return klp.KindVmlinux
		}
		return klp.KindOtherELF
	}
	if c.thisModule != 0 {
		return ""
	}
	switch {
	case c.livepatchFuncs != 0:
		return klp.KindXenPayload
	case c.ksplice != 0:
		return klp.KindKsplice
	}
	return klp.KindObjectFile
}

// kindByContent tells the kinds of module apart.
func (p *parser) kindByContent() (klp.Kind, error) {
	c, info := &p.sec, &p.m.Modinfo
	if info.Has("livepatch") {
		return klp.KindLivepatch, nil
	}
	if deps, _ := info.Get("depends"); listed(deps, "kpatch") {
		return klp.KindKpatchCore, nil
	}
	core, err := p.hasName("kpatch_register")
	if err != nil {
		return "", err
	}
	if core && c.kpatchFuncs != 0 { // depmod's line may be missing
		return klp.KindKpatchCore, nil
	}
	// Tables make a livepatch of a module that is not marked as one; the empty
	// __klp_objects that Linux 6.19 leaves in every module does not.
	if c.kpatchFuncs != 0 || c.klpObjects != 0 && p.f.Sections[c.klpObjects].FileSize > 0 {
		return klp.KindLivepatch, nil
	}
	if c.ksplice != 0 {
		return klp.KindKsplice, nil
	}
	if enables, err := p.hasName("klp_enable_patch"); err != nil || enables {
		return klp.KindLivepatch, err
	}
	if grafts, err := p.hasName("kgr_patch_kernel"); err != nil || grafts {
		return klp.KindKGraft, err
	}
	return klp.KindModule, nil
}

// hasName reports whether a name is in the module's string table of symbols.
func (p *parser) hasName(name string) (bool, error) {
	if p.sec.symtab == 0 {
		return false, nil
	}
	link := int(p.f.Sections[p.sec.symtab].Link)
	if link <= 0 || link >= len(p.f.Sections) {
		return false, nil
	}
	names, err := p.f.Data(link)
	return err == nil && bytes.Contains(names, []byte("\x00"+name+"\x00")), err
}

// toolchain tells what wrote the tables of a livepatch.
func (p *parser) toolchain() klp.Toolchain {
	c := &p.sec
	switch {
	case c.kpatchFuncs != 0:
		return klp.KpatchBuild
	case c.klpObjects != 0:
		s := p.f.Sections[c.klpObjects]
		if s.FileSize > 0 || s.Name == ".init.klp_objects" {
			return klp.KlpBuild
		}
	}
	return klp.Static
}

// listed reports whether word is one of the comma-separated words of list.
func listed(list, word string) bool {
	for w := range strings.SplitSeq(list, ",") {
		if w == word {
			return true
		}
	}
	return false
}
