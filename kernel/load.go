package kernel

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klplint/klplint/internal/safeelf"
	"github.com/klplint/klplint/internal/unpack"
	"github.com/klplint/klplint/klp"
)

// Options are the choices of loading.
type Options struct {
	// CacheDir is where what was learned of images and packed modules is kept;
	// "" turns the cache off.
	CacheDir string
	// Spelled says how a path is called in sources and errors, for files that were
	// unpacked from somewhere; nil is for files that are where they belong.
	Spelled func(path string) string
}

func (o *Options) spell(path string) string {
	if o.Spelled == nil {
		return path
	}
	return o.Spelled(path)
}

// Load is Options.Load with the user's cache folder.
func Load(paths ...string) (Kernels, error) {
	return Options{CacheDir: DefaultCacheDir()}.Load(paths...)
}

// Load reads files and folders in any mix, tells by content what each is, and
// puts those of one release together. A file that cannot be used is an error;
// in a folder only files that promise something are read, and those that
// disappoint become notes of the kernel's sources.
func (o Options) Load(paths ...string) (Kernels, error) {
	l := loader{cache: openCache(o.CacheDir), spell: o.spell}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if info.IsDir() {
			err = l.folder(path)
		} else {
			err = l.file(path, "")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.spell(path), err)
		}
	}
	for i := range l.parts {
		l.parts[i].source.Path = o.spell(l.parts[i].source.Path)
	}
	return assemble(l.parts)
}

type loader struct {
	cache *cache
	spell func(string) string
	parts []part
}

// The bounds of the text files: /proc/kallsyms of a large machine has 20 MiB.
const (
	maxText   = 128 << 20
	headBytes = 80 << 10 // what stands farthest from the start is s390x's mark, at 0x10008
)

// imageLimits bound a packed kernel or text file. xz's own settings for a
// kernel ask for a dictionary of up to 128 MiB.
var imageLimits = unpack.Limits{Output: maxVmlinux, Window: 128 << 20}

// file reads one file. hint is the release that its place or name suggests,
// used where the content carries none.
func (l *loader) file(path, hint string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	// Files of /proc and /sys have no size: they are read to their end.
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Mode()&os.ModeDevice != 0 {
		return errors.New("a device, not a regular file")
	}
	head := make([]byte, headBytes, max(headBytes, min(info.Size(), maxBootImage)+bytes.MinRead))
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	head = head[:n]
	if n == 0 {
		return errors.New("empty file")
	}
	if bytes.HasPrefix(head, []byte("\x7fELF")) {
		return l.elf(path, hint, f, info.Size())
	}
	limit := int64(maxText)
	if isBootImage(head) || unpack.Detect(head) != klp.Uncompressed {
		limit = maxBootImage
	}
	if info.Size() > limit {
		return fmt.Errorf("%d bytes: more than the %d MiB that klplint reads", info.Size(), limit>>20)
	}
	whole := bytes.NewBuffer(head)
	if _, err := whole.ReadFrom(io.LimitReader(f, limit)); err != nil {
		return err
	}
	data := whole.Bytes()
	if int64(len(data)) > limit {
		return fmt.Errorf("more than the %d MiB that klplint reads", limit>>20)
	}
	return l.content(path, hint, data, false)
}

// content tells what the bytes are and reads them.
func (l *loader) content(path, hint string, data []byte, unpacked bool) error {
	head := data[:min(len(data), headBytes)]
	p := part{source: Source{Path: path}, release: hint}
	var err error
	switch {
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		return l.elf(path, hint, bytes.NewReader(data), int64(len(data)))
	case isBootImage(head):
		p.source.Kind = BootImage
		p.image, err = l.cache.image(sha256.Sum256(data), func() (*imageFacts, error) {
			m, err := openBootImage(data, unpackPayload)
			if err != nil {
				return nil, err
			}
			return learn(m)
		})
	case isBTF(head):
		p.source.Kind = RawBTF
		p.types, err = readBTF(data)
	case unpack.Detect(head) != klp.Uncompressed && !unpacked:
		inner, err := unpackAll(data, imageLimits, 0)
		if err != nil {
			return err
		}
		return l.content(path, hint, inner, true)
	case isStub(head):
		return errors.New("a stub: the distribution keeps the real System.map in its debug package; give vmlinuz instead")
	case isSymbolText(head):
		p.source.Kind = SymbolList
		p.text, err = parseSymbolText(data)
	case isSymvers(head):
		p.source.Kind = SymVers
		p.exports, err = parseSymvers(data)
	case isConfig(head):
		p.source.Kind = ConfigFile
		p.config, err = parseConfig(data)
	case isFilterList(head):
		p.source.Kind = FilterList
		p.filter, err = parseFilterList(data)
	default:
		return fmt.Errorf("neither a kernel image nor System.map, kallsyms, Module.symvers, .config, available_filter_functions or BTF")
	}
	if err != nil {
		return err
	}
	l.parts = append(l.parts, p)
	return nil
}

// isStub tells Debian's System.map, one line that names the debug package.
func isStub(head []byte) bool {
	return len(head) < 512 && bytes.Contains(head, []byte("The real System.map"))
}

// elf reads a vmlinux. Its loaded sections are hashed for the cache rather
// than the file, which may hold hundreds of megabytes of debugging data.
func (l *loader) elf(path, hint string, r io.ReaderAt, size int64) error {
	f, err := safeelf.NewBudget(r, size, maxVmlinux)
	if err != nil {
		return err
	}
	if f.Index(".gnu.linkonce.this_module") != 0 {
		return errors.New("a kernel module: give the module directory (/lib/modules/RELEASE)")
	}
	m, err := imageOf(f)
	if err != nil {
		return err
	}
	p := part{source: Source{Path: path, Kind: VmlinuxELF}, release: hint}
	if patchedBuild(f, path) {
		p.source.Note = "klp-build was run here, so this is the patched build: its symbols may differ from those of the running kernel; give the original"
	}
	sum := m.sum()
	p.image, err = l.cache.image(sum, func() (*imageFacts, error) { return learn(m) })
	if err != nil {
		return err
	}
	if _, file := r.(*os.File); file && f.Index(".debug_info") != 0 && p.image.symbols != nil {
		p.copies = &inlinedCopies{path: path, sum: sum, symbols: p.image.symbols, cache: l.cache}
	}
	l.parts = append(l.parts, p)
	return nil
}

// sum identifies what learn sees of an image.
func (m *image) sum() [sha256.Size]byte {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s %v %d\n", m.arch, m.order, m.symtab.len())
	for _, s := range m.segments {
		_, _ = fmt.Fprintf(h, "%x %x\n", s.addr, len(s.data))
		_, _ = h.Write(s.data)
	}
	if m.symtab != nil {
		var e encoder
		e.symbols(m.symtab)
		_, _ = h.Write(e.b)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// patchedBuild reports whether a vmlinux may be the one that klp-build made with
// the patch in it (scripts/livepatch/klp-build): objtool gives such objects
// .klp.symid, and a run leaves its work in klp-tmp beside the tree's vmlinux,
// which is the patched one from then on.
func patchedBuild(f *safeelf.File, path string) bool {
	dir := filepath.Dir(path)
	return f.Index(".klp.symid") != 0 || isFolder(filepath.Join(dir, "klp-tmp")) ||
		filepath.Base(dir) == "patched" && filepath.Base(filepath.Dir(dir)) == "klp-tmp"
}

// release of an image: the third word of its banner.
func (f *imageFacts) release() string {
	rest, ok := strings.CutPrefix(f.banner, "Linux version ")
	if !ok {
		return ""
	}
	release, _, _ := strings.Cut(rest, " ")
	return release
}

// stubFile reports whether the file is a distribution's stub of a System.map.
func stubFile(path string) bool {
	info, err := os.Stat(path)
	if err != nil || info.Size() >= 512 {
		return false
	}
	b, err := os.ReadFile(path)
	return err == nil && isStub(b)
}
