package report

import (
	"github.com/klplint/klplint/cmd/klplint/internal/report/jsonform"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
)

// formsOf makes the JSON form of each element; the list is never null.
func formsOf[S, T any](list []S, form func(*S) T) []T {
	out := make([]T, len(list))
	for i := range list {
		out[i] = form(&list[i])
	}
	return out
}

// eachForm makes the JSON form of each element when it is written.
func eachForm[S, T any](list []S, form func(*S) T) func(yield func(T) bool) {
	return func(yield func(T) bool) {
		for i := range list {
			if !yield(form(&list[i])) {
				return
			}
		}
	}
}

// stringsOf makes JSON's strings of names that have a type of their own.
func stringsOf[S ~string](list []S) []string {
	return formsOf(list, func(s *S) string { return string(*s) })
}

// listOf is the list itself, and never null.
func listOf[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// knownCount is nil for a count below 0, which stands for what is not known.
func knownCount(n int) *int {
	if n < 0 {
		return nil
	}
	return &n
}

func jsonProblems(list []lint.Error) jsonform.List[jsonform.Problem] {
	return eachForm(list, func(p *lint.Error) jsonform.Problem {
		return jsonform.Problem{Path: p.Path, Offset: p.Offset, Section: p.Section, Message: p.Message, Rule: p.Rule}
	})
}

func jsonLocation(at klp.Location) jsonform.Location {
	return jsonform.Location{Section: at.Section, Offset: at.Offset, Symbol: at.Symbol}
}

func jsonState(s *klp.State) jsonform.State { return jsonform.State{ID: s.ID, Version: s.Version} }
