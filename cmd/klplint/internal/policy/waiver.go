package policy

import (
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/klplint/klplint/finding"
)

// Waiver is one entry of a waivers list: findings that a team lives with, and
// why.
type Waiver struct {
	Rule   string // ID
	Module string // glob over the modules' own names
	// Object and Func are globs over what the finding is about; "" fits all.
	// Func is compared with "name" and with "name,sympos"; one with a colon, with
	// "object:name" and "object:name,sympos".
	Object, Func string
	Reason       string    // never empty
	Owner        string    // "" when not given
	Until        time.Time // the last day, UTC; zero when there is no end

	File string // where it stands
	Line int    // from 1
}

// Expired reports whether the waiver's last day lies before the given time.
func (w *Waiver) Expired(now time.Time) bool {
	return !w.Until.IsZero() && !now.Before(w.Until.AddDate(0, 0, 1))
}

// covers reports whether the waiver is about the finding, which is one of a
// module of that name. A finding about several funcs is covered where each of
// them is.
func (w *Waiver) covers(f *finding.Finding, module string) bool {
	if w.Rule != f.Rule || !matches(w.Module, module) {
		return false
	}
	for fn := range f.About {
		if w.Object != "" && !matches(w.Object, fn.Object) ||
			w.Func != "" && !w.coversFunc(fn) {
			return false
		}
	}
	return true
}

// coversFunc compares Func with the ways in which a func is spelled. A name
// without a position is that of the first, which has the positions 0 and 1.
func (w *Waiver) coversFunc(fn finding.Func) bool {
	name := fn.Name
	if strings.Contains(w.Func, ":") {
		name = fn.Object + ":" + name
	}
	bare := withoutPosition(name)
	first := bare == name || name == bare+",0" || name == bare+",1"
	return matches(w.Func, name) || matches(w.Func, bare) || first && (matches(w.Func, bare+",0") || matches(w.Func, bare+",1"))
}

// matches is path.Match for a pattern that was checked before.
func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// withoutPosition cuts ",sympos" off a func.
func withoutPosition(name string) string {
	if i := strings.LastIndexByte(name, ','); i >= 0 {
		return name[:i]
	}
	return name
}

// nameOf is what waivers and fingerprints call a module: its own name, or that
// of its file where it has none.
func nameOf(name, file string) string {
	if name != "" {
		return name
	}
	base := filepath.Base(file)
	for _, ext := range [...]string{".gz", ".xz", ".zst", ".ko"} {
		base = strings.TrimSuffix(base, ext)
	}
	return base
}
