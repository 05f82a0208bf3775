package elfread

import "strings"

// arena makes many short strings with few allocations: they are cut from one
// larger one, which may serve several modules. A full arena is left to the
// strings cut from it.
type arena struct{ b *strings.Builder }

// arenaSize is the size of one block, in bytes: about what the names of an
// ordinary livepatch module need.
const arenaSize = 2048

// string copies s.
func (a *arena) string(s []byte) string {
	if len(s) == 0 {
		return ""
	}
	if len(s) > arenaSize/4 {
		return string(s)
	}
	if a.b == nil || a.b.Cap()-a.b.Len() < len(s) {
		a.b = new(strings.Builder)
		a.b.Grow(arenaSize)
	}
	start := a.b.Len()
	a.b.Write(s)
	return a.b.String()[start:]
}
