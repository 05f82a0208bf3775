package x86

import "golang.org/x/arch/x86/x86asm"

// BareBranch returns where the first call or jump of code lies whose distance of
// four bytes is zero, as compilers leave it for a relocation: without one it leads
// to the instruction behind it. It decodes from the start of code, which must be
// that of a function, and ends where an instruction cannot be decoded.
func BareBranch(code []byte) (at int, found bool) {
	for len(code) > at {
		rest := code[at:]
		if len(rest) >= 4 && rest[0] == 0xf3 && rest[1] == 0x0f && rest[2] == 0x1e { // ENDBR64
			at += 4
			continue
		}
		if len(rest) >= 5 && IsBareBranch(rest) {
			return at, true
		}
		inst, err := x86asm.Decode(rest[:min(len(rest), longest)], 64)
		if err != nil || inst.Len <= 0 {
			return 0, false
		}
		at += inst.Len
	}
	return 0, false
}

// IsBareBranch reports whether an instruction of five bytes is a call or jump
// over no distance.
func IsBareBranch(b []byte) bool {
	return (b[0] == 0xe8 || b[0] == 0xe9) && b[1]|b[2]|b[3]|b[4] == 0
}

// TakesDistance reports whether the last of the bytes in front of a field make it
// the distance of a call, a jump or a conditional jump.
func TakesDistance(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	last := b[len(b)-1]
	return last == 0xe8 || last == 0xe9 || len(b) > 1 && b[len(b)-2] == 0x0f && last&0xf0 == 0x80
}
