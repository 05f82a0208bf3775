package report

import (
	"path"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/report/escape"
)

// fileURI makes an URI reference of a path: file:///... of an absolute one,
// else a relative one with the dots that name no folder left out. Bytes that
// an URI cannot hold, and all that could steer a reader, are percent-encoded.
func fileURI(name string) string {
	if strings.HasPrefix(name, "/") {
		return "file://" + percent(clean(name))
	}
	return relativeURI(name)
}

// clean takes ".." out of an absolute path, which readers do not follow.
func clean(absolute string) string {
	if !strings.Contains(absolute, "/../") && !strings.HasSuffix(absolute, "/..") {
		return absolute
	}
	return path.Clean(absolute)
}

func relativeURI(name string) string {
	name = strings.TrimLeft(name, "/")
	for strings.HasPrefix(name, "./") {
		name = strings.TrimLeft(name[2:], "/")
	}
	if name == "" {
		return "."
	}
	u := percent(name)
	first, _, _ := strings.Cut(u, "/")
	if strings.Contains(first, ":") {
		u = "./" + u // else the colon ends a scheme
	}
	return u
}

// percent encodes all but the unreserved characters of RFC 3986, "/" and the
// few others that paths often hold.
func percent(s string) string {
	const hex = "0123456789ABCDEF"
	if len(s) > maxMessage { // no path of Linux is, but one inside an archive may be
		s = escape.Cut(s, maxMessage) + digest(s)
	}
	b := make([]byte, 0, len(s)+8)
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~/+@=,:", c) >= 0 {
			b = append(b, c)
			continue
		}
		b = append(b, '%', hex[c>>4], hex[c&15])
	}
	return string(b)
}
