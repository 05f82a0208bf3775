package registry

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
)

// State is what an entry counts for.
type State string

// The states. Only active modules are compared with a candidate.
const (
	Candidate State = "candidate" // recorded, not admitted
	Active    State = "active"    // shipped, or about to be
	Retired   State = "retired"   // no longer shipped
)

// Entry is one registered module. The same bytes may stand in several channels,
// each an entry of its own.
type Entry struct {
	Module  *klp.Module // what was read from the file, as far as the registry keeps it
	Channel string
	Owner   string
	State   State
	Labels  map[string]string

	AddedBy, AddedAt     string // who recorded it, and when (RFC 3339, UTC)
	ChangedBy, ChangedAt string // the same of the last change of its state
	ReplacedBy           string // sha256 of the module that evicted it, "" for none
	Revision             int64  // the registry's revision that changed it last
	// Admitted is the revision in which a verdict admitted it. 0: it was
	// recorded without being judged.
	Admitted int64

	id       int64
	document string // digest of the document
}

// Path names an entry in findings: "registry:NAME@SHA256", the digest cut to
// 12 digits, and the channel where it has one.
func (e *Entry) Path() string { return pathOf(e.Module.Name, e.Module.SHA256, e.Channel) }

func pathOf(name, sha256, channel string) string {
	path := "registry:" + name + "@" + sha256[:min(12, len(sha256))]
	if channel != "" {
		path += "#" + channel
	}
	return path
}

// ID orders entries as they were added.
func (e *Entry) ID() int64 { return e.id }

// Kernel returns the kernel that the module was built for.
func (e *Entry) Kernel() moduleset.Kernel { return moduleset.KernelOf(e.Module) }

// Lineage is what generations of one livepatch have in common.
type Lineage struct{ Owner, Stem string }

// Lineage returns the lineage by owner and name.
func (e *Entry) Lineage() Lineage { return Lineage{e.Owner, e.stem()} }

func (e *Entry) stem() string { return stemOf(e.Module.Name, e.Module.Vermagic.Release) }

func stemOf(name, release string) string { return short(escape(names.Stem(name, release))) }

// Peer is an active entry as far as modules are compared. Again has the rest.
type Peer struct {
	Member         *moduleset.Member // its path is that of the entry
	UnsignedSHA256 string            // of the unpacked file without its signature
	Channel        string
	Admitted       bool // by a gate, as opposed to recorded without being judged
	id             int64
}

// ID orders entries as they were added.
func (p *Peer) ID() int64 { return p.id }

// Lineage returns the lineage by owner and name.
func (p *Peer) Lineage() Lineage {
	return Lineage{p.Member.Owner, stemOf(p.Member.Name, p.Member.Release)}
}

const (
	maxWord  = 200     // bytes of a name, an owner, a channel, a label
	maxItems = 200_000 // funcs, states, shadow ids and sets of a module
)

// check refuses what the registry could not keep or find again.
func (e *Entry) check() error {
	m := e.Module
	switch {
	case !m.IsLivepatch():
		return fmt.Errorf("%s: not a livepatch module", m.Path)
	case !isSHA256(m.SHA256):
		return fmt.Errorf("%s: its sha256 is not known", m.Path)
	case m.UnsignedSHA256 != "" && !isSHA256(m.UnsignedSHA256):
		return fmt.Errorf("%s: its sha256 without signature is %q", m.Path, m.UnsignedSHA256)
	case m.Signature == nil && (m.Compression == klp.Uncompressed || m.Compression == "") && m.UnsignedSHA256 != "" && m.UnsignedSHA256 != m.SHA256:
		// It would be taken for another module.
		return fmt.Errorf("%s: it is neither signed nor packed, and its sha256 without signature is another", m.Path)
	case m.Name == "":
		return fmt.Errorf("%s: the module has no name", m.Path)
	case m.Vermagic.Release == "":
		return fmt.Errorf("%s: the module has no vermagic: its kernel is not known", m.Path)
	}
	words := []struct{ what, text string }{
		{"module name", escape(m.Name)}, {"release", escape(m.Vermagic.Release)}, {"channel", e.Channel}, {"owner", e.Owner}, {"name of who adds it", e.AddedBy},
	}
	for k, v := range e.Labels {
		words = append(words, struct{ what, text string }{"label", k}, struct{ what, text string }{"value of a label", v})
		if k == "" || strings.Contains(k, "=") {
			return fmt.Errorf("%s: label %q: want NAME=VALUE", m.Path, k)
		}
	}
	for _, w := range words {
		if err := checkWord(w.what, w.text); err != nil {
			return fmt.Errorf("%s: %w", m.Path, err)
		}
	}
	return nil
}

// isSHA256: by it modules are found, and the engines compare bytes.
func isSHA256(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// checkWord keeps to what is no longer than a word.
func checkWord(what, s string) error {
	if len(s) > maxWord {
		return fmt.Errorf("%s of %d bytes: at most %d", what, len(s), maxWord)
	}
	return checkText(what, s)
}

// checkText keeps to what both engines store alike and every terminal shows.
func checkText(what, s string) error {
	switch {
	case !utf8.ValidString(s):
		return fmt.Errorf("%s %q is no UTF-8", what, s)
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Errorf("%s %q has a control character", what, s)
	}
	return nil
}
