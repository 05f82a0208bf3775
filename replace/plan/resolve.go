package plan

import (
	"fmt"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// Opener reads a built module. For one that is no livepatch it may return
// the module's symbols too; nil where they are not known.
type Opener func(file string) (*klp.Module, replace.Symbols, error)

// Resolve reads the modules that the plan names by file. It stops at the first
// that cannot be read.
func (p *Plan) Resolve(open Opener) error {
	for _, m := range p.Modules {
		if m.File == "" || m.Klp != nil {
			continue
		}
		k, symbols, err := open(m.File)
		if err != nil {
			return fmt.Errorf("module %s: %w", m.Label, err)
		}
		was := m.Kind
		m.take(k)
		switch {
		case was == KindTarget && m.Kind == KindLivepatch:
			return fmt.Errorf("module %s: %s is a livepatch, the plan calls it a target", m.Label, m.File)
		case was == KindLivepatch && m.Kind == KindTarget:
			return fmt.Errorf("module %s: %s is not a livepatch; kind: target is for ordinary modules", m.Label, m.File)
		}
		if m.Kind == KindTarget {
			m.Symbols = symbols
		}
	}
	return nil
}
