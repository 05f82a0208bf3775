package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/klplint/klplint/cmd/klplint/internal/diff"
	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/report/escape"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/replace/plan"
	"github.com/klplint/klplint/rules"
)

// hostile are names that attack one format or another.
func hostile() []string {
	return []string{
		"\x1b[31mred\x1b]0;title\x07",
		"]]>",
		"\n::error file=a::broken out",
		"\r##[add-mask]x\r\n",
		"%0A::stop-commands::x",
		"a,b:c%2C",
		"<script>alert(1)</script><!-- -->",
		`"><img src=x onerror=alert(1)>'`,
		"&lt;b&gt;&#0;",
		"[click](javascript:alert(1))",
		`\](http://evil.example) www.evil.example https://evil.example/`,
		"# head | cell | `code` **bold** __init__ @everyone #1 !1 $x$ ~~s~~",
		"\x00\x01\x08\x0b\x0c\x1f\x7f\u0085",
		"\xff\xfe\xc3",
		"\u202eko.evil\u202c\u2028\u2029\ufeff\u200b",
		"\ufffe\uffff\U000e0001",
		"../../etc/passwd",
		"x.rpm!/lib/modules/a b.ko",
		"-",
		"",
		strings.Repeat("n", 100_000),
		"_RNvC" + strings.Repeat("1a", 3) + "3foo",
		rustBomb(),
	}
}

// rustBomb is a short symbol whose demangled form doubles with every step.
func rustBomb() string {
	return "_RINvC4demo1f" + "C4demo" + strings.Repeat("TB9_B9_", 30) + "E"
}

// hostileLint has every hostile name in every place that a module can fill.
func hostileLint() *Lint {
	l := &Lint{Version: "v1", FailOn: finding.Error, Rules: rules.All(), Picture: &Picture{}, Verdict: &policy.Verdict{ExitCode: 1, Waived: len(hostile()), Known: len(hostile())}}
	k := PictureKernel{Release: "6.12", Arch: klp.X86_64, Baseline: 1}
	trace := plan.Trace{Model: replace.NameMainline}
	for i, s := range hostile() {
		path := fmt.Sprintf("%s-%d", s, i)
		at := klp.Location{Section: s, Offset: 1<<64 - 1, Symbol: s, File: 1 << 40}
		f := finding.Finding{
			Rule: l.Rules[i].ID(), Severity: finding.Severity(i%3 + 1), Module: path, Message: s + " is bad " + s, Object: s, Func: s, Location: at,
			Kernel:    &finding.Answer{Errno: "EINVAL", Message: s},
			Related:   []finding.Related{{Module: s + "/other", Message: s, Location: at}, {Module: path, Message: s}},
			Undecided: i%2 == 0,
		}
		l.Verdict.Modules = append(l.Verdict.Modules, policy.Module{
			Module:  lint.Module{Path: path, Name: s, Release: s, Size: 100, Compression: []klp.Compression{klp.Uncompressed, klp.XZ}[i%2]},
			Verdict: policy.Fail,
		})
		for n, decided := range []policy.Finding{{}, {Waiver: &policy.Waiver{Reason: s, Owner: s}}, {Known: true}} {
			decided.Finding, decided.Fingerprint = f, fmt.Sprintf("%032x:%d", i, n)
			l.Verdict.Findings = append(l.Verdict.Findings, decided)
		}
		l.Verdict.NotEvaluated = append(l.Verdict.NotEvaluated, lint.NotEvaluated{Rule: "KLP301", Module: path, Needs: s})
		l.Verdict.Errors = append(l.Verdict.Errors, lint.Error{Path: s + ".bad", Section: s, Offset: 7, Message: s}, lint.Error{Path: path, Rule: "KLP302", Message: s})
		k.Modules = append(k.Modules, &klp.Module{Path: path, Name: s, Kind: klp.KindLivepatch, Patch: klp.Patch{Objects: []klp.Object{{Name: s, Funcs: []klp.Func{{Name: s}, {Name: "shared"}}}}}})
		trace.Steps = append(trace.Steps, plan.Result{
			Op: plan.Load, Module: s, Name: s, Path: path,
			Decision: replace.Decision{Outcome: replace.Refused, Errno: "EINVAL", Reason: s, Messages: []string{s}, Assumed: []string{s}},
			Owners:   map[string]string{s: s},
			Active:   []plan.Active{{Name: s}},
		})
	}
	k.Traces = []plan.Trace{trace}
	l.Picture.Kernels = []PictureKernel{k, {Release: hostile()[7], NotDrawn: hostile()[6]}}
	// As lint.Run sorts them.
	slices.SortStableFunc(l.Verdict.Modules, func(a, b policy.Module) int { return cmp.Compare(a.Path, b.Path) })
	return l
}

func hostileTrace() *Trace {
	return &Trace{Traces: hostileLint().Picture.Kernels[0].Traces, Version: "v1"}
}

// TestHostileNames: whatever a module calls itself, each format stays what it
// is, says nothing that it was not meant to say, and stays small.
func TestHostileNames(t *testing.T) {
	checks := map[string]func(*testing.T, []byte){
		"text": noCheck, "table": noCheck, "json": jsonCheck, "sarif": sarifCheck, "sarif-github": sarifCheck,
		"junit": junitCheck, "github": githubCheck, "gitlab": gitlabCheck, "markdown": markdownCheck, "html": htmlCheck,
	}
	// The formats that give names in full, of any length.
	whole := []string{"text", "table", "json"}
	for _, format := range LintFormats() {
		t.Run(format.Name, func(t *testing.T) {
			var b bytes.Buffer
			if err := format.Write(&b, hostileLint(), Options{Width: 120}); err != nil {
				t.Fatal(err)
			}
			out := b.Bytes()
			if len(out) > 12<<20 {
				t.Errorf("%d bytes", len(out))
			}
			if !slices.Contains(whole, format.Name) && bytes.Contains(out, bytes.Repeat([]byte("n"), maxMessage+1)) {
				t.Error("a name of 100,000 bytes stands there in full")
			}
			plainBytes(t, out)
			if format.Name != "github" {
				for line := range strings.Lines(string(out)) {
					if strings.HasPrefix(strings.TrimSpace(line), "::") {
						t.Errorf("a workflow command: %q", escape.Cut(line, 100))
					}
				}
			}
			check := checks[format.Name]
			if check == nil {
				t.Fatal("no check for this format")
			}
			check(t, out)
		})
	}
	t.Run("trace html", func(t *testing.T) {
		var b bytes.Buffer
		if err := TraceHTML(&b, hostileTrace(), Options{}); err != nil {
			t.Fatal(err)
		}
		plainBytes(t, b.Bytes())
		htmlCheck(t, b.Bytes())
	})
	t.Run("diff html", func(t *testing.T) {
		modules := hostileLint().Picture.Kernels[0].Modules
		for _, d := range []*diff.Diff{diff.Compare(modules[0], modules[1]), diff.Compare(modules[0], modules[0])} {
			var b bytes.Buffer
			if err := DiffHTML(&b, d, Options{}); err != nil {
				t.Fatal(err)
			}
			plainBytes(t, b.Bytes())
			htmlCheck(t, b.Bytes())
		}
	})
}

// plainBytes fails for anything that steers or deceives a terminal or an editor.
func plainBytes(t *testing.T, b []byte) {
	t.Helper()
	if !utf8.Valid(b) {
		t.Error("bytes that are no UTF-8")
	}
	for i, r := range string(b) {
		if r == '\n' || r < utf8.RuneSelf && r >= 0x20 && r != 0x7f {
			continue
		}
		if r < utf8.RuneSelf || !escape.Visible(r) {
			t.Fatalf("character %U at byte %d, behind %q", r, i, b[max(0, i-40):i])
		}
	}
}

func noCheck(*testing.T, []byte) {}

func jsonCheck(t *testing.T, b []byte) { decode(t, b) }

func githubCheck(t *testing.T, b []byte) {
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	open := len(hostile())
	if want := open + 2*open + 1; len(lines) != want {
		t.Errorf("%d lines, want %d", len(lines), want)
	}
	for _, line := range lines[:len(lines)-1] {
		head, _, ok := strings.Cut(strings.TrimPrefix(line, "::"), "::")
		command, properties, _ := strings.Cut(head, " ")
		if !ok || !strings.HasPrefix(line, "::") || !slices.Contains([]string{"error", "warning", "notice"}, command) {
			t.Errorf("line %q", escape.Cut(line, 200))
		}
		for _, p := range strings.Split(properties, ",") {
			if name, _, _ := strings.Cut(p, "="); !slices.Contains([]string{"file", "line", "title"}, name) {
				t.Errorf("property %q of %q", escape.Cut(p, 100), escape.Cut(line, 200))
			}
		}
	}
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "klplint: ") {
		t.Errorf("last line %q", last)
	}
}

func gitlabCheck(t *testing.T, b []byte) {
	var issues []map[string]any
	if err := json.Unmarshal(b, &issues); err != nil {
		t.Fatal(err)
	}
	if want := 3 * len(hostile()); len(issues) != want {
		t.Errorf("%d issues, want %d", len(issues), want)
	}
	seen := make(map[any]bool)
	for _, i := range issues {
		if seen[i["fingerprint"]] || i["fingerprint"] == "" {
			t.Errorf("fingerprint %v twice", i["fingerprint"])
		}
		seen[i["fingerprint"]] = true
		for _, key := range []string{"description", "check_name", "severity"} {
			if s, _ := i[key].(string); s == "" {
				t.Errorf("%s of %v is empty", key, i["fingerprint"])
			}
		}
	}
}

// markdownCheck: no line begins with a name, and no character of a name is
// markup.
func markdownCheck(t *testing.T, b []byte) {
	for _, line := range strings.Split(string(b), "\n") {
		switch {
		case line == "", strings.HasPrefix(line, "# klplint"), strings.HasPrefix(line, "## "),
			strings.HasPrefix(line, "- "), strings.HasPrefix(line, "  - "), strings.HasSuffix(line, "."):
		default:
			t.Errorf("line %q", escape.Cut(line, 200))
		}
		rest := unescaped(strings.ReplaceAll(line, "@<!-- -->", ""))
		for _, bad := range []string{"<", "](", "@", "://", "www.", "__", "~~", "`", "|"} {
			if strings.Contains(rest, bad) {
				t.Errorf("%q is markup in %q", bad, escape.Cut(line, 200))
			}
		}
	}
}

// unescaped drops what Markdown shows as it is: spans of code, and characters
// behind a backslash.
func unescaped(line string) string {
	var b strings.Builder
	for i := 0; i < len(line); {
		switch line[i] {
		case '\\':
			i += 2
		case '`':
			n := 1
			for i+n < len(line) && line[i+n] == '`' {
				n++
			}
			end := strings.Index(line[i+n:], line[i:i+n])
			if end < 0 {
				return b.String() + line[i:]
			}
			i += n + end + n
		default:
			b.WriteByte(line[i])
			i++
		}
	}
	return b.String()
}

// elements walks the elements of XML, or of HTML written like XML but for
// its void elements, and returns what it holds as text.
func elements(t *testing.T, b []byte, html bool, visit func(xml.StartElement)) string {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(b))
	if html {
		d.Strict = false
		d.AutoClose = []string{"meta", "br", "wbr"}
		d.Entity = xml.HTMLEntity
	}
	var text strings.Builder
	depth := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth++
			visit(token)
		case xml.EndElement:
			depth--
		case xml.CharData:
			text.Write(token)
		case xml.Comment:
			t.Errorf("comment %q", token)
		}
	}
	if depth != 0 {
		t.Errorf("%d elements are not closed", depth)
	}
	return text.String()
}
