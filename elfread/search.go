package elfread

// needle is a byte string to search for by Horspool's way: the last byte of
// each window tells how far to go on. Names in .debug_str share their letters
// so much that bytes.Index, which jumps to the next first letter, takes several
// times as long.
type needle struct {
	text string
	skip [256]uint8
}

func newNeedle(text string) *needle {
	n := &needle{text: text}
	for i := range n.skip {
		n.skip[i] = uint8(len(text))
	}
	for i := range len(text) - 1 {
		n.skip[text[i]] = uint8(len(text) - 1 - i)
	}
	return n
}

// in reports whether b contains the needle.
func (n *needle) in(b []byte) bool {
	last := len(n.text) - 1
	for i := last; i < len(b); i += int(n.skip[b[i]]) {
		if b[i] == n.text[last] && string(b[i-last:i+1]) == n.text {
			return true
		}
	}
	return false
}
