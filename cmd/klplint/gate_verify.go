package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/gate"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/lint"
)

// runVerify holds files against an attestation: the signer's check that it
// signs the bytes that were judged.
func (c *gateCommand) runVerify(args []string) error {
	f, err := os.Open(c.verify)
	if err != nil {
		return uncheckedErrorf("--verify: %w", err)
	}
	defer f.Close()
	s, err := gate.ReadStatement(f)
	if err != nil {
		return uncheckedErrorf("--verify %s: %w", c.verify, err)
	}
	in := c.flags.Inputs() // a configuration has no say in what was judged before
	in.Stdin = c.stdin
	files, problems, err := c.expand(args, in)
	if err != nil {
		return err
	}
	for _, p := range problems {
		fmt.Fprintf(c.stderr, "klplint: %s\n", report.ProblemLine(p))
	}
	code := exitcode.OK
	for _, file := range files {
		digest, err := hashFile(file.Path)
		if err != nil {
			c.errorf("%v", err)
			problems = append(problems, lint.Error{Path: file.Path, Message: err.Error()})
			continue
		}
		if why := s.Permits(digest); why != "" {
			code = exitcode.Findings
			fmt.Fprintln(c.stdout, report.Escape(fmt.Sprintf("%s: not covered: %s (sha256 %s)", file.Path, why, digest)))
		} else if !c.common.quiet {
			fmt.Fprintln(c.stdout, report.Escape(fmt.Sprintf("%s: covered (sha256 %s)", file.Path, digest)))
		}
	}
	if len(problems) > 0 || len(files) == 0 {
		code = exitcode.Unchecked
	}
	if code != exitcode.OK {
		return &exitError{code: code}
	}
	return nil
}

func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
