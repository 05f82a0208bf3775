package report

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/klplint/klplint/cmd/klplint/internal/diff"
	"github.com/klplint/klplint/klp"
)

// probe looks at the page as it is laid out: whether it is wider than the
// window, and the contrast of each text against the ground that it stands on.
const probe = `<script>
addEventListener("load", () => {
  const rgb = c => (c.match(/[\d.]+/g) || []).map(Number);
  const light = c => c.slice(0, 3).map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const weak = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let texts = 0;
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || e.closest("svg, script, .hidden")) continue;
    texts++;
    const a = light(rgb(getComputedStyle(e).color)), b = light(ground(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) weak.push(ratio.toFixed(2) + " " + walk.currentNode.data.slice(0, 60));
  }
  const pre = document.createElement("pre");
  pre.id = "probe";
  pre.textContent = JSON.stringify({
    width: innerWidth, needs: document.documentElement.scrollWidth, texts, weak,
    ground: getComputedStyle(document.body).backgroundColor,
    foreign: document.querySelectorAll("script:not(:last-of-type), img, iframe, object, embed, link, form").length,
    fetched: performance.getEntriesByType("resource").length,
    beyond: [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth && !e.closest("nav, .scroll"))
      .slice(0, 5).map(e => e.tagName + " " + e.className + " " + e.textContent.slice(0, 60)),
    turned: getComputedStyle(document.querySelector("nav")).display,
  });
  parent.document.body.append(pre);
});
</script>`

type probed struct {
	Width, Needs, Texts, Foreign, Fetched int
	Weak, Beyond                          []string
	Ground, Turned                        string
}

// TestPageInBrowser lays the pages out in the Chromium that KLPLINT_CHROMIUM
// names: on a desktop, on a phone, dark and for paper. Without one, the other
// tests have to do.
func TestPageInBrowser(t *testing.T) {
	chromium := os.Getenv("KLPLINT_CHROMIUM")
	if chromium == "" {
		t.Log("KLPLINT_CHROMIUM names no browser")
		return
	}
	var lint, trace bytes.Buffer
	if err := LintHTML(&lint, hostileLint(), Options{}); err != nil {
		t.Fatal(err)
	}
	if err := TraceHTML(&trace, hostileTrace(), Options{}); err != nil {
		t.Fatal(err)
	}
	var lineage bytes.Buffer
	if err := SiteLineage(&lineage, &hostileSite().Lineages[0], "v1"); err != nil {
		t.Fatal(err)
	}
	// Summary and names as long as real ones are.
	old := &klp.Module{Path: "out/livepatch-1.ko", Name: "livepatch_1", Kind: klp.KindLivepatch, Patch: klp.Patch{Objects: []klp.Object{{Name: "vmlinux", Funcs: []klp.Func{{Name: "a"}}}}}}
	next := &klp.Module{Path: "out/livepatch-2.ko", Name: "livepatch_2", Kind: klp.KindLivepatch, Patch: klp.Patch{Objects: []klp.Object{{Name: "vmlinux", Funcs: []klp.Func{
		{Name: "a"}, {Name: strings.Repeat("long_name_", 12)}, {Name: "c"}, {Name: "d"}, {Name: "e"},
	}}, {Name: "ext4", Funcs: []klp.Func{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}}}}}}
	var difference bytes.Buffer
	if err := DiffHTML(&difference, diff.Compare(old, next), Options{}); err != nil {
		t.Fatal(err)
	}
	const dark = "(prefers-color-scheme: dark)"
	for _, v := range []struct {
		name, old, new string // what stands in for a reader's setting
		width          int
		ground         string
	}{
		{"desktop", "", "", 1280, "rgb(255, 255, 255)"},
		{"phone", "", "", 390, "rgb(255, 255, 255)"},
		{"dark", dark, "all", 1280, "rgb(20, 23, 27)"},
		{"dark phone", dark, "all", 390, "rgb(20, 23, 27)"},
		{"print", "@media print", "@media all", 794, "rgb(255, 255, 255)"},
	} {
		shown := map[string]string{"lint": lint.String(), "trace": trace.String()}
		if v.name == "desktop" || v.name == "dark phone" { // the style is the same for all
			shown["lineage of a site"], shown["diff"] = lineage.String(), difference.String()
		}
		for name, page := range shown {
			t.Run(v.name+"/"+name, func(t *testing.T) {
				page := strings.Replace(page, v.old, v.new, 1)
				got := probePage(t, chromium, page, v.width)
				if got.Width != v.width {
					t.Errorf("the window is %d wide, want %d", got.Width, v.width)
				}
				if got.Needs > got.Width {
					t.Errorf("the page needs %d columns of %d: %q", got.Needs, got.Width, got.Beyond)
				}
				if got.Ground != v.ground {
					t.Errorf("ground %s, want %s", got.Ground, v.ground)
				}
				if got.Texts < 50 || got.Foreign != 0 || got.Fetched != 0 {
					t.Errorf("%d texts, %d foreign elements, %d requests", got.Texts, got.Foreign, got.Fetched)
				}
				for _, w := range got.Weak {
					t.Errorf("contrast %s", w)
				}
				if (got.Turned == "none") != (v.name == "print") {
					t.Errorf("the contents are shown as %s", got.Turned)
				}
			})
		}
	}
	t.Run("screenshot", func(t *testing.T) { screenshot(t, chromium, lint.String()) })
}

// browse runs a headless browser over a page.
func browse(t *testing.T, chromium, page string, args ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "page.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	args = append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--hide-scrollbars", "--user-data-dir=" + filepath.Join(dir, "profile"),
	}, append(args, "file://"+file)...)
	cmd := exec.CommandContext(ctx, chromium, args...)
	cmd.WaitDelay = 5 * time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	return out
}

func probePage(t *testing.T, chromium, page string, width int) probed {
	t.Helper()
	// The page forbids scripts; the copy under test may have one.
	page = regexp.MustCompile(`<meta http-equiv[^>]*>`).ReplaceAllString(page, "")
	page = strings.Replace(page, "</body>", probe+"</body>", 1)
	// A frame is as narrow as a phone, which a window of this browser is not.
	page = fmt.Sprintf(`<!DOCTYPE html><title>probe</title><body><iframe style="border:0" width="%d" height="900" srcdoc="%s"></iframe></body>`, width, html.EscapeString(page))
	dom := browse(t, chromium, page, "--window-size=1400,1000", "--dump-dom")
	found := regexp.MustCompile(`(?s)<pre id="probe">(.*?)</pre>`).FindSubmatch(dom)
	if found == nil {
		t.Fatalf("the page was not loaded: %d bytes", len(dom))
	}
	var got probed
	if err := json.Unmarshal([]byte(html.UnescapeString(string(found[1]))), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// screenshot takes a picture of the page as it is, with its own policy, and
// looks whether something stands there.
func screenshot(t *testing.T, chromium, page string) {
	file := filepath.Join(t.TempDir(), "page.png")
	browse(t, chromium, page, "--window-size=1280,900", "--screenshot="+file)
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	colors := make(map[[3]uint32]int)
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			r, g, b, _ := picture.At(x, y).RGBA()
			colors[[3]uint32{r, g, b}]++
		}
	}
	if picture.Bounds().Dx() != 1280 || len(colors) < 20 {
		t.Errorf("a picture of %v with %d colours", picture.Bounds(), len(colors))
	}
}
