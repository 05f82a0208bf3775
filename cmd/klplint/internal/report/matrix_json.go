package report

import (
	"io"

	"github.com/klplint/klplint/cmd/klplint/internal/matrix"
)

// MatrixJSON writes the matrix as JSON. Builds name their kernel by its index
// in the list of kernels; a kernel without a build is left out.
func MatrixJSON(w io.Writer, m *matrix.Matrix) error {
	e := newEncoder(w)
	e.open('{')
	e.int("schema", 1)
	e.key("kernels")
	e.open('[')
	for _, k := range m.Columns {
		e.open('{')
		e.str("release", k.Release)
		e.str("arch", string(k.Arch))
		e.close('}')
	}
	e.close(']')
	e.key("patches")
	e.open('[')
	for i := range m.Rows {
		matrixPatch(e, &m.Rows[i])
		e.flushIf()
	}
	e.close(']')
	e.close('}')
	e.b = append(e.b, '\n')
	return e.finish()
}

func matrixPatch(e *encoder, r *matrix.Row) {
	e.open('{')
	e.str("name", r.Patch)
	e.key("builds")
	e.open('[')
	for col := range r.Cells {
		c := &r.Cells[col]
		if c.Module == nil {
			continue
		}
		e.open('{')
		e.int("kernel", int64(col))
		e.str("path", c.Module.Path)
		e.str("name", c.Module.Name)
		e.str("replace", r.Replace[col])
		others := make([]string, len(c.Others))
		for i, o := range c.Others {
			others[i] = o.Path
		}
		e.strs("others", others)
		e.close('}')
	}
	e.close(']')
	e.key("funcs")
	e.open('[')
	for i := range r.Funcs {
		l := &r.Funcs[i]
		e.open('{')
		e.str("object", l.Object)
		e.str("name", l.Name)
		e.key("builds")
		e.open('[')
		for col := range r.Cells {
			if r.Cells[col].Module == nil {
				continue
			}
			e.open('{')
			e.int("kernel", int64(col))
			e.strs("names", l.Cells[col])
			e.close('}')
		}
		e.close(']')
		e.close('}')
		e.flushIf()
	}
	e.close(']')
	e.key("states")
	e.open('[')
	for i := range r.States {
		s := &r.States[i]
		e.open('{')
		e.uint("id", s.ID)
		e.key("builds")
		e.open('[')
		for col, v := range s.Cells {
			if v == nil {
				continue
			}
			e.open('{')
			e.int("kernel", int64(col))
			e.uint("version", uint64(*v))
			e.close('}')
		}
		e.close(']')
		e.close('}')
	}
	e.close(']')
	e.key("differences")
	e.open('[')
	for _, d := range r.Differences {
		e.open('{')
		e.str("severity", d.Severity.String())
		e.str("kind", d.Kind)
		e.strIf("subject", d.Subject)
		e.str("message", d.Message)
		e.close('}')
	}
	e.close(']')
	e.close('}')
}
