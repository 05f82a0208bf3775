package report

import (
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/report/escape"
)

// fileURI makes an URI reference of a path: file:///... of an absolute one,
// else a relative one with the dots that name no folder left out. Bytes that
// an URI cannot hold, and all that could steer a reader, are percent-encoded.
func fileURI(path string) string {
	if strings.HasPrefix(path, "/") {
		return "file://" + percent(path)
	}
	return relativeURI(path)
}

func relativeURI(path string) string {
	path = strings.TrimLeft(path, "/")
	for strings.HasPrefix(path, "./") {
		path = strings.TrimLeft(path[2:], "/")
	}
	if path == "" {
		return "."
	}
	u := percent(path)
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
