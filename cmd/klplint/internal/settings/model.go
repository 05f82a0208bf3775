package settings

import (
	"fmt"
	"path"
	"slices"

	"github.com/klplint/klplint/cmd/klplint/internal/suggest"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// Model is the reading of the replace semantics that was asked for.
type Model struct {
	Name string // as given; "" when the modules' own field decides
	// Models are those that Name stands for; nil where it is "".
	Models      []replace.Model
	ZeroSpecial bool
	Sympos01    bool // kernels take sympos 0 and 1 of a func for one
}

// allModels is the name for every model.
const allModels = "all"

// All reports whether all models were asked for together.
func (m *Model) All() bool { return m.Name == allModels }

// Env is what the models know of a kernel: of a target kernel where one is
// known that names its release, else of the release (target may be nil).
func (m *Model) Env(release string, target klp.Target) replace.Env {
	env := replace.Env{ZeroSpecial: m.ZeroSpecial, Target: target, Behaviour: kernel.BehaviourFor(target, release)}
	if m.Sympos01 {
		env.Behaviour.Sympos01 = klp.Yes
	}
	return env
}

// model reads the flags about replace models.
func (r *resolver) model() error {
	m := &r.s.Model
	m.Name, m.ZeroSpecial = r.f.model, r.f.zeroSpecial
	for _, glob := range r.s.SharedFuncs {
		if _, err := path.Match(glob, ""); err != nil {
			return fmt.Errorf("--shared-func %s: %w", glob, err)
		}
	}
	var names []string
	for _, known := range replace.All() {
		names = append(names, known.Name())
	}
	switch {
	case m.Name == "":
	case m.Name == allModels && r.f.allModels:
		m.Models = replace.All()
	default:
		model, err := replace.ByName(m.Name)
		if err != nil {
			also := ""
			if r.f.allModels {
				names, also = append(names, allModels), ", "+allModels
			}
			return fmt.Errorf("--model: %w%s%s", err, also, suggest.DidYouMean(m.Name, names))
		}
		m.Models = []replace.Model{model}
	}
	fixes := []string{"sympos01"}
	for _, fix := range r.f.assumeFix {
		if !slices.Contains(fixes, fix) {
			return fmt.Errorf("--assume-fix %s: the fix that can be assumed is sympos01", fix)
		}
		m.Sympos01 = true
	}
	return nil
}
