package report

import (
	"cmp"
	"io"
	"slices"
	"strings"
)

// maxCodeScanning is the number of results that code scanning takes in a run;
// one more and it refuses the file.
const maxCodeScanning = 25_000

// LintSARIFGitHub writes the SARIF that GitHub's code scanning accepts. It
// reads neither bytes nor addresses nor suppressions and refuses a file with a
// result that has no line: so every place is line 1 of the module, the place
// in the binary stands in the message, and waived and known findings are left
// out. The worst findings come first, because it shows 5,000 and takes 25,000.
func LintSARIFGitHub(w io.Writer, l *Lint, _ Options) error {
	b := newSARIF(l, true)
	for _, i := range l.open(maxCodeScanning) {
		f := &l.Verdict.Findings[i]
		r := b.finding(i)
		r.BaselineState = ""
		r.Locations[0].LogicalLocations = nil
		if at := place(f.Location); at != "" {
			r.Message.Text += " (" + sarifMessage(at) + ")"
		}
		if f.Kernel != nil && f.Kernel.Errno != "" {
			r.Message.Text += "; the kernel answers " + sarifMessage(f.Kernel.Errno)
		}
		if fp := f.Fingerprint; fp != "" {
			r.PartialFingerprints = map[string]string{"primaryLocationLineHash": fp + ":1"}
		}
		b.add(r)
	}
	return b.write(w)
}

// open lists the findings that are neither waived nor known, the worst first,
// and most of them at most.
func (l *Lint) open(most int) []int {
	var list []int
	for i := range l.Verdict.Findings {
		if !l.accepted(i) {
			list = append(list, i)
		}
	}
	slices.SortStableFunc(list, func(a, b int) int {
		return cmp.Compare(l.Verdict.Findings[b].Severity, l.Verdict.Findings[a].Severity)
	})
	return list[:min(len(list), most)]
}

// lineLocation is line 1 of a file; of the archive, for a module inside one.
func lineLocation(path string) sarifLocation {
	outer, _, _ := strings.Cut(path, "!/")
	p := &sarifPhysical{Region: &sarifRegion{StartLine: 1, EndLine: 1}}
	p.ArtifactLocation.URI = fileURI(outer)
	return sarifLocation{PhysicalLocation: p}
}
