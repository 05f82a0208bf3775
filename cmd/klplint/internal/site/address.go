package site

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/moduleset"
)

// The pages that there is one of.
const (
	Index = "index.html"
	Log   = "log.html"
)

// logRevisions is how many revisions a page of the log has.
const logRevisions = 500

func kernelPage(k moduleset.Kernel) string {
	shown := k.Release + " " + string(k.Arch)
	return "kernels/" + slug(shown, shown+" "+k.Flags) + ".html"
}

func lineagePage(l registry.Lineage) string {
	if l.Owner == "" {
		return "lineages/" + slug(l.Stem, l.Stem) + ".html"
	}
	return "lineages/" + slug(l.Owner+" "+l.Stem, l.Owner+"\x00"+l.Stem) + ".html"
}

// LogPage is the page of the log that has a revision.
func LogPage(revision int64) string {
	return fmt.Sprintf("log/%d.html", (revision-1)/logRevisions*logRevisions+1)
}

func modulePlace(sha256, channel string) string {
	id := "module-" + sha256[:min(12, len(sha256))]
	if channel != "" {
		id += "-" + slug(channel, channel)
	}
	return id
}

// slug makes a file's name of any text: small letters, digits, '.', '_' and '-'.
// What does not fit is a '-', and where the name is not the whole of what is meant
// a digest of that keeps it apart from others.
func slug(text, whole string) string {
	const longest = 80
	b := []byte(text[:min(len(text), longest)])
	for i, c := range b {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' && (c != '.' || i == 0 || b[i-1] == '-') {
			b[i] = '-'
		}
	}
	if name := string(b); name == whole && name != "" {
		return name
	}
	return strings.Trim(string(b), "-") + "-" + digest(whole)[:8]
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
