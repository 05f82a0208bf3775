package main

import (
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/report"
)

func newVersionCommand(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of klplint and how it was built",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if asJSON && len(a.common.formats) == 0 {
				a.common.formats = []string{"json"}
			}
			return render(a, report.VersionFormats(), buildVersion())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "the same as --format json")
	return cmd
}

// release is the version of a build from packaging/dist.sh, which sets it at
// link time: such a build does not depend on the state of a git clone.
var release string

// buildVersion reads what the Go linker recorded.
func buildVersion() report.Version {
	v := report.Version{Version: "(devel)"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Go = info.GoVersion
	switch {
	case release != "":
		v.Version = release
	case info.Main.Version != "":
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		case "GOOS":
			v.OS = s.Value
		case "GOARCH":
			v.Arch = s.Value
		}
	}
	return v
}
