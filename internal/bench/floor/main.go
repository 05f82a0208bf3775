//go:build ignore

// Command floor does the least that any reader of ELF files has to: it opens
// each file, asks for its size, reads the ELF header and the section headers, and
// closes it. It looks at nothing of what it read, and shares no code with klplint.
//
//	floor FILE...
//	floor @LIST
package main

import (
	"encoding/binary"
	"os"
	"strings"
	"syscall"
)

func main() {
	files := os.Args[1:]
	if len(files) == 1 && files[0][0] == '@' {
		list, err := os.ReadFile(files[0][1:])
		if err != nil {
			fail(files[0], err.Error())
		}
		files = strings.Fields(string(list))
	}
	buf := make([]byte, 64<<10)
	for _, name := range files {
		if err := headers(name, buf); err != nil {
			fail(name, err.Error())
		}
	}
}

const (
	headerSize  = 64 // of ELF64
	sectionSize = 64
)

type formatError string

func (e formatError) Error() string { return string(e) }

func headers(name string, buf []byte) error {
	fd, err := syscall.Open(name, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	var stat syscall.Stat_t
	if err := syscall.Fstat(fd, &stat); err != nil {
		return err
	}
	header := buf[:headerSize]
	if n, err := syscall.Pread(fd, header, 0); err != nil || n < headerSize || string(header[:5]) != "\x7fELF\x02" {
		return formatError("no ELF64 file")
	}
	var order binary.ByteOrder = binary.LittleEndian
	if header[5] == 2 {
		order = binary.BigEndian
	}
	offset, count := int64(order.Uint64(header[40:])), int(order.Uint16(header[60:]))
	if size := count * sectionSize; offset < 0 || size > len(buf) || offset > stat.Size-int64(size) {
		return formatError("section headers are not in the file")
	}
	_, err = syscall.Pread(fd, buf[:count*sectionSize], offset)
	return err
}

func fail(name, message string) {
	os.Stderr.WriteString("floor: " + name + ": " + message + "\n")
	os.Exit(2)
}
