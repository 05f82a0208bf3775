package kerneltest

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
)

// Mutation is a change to a built module that no source could make: what a
// compiler, modpost or a different kernel tree would have done wrong. The
// file keeps its size.
type Mutation string

// The mutations.
const (
	// BadLicence: modpost would refuse GPL-only symbols to such a module.
	BadLicence Mutation = "bad-licence"
	// BadVermagicFlags changes a word behind the release.
	BadVermagicFlags Mutation = "bad-vermagic-flags"
	// BadVermagicRelease changes the release alone.
	BadVermagicRelease Mutation = "bad-vermagic-release"
	// NoVermagic renames the vermagic entry.
	NoVermagic Mutation = "no-vermagic"
	// EmptyVermagic ends the vermagic entry behind the equals sign.
	EmptyVermagic Mutation = "empty-vermagic"
	// UnreadableVermagic puts a control character into the release.
	UnreadableVermagic Mutation = "unreadable-vermagic"
	// BadCRC changes the CRC of klp_enable_patch in __versions.
	BadCRC Mutation = "bad-crc"
	// BadLayoutCRC changes the CRC of module_layout in __versions.
	BadLayoutCRC Mutation = "bad-layout-crc"
	// UnknownImport renames the import klp_enable_patch to a symbol that nobody exports.
	UnknownImport Mutation = "unknown-import"
	// NoVersions renames the section __versions, as if the module had no CRCs.
	NoVersions Mutation = "no-versions"
	// SmallThisModule shrinks .gnu.linkonce.this_module by eight bytes.
	SmallThisModule Mutation = "small-this-module"
	// BadBTF gives the section .comment the name .BTF: text where the kernel
	// expects a header.
	BadBTF Mutation = "bad-btf"
)

var errNothingToMutate = errors.New("nothing to change")

// ofVersions reports whether the mutation is of CRCs, which only kernels with
// CONFIG_MODVERSIONS have.
func (m Mutation) ofVersions() bool { return m == BadCRC || m == BadLayoutCRC || m == NoVersions }

// apply changes the file's bytes in place.
func (m Mutation) apply(data []byte) error {
	switch m {
	case BadLicence:
		return substitute(data, "\x00license=GPL\x00", "\x00license=No!\x00")
	case BadVermagicFlags:
		return substitute(data, " mod_unload", " mod_onload")
	case BadVermagicRelease:
		return changeVermagic(data, "\x00vermagic=5")
	case NoVermagic:
		return changeVermagic(data, "\x00vermagix=6")
	case EmptyVermagic:
		return changeVermagic(data, "\x00vermagic=\x00")
	case UnreadableVermagic:
		return changeVermagic(data, "\x00vermagic=\x01")
	case BadCRC:
		return changeCRC(data, "klp_enable_patch")
	case BadLayoutCRC:
		return changeCRC(data, "module_layout")
	case UnknownImport:
		return substitute(data, "\x00klp_enable_patch\x00", "\x00klp_enable_potch\x00")
	case NoVersions:
		return substitute(data, "\x00__versions\x00", "\x00__versianz\x00")
	case BadBTF:
		return substitute(data, "\x00.comment\x00", "\x00.BTF\x00ent\x00")
	case SmallThisModule:
		return shrinkThisModule(data)
	}
	return errors.New("unknown mutation")
}

// substitute replaces every occurrence; both texts have one length. The name
// of an import occurs in the string table and, padded, in __versions.
func substitute(data []byte, from, to string) error {
	count := 0
	for at := 0; ; {
		i := bytes.Index(data[at:], []byte(from))
		if i < 0 {
			break
		}
		copy(data[at+i:], to)
		at += i + len(to)
		count++
	}
	if count == 0 {
		return errNothingToMutate
	}
	return nil
}

// changeVermagic writes over the entry's key and the first byte of its value, the
// kernel's major version.
func changeVermagic(data []byte, to string) error {
	const key = "\x00vermagic="
	i := bytes.Index(data, []byte(key))
	if i < 0 || i+len(to) > len(data) {
		return errNothingToMutate
	}
	copy(data[i:], to)
	return nil
}

// rename gives a module another name of the same length: in .modinfo, and in
// struct module, where it comes behind the state and a list head
// (include/linux/module.h).
func rename(data []byte, from, to string) error {
	if err := substitute(data, "\x00name="+from+"\x00", "\x00name="+to+"\x00"); err != nil {
		return fmt.Errorf(".modinfo: %w", err)
	}
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return err
	}
	section := f.Section(".gnu.linkonce.this_module")
	if section == nil || section.Size < 24+uint64(len(from)) || !bytes.HasPrefix(data[section.Offset+24:], []byte(from+"\x00")) {
		return fmt.Errorf("struct module: %w", errNothingToMutate)
	}
	copy(data[section.Offset+24:], to)
	return nil
}

// changeCRC flips a bit of a CRC: struct modversion_info is an unsigned long
// and a name of 56 bytes (include/linux/module.h).
func changeCRC(data []byte, name string) error {
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return err
	}
	section := f.Section("__versions")
	if section == nil {
		return fmt.Errorf("section __versions: %w", errNothingToMutate)
	}
	for at := section.Offset; at+64 <= section.Offset+section.Size; at += 64 {
		if bytes.HasPrefix(data[at+8:at+64], []byte(name+"\x00")) {
			data[at] ^= 1
			return nil
		}
	}
	return fmt.Errorf("CRC of %s: %w", name, errNothingToMutate)
}

// shrinkThisModule takes eight bytes off the section's header; the struct's
// relocated fields lie before them.
func shrinkThisModule(data []byte) error {
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return err
	}
	headers := f.ByteOrder.Uint64(data[40:]) // e_shoff
	for i, section := range f.Sections {
		if section.Name == ".gnu.linkonce.this_module" {
			at := headers + uint64(i)*64 + 32 // sh_size
			f.ByteOrder.PutUint64(data[at:], section.Size-8)
			return nil
		}
	}
	return errNothingToMutate
}
