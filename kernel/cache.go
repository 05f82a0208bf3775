package kernel

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"github.com/klplint/klplint/internal/unpack"
	"github.com/klplint/klplint/klp"
)

// cache keeps what was learned of kernel images and of packed modules, keyed by
// the SHA-256 of the file, so that it can never be stale. Entries are written
// to a temporary name and renamed: several processes may share it, and a reader
// sees a whole entry or none. An entry that does not check is ignored and
// written anew. The nil cache learns everything afresh.
type cache struct {
	dir string
}

// cacheVersion is part of every entry's name: raise it when the encoding, or
// what is learned from a file, changes.
const cacheVersion = 5

// openCache returns the cache in the folder, nil for "".
func openCache(dir string) *cache {
	if dir == "" {
		return nil
	}
	return &cache{dir: dir}
}

// DefaultCacheDir returns the folder of the cache below the user's cache folder
// ($XDG_CACHE_HOME, else ~/.cache), or "" where there is none.
func DefaultCacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "klplint", "kernel")
}

func (c *cache) path(kind string, sum [sha256.Size]byte) string {
	return filepath.Join(c.dir, fmt.Sprintf("%s-v%d-%s", kind, cacheVersion, hex.EncodeToString(sum[:])))
}

// maxEntry bounds an entry that is read back.
const maxEntry = 256 << 20

// get returns the payload of an entry: the file without its trailing checksum.
func (c *cache) get(kind string, sum [sha256.Size]byte) []byte {
	if c == nil {
		return nil
	}
	path := c.path(kind, sum)
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() < sha256.Size || info.Size() > maxEntry {
		return nil
	}
	b, err := os.ReadFile(path)
	if err != nil || len(b) < sha256.Size {
		return nil
	}
	payload, trailer := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if check := sha256.Sum256(payload); !bytes.Equal(check[:], trailer) {
		return nil
	}
	return payload
}

// put stores an entry. A cache that cannot be written only costs time, so
// errors are dropped.
func (c *cache) put(kind string, sum [sha256.Size]byte, payload []byte) {
	if c == nil || os.MkdirAll(c.dir, 0o700) != nil {
		return
	}
	f, err := os.CreateTemp(c.dir, "tmp-*")
	if err != nil {
		return
	}
	check := sha256.Sum256(payload)
	_, err1 := f.Write(payload)
	_, err2 := f.Write(check[:])
	if f.Close() != nil || err1 != nil || err2 != nil || os.Rename(f.Name(), c.path(kind, sum)) != nil {
		_ = os.Remove(f.Name())
	}
}

// image learns a kernel image whose bytes are given, through the cache.
func (c *cache) image(sum [sha256.Size]byte, learnIt func() (*imageFacts, error)) (*imageFacts, error) {
	if b := c.get("image", sum); b != nil {
		d := decoder{b: b}
		if f := d.image(); d.err == nil && len(d.b) == 0 {
			f.types.raw = func() []byte { return c.get("btf", sum) }
			return f, nil
		}
	}
	f, err := learnIt()
	if err == nil && c != nil {
		if f.types.raw != nil {
			// In an entry of its own, which only questions about types read.
			c.put("btf", sum, f.types.raw())
		}
		var e encoder
		e.image(f)
		c.put("image", sum, e.b)
	}
	return f, err
}

// moduleLimits bound one packed module; the largest of a distribution unpacks
// to about 30 MiB.
var moduleLimits = unpack.Limits{Output: maxModuleBytes, Window: 64 << 20}

// module reads one module of a folder. Unpacked ones are read in place; packed
// ones go through the cache.
func (c *cache) module(path string) (*moduleFacts, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("not a regular file")
	}
	return c.moduleFrom(f, info.Size())
}

// moduleFrom reads one module of size bytes.
func (c *cache) moduleFrom(f io.ReaderAt, size int64) (*moduleFacts, error) {
	head := make([]byte, unpack.MagicLen)
	n, err := f.ReadAt(head, 0)
	if err != nil && n == 0 {
		return nil, err
	}
	format := unpack.Detect(head[:n])
	if format == klp.Uncompressed {
		return readModule(f, size)
	}
	packed, err := readAll(f, size, maxModuleBytes)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(packed)
	if b := c.get("module", sum); b != nil {
		d := decoder{b: b}
		if m := d.module(); d.err == nil && len(d.b) == 0 {
			return m, nil
		}
	}
	data, err := unpackAll(packed, moduleLimits, 0)
	if err != nil {
		return nil, err
	}
	m, err := readModule(bytes.NewReader(data), int64(len(data)))
	if err == nil && c != nil {
		var e encoder
		e.module(m)
		c.put("module", sum, e.b)
	}
	return m, err
}

// unpackAll decompresses a file in memory; one that is not packed comes back as
// it is. size is the expected size in bytes, 0 when it is not known.
func unpackAll(packed []byte, limits unpack.Limits, size int64) ([]byte, error) {
	format := unpack.Detect(packed)
	if size <= 0 || size > limits.Output {
		// A kernel unpacks to five to eight times its size.
		size = min(limits.Output, int64(len(packed))*5)
	}
	switch format {
	case klp.Uncompressed:
		return packed, nil
	case klp.Zstd:
		// Kernels are packed with windows as large as they are. Decoding into one
		// piece of memory needs no window beside it.
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(uint64(limits.Window)), zstd.WithDecoderMaxMemory(uint64(limits.Output)))
		if err != nil {
			return nil, err
		}
		defer d.Close()
		out, err := d.DecodeAll(packed, make([]byte, 0, size))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", format, err)
		}
		return out, nil
	}
	r, err := unpack.NewDecoder(limits).Reader(bytes.NewReader(packed), format)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.Grow(int(size) + bytes.MinRead) // ReadFrom wants room to find the end
	if _, err := out.ReadFrom(r); err != nil {
		return nil, fmt.Errorf("%s: offset %#x: %w", format, out.Len(), err)
	}
	return out.Bytes(), nil
}
