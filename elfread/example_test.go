package elfread_test

import (
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/klplint/klplint/elfread"
)

func ExampleOpen() {
	m, err := elfread.Open("../fixtures/static/one-func.ko", elfread.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Name, m.Arch, m.Kind)
	for _, o := range m.Patch.Objects {
		for _, f := range o.Funcs {
			fmt.Println(o.Name, f.Name)
		}
	}
	// Output:
	// static_one_func x86_64 livepatch
	// vmlinux cmdline_proc_show
}

// A file that is no module ends in an error that says what it is.
func ExampleRead_error() {
	const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n"
	_, err := elfread.Read(strings.NewReader(pointer), int64(len(pointer)), "fix.ko", elfread.Options{})
	fmt.Println(errors.Is(err, elfread.ErrLFSPointer))
	fmt.Println(err)
	// Output:
	// true
	// fix.ko: Git LFS pointer, not the module itself (run git lfs pull)
}

// A Reader keeps its buffers from file to file.
func ExampleReader() {
	r := elfread.NewReader(elfread.Options{})
	for _, name := range []string{"kpatch/one-func.ko", "klp-build/one-func.ko", "packed/one-func.ko.zst"} {
		m, err := r.Open("../fixtures/" + name)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(m.Name, m.Compression)
	}
	// Output:
	// kpatch_one_func none
	// klp_build_one_func none
	// packed_one_func_ko_zst zstd
}
