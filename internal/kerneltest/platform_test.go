package kerneltest

import (
	"io"
	"strings"
	"testing"
)

// TestSharedConsole: of a console that carries the kernel's lines too, the records
// reach the reader as they were written, and the kernel's lines are kept.
func TestSharedConsole(t *testing.T) {
	const output = "Linux version 7\r\n@klp begin one\r\n@klp step 0\r\nOops: 1\r\n\r\n@klp log @klp is a word\r\nno @klp record\r\n@klp do"
	var console strings.Builder
	records, err := io.ReadAll(small[0].records(strings.NewReader(output), &console))
	if err != nil {
		t.Fatal(err)
	}
	if want := "begin one\r\nstep 0\r\nlog @klp is a word\r\n"; string(records) != want {
		t.Errorf("records %q, want %q", records, want)
	}
	if want := "Linux version 7\r\nOops: 1\r\n\r\nno @klp record\r\n"; console.String() != want {
		t.Errorf("console %q, want %q", console.String(), want)
	}
	if records, err := io.ReadAll(x86.records(strings.NewReader(output), &console)); err != nil || string(records) != output {
		t.Errorf("a port of the guest's own gave %q, %v", records, err)
	}
}
