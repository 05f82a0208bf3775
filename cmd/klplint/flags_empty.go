package main

import (
	"slices"

	"github.com/spf13/pflag"
)

// mayBeEmpty are the flags to which an empty value says something: the channel without a
// name, nobody's module, no reason.
var mayBeEmpty = []string{"channel", "into", "owner", "by", "reason"}

// emptyFlag refuses an empty value of any other flag. It is what a script passes whose
// variable is not set: taken for a flag that was not given, --verify "" would admit, and
// --key "" ask for no signature.
func emptyFlag(fs *pflag.FlagSet) error {
	var err error
	fs.Visit(func(f *pflag.Flag) {
		if err != nil || slices.Contains(mayBeEmpty, f.Name) {
			return
		}
		list, several := f.Value.(pflag.SliceValue)
		if f.Value.Type() == "string" && f.Value.String() == "" || several && slices.Contains(list.GetSlice(), "") {
			err = usageErrorf("--%s is empty", f.Name)
		}
	})
	return err
}
