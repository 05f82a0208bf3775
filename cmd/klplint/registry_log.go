package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
)

// logLine is an entry of the log as a line of JSON.
type logLine struct {
	Revision int64  `json:"revision"`
	At       string `json:"at"`
	By       string `json:"by"`
	Action   string `json:"action"`
	Name     string `json:"name"`
	SHA256   string `json:"sha256"`
	Release  string `json:"kernel_release"`
	Arch     string `json:"arch"`
	Channel  string `json:"channel"`
	Reason   string `json:"reason"`
}

func newRegistryLog(a *app, f *registryFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "log [MODULE]",
		Short: "Show what happened to the registry, or to one module",
		Long: `Log shows every change, the oldest first: added, imported, admitted, judged again,
refused, retired, activated, removed; with time, who, revision and reason. Entries
are added and never changed. MODULE is a name, the start of a sha256, or
registry:NAME@SHA256. --format json writes a line of JSON for each entry.

` + registryExit,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: f.complete(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			words, err := moduleWords(args)
			if err != nil {
				return err
			}
			var of moduleWord // of all modules
			if len(words) > 0 {
				of = words[0]
			}
			outs, err := a.outputs("text", "json")
			if err != nil {
				return err
			}
			for _, o := range outs {
				err := f.read(cmd.Context(), a, func(tx *registry.Tx) error {
					n, err := writeLog(tx, o, o.format, of.name, of.digest)
					if err == nil && n == 0 && of.digest == "" && isDigest(of.name) {
						n, err = writeLog(tx, o, o.format, "", strings.ToLower(of.name))
					}
					if err == nil && n == 0 && len(words) > 0 {
						return registry.Abort(&exitError{exitcode.Findings, errors.New("the log has no entry for " + of.word)})
					}
					return err
				})
				if err != nil {
					a.discardOutputs(outs)
					return err
				}
			}
			return a.closeOutputs(outs)
		},
	}
}

func writeLog(tx *registry.Tx, w io.Writer, format, name, digest string) (n int, err error) {
	err = tx.Log(name, digest, func(e *registry.Event) error {
		n++
		tx.Shown()
		var err error
		if format == "json" {
			enc := json.NewEncoder(w)
			enc.SetEscapeHTML(false)
			err = enc.Encode(logLine{e.Revision, e.At, e.Who, string(e.Action), e.Name, e.SHA256, e.Kernel.Release, string(e.Kernel.Arch), e.Channel, e.Reason})
		} else {
			_, err = fmt.Fprintln(w, report.Escape(logText(e)))
		}
		if err != nil {
			return registry.Abort(err)
		}
		return nil
	})
	return n, err
}

func logText(e *registry.Event) string {
	line := fmt.Sprintf("%d %s %s", e.Revision, e.At, e.Action)
	if e.Name != "" {
		line += fmt.Sprintf(" %s@%s for %s %s", e.Name, e.SHA256[:min(12, len(e.SHA256))], e.Kernel.Release, e.Kernel.Arch)
	}
	if e.Channel != "" {
		line += " in " + e.Channel
	}
	if e.Who != "" {
		line += " by " + e.Who
	}
	if e.Reason != "" {
		line += ": " + e.Reason
	}
	return line
}

func isDigest(word string) bool {
	hex := strings.ToLower(word)
	return len(hex) >= 6 && len(hex) <= 64 && strings.Trim(hex, "0123456789abcdef") == ""
}
