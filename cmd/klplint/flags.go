package main

import (
	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/flags"
	"github.com/klplint/klplint/kernel"
)

// commonFlags are taken by every subcommand.
type commonFlags struct {
	formats []string
	jobs    int
	quiet   bool
	verbose bool
	color   flags.Choice
	noCache bool
}

// kernels returns how kernels are loaded.
func (f *commonFlags) kernels() kernel.Options {
	if f.noCache {
		return kernel.Options{}
	}
	return kernel.Options{CacheDir: kernel.DefaultCacheDir()}
}

func (f *commonFlags) register(fs *pflag.FlagSet) {
	f.color = flags.Choice{Value: "auto", Allowed: []string{"auto", "always", "never"}}
	flags.Array(fs, &f.formats, "format", "output `FORMAT`, or FORMAT=FILE; repeatable (default table on a terminal, else text)")
	fs.IntVarP(&f.jobs, "jobs", "j", 0, "work on `N` files at once (default: the number of CPUs)")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "leave out summaries and progress")
	fs.BoolVarP(&f.verbose, "verbose", "v", false, "name the rules that could not judge a module")
	fs.Var(&f.color, "color", "colours: auto, always or never")
	fs.BoolVar(&f.noCache, "no-cache", false, "neither read nor write the cache of kernels")
}
