package report

import (
	"io"

	"github.com/klplint/klplint/cmd/klplint/internal/diff"
	"github.com/klplint/klplint/cmd/klplint/internal/report/jsonform"
	"github.com/klplint/klplint/klp"
)

// DiffJSON writes the JSON of diff.
func DiffJSON(w io.Writer, d *diff.Diff, _ Options) error {
	return jsonform.Write(w, &jsonform.Diff{
		Schema: jsonform.Version, Old: jsonDiffSide(d.Old), New: jsonDiffSide(d.New),
		Objects: eachForm(d.Objects, jsonDiffObject), States: eachForm(d.States, jsonDiffState),
		KlpSymbols: jsonform.DiffSymbols{
			Gained: eachForm(d.Relas.Gained, jsonDiffSymbol), Lost: eachForm(d.Relas.Lost, jsonDiffSymbol), Kept: d.Relas.Kept,
		},
		Load: jsonDiffLoad(d.Load), Back: jsonDiffLoad(d.Back),
		Items: eachForm(d.Items(), func(i *diff.Item) jsonform.DiffItem {
			return jsonform.DiffItem{Severity: i.Severity.String(), Kind: i.Kind, Change: i.Change, Subject: i.Subject, Detail: i.Detail}
		}),
	})
}

func jsonDiffSide(m *klp.Module) jsonform.DiffSide {
	return jsonform.DiffSide{
		Path: m.Path, Name: m.Name, Arch: string(m.Arch), KernelRelease: m.Vermagic.Release, Toolchain: string(m.Toolchain), Replace: m.Replace.String(),
	}
}

func jsonDiffObject(o *diff.Object) jsonform.DiffObject {
	return jsonform.DiffObject{
		Name: o.Name, Literal: o.Literal, Change: string(o.Change),
		CallbacksGained: stringsOf(o.CallbacksGained), CallbacksLost: stringsOf(o.CallbacksLost),
		Funcs: formsOf(o.Funcs, jsonDiffFunc),
	}
}

func jsonDiffFunc(f *diff.Func) jsonform.DiffFunc {
	form := jsonform.DiffFunc{Name: f.Name, Position: f.Position, Change: string(f.Change)}
	if f.Old != nil {
		form.OldSympos, form.OldNewSize = new(f.Old.Sympos), new(f.Old.New.Size)
	}
	if f.New != nil {
		form.NewSympos, form.NewNewSize = new(f.New.Sympos), new(f.New.New.Size)
	}
	return form
}

func jsonDiffState(s *diff.State) jsonform.DiffState {
	form := jsonform.DiffState{ID: s.ID, Change: string(s.Change)}
	if s.Old != nil {
		form.OldVersion = new(s.Old.Version)
	}
	if s.New != nil {
		form.NewVersion = new(s.New.Version)
	}
	return form
}

func jsonDiffSymbol(s *diff.Symbol) jsonform.KlpSymbol {
	return jsonform.KlpSymbol{Object: s.Object, Name: s.Name, Sympos: s.Sympos}
}

func jsonDiffLoad(t *diff.Transition) *jsonform.DiffLoad {
	if t == nil {
		return nil
	}
	accepted, _ := t.Accepted()
	return &jsonform.DiffLoad{
		Accepted: accepted, NotJudged: t.Unjudged,
		Verdicts: formsOf(t.Verdicts, func(v *diff.Verdict) jsonform.DiffVerdict {
			d := &v.Decision
			return jsonform.DiffVerdict{
				Model: v.Model, Assumed: v.Assumed, Outcome: string(d.Outcome), Errno: d.Errno, Reason: d.Reason, Replaced: listOf(d.Replaced),
			}
		}),
	}
}
