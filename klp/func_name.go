package klp

import (
	"fmt"
	"strconv"
	"strings"
)

// FuncName is how a func is spelled in messages and arguments: object:name, or
// object:name,sympos.
type FuncName struct {
	Object string // "" where it is left out
	Name   string
	Sympos uint64 // 0 where it is left out
}

// ParseFuncName reads a func as klplint prints it. The object and the position
// may be left out. Names of functions hold neither colon nor comma, names of
// objects no colon.
func ParseFuncName(s string) (FuncName, error) {
	var f FuncName
	object, name, ok := strings.Cut(s, ":")
	if !ok {
		object, name = "", s
	}
	f.Object, f.Name = object, name
	if name, position, cut := strings.Cut(name, ","); cut {
		n, err := strconv.ParseUint(position, 10, 64)
		if err != nil {
			return f, fmt.Errorf("func %q: sympos %q is not a number", s, position)
		}
		f.Name, f.Sympos = name, n
	}
	if f.Name == "" || ok && object == "" {
		return f, fmt.Errorf("func %q: want OBJECT:FUNC or OBJECT:FUNC,SYMPOS", s)
	}
	return f, nil
}
