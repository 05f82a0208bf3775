package matrix

import (
	"strconv"

	"github.com/klplint/klplint/klp"
)

// ObjectName is an object's name as it is shown: an object that a static table
// spells "vmlinux" as a string, which the kernel never applies, is in quotes.
func ObjectName(o *klp.Object) string {
	if o.Literal {
		return strconv.Quote(o.Name)
	}
	return o.Name
}

// FuncName is a func's name, with ",N" for a sympos above 1.
func FuncName(f *klp.Func) string {
	if f.Position() > 1 {
		return f.Name + "," + strconv.FormatUint(f.Sympos, 10)
	}
	return f.Name
}
