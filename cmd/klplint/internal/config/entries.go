package config

import (
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/klplint/klplint/internal/yamldoc"
)

// waivers reads the list of waivers.
func (r *reader) waivers(n yamldoc.Node) error {
	list, err := n.List("waivers", maxWaivers)
	if err != nil {
		return err
	}
	keys := WaiverKeys()
	for _, v := range list {
		_, got, err := mapping(v, "a waiver", keys)
		if err != nil {
			return err
		}
		w := Waiver{rule: got["rule"]}
		w.File, w.Line = r.file.Path, v.Line()
		for _, field := range []struct {
			key  string
			to   *string
			glob bool
		}{
			{"rule", &w.Rule, false},
			{"module", &w.Module, true},
			{"object", &w.Object, true},
			{"func", &w.Func, true},
			{"owner", &w.Owner, false},
		} {
			node, ok := got[field.key]
			if !ok {
				continue
			}
			if *field.to, err = word(node, field.key, nil); err != nil {
				return err
			}
			if _, err := path.Match(*field.to, ""); field.glob && err != nil {
				return node.Fail("%s is %q, which is not a valid pattern", field.key, *field.to)
			}
		}
		if w.Reason, err = prose(got["reason"], "reason"); err != nil {
			return err
		}
		if node, ok := got["until"]; ok {
			text, err := word(node, "until", nil)
			if err != nil {
				return err
			}
			if w.Until, err = time.Parse(time.DateOnly, text); err != nil {
				return node.Fail("until is %q, it must be a day: YYYY-MM-DD", text)
			}
		}
		if w.Rule == "KLP590" || w.Rule == "KLP591" {
			return w.rule.Fail("%s is about waivers and cannot be waived", w.Rule)
		}
		r.file.Waivers = append(r.file.Waivers, w)
	}
	return nil
}

// custom reads the list of custom rules.
func (r *reader) custom(n yamldoc.Node) error {
	list, err := n.List("custom", maxCustom)
	if err != nil {
		return err
	}
	keys := CustomKeys()
	seen := make(map[string]bool)
	idForm := regexp.MustCompile(idPattern)
	for _, v := range list {
		_, got, err := mapping(v, "a custom rule", keys)
		if err != nil {
			return err
		}
		c := Rule{File: r.file.Path, Line: v.Line(), expr: got["expr"], id: got["id"]}
		if c.ID, err = word(got["id"], "id", nil); err != nil {
			return err
		}
		switch {
		case !idForm.MatchString(c.ID):
			return c.FailID("id is %q, it must be capital letters and then digits, such as SITE001", c.ID)
		case strings.HasPrefix(c.ID, "KLP"):
			return c.FailID("id is %q: the IDs that begin with KLP are klplint's own", c.ID)
		case seen[c.ID]:
			return c.FailID("duplicate id %s", c.ID)
		}
		seen[c.ID] = true
		if c.Message, err = word(got["message"], "message", nil); err != nil {
			return err
		}
		if c.Doc, err = prose(got["doc"], "doc"); err != nil {
			return err
		}
		if c.Expr, err = got["expr"].Text("expr"); err != nil {
			return err
		}
		if strings.TrimSpace(c.Expr) == "" {
			return got["expr"].Fail("expr is empty")
		}
		if node, ok := got["fix"]; ok {
			if c.Fix, err = prose(node, "fix"); err != nil {
				return err
			}
		}
		if node, ok := got["severity"]; ok {
			if c.Severity, err = word(node, "severity", severities); err != nil {
				return err
			}
		}
		if node, ok := got["over"]; ok {
			over, err := word(node, "over", find(keys, "over").Values)
			if err != nil {
				return err
			}
			c.Pairs = over == "pairs"
		}
		if node, ok := got["tags"]; ok {
			tags, err := node.List("tags", maxWords)
			if err != nil {
				return err
			}
			for _, t := range tags {
				tag, err := word(t, "a tag", nil)
				if err != nil {
					return err
				}
				c.Tags = append(c.Tags, tag)
			}
		}
		r.file.Custom = append(r.file.Custom, c)
	}
	return nil
}

// prose reads a string of any number of lines, and takes the space around it
// away.
func prose(n yamldoc.Node, of string) (string, error) {
	s, err := n.Text(of)
	if err != nil {
		return "", err
	}
	if s = strings.TrimSpace(s); s == "" {
		return "", n.Fail("%s is empty", of)
	}
	return s, nil
}
