package kernel

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/klplint/klplint/klp"
)

// The machine types of PE files, as EFI boot images carry them (UEFI
// specification, "PE/COFF machine types"; include/linux/pe.h).
const (
	peAMD64       = 0x8664
	peARM64       = 0xaa64
	peLoongArch64 = 0x6264
	peRISCV64     = 0x5064
)

// peHeader returns the offset of the COFF header of a PE file, which follows
// the four bytes "PE\0\0".
func peHeader(data []byte) (at int, ok bool) {
	if len(data) < 64 || string(data[:2]) != "MZ" {
		return 0, false
	}
	pe := int64(binary.LittleEndian.Uint32(data[60:]))
	if pe+24 > int64(len(data)) || string(data[pe:pe+4]) != "PE\x00\x00" {
		return 0, false
	}
	return int(pe) + 4, true
}

// peMachine returns the machine type of a PE file.
func peMachine(data []byte) (machine uint16, ok bool) {
	at, ok := peHeader(data)
	if !ok {
		return 0, false
	}
	return binary.LittleEndian.Uint16(data[at:]), true
}

// peArch names the architecture of a machine type; an error says which one it
// is that klplint does not read.
func peArch(machine uint16) (klp.Arch, error) {
	switch machine {
	case peAMD64:
		return klp.X86_64, nil
	case peARM64:
		return klp.ARM64, nil
	case peLoongArch64:
		return klp.LoongArch64, nil
	case peRISCV64:
		return "", fmt.Errorf("a riscv64 kernel: livepatches exist for x86_64, arm64, ppc64le, s390x and loongarch64")
	}
	return "", fmt.Errorf("PE machine type %#x: livepatches exist for x86_64, arm64, ppc64le, s390x and loongarch64", machine)
}

// peSection returns the bytes of a section of a PE file, nil where there is no
// such section or where it lies outside the bytes given.
func peSection(data []byte, name string) []byte {
	at, ok := peHeader(data)
	if !ok {
		return nil
	}
	le := binary.LittleEndian
	count, optional := int(le.Uint16(data[at+2:])), int(le.Uint16(data[at+16:]))
	table := at + 20 + optional
	for i := range count {
		h := table + 40*i
		if h+40 > len(data) {
			return nil
		}
		if string(bytes.TrimRight(data[h:h+8], "\x00")) != name {
			continue
		}
		// VirtualSize is the length without the padding to the file's alignment.
		size, start := int64(le.Uint32(data[h+16:])), int64(le.Uint32(data[h+20:]))
		if virtual := int64(le.Uint32(data[h+8:])); virtual > 0 {
			size = min(size, virtual)
		}
		if start > int64(len(data)) || size > int64(len(data))-start {
			return nil
		}
		return data[start : start+size : start+size]
	}
	return nil
}

// isUKI reports whether the bytes begin like a unified kernel image: a PE file
// of systemd-stub with the kernel in the section .linux (UAPI group, "UKI").
// The section table stands within the first bytes.
func isUKI(head []byte) bool {
	at, ok := peHeader(head)
	if !ok {
		return false
	}
	le := binary.LittleEndian
	count, table := int(le.Uint16(head[at+2:])), at+20+int(le.Uint16(head[at+16:]))
	for i := range count {
		h := table + 40*i
		if h+40 > len(head) {
			return false
		}
		if string(bytes.TrimRight(head[h:h+8], "\x00")) == ".linux" {
			return true
		}
	}
	return false
}
