package report

import (
	"bytes"
	"encoding/xml"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/klplint/klplint/klp"
)

// sitePage is the address of another page of a registry's site.
var sitePage = regexp.MustCompile(`^(\.\./)?(index|log|(kernels|lineages|log)/[a-z0-9][a-z0-9._-]*)\.html(#[a-z0-9._-]+)?$`)

// htmlCheck holds a page to what makes it safe, self-contained and accessible:
// closed elements, one h1, landmarks, table headers with a scope, links that
// lead somewhere, and no address but the SVG namespace.
func htmlCheck(t *testing.T, b []byte) {
	t.Helper()
	count := make(map[string]int)
	ids := make(map[string]bool)
	var links, labels []string
	allowed := map[string]bool{
		"html": true, "head": true, "meta": true, "title": true, "style": true, "body": true, "a": true, "header": true, "nav": true, "main": true, "footer": true,
		"section": true, "h1": true, "h2": true, "h3": true, "p": true, "span": true, "strong": true, "code": true, "br": true, "wbr": true, "div": true, "ul": true, "li": true,
		"table": true, "caption": true, "thead": true, "tbody": true, "tr": true, "th": true, "td": true, "dl": true, "dt": true, "dd": true, "figure": true, "figcaption": true,
		"svg": true, "desc": true, "defs": true, "pattern": true, "rect": true, "path": true, "circle": true, "line": true, "text": true, "g": true,
	}
	elements(t, b, true, func(e xml.StartElement) {
		name := e.Name.Local
		count[name]++
		if !allowed[name] {
			t.Errorf("element %s", name)
		}
		attrs := make(map[string]string)
		for _, a := range e.Attr {
			attrs[a.Name.Local] = a.Value
			if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "src" || a.Name.Local == "style" {
				t.Errorf("attribute %s of %s", a.Name.Local, name)
			}
		}
		if id := attrs["id"]; id != "" {
			if ids[id] {
				t.Errorf("two elements have the ID %q", id)
			}
			ids[id] = true
		}
		if href, ok := attrs["href"]; ok {
			links = append(links, href)
		}
		if l := attrs["aria-labelledby"]; l != "" {
			labels = append(labels, l)
		}
		switch name {
		case "html":
			if attrs["lang"] != "en" {
				t.Error("no language")
			}
		case "th":
			if attrs["scope"] == "" {
				t.Error("a table header without a scope")
			}
		case "svg":
			if attrs["role"] != "img" {
				t.Error("a picture without its role")
			}
		case "div":
			if attrs["class"] == "scroll" && (attrs["tabindex"] != "0" || attrs["role"] != "region" || attrs["aria-label"] == "") {
				t.Error("a part that scrolls and that a keyboard does not reach")
			}
		}
	})
	for _, one := range []string{"html", "h1", "header", "nav", "main", "footer"} {
		if count[one] != 1 {
			t.Errorf("%d elements %s, want 1", count[one], one)
		}
	}
	if count["table"] != count["caption"] {
		t.Errorf("%d tables, %d captions", count["table"], count["caption"])
	}
	for _, l := range links {
		if page := strings.HasPrefix(l, "https://github.com/klplint/klplint/blob/main/docs/rules/KLP") || sitePage.MatchString(l); !page && (!strings.HasPrefix(l, "#") || !ids[l[1:]]) {
			t.Errorf("link to %q", l)
		}
	}
	for _, l := range labels {
		if !ids[l] {
			t.Errorf("label %q", l)
		}
	}
	markup := regexp.MustCompile(`>[^<]*<`).ReplaceAll(b, []byte("><"))
	if rest := bytes.ReplaceAll(markup, []byte("http://www.w3.org/2000/svg"), nil); bytes.Contains(rest, []byte("http")) && !bytes.Contains(rest, []byte("http-equiv")) {
		t.Error("an address in the markup")
	}
	if !bytes.Contains(b, []byte("default-src 'none'")) {
		t.Error("no content security policy")
	}
}

func TestLintHTMLIsEmpty(t *testing.T) {
	l := &Lint{Verdict: sarifLint().Verdict, Rules: sarifLint().Rules}
	l.Verdict.Findings, l.Verdict.Errors, l.Verdict.NotEvaluated, l.Verdict.Modules = nil, nil, nil, nil
	var b bytes.Buffer
	if err := LintHTML(&b, l, Options{}); err != nil {
		t.Fatal(err)
	}
	htmlCheck(t, b.Bytes())
	if !strings.Contains(b.String(), "Nothing was found.") {
		t.Error("an empty report does not say so")
	}
}

// TestPageContrast: text reaches the ratio 4.5 of WCAG 2.1 level AA on every
// ground that it stands on: light, dark and printed.
func TestPageContrast(t *testing.T) {
	schemes := 0
	for _, block := range regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(pageStyle, -1) {
		schemes++
		colors := make(map[string]string)
		for _, c := range regexp.MustCompile(`--([a-z]+): (#[0-9a-f]{6})`).FindAllStringSubmatch(block[1], -1) {
			colors[c[1]] = c[2]
		}
		for _, ground := range []string{"ground", "panel", "shared"} {
			for _, ink := range []string{"text", "soft", "link", "error", "warning", "info", "pass"} {
				if colors[ground] == "" || colors[ink] == "" {
					t.Fatalf("scheme %d lacks %s or %s", schemes, ground, ink)
				}
				if r := contrast(t, colors[ground], colors[ink]); r < 4.5 {
					t.Errorf("scheme %d: %s on %s is %.2f", schemes, ink, ground, r)
				}
			}
		}
	}
	if schemes != 3 {
		t.Errorf("%d schemes, want light, dark and print", schemes)
	}
}

// contrast is WCAG's ratio of two colours, from 1 to 21.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	luminance := func(c string) float64 {
		sum := 0.0
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
			n, err := strconv.ParseUint(c[1+2*i:3+2*i], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			v := float64(n) / 255
			if v <= 0.03928 {
				v /= 12.92
			} else {
				v = math.Pow((v+0.055)/1.055, 2.4)
			}
			sum += weight * v
		}
		return sum
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// TestLintHTML: the page says what the result says, funcs that several
// livepatches patch come first, and what does not count is told apart.
func TestLintHTML(t *testing.T) {
	module := func(name string, funcs ...klp.Func) *klp.Module {
		return &klp.Module{Path: name + ".ko", Name: name, Kind: klp.KindLivepatch, Patch: klp.Patch{Objects: []klp.Object{{Name: "vmlinux", Funcs: funcs}}}}
	}
	l := sarifLint()
	l.Picture = &Picture{Kernels: []PictureKernel{{
		Release: "6.12", Arch: klp.X86_64, Baseline: 1, NotDrawn: "one <reason>",
		Modules: []*klp.Module{
			module("old", klp.Func{Name: "a"}, klp.Func{Name: "z"}),
			module("new", klp.Func{Name: "z", Sympos: 1}, klp.Func{Name: "z", Sympos: 2}, klp.Func{Name: "z"}),
		},
	}}}
	var b bytes.Buffer
	if err := LintHTML(&b, l, Options{}); err != nil {
		t.Fatal(err)
	}
	htmlCheck(t, b.Bytes())
	const dot = `<td><span aria-hidden="true">●</span><span class="hidden">patched</span></td>`
	at := 0
	for _, want := range []string{
		`<h1>klplint <span class="badge error">could not check everything</span></h1>`,
		`<h3 id="m0"><code>a.ko</code>`,
		`<strong class="info">info</strong> <a href="#rule-KLP101">KLP101</a> first</p>`,
		`at <code>.data+0x8 patch</code>`,
		`<a href="#rule-SITE1">SITE1</a> fourth</p>`,
		`the kernel: EINVAL`,
		`<code>b.ko</code> the other`,
		`<strong class="error">could not be checked</strong> offset 0x9: gone`,
		`<code>abababababababababababababababababababababababababababababababab</code>`,
		`3 funcs in 2 livepatches; 1 patched by more than one`,
		`<th scope="col"><span>old (baseline)</span></th><th scope="col"><span>new</span></th>`,
		`<code>vmlinux:z</code> <span class="soft">2 times</span></th>` + dot + dot + `</tr>`,
		`<code>vmlinux:a</code></th>` + dot + `<td></td></tr>`,
		`<code>vmlinux:z,2</code></th><td></td>` + dot + `</tr>`,
		`not drawn: one &lt;reason&gt;.`,
		`<td data-name="why">waived: agreed</td>`,
		`<td data-name="why">known</td>`,
		`<li>KLP301 (needs kernel)</li>`,
		`<dt id="rule-KLP101">KLP101: module is not marked as a livepatch</dt>`,
		`<strong>Fix:</strong>`,
		`<dt id="rule-SITE1">SITE1</dt>`,
	} {
		i := strings.Index(b.String()[at:], want)
		if i < 0 {
			t.Fatalf("no %s behind byte %d", want, at)
		}
		at += i
	}
}
