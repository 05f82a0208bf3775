package moduleset

import (
	"slices"
	"testing"

	"github.com/klplint/klplint/klp"
)

func TestEffect(t *testing.T) {
	runtime := klp.Replace{Kind: klp.KindFlag, Source: klp.FromRuntime, FieldSource: klp.FieldAssumed}
	for _, tt := range []struct {
		name         string
		options      Options
		active, next klp.Replace
		want         Effect
	}{
		{"replaces", Options{}, flag(false), flag(true), Evicts},
		{"stacks", Options{}, flag(true), flag(false), Keeps},
		{"decided at run time", Options{}, flag(true), runtime, Undetermined},
		{"same set", Options{}, number(1), number(1), Evicts},
		{"other set", Options{}, number(1), number(2), Keeps},
		{"superseded", Options{}, number(1), number(2, 1), Evicts},
		{"readings agree", Options{}, list(2), list(1, 2), Evicts},
		{"readings differ", Options{}, list(1, 2), list(2), Undetermined},
		{"one reading", Options{Model: "sets-flat"}, list(1, 2), list(2), Evicts},
		{"zero is special", Options{ZeroSpecial: true}, number(0), number(1, 0), Keeps},
		{"no model", Options{}, flag(true), number(1), Unjudged},
		{"unread", Options{Model: "mainline"}, flag(true), number(1), Unjudged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := New([]*Member{NewMember(module("next", tt.next), false), NewMember(module("active", tt.active), true)}, tt.options)
			active, next := s.Members[0], s.Members[1]
			if got := s.Effect(next.Class(), active.Class()); got != tt.want {
				t.Errorf("effect is %v, want %v", got, tt.want)
			}
			if got := s.Evicts(next, active); got != (tt.want == Evicts) {
				t.Errorf("Evicts is %v", got)
			}
			evicted, undetermined := s.EvictedBy(next.Class())
			if slices.Contains(evicted, active.Class()) != (tt.want == Evicts) || slices.Contains(undetermined, active.Class()) != (tt.want == Undetermined) {
				t.Errorf("EvictedBy says %d and %d classes, the effect is %v", len(evicted), len(undetermined), tt.want)
			}
		})
	}
}

// A module is not judged against itself: the baseline's copy is dropped.
func TestDropped(t *testing.T) {
	copyOf := func(path, sha string, baseline bool) *Member {
		m := NewMember(module("fix", flag(true), "foo"), baseline)
		m.Path, m.SHA256 = path, sha
		return m
	}
	s := New([]*Member{
		copyOf("a.ko", "1", false), copyOf("a.ko", "", true), copyOf("old/a.ko", "1", true), copyOf("old/b.ko", "2", true), copyOf("old/c.ko", "", true),
		copyOf("a.ko", "3", true), // other bytes, whatever they are called
	}, Options{})
	signed, other := copyOf("signed.ko", "4", true), copyOf("other.ko", "5", true)
	signed.UnsignedSHA256, other.UnsignedSHA256 = "1", "6"
	if s := New([]*Member{copyOf("a.ko", "1", false), signed, other}, Options{}); len(s.Dropped) != 1 || s.Dropped[0] != signed {
		t.Errorf("dropped %v, want the signed copy alone", s.Dropped)
	}
	if len(s.Members) != 4 || len(s.Dropped) != 2 || len(s.Candidates()) != 1 {
		t.Errorf("%d members, %d dropped, %d candidates", len(s.Members), len(s.Dropped), len(s.Candidates()))
	}
}

func TestLineage(t *testing.T) {
	member := func(name, owner string, replace klp.Replace) *Member {
		m := NewMember(module(name, replace, "foo"), true)
		m.Owner = owner
		return m
	}
	s := New([]*Member{
		member("fix_9", "a", flag(true)), member("fix_10", "a", flag(true)), member("fix_11", "b", flag(true)), member("net_1", "a", flag(true)),
	}, Options{})
	byName := map[string]*Member{}
	for _, m := range s.Members {
		byName[m.Name] = m
	}
	for _, tt := range []struct {
		next, other string
		want        bool
	}{{"fix_10", "fix_9", true}, {"fix_9", "fix_10", false}, {"fix_11", "fix_10", false}, {"net_1", "fix_9", false}} {
		if got := s.Follows(byName[tt.next], byName[tt.other]); got != tt.want {
			t.Errorf("%s follows %s: %v", tt.next, tt.other, got)
		}
	}
}

func TestSuccession(t *testing.T) {
	member := func(name, owner, channel string, replace klp.Replace) *Member {
		m := NewMember(module(name, replace, "foo"), true)
		m.Owner, m.Channel = owner, channel
		return m
	}
	atRunTime := klp.Replace{Kind: klp.KindFlag, Source: klp.FromRuntime, FieldSource: klp.FieldAssumed}
	for _, tt := range []struct {
		name    string
		members []*Member
		want    []Effect // by path
	}{
		{"each replaces the one before", []*Member{member("fix_9", "", "", flag(true)), member("fix_10", "", "", flag(true))}, []Effect{Keeps, Evicts}},
		{"the last one stacks", []*Member{member("fix_1", "", "", flag(true)), member("fix_2", "", "", flag(true)), member("fix_3", "", "", flag(false))}, []Effect{Evicts, Keeps, Keeps}},
		{"none replaces", []*Member{member("fix_1", "", "", flag(false)), member("fix_2", "", "", flag(false))}, []Effect{Keeps, Keeps}},
		{"decided at run time", []*Member{member("fix_1", "", "", flag(true)), member("fix_2", "", "", atRunTime)}, []Effect{Undetermined, Keeps}},
		{"for sure before that", []*Member{member("fix_1", "", "", flag(true)), member("fix_2", "", "", flag(true)), member("fix_3", "", "", atRunTime)}, []Effect{Evicts, Undetermined, Keeps}},
		{"another owner", []*Member{member("fix_1", "a", "", flag(true)), member("fix_2", "b", "", flag(true))}, []Effect{Keeps, Keeps}},
		{"another channel", []*Member{member("fix_1", "", "stable", flag(true)), member("fix_2", "", "testing", flag(true))}, []Effect{Keeps, Keeps}},
		{"another stem", []*Member{member("fix_1", "", "", flag(true)), member("net_2", "", "", flag(true))}, []Effect{Keeps, Keeps}},
		{"two builds of one name", []*Member{member("fix_1", "", "", flag(true)), member("fix_1", "", "", flag(true))}, []Effect{Keeps, Keeps}},
		{"sets", []*Member{member("klp_0", "", "", number(0)), member("klp_1b", "", "", number(2)), member("klp_1c", "", "", number(2))}, []Effect{Keeps, Evicts, Keeps}},
		{"lists", []*Member{member("klp_1", "", "", list(1, 2)), member("klp_2", "", "", list(1))}, []Effect{Evicts, Keeps}},
	} {
		if got := New(tt.members, Options{}).Succession(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	candidate := New([]*Member{NewMember(module("fix_1", flag(true)), false)}, Options{})
	if got := candidate.Succession(); !slices.Equal(got, []Effect{Unjudged}) {
		t.Errorf("a candidate: %v", got)
	}
}
