package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/flags"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/klp"
)

const registryExit = `Exit code: 0 done; 1 nothing found, or a registry that does not verify; 2 something
could not be read or written; 3 wrong usage.`

func newRegistryCommand(a *app) *cobra.Command {
	f := &registryFlags{configured: true}
	cmd := &cobra.Command{
		Use:   "registry",
		Short: "Keep the already-built modules that gate compares with",
		Long: `Registry keeps what is known of the modules that were already built: their
metadata and never the file. It is one SQLite file, or a PostgreSQL database that
many builders share. See also klplint gate.

A password is better kept out of the command line: PGPASSWORD, a password file
and KLPLINT_REGISTRY are read.`,
	}
	f.register(cmd.PersistentFlags())
	return group(a, cmd,
		newRegistryInit(a, f), newRegistryAdd(a, f), newRegistryRetire(a, f), newRegistryActivate(a, f),
		newRegistryList(a, f), newRegistryShow(a, f), newRegistryFind(a, f), newRegistryLog(a, f), newRegistryCheck(a, f),
		newRegistryRemove(a, f), newRegistryExport(a, f), newRegistryImport(a, f), newRegistryVerify(a, f), newRegistrySite(a, f),
	)
}

// read runs f over one state of the registry.
func (f *registryFlags) read(ctx context.Context, a *app, do func(*registry.Tx) error) error {
	r, err := f.open(ctx, a, toRead)
	if err != nil {
		return err
	}
	defer r.Close()
	return wrapped(r.Read(ctx, do))
}

// write runs f in one transaction.
func (f *registryFlags) write(ctx context.Context, a *app, how access, do func(*registry.Tx) error) error {
	r, err := f.open(ctx, a, how)
	if err != nil {
		return err
	}
	defer r.Close()
	return wrapped(r.Write(ctx, do))
}

// wrapped leaves the command's own errors as they are.
func wrapped(err error) error {
	if _, own := errors.AsType[*exitError](err); err == nil || own {
		return err
	}
	return registryError(err)
}

func isPlaceError(err error) bool {
	_, ok := errors.AsType[*registry.PlaceError](err)
	return ok
}

// filterFlags choose entries.
type filterFlags struct {
	given               *pflag.FlagSet
	kernel, arch, owner string
	channels, states    []string
	labels              []string
}

func (f *filterFlags) register(cmd *cobra.Command) {
	fs := cmd.Flags()
	f.given = fs
	fs.SortFlags = false
	fs.StringVar(&f.kernel, "release", "", "only for this kernel `RELEASE`")
	fs.StringVar(&f.arch, "arch", "", "only for this `ARCH`")
	flags.Slice(fs, &f.channels, "channel", "only in this `CHANNEL`; repeatable")
	fs.StringVar(&f.owner, "owner", "", "only of this `OWNER`")
	flags.Slice(fs, &f.states, "state", "only in this `STATE`: candidate, active or retired; repeatable")
	flags.Array(fs, &f.labels, "label", "only with this label: `NAME=VALUE`; repeatable")
}

func (f *filterFlags) filter() (registry.Filter, error) {
	if err := notEmpty(f.given, "release", "arch", "channel", "owner", "state"); err != nil {
		return registry.Filter{}, err
	}
	labels, err := labelMap(f.labels)
	if err != nil {
		return registry.Filter{}, err
	}
	out := registry.Filter{Release: f.kernel, Arch: f.arch, Channels: f.channels, Owner: f.owner, Labels: labels}
	for _, s := range f.states {
		state, err := parseState(s)
		if err != nil {
			return out, err
		}
		out.States = append(out.States, state)
	}
	return out, nil
}

// notEmpty refuses flags that were given without a value. To a filter that is no
// condition at all: an unset variable would choose every module.
func notEmpty(fs *pflag.FlagSet, names ...string) error {
	for _, name := range names {
		flag := fs.Lookup(name)
		empty := flag.Value.String() == ""
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			empty = len(list.GetSlice()) == 0
		}
		if flag.Changed && empty {
			return usageErrorf("--%s is empty: leave it out where any will do", name)
		}
	}
	return nil
}

func parseState(s string) (registry.State, error) {
	switch state := registry.State(s); state {
	case registry.Candidate, registry.Active, registry.Retired:
		return state, nil
	}
	return "", usageErrorf("--state: %w", flags.Wanted(s, []string{"candidate", "active", "retired"}))
}

// entryList writes entries in the formats that were asked for, while they are read.
type entryList struct {
	app   *app
	outs  []*output
	pages []report.RegistryPages
	part  []report.RegistryEntry
	count int
}

// atOnce is how many entries are shown at once: so much is held of a list, and a table
// of more is one for each.
const atOnce = 500

func (a *app) listTo() (*entryList, error) {
	outs, err := a.outputs(report.RegistryFormats().Names()...)
	return &entryList{app: a, outs: outs}, err
}

// begin starts the list, or starts it again where nothing was shown yet.
func (l *entryList) begin(head *report.RegistryList) error {
	l.pages, l.part, l.count = nil, nil, 0
	for _, o := range l.outs {
		begin, err := report.RegistryFormats().Named(o.format)
		if err != nil {
			return registry.Abort(err)
		}
		l.pages = append(l.pages, begin(o, head, o.options))
	}
	return nil
}

func (l *entryList) add(tx *registry.Tx, e *registry.Entry) error {
	l.count++
	if l.part = append(l.part, reportEntry(e)); len(l.part) < atOnce {
		return nil
	}
	return l.show(tx)
}

func (l *entryList) show(tx *registry.Tx) error {
	tx.Shown()
	for i, p := range l.pages {
		if err := p.Page(l.part); err != nil {
			return registry.Abort(err)
		}
		_ = l.outs[i].buf.Flush() // the buffer keeps the error for what is written next
	}
	l.part = l.part[:0]
	return nil
}

// end shows the rest.
func (l *entryList) end(tx *registry.Tx) error {
	if len(l.part) > 0 {
		if err := l.show(tx); err != nil {
			return err
		}
	}
	tx.Shown()
	for _, p := range l.pages {
		if err := p.End(); err != nil {
			return registry.Abort(err)
		}
	}
	return nil
}

// close ends the outputs.
func (l *entryList) close(err error) error {
	if err != nil {
		l.app.discardOutputs(l.outs)
		return err
	}
	return l.app.closeOutputs(l.outs)
}

func newRegistryList(a *app, f *registryFlags) *cobra.Command {
	var choose filterFlags
	cmd := &cobra.Command{
		Use:   "list [flags]",
		Short: "List the modules of the registry",
		Long:  "List shows the modules of the registry, in the order in which they were added.\n\n" + registryExit,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter, err := choose.filter()
			if err != nil {
				return err
			}
			return a.listEntries(cmd.Context(), f, filter, 0, false)
		},
	}
	choose.register(cmd)
	return cmd
}

func newRegistryFind(a *app, f *registryFlags) *cobra.Command {
	var choose filterFlags
	var fn, object string
	cmd := &cobra.Command{
		Use:   "find --func FUNC [flags]",
		Short: "Find who patches a func, in which state and for which kernels",
		Long: `Find shows the modules that patch a func, or anything of an object.

` + registryExit,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter, err := choose.filter()
			if err != nil {
				return err
			}
			if err := notEmpty(cmd.Flags(), "func", "object"); err != nil {
				return err
			}
			filter.Func, filter.Object = fn, object
			sympos := uint64(0)
			if fn != "" {
				spelled, err := klp.ParseFuncName(fn)
				if err != nil {
					return usageErrorf("--func: %w", err)
				}
				if object != "" && spelled.Object != "" && spelled.Object != object {
					return usageErrorf("--func %s is of another object than --object %s", fn, object)
				}
				filter.Func, sympos = spelled.Name, spelled.Sympos
				filter.Object = cmp.Or(object, spelled.Object)
			}
			if fn == "" && object == "" && len(filter.Labels) == 0 {
				return usageErrorf("klplint registry find: want --func, --object or --label")
			}
			return a.listEntries(cmd.Context(), f, filter, sympos, true)
		},
	}
	cmd.Flags().StringVar(&fn, "func", "", "modules that patch this `FUNC`: a name, OBJECT:FUNC or OBJECT:FUNC,SYMPOS")
	cmd.Flags().StringVar(&object, "object", "", "modules that patch a func of this `OBJECT`: vmlinux or a module")
	choose.register(cmd)
	return cmd
}

// patches reports whether a module patches the filter's func at a position.
func patches(m *klp.Module, filter *registry.Filter, sympos uint64) bool {
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		if filter.Object != "" && o.Name != filter.Object {
			continue
		}
		for j := range o.Funcs {
			if f := &o.Funcs[j]; f.Name == filter.Func && f.Position() == sympos {
				return true
			}
		}
	}
	return false
}

// listEntries shows the entries that a filter chooses, and of those that patch
// its func only the ones that patch the given position, unless that is 0. Where
// something in particular is looked for, nothing is an exit code of its own.
func (a *app) listEntries(ctx context.Context, f *registryFlags, filter registry.Filter, sympos uint64, wanted bool) error {
	list, err := a.listTo()
	if err != nil {
		return err
	}
	err = f.read(ctx, a, func(tx *registry.Tx) error {
		if err := list.begin(&report.RegistryList{Func: filter.Func, Object: filter.Object, Revision: tx.Revision}); err != nil {
			return err
		}
		err := tx.List(filter, func(e *registry.Entry) error {
			if sympos > 0 && !patches(e.Module, &filter, sympos) {
				return nil
			}
			return list.add(tx, e)
		})
		if err != nil {
			return err
		}
		return list.end(tx)
	})
	if err := list.close(err); err != nil {
		return err
	}
	if wanted && list.count == 0 {
		return &exitError{code: exitcode.Findings}
	}
	return nil
}

func newRegistryShow(a *app, f *registryFlags) *cobra.Command {
	var choose filterFlags
	cmd := &cobra.Command{
		Use:               "show [flags] MODULE...",
		Short:             "Show all that the registry has of some modules",
		Long:              "Show takes modules by " + whichHelp + "\n\n" + registryExit,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: f.complete(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			words, err := moduleWords(args)
			if err != nil {
				return err
			}
			filter, err := choose.filter()
			if err != nil {
				return err
			}
			list, err := a.listTo()
			if err != nil {
				return err
			}
			return list.close(f.read(cmd.Context(), a, func(tx *registry.Tx) error {
				entries, err := which(tx, filter, words)
				if err != nil {
					return err
				}
				if err := list.begin(&report.RegistryList{Full: true, Revision: tx.Revision}); err != nil {
					return err
				}
				for _, e := range entries {
					if err := list.add(tx, e); err != nil {
						return err
					}
				}
				return list.end(tx)
			}))
		},
	}
	choose.register(cmd)
	return cmd
}

const whichHelp = `name, by sha256 (its first 6 digits or more),
or as findings name them: registry:NAME@SHA256.`

// moduleWord names modules: NAME, or NAME@SHA256 and NAME@SHA256#CHANNEL as findings
// have it, behind "registry:" or not. A name may hold both signs, and what begins like
// a digest ends it.
type moduleWord struct {
	word                  string // as it was given
	name, digest, channel string
}

// moduleWords takes apart what names modules. A word that is empty, or ends where a
// channel should follow, is what a script makes of an unset variable: it names nothing,
// and not every module.
func moduleWords(args []string) ([]moduleWord, error) {
	out := make([]moduleWord, len(args))
	for n, arg := range args {
		word := strings.TrimPrefix(arg, "registry:")
		if word == "" {
			return nil, usageErrorf("MODULE %q is empty: it names no module", arg)
		}
		w := moduleWord{word: arg, name: word}
		for i := range len(word) {
			if word[i] != '@' {
				continue
			}
			digest, channel, more := strings.Cut(word[i+1:], "#")
			if !isDigest(digest) {
				continue
			}
			if more && channel == "" {
				return nil, usageErrorf("MODULE %q: no channel behind the #", arg)
			}
			w.name, w.digest, w.channel = word[:i], strings.ToLower(digest), channel
			break
		}
		out[n] = w
	}
	return out, nil
}

// which finds the entries that words name. A word that names none is an error;
// so that nothing is done by half, it is found out before.
func which(tx *registry.Tx, filter registry.Filter, words []moduleWord) ([]*registry.Entry, error) {
	var out []*registry.Entry
	seen := make(map[string]bool)
	for _, w := range words {
		f := filter
		f.Name, f.SHA256 = w.name, w.digest
		var entries []*registry.Entry
		var err error
		if other := w.channel != "" && len(filter.Channels) > 0 && !slices.Contains(filter.Channels, w.channel); !other {
			if w.channel != "" {
				f.Channels = []string{w.channel}
			}
			if entries, err = tx.All(f); err != nil {
				return nil, err
			}
		}
		if len(entries) == 0 && w.digest == "" && isDigest(w.name) {
			f.Name, f.SHA256 = "", strings.ToLower(w.name)
			if entries, err = tx.All(f); err != nil {
				return nil, err
			}
		}
		if len(entries) == 0 {
			return nil, registry.Abort(&exitError{exitcode.Findings, errors.New("no such module in the registry: " + w.word)})
		}
		for _, e := range entries {
			if key := e.Module.SHA256 + "#" + e.Channel; !seen[key] {
				seen[key] = true
				out = append(out, e)
			}
		}
	}
	return out, nil
}
