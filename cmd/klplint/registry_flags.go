package main

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/flags"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
)

// registryFlags say which registry, and how long to wait for it.
type registryFlags struct {
	place string
	// configured: the command takes no other flag that a configuration could set,
	// and reads one for the registry alone.
	configured bool
	wait       time.Duration
	// near: what is looked at is a part of the registry, a kernel's modules.
	near bool
	// tight: it is changed beside much else that is held.
	tight bool
}

func (f *registryFlags) register(fs *pflag.FlagSet) {
	f.registerPlace(fs)
	fs.DurationVar(&f.wait, "wait", 30*time.Second, "wait this `LONG` for a lock, for a server that is restarting, and for each answer of one")
}

func (f *registryFlags) registerPlace(fs *pflag.FlagSet) {
	fs.StringVar(&f.place, "registry", "", "the registry at `PLACE`: sqlite:PATH or postgres://... (default: KLPLINT_REGISTRY, else a file in the state directory)")
}

// access is what a registry is opened for.
type access int8

const (
	toRead   access = iota
	toWrite         // where there is none that is an error
	toAdd           // the default one is made where there is none
	toCreate        // as toAdd, and one that was named too
)

// open opens the registry.
func (f *registryFlags) open(ctx context.Context, a *app, how access) (*registry.Registry, error) {
	if f.place == "" && f.configured {
		var given settings.Flags
		fs := pflag.NewFlagSet("registry", pflag.ContinueOnError)
		f.registerPlace(fs)
		given.AddConfig(fs)
		if _, err := a.resolve(fs, &given); err != nil {
			return nil, err
		}
	}
	place := f.place
	create := how == toCreate
	if place == "" {
		create = how >= toAdd
		var err error
		if place, err = registry.DefaultPlace(a.getenv, create); err != nil {
			return nil, uncheckedErrorf("%w", err)
		}
	}
	if path, ok := strings.CutPrefix(place, "sqlite:"); ok {
		if err := a.guard(path, path+"-wal", path+"-shm", path+"-journal", path+".lock"); err != nil {
			return nil, err
		}
	}
	if f.wait <= 0 {
		return nil, usageErrorf("--wait: want a time above 0")
	}
	r, err := registry.Open(ctx, place, registry.Options{Create: create, ReadOnly: how == toRead, Whole: !f.near, Tight: f.tight, Wait: f.wait})
	if errors.Is(err, registry.ErrNone) {
		return nil, uncheckedErrorf("%w (klplint registry init makes one)", err)
	}
	if err != nil {
		return nil, registryError(err)
	}
	return r, nil
}

// complete completes arguments that are modules of the registry by their names: a
// hundred of them, and none where the registry does not answer at once.
func (f *registryFlags) complete(a *app) cobra.CompletionFunc {
	const most = 100
	return func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		at := *f
		at.wait, at.near = time.Second, true
		var names []string
		err := at.read(cmd.Context(), a, func(tx *registry.Tx) (err error) {
			names, err = tx.Names(typed, most)
			return err
		})
		if err != nil {
			names = nil
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// registryError gives an error of the registry its exit code.
func registryError(err error) error {
	if isPlaceError(err) {
		return usageErrorf("--%w", err)
	}
	return uncheckedErrorf("%w", err)
}

// recordFlags are what is recorded with a module.
type recordFlags struct {
	owner  string
	labels []string
	by     string
}

func (f *recordFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.owner, "owner", "", "who ships the modules: a `NAME`")
	flags.Array(fs, &f.labels, "label", "label the modules: `NAME=VALUE`; repeatable")
	fs.StringVar(&f.by, "by", "", "record this `NAME` as who does it (default: the user and the host)")
}

// who is recorded as the one who does it.
func (f *recordFlags) who(a *app) string {
	if f.by != "" {
		return f.by
	}
	user := a.getenv("USER")
	if user == "" {
		user = a.getenv("LOGNAME")
	}
	if user == "" {
		user = "uid" + strconv.Itoa(os.Getuid())
	}
	if host, err := os.Hostname(); err == nil && host != "" {
		user += "@" + host
	}
	return user
}

func (f *recordFlags) labelMap() (map[string]string, error) { return labelMap(f.labels) }

func labelMap(words []string) (map[string]string, error) {
	out := make(map[string]string, len(words))
	for _, w := range words {
		name, value, ok := strings.Cut(w, "=")
		if !ok || name == "" {
			return nil, usageErrorf("--label %s: want NAME=VALUE", w)
		}
		out[name] = value
	}
	return out, nil
}

// now is the time that is recorded.
func now() string { return time.Now().UTC().Format(time.RFC3339) }

// reportEntry is an entry as reports take it.
func reportEntry(e *registry.Entry) report.RegistryEntry {
	return report.RegistryEntry{
		Path: e.Path(), SHA256: e.Module.SHA256, Channel: e.Channel, Owner: e.Owner, State: string(e.State), Labels: e.Labels,
		AddedBy: e.AddedBy, AddedAt: e.AddedAt, ChangedBy: e.ChangedBy, ChangedAt: e.ChangedAt, ReplacedBy: e.ReplacedBy,
		Revision: e.Revision, Admitted: e.Admitted, Module: e.Module,
	}
}

func reportEntries(list []*registry.Entry) []report.RegistryEntry {
	out := make([]report.RegistryEntry, len(list))
	for i, e := range list {
		out[i] = reportEntry(e)
	}
	return out
}
