package report

import (
	"io"

	"github.com/klplint/klplint/cmd/klplint/internal/matrix"
	"github.com/klplint/klplint/cmd/klplint/internal/report/jsonform"
	"github.com/klplint/klplint/klp"
)

// MatrixJSON writes the JSON of matrix.
func MatrixJSON(w io.Writer, m *matrix.Matrix, _ Options) error {
	return jsonform.Write(w, &jsonform.Matrix{
		Schema: jsonform.Version,
		Kernels: formsOf(m.Columns, func(k *matrix.Kernel) jsonform.MatrixKernel {
			return jsonform.MatrixKernel{Release: k.Release, Arch: string(k.Arch)}
		}),
		Patches: eachForm(m.Rows, jsonMatrixPatch),
	})
}

func jsonMatrixPatch(r *matrix.Row) jsonform.MatrixPatch {
	return jsonform.MatrixPatch{
		Name: r.Patch, Builds: jsonMatrixBuilds(r),
		Funcs: eachForm(r.Funcs, func(l *matrix.Line) jsonform.MatrixFunc { return jsonMatrixFunc(r, l) }),
		States: formsOf(r.States, func(s *matrix.StateLine) jsonform.MatrixState {
			form := jsonform.MatrixState{ID: s.ID, Builds: []jsonform.MatrixStateBuild{}}
			for col, v := range s.Cells {
				if v != nil {
					form.Builds = append(form.Builds, jsonform.MatrixStateBuild{Kernel: col, Version: *v})
				}
			}
			return form
		}),
		Differences: formsOf(r.Differences, func(d *matrix.Difference) jsonform.MatrixDifference {
			return jsonform.MatrixDifference{Severity: d.Severity.String(), Kind: d.Kind, Subject: d.Subject, Message: d.Message}
		}),
	}
}

func jsonMatrixBuilds(r *matrix.Row) []jsonform.MatrixBuild {
	out := []jsonform.MatrixBuild{}
	for col := range r.Cells {
		c := &r.Cells[col]
		if c.Module == nil {
			continue
		}
		out = append(out, jsonform.MatrixBuild{
			Kernel: col, Path: c.Module.Path, Name: c.Module.Name, Replace: r.Replace[col],
			Others: formsOf(c.Others, func(m **klp.Module) string { return (*m).Path }),
		})
	}
	return out
}

func jsonMatrixFunc(r *matrix.Row, l *matrix.Line) jsonform.MatrixFunc {
	form := jsonform.MatrixFunc{Object: l.Object, Name: l.Name, Builds: []jsonform.MatrixFuncBuild{}}
	for col := range r.Cells {
		if r.Cells[col].Module != nil {
			form.Builds = append(form.Builds, jsonform.MatrixFuncBuild{Kernel: col, Names: listOf(l.Cells[col])})
		}
	}
	return form
}
