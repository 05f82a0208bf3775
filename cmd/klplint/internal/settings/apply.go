package settings

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/config"
)

// configuration finds and reads the configuration, and gives its settings and
// those of the environment to the flags that the command line leaves alone.
func (r *resolver) configuration() error {
	path, named := r.f.config, r.fs.Changed("config")
	if !named {
		path = r.env("KLPLINT_CONFIG")
	}
	found := false
	if path == "" && !named {
		var err error
		if path, err = config.Find(); err != nil {
			return fmt.Errorf("configuration: %w", err)
		}
		found = path != ""
	}
	if named && path == "" {
		return errors.New("--config: the file's name is missing")
	}
	if path != "" && path != "none" {
		file, err := config.Load(path)
		if err != nil {
			return fmt.Errorf("configuration: %w", err)
		}
		file.Named = named
		r.file, r.sources = file, []*config.File{file}
		r.s.File, r.s.Found = path, found
	}
	return r.apply()
}

// apply sets the flags that the command line leaves alone.
func (r *resolver) apply() error {
	keys := config.Keys()
	for i := range keys {
		k := &keys[i]
		if r.fs.Lookup(k.Flag) == nil {
			continue
		}
		if r.fs.Changed(k.Flag) {
			r.origin[k.Flag] = "--" + k.Flag
			continue
		}
		if value := r.env(k.Env()); value != "" {
			r.origin[k.Flag] = k.Env()
			for _, word := range k.Split(value) {
				if err := r.fs.Set(k.Flag, word); err != nil {
					return fmt.Errorf("%s: %w", k.Env(), err)
				}
			}
			continue
		}
		if err := r.fromFile(k); err != nil {
			return err
		}
	}
	return nil
}

// fromFile sets the flag of a key to what the configuration has.
func (r *resolver) fromFile(k *config.Key) error {
	if r.file == nil {
		return nil
	}
	for _, s := range r.file.Settings {
		if s.Key.Name != k.Name {
			continue
		}
		for _, v := range s.Values {
			r.origin[k.Flag] = fmt.Sprintf("%s:%d", r.file.Path, v.Line())
			if err := setOne(r.fs, k.Flag, v.Text); err != nil {
				return v.Fail("%s: %v", k.Name, err)
			}
		}
	}
	return nil
}

// setOne gives a flag one value, which may hold a comma.
func setOne(fs *pflag.FlagSet, name, value string) error {
	f := fs.Lookup(name)
	list, ok := f.Value.(pflag.SliceValue)
	if !ok {
		return fs.Set(name, value)
	}
	if !f.Changed {
		f.Changed = true
		return list.Replace([]string{value})
	}
	return list.Append(value)
}

// keys says what holds for each key of the configuration.
func (r *resolver) keys() {
	keys := config.Keys()
	for i := range keys {
		k := &keys[i]
		f := r.fs.Lookup(k.Flag)
		if f == nil {
			continue
		}
		v := Value{Key: k, Origin: r.origin[k.Flag]}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			v.Values = list.GetSlice()
		} else if value := f.Value.String(); value != "" {
			v.Values = []string{value}
		}
		if v.Origin == "" {
			v.Origin = "default"
		}
		r.s.Keys = append(r.s.Keys, v)
	}
	for _, file := range r.sources {
		r.s.Waivers += len(file.Waivers)
		r.s.Custom += len(file.Custom)
	}
}
