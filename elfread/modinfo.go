package elfread

import "github.com/klplint/klplint/internal/modfile"

// readModinfo reads .modinfo, and the vermagic and the name in it.
func (p *parser) readModinfo() error {
	m := p.m
	var err error
	if m.Modinfo, err = modfile.Modinfo(p.f, p.sec.modinfo); err != nil {
		return err
	}
	if v, ok := m.Modinfo.Get("vermagic"); ok {
		m.Vermagic = modfile.ParseVermagic(v)
	}
	m.Name, _ = m.Modinfo.Get("name")
	return nil
}
