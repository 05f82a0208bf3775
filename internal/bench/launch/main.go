//go:build ignore

// Command launch starts a program and prints what it used, five numbers: user
// and system time and wall time in microseconds, the peak of the resident set in
// KiB, and the exit code (-1: killed by a signal).
//
//	launch PROGRAM [ARGUMENT]...
//
// It stands between the comparison and the program for the sake of the peak:
// Linux counts the memory of whoever starts a program to that program's peak
// (fs/exec.c: exec_mmap), so whoever starts it has to be smaller than what it
// measures. That is why it imports next to nothing.
package main

import (
	"os"
	"strconv"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		fail("usage: launch PROGRAM [ARGUMENT]...")
	}
	null, err := syscall.Open(os.DevNull, syscall.O_RDWR, 0)
	if err != nil {
		fail(err.Error())
	}
	begin := time.Now()
	pid, err := syscall.ForkExec(os.Args[1], os.Args[1:], &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: []uintptr{uintptr(null), uintptr(null), 2},
	})
	if err != nil {
		fail(os.Args[1] + ": " + err.Error())
	}
	var status syscall.WaitStatus
	var used syscall.Rusage
	for {
		_, err = syscall.Wait4(pid, &status, 0, &used)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		fail(err.Error())
	}
	wall := time.Since(begin)
	var line []byte
	for _, n := range []int64{used.Utime.Nano() / 1000, used.Stime.Nano() / 1000, wall.Microseconds(), used.Maxrss, int64(status.ExitStatus())} {
		line = append(strconv.AppendInt(line, n, 10), ' ')
	}
	os.Stdout.Write(append(line, '\n'))
}

func fail(message string) {
	os.Stderr.WriteString("launch: " + message + "\n")
	os.Exit(2)
}
