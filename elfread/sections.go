package elfread

import (
	"debug/elf"
	"strings"

	"github.com/klplint/klplint/klp"
)

// sections holds the indices of the sections that reading is about; 0 where
// there is none.
type sections struct {
	modinfo, thisModule           int
	versions, extCRCs, extNames   int
	kpatchFuncs, kpatchForce      int
	kpatchCallbacks               [4]int // in the order of callbackKinds
	klpObjects, klpFuncs          int
	jumpTable, params             int
	debugInfo, debugStr           int
	livepatchFuncs, ksplice, ksym int
	ksymStrings                   int
	interp, symtab                int
	returnSites, altinstructions  int
	btf, btfBase, endbrSeal       int
	retpolineSites                int
	orc, orcPlaces                int
	ftraceEntries                 bool
	klpRelas, klpRelocs           bool
}

var callbackKinds = [4]klp.CallbackKind{klp.PrePatch, klp.PostPatch, klp.PreUnpatch, klp.PostUnpatch}

// readSections lists the sections and notes the ones that have a meaning here.
func (p *parser) readSections() {
	p.sec = sections{}
	if p.allocated == nil {
		p.allocated = map[string]bool{}
	}
	clear(p.allocated)
	c := &p.sec
	p.m.Sections = make([]klp.Section, len(p.f.Sections))
	for i, s := range p.f.Sections {
		p.m.Sections[i] = klp.Section{
			Name: s.Name, Type: uint32(s.Type), Flags: uint64(s.Flags),
			Offset: s.Offset, Size: s.FileSize, Link: s.Link, Info: s.Info, Align: s.Addralign,
		}
		if s.Flags&elf.SHF_ALLOC != 0 && s.Size > 0 {
			p.m.Sections[i].Again = p.allocated[s.Name]
			p.allocated[s.Name] = true
		}
		if s.Type == elf.SHT_SYMTAB && c.symtab == 0 {
			c.symtab = i
		}
		if s.Flags&klp.SHFRelaLivepatch != 0 && s.Type == elf.SHT_RELA {
			c.klpRelas = true
		}
		var slot *int
		switch s.Name {
		case ".modinfo":
			slot = &c.modinfo
		case ".gnu.linkonce.this_module":
			slot = &c.thisModule
		case "__versions":
			slot = &c.versions
		case "__version_ext_crcs":
			slot = &c.extCRCs
		case "__version_ext_names":
			slot = &c.extNames
		case ".kpatch.funcs":
			slot = &c.kpatchFuncs
		case ".kpatch.force":
			slot = &c.kpatchForce
		case ".kpatch.callbacks.pre_patch":
			slot = &c.kpatchCallbacks[0]
		case ".kpatch.callbacks.post_patch":
			slot = &c.kpatchCallbacks[1]
		case ".kpatch.callbacks.pre_unpatch":
			slot = &c.kpatchCallbacks[2]
		case ".kpatch.callbacks.post_unpatch":
			slot = &c.kpatchCallbacks[3]
		case ".init.klp_objects", "__klp_objects":
			slot = &c.klpObjects
		case ".init.klp_funcs", "__klp_funcs":
			slot = &c.klpFuncs
		case "__jump_table":
			slot = &c.jumpTable
		case "__param":
			slot = &c.params
		case ".debug_info":
			slot = &c.debugInfo
		case ".debug_str":
			slot = &c.debugStr
		case ".BTF":
			slot = &c.btf
		case ".livepatch.funcs":
			slot = &c.livepatchFuncs
		case "__ksymtab", "__ksymtab_gpl":
			slot = &c.ksym
		case "__ksymtab_strings":
			slot = &c.ksymStrings
		case ".interp", ".dynamic":
			slot = &c.interp
		case ".BTF.base":
			slot = &c.btfBase
		case ".return_sites":
			slot = &c.returnSites
		case ".altinstructions":
			slot = &c.altinstructions
		case ".orc_unwind":
			slot = &c.orc
		case ".orc_unwind_ip":
			slot = &c.orcPlaces
		case ".ibt_endbr_seal":
			slot = &c.endbrSeal
		case ".retpoline_sites":
			slot = &c.retpolineSites
		case "__mcount_loc", "__patchable_function_entries":
			c.ftraceEntries = true
		default:
			switch {
			case strings.HasPrefix(s.Name, ".klp.rela."):
				c.klpRelas = true
			case strings.HasPrefix(s.Name, "__klp_relocs"):
				c.klpRelocs = true
			case strings.HasPrefix(s.Name, ".ksplice_"):
				slot = &c.ksplice
			}
		}
		if (slot == &c.versions || slot == &c.extCRCs || slot == &c.extNames) && s.Flags&elf.SHF_ALLOC == 0 {
			continue // find_sec() ignores sections that are not allocated
		}
		if slot != nil && *slot == 0 {
			*slot = i
		}
	}
}

// flag reports whether section i exists and has all the flags.
func (p *parser) flag(i int, want elf.SectionFlag) bool {
	return i > 0 && i < len(p.f.Sections) && p.f.Sections[i].Flags&want == want
}

// initSection reports whether a section's memory is freed after load: the
// module loader tells that by the name's start (kernel/module/main.c:
// module_init_section).
func initSection(name string) bool { return strings.HasPrefix(name, ".init") }
