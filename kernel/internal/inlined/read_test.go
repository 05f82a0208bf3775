package inlined

import (
	"bytes"
	"debug/elf"
	"slices"
	"testing"

	"github.com/klplint/klplint/kernel/internal/debuginfo"
)

// of returns the sections of a linked file.
func of(t testing.TB, name string) debuginfo.Sections {
	t.Helper()
	f, err := elf.Open("../../testdata/inlined/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	data := func(name string) []byte {
		s := f.Section(name)
		if s == nil {
			return nil
		}
		b, err := s.Data()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	info := data(".debug_info")
	return debuginfo.Sections{
		Order: f.ByteOrder, Info: bytes.NewReader(info), InfoSize: int64(len(info)), MaxUnit: 1 << 20, MaxAll: 1 << 30,
		Abbrev: data(".debug_abbrev"), Str: data(".debug_str"), LineStr: data(".debug_line_str"), StrOffsets: data(".debug_str_offsets"),
	}
}

func all([]byte) bool { return true }

// TestRead: without a choice, functions that exist only as copies are there too.
func TestRead(t *testing.T) {
	for _, name := range []string{"vmlinux-gcc", "vmlinux-clang"} {
		got, err := Read(of(t, name), all)
		want := []Pair{
			{"always", "cmdline_proc_show", "cmdline.c"},
			{"local", "cmdline_proc_show", "cmdline.c"},
			{"local", "seq_local", "seq_file.c"},
			{"local", "seq_puts", "seq_file.c"},
			{"seq_list_start", "seq_file_init", "seq_file.c"},
			{"seq_list_start", "seq_list_start_head", "seq_file.c"},
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// TestBounds: what is larger than agreed is refused.
func TestBounds(t *testing.T) {
	s := of(t, "vmlinux-gcc")
	s.MaxUnit = 16
	if _, err := Read(s, all); err == nil {
		t.Error("a unit beyond the bound was read")
	}
	s = of(t, "vmlinux-gcc")
	s.MaxAll = s.InfoSize - 1
	if _, err := Read(s, all); err == nil {
		t.Error("debug information beyond the bound was read")
	}
}

// FuzzRead: whatever the bytes, reading ends, and without a panic.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"vmlinux-gcc", "vmlinux-clang"} {
		s := of(f, name)
		info := make([]byte, s.InfoSize)
		if _, err := s.Info.ReadAt(info, 0); err != nil {
			f.Fatal(err)
		}
		f.Add(info, s.Abbrev, s.Str, s.StrOffsets)
	}
	order := of(f, "vmlinux-gcc").Order
	f.Fuzz(func(t *testing.T, info, abbrev, str, offsets []byte) {
		list, err := Read(debuginfo.Sections{
			Order: order, Info: bytes.NewReader(info), InfoSize: int64(len(info)), MaxUnit: 1 << 20, MaxAll: 1 << 20,
			Abbrev: abbrev, Str: str, LineStr: str, StrOffsets: offsets,
		}, all)
		if err != nil && list != nil {
			t.Error("an answer beside an error")
		}
	})
}
