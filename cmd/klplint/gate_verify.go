package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/gate"
	"github.com/klplint/klplint/cmd/klplint/internal/input"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/lint"
)

// admitting are the flags of what is recorded and written, in which --verify has no part.
var admitting = []string{"format", "label", "by", "dry-run", "attest", "attest-key", "attest-format", "write-known"}

// runVerify holds files against an attestation: the signer's check that it
// signs the bytes that were judged, under the settings that it asks for.
func (c *gateCommand) runVerify(ctx context.Context, fs *pflag.FlagSet, args []string) error {
	s, signed, err := c.readAttestation(ctx)
	if err != nil {
		return err
	}
	if c.attestation.policy != "" && c.attestation.policy != s.Predicate.Klplint.Policy {
		return &exitError{exitcode.Findings, fmt.Errorf("--require-policy: it was made under policy %s", s.Predicate.Klplint.Policy)}
	}
	if why := s.Differs(decisiveFlags(fs, true)); why != "" {
		return &exitError{exitcode.Findings, fmt.Errorf("%s: %s", c.attestation.verify, why)}
	}
	standing, err := c.standing(ctx, fs, s)
	if err != nil {
		return err
	}
	in := c.flags.Inputs() // a configuration has no say in what was judged before
	in.Stdin = c.stdin
	files, problems, err := c.expand(args, in)
	if err != nil {
		return err
	}
	digests, err := c.filesNow(fs)
	if err != nil {
		return err
	}
	if list := fs.Lookup("against"); list.Changed {
		beside, unusable, err := c.expand(words(list), in)
		if err != nil {
			return err
		}
		problems = append(problems, unusable...)
		digest, err := hashInputs(beside)
		if err != nil {
			return uncheckedErrorf("--against: %w", err)
		}
		digests["against"] = []string{digest}
	}
	if why := s.Reads(digests); why != "" {
		return &exitError{exitcode.Findings, fmt.Errorf("%s: %s", c.attestation.verify, why)}
	}
	for _, p := range problems {
		fmt.Fprintf(c.stderr, "klplint: %s\n", report.ProblemLine(p))
	}
	code := exitcode.OK
	for i := range files {
		file := &files[i]
		digest, err := hashInput(file)
		if err != nil {
			c.errorf("%v", err)
			problems = append(problems, lint.Error{Path: file.Path, Message: err.Error()})
			continue
		}
		why := s.Permits(digest)
		if why == "" {
			why = standing(digest)
		}
		if why != "" {
			code = exitcode.Findings
			fmt.Fprintln(c.stdout, report.Escape(fmt.Sprintf("%s: not covered: %s (sha256 %s)", file.Path, why, digest)))
		} else if !c.common.quiet {
			fmt.Fprintln(c.stdout, report.Escape(fmt.Sprintf("%s: covered (sha256 %s)", file.Path, digest)))
		}
	}
	if !signed && !c.common.quiet {
		c.errorf("%s: its signature was not checked (--key)", c.attestation.verify)
	}
	if len(problems) > 0 || len(files) == 0 {
		code = exitcode.Unchecked
	}
	if code != exitcode.OK {
		return &exitError{code: code}
	}
	return nil
}

func (c *gateCommand) readAttestation(ctx context.Context) (*gate.Statement, bool, error) {
	text, err := gate.ReadFile(c.attestation.verify)
	if err != nil {
		return nil, false, uncheckedErrorf("--verify: %w", err)
	}
	statement, signed, err := gate.Open(ctx, text, c.attestation.public)
	if err != nil {
		return nil, false, uncheckedErrorf("--verify %s: %w", c.attestation.verify, err)
	}
	s, err := gate.ReadStatement(statement)
	if err != nil {
		return nil, false, uncheckedErrorf("--verify %s: %w", c.attestation.verify, err)
	}
	return s, signed, nil
}

// standing asks the registry, where one was named, whether a module is still
// active. It returns what says why not, by digest.
func (c *gateCommand) standing(ctx context.Context, fs *pflag.FlagSet, s *gate.Statement) (func(string) string, error) {
	if !fs.Changed("registry") {
		return func(string) string { return "" }, nil
	}
	states := make(map[string]string)
	err := c.registry.read(ctx, c.app, func(tx *registry.Tx) error {
		if have := s.Predicate.Klplint.Registry.UUID; have != tx.UUID {
			return registry.Abort(&exitError{exitcode.Findings, fmt.Errorf("it was made with registry %s, and this one is %s", have, tx.UUID)})
		}
		for _, m := range s.Predicate.Klplint.Modules {
			states[m.SHA256] = "it is no longer in the registry"
			e := &registry.Entry{Module: m.Module(), Channel: s.Predicate.Klplint.Registry.Channel}
			known, err := tx.Lookup([]*registry.Entry{e})
			if err != nil {
				return err
			}
			if x, ok := known[0]; ok {
				states[m.SHA256] = ""
				switch {
				case x.State != registry.Active:
					states[m.SHA256] = "it is " + string(x.State) + " since revision " + fmt.Sprint(x.Revision)
				case x.Admitted == 0:
					states[m.SHA256] = "no gate has judged it since it was recorded"
				}
			}
		}
		return nil
	})
	return func(digest string) string { return states[digest] }, err
}

// hashInput digests a file, which may stand in a package.
func hashInput(f *input.File) (string, error) {
	if f.Content == nil {
		return hashFile(f.Path)
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f.Content, 0, f.Size)); err != nil {
		return "", fmt.Errorf("%s: %w", f.Path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
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
