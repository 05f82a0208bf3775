package kerneltest

import (
	"slices"
	"strconv"
	"strings"
)

// Fixed returns the scenarios that are run on every kernel beside those of
// replace/testdata/verdicts: what one module can be wrong in, what the loader
// refuses, and how stacks and replacements unfold.
func Fixed() *Suite {
	s := &Suite{Model: "mainline", Modules: map[string]Module{}}
	s.Modules["klp_target"] = Module{Name: "klp_target", Kind: "target", Targets: []string{"klp_target_one", "klp_target_two"}}
	s.Modules["klp_target_less"] = Module{Name: "klp_target", Kind: "target", Targets: []string{"klp_target_two"}}
	s.single()
	s.mutated()
	s.named()
	s.sequences()
	return s
}

// add describes a livepatch and returns its key, which is its name too.
func (s *Suite) add(name string, replace bool, objects ...Object) string {
	s.Modules[name] = Module{Name: name, Livepatch: true, License: "GPL", Replace: replace, Objects: &objects}
	return name
}

// change alters a described module.
func (s *Suite) change(name string, alter func(*Module)) string {
	m := s.Modules[name]
	alter(&m)
	s.Modules[name] = m
	return name
}

// scenario adds steps written as "load a", "disable a", "unload a".
func (s *Suite) scenario(name string, steps ...string) {
	scenario := Scenario{Name: name}
	for _, step := range steps {
		op, module, _ := strings.Cut(step, " ")
		scenario.Steps = append(scenario.Steps, Step{Op: op, Module: module})
	}
	s.Scenarios = append(s.Scenarios, scenario)
}

// alone loads, disables and unloads a module, and loads it a second time.
func (s *Suite) alone(module string) {
	s.scenario("alone_"+module, "load "+module, "disable "+module, "unload "+module, "load "+module)
}

// image is the kernel image with funcs "name" or "name,sympos".
func image(funcs ...string) Object { return Object{Funcs: parseFuncs(funcs)} }

// module is a named object.
func module(name string, funcs ...string) Object {
	return Object{Name: &name, Funcs: parseFuncs(funcs)}
}

func parseFuncs(texts []string) *[]Func {
	funcs := []Func{}
	for _, text := range texts {
		f := Func{Name: &text}
		if i := strings.LastIndexByte(text, ','); i >= 0 {
			if n, err := strconv.ParseUint(text[i+1:], 10, 64); err == nil {
				name := text[:i]
				f = Func{Name: &name, Sympos: n}
			}
		}
		funcs = append(funcs, f)
	}
	return &funcs
}

// single has one module a scenario, wrong in one way or none.
func (s *Suite) single() {
	long := strings.Repeat("o", 55)
	for _, module := range []string{
		s.add("a_sym0_sym1", false, image("cmdline_proc_show", "cmdline_proc_show,1")),
		s.add("a_sym1_twice", false, image("cmdline_proc_show,1", "cmdline_proc_show,1")),
		s.add("a_two_positions", false, image("label_show,2", "label_show,3")),
		s.add("a_many_funcs", false, image("cmdline_proc_show", "version_proc_show", "uptime_proc_show", "loadavg_proc_show", "meminfo_proc_show")),
		s.add("a_name_511", false, image(strings.Repeat("f", 511))),
		s.add("a_name_512", false, image(strings.Repeat("f", 512))),
		s.add("a_object_empty_name", false, module("", "foo")),
		s.add("a_object_dash", false, module("klp-target", "klp_target_one")),
		s.add("a_object_ko", false, module("klp_target.ko", "klp_target_one")),
		s.add("a_object_dot", false, module(".", "foo")),
		s.add("a_object_dotdot", false, module("..", "foo")),
		s.add("a_object_enabled", false, module("enabled", "foo")),
		s.add("a_object_transition", false, module("transition", "foo")),
		s.add("a_object_replace", false, module("replace", "foo")),
		s.add("a_object_literal", false, module("vmlinux", "cmdline_proc_show")),
		s.add("a_object_literal_twice", false, module("vmlinux", "cmdline_proc_show"), module("vmlinux", "version_proc_show")),
		s.add("a_object_slash_and_bang", false, module("a/b", "foo"), module("a!b", "foo")),
		s.add("a_object_long_twice", false, module(long, "foo"), module(long, "bar")),
		s.add("a_func_slash_and_bang", false, module("absent", "a/b", "a!b")),
		s.add("a_func_comma", false, module("absent", "a,b")),
		s.add("a_image_after_module", false, module("absent", "foo"), image("cmdline_proc_show")),
		s.add("a_bad_module_good_image", false, module("absent", "no_such"), image("cmdline_proc_show")),
		s.add("a_good_image_bad_object", false, image("cmdline_proc_show"), module(strings.Repeat("x", 60), "foo")),
		s.add("a_bad_func_then_bad_object", false, image("no_such_function"), module(strings.Repeat("x", 60), "foo")),
		s.add("a_init_function", false, image("start_kernel")),
		s.add("a_notrace", false, image("native_sched_clock")),
		s.add("a_asm", false, image("memcpy")),
		s.add("a_livepatch_itself", false, image("klp_enable_patch")),
		s.add("a_literal_and_image", false, module("vmlinux", "version_proc_show"), image("cmdline_proc_show")),
		s.change(s.add("a_new_null", false, image("cmdline_proc_show")), func(m *Module) { (*(*m.Objects)[0].Funcs)[0].NewNull = true }),
		s.change(s.add("a_new_null_second", false, image("cmdline_proc_show", "version_proc_show")), func(m *Module) { (*(*m.Objects)[0].Funcs)[1].NewNull = true }),
		s.change(s.add("a_only_sympos", false, Object{Funcs: &[]Func{{Sympos: 3, NewNull: true}}}), func(*Module) {}),
		s.change(s.add("a_mod_null", false, image("cmdline_proc_show")), func(m *Module) { m.ModNull = true }),
		s.change(s.add("a_no_call", false, image("cmdline_proc_show")), func(m *Module) { m.Enables = -1 }),
		s.change(s.add("a_null_funcs_first", false, Object{}), func(m *Module) {
			absent := "absent"
			(*m.Objects)[0] = Object{Name: &absent}
		}),
		s.change(s.add("a_states_only", false, image()), func(m *Module) { m.States = &[]State{{ID: 5, Version: 1}} }),
		s.change(s.add("a_state_zero_first", false, image("cmdline_proc_show")), func(m *Module) { m.States = &[]State{{ID: 0, Version: 4}, {ID: 5, Version: 1}} }),
		s.change(s.add("a_callbacks_only", false, Object{Funcs: &[]Func{}, Callbacks: true}), func(*Module) {}),
		s.change(s.add("a_callbacks_absent_object", false, module("absent", "foo")), func(m *Module) { (*m.Objects)[0].Callbacks = true }),
		s.change(s.add("a_no_modinfo_bad_tables", false, image("no_such_function")), func(m *Module) { m.Livepatch = false }),
		s.change(s.add("a_enable_twice", false, image("cmdline_proc_show")), func(m *Module) { m.Enables = 2 }),
	} {
		s.alone(module)
	}
}

// mutated has modules that the loader refuses, or might.
func (s *Suite) mutated() {
	for _, mutation := range []Mutation{BadLicence, BadVermagicFlags, BadVermagicRelease, NoVermagic, EmptyVermagic, UnreadableVermagic, BadCRC, BadLayoutCRC, UnknownImport, NoVersions, SmallThisModule, BadBTF} {
		name := "m_" + strings.ReplaceAll(string(mutation), "-", "_")
		s.alone(s.change(s.add(name, false, image("cmdline_proc_show")), func(m *Module) { m.Mutate = []Mutation{mutation} }))
	}
	// Several things at once: the first that the kernel meets is the reason.
	for name, mutations := range map[string][]Mutation{
		"m_flags_and_licence": {BadVermagicFlags, BadLicence},
		"m_crc_and_licence":   {BadCRC, BadLicence},
	} {
		s.change(s.add(name, false, image("no_such_function")), func(m *Module) { m.Mutate = mutations })
	}
	s.alone("m_flags_and_licence")
	s.alone("m_crc_and_licence")
	// A module of the same name is met after the format and before the symbols.
	s.add("b_plain", false, image("cmdline_proc_show"))
	for key, mutation := range map[string]Mutation{"b_flags": BadVermagicFlags, "b_licence": BadLicence, "b_crc": BadCRC} {
		s.add(key, false, image("version_proc_show"))
		s.change(key, func(m *Module) { m.Name, m.Mutate = "b_plain", []Mutation{mutation} })
		s.scenario("name_taken_"+key, "load b_plain", "load "+key, "disable b_plain", "load "+key, "unload b_plain", "load "+key)
	}
}

// packed has modules that the kernel unpacks, or does not; only for kernels that
// can.
func (s *Suite) packed() {
	for name, options := range map[string]string{"p_crc32": "--check=crc32", "p_crc64": "--check=crc64", "p_delta": "--check=crc32 --delta --lzma2"} {
		s.alone(s.change(s.add(name, false, image("cmdline_proc_show")), func(m *Module) { m.Packed = options }))
	}
	sortScenarios(s.Scenarios)
}

// withoutVersions takes out the modules whose CRCs are wrong, with their scenarios:
// a kernel without CONFIG_MODVERSIONS builds modules that have none.
func (s *Suite) withoutVersions() {
	for key := range s.Modules {
		if !slices.ContainsFunc(s.Modules[key].Mutate, Mutation.ofVersions) {
			continue
		}
		delete(s.Modules, key)
		s.Scenarios = slices.DeleteFunc(s.Scenarios, func(c Scenario) bool {
			return slices.ContainsFunc(c.Steps, func(step Step) bool { return step.Module == key })
		})
	}
}

// named has modules whose names the kernel has already, or gives to a module of
// its own that is not loaded.
func (s *Suite) named() {
	for _, name := range []string{"workqueue", "dummy"} {
		s.alone(s.add(name, false, image("cmdline_proc_show")))
	}
}

// sequences has several modules a scenario.
func (s *Suite) sequences() {
	c := s.add("c_c", false, image("cmdline_proc_show"))
	c2 := s.add("c_c2", false, image("cmdline_proc_show"))
	c3 := s.add("c_c3", false, image("cmdline_proc_show", "version_proc_show"))
	cr := s.add("c_cr", true, image("cmdline_proc_show"))
	vr := s.add("c_vr", true, image("version_proc_show"))
	empty := s.add("c_empty_r", true)
	sym1 := s.add("c_sym1_r", true, image("cmdline_proc_show,1"))
	target := s.add("c_target", false, module("klp_target", "klp_target_one"))
	targetR := s.add("c_target_r", true, module("klp_target", "klp_target_one"), image("uptime_proc_show"))
	both := s.add("c_both", false, image("loadavg_proc_show"), module("klp_target", "klp_target_two"))
	missing := s.add("c_missing", false, module("klp_target", "klp_target_three"))
	self := s.add("c_on_patch", false, module("c_c", "repl_0_0"))
	literal := s.add("c_literal", false, module("vmlinux", "cmdline_proc_show"))
	literalR := s.add("c_literal_r", true, module("vmlinux", "cmdline_proc_show"))
	state := func(name string, replace bool, states ...State) string {
		return s.change(s.add(name, replace, image("meminfo_proc_show")), func(m *Module) { m.States = &states })
	}
	s1 := state("s_1v1", false, State{1, 1})
	s2 := state("s_1v2", false, State{1, 2})
	s2r := state("s_1v2_r", true, State{1, 2})
	s12r := state("s_1v2_2v1_r", true, State{1, 2}, State{2, 1})
	sdup := state("s_1v2_1v9", false, State{1, 2}, State{1, 9})
	none := state("s_none_r", true)
	szero := state("s_behind_zero", false, State{7, 1}, State{0, 0}, State{1, 9})

	for name, steps := range map[string][]string{
		"stack_of_three":             {"load " + c, "load " + c2, "load " + c3, "disable " + c2, "disable " + c3, "disable " + c},
		"stack_top_goes_first":       {"load " + c, "load " + c2, "disable " + c2, "unload " + c2, "load " + c2},
		"unload_active":              {"load " + c, "unload " + c, "disable " + c, "unload " + c, "unload " + c},
		"replaced_stays_loaded":      {"load " + c, "load " + vr, "load " + c, "disable " + c, "unload " + c, "load " + c},
		"replace_by_empty":           {"load " + c3, "load " + empty, "load " + c},
		"empty_first":                {"load " + empty, "load " + c, "load " + empty},
		"replace_chain":              {"load " + cr, "load " + vr, "unload " + cr, "load " + cr, "disable " + cr},
		"nop_then_again":             {"load " + c3, "load " + vr, "unload " + c3, "load " + c3},
		"sympos_1_replaces_0":        {"load " + cr, "load " + sym1, "unload " + cr, "load " + cr},
		"sympos_1_replaces_stack":    {"load " + c, "load " + c2, "load " + sym1},
		"target_comes_and_goes":      {"load " + target, "load klp_target", "unload klp_target", "load klp_target", "disable " + target},
		"target_comes_twice":         {"load klp_target", "load klp_target_less", "unload klp_target", "load klp_target_less"},
		"target_refused_then_freed":  {"load " + missing, "load klp_target", "disable " + missing, "load klp_target"},
		"target_refused_among_many":  {"load " + target, "load " + missing, "load klp_target", "load " + targetR, "load klp_target"},
		"target_less":                {"load " + target, "load klp_target_less", "disable " + target, "load klp_target_less", "load " + target},
		"target_replaced_while_away": {"load " + both, "load " + targetR, "load klp_target"},
		"target_replaced_while_here": {"load klp_target", "load " + both, "load " + target, "load " + targetR, "unload klp_target"},
		"target_reverted":            {"load klp_target", "load " + target, "load " + vr, "unload klp_target", "load klp_target"},
		"patch_on_a_patch":           {"load " + c, "load " + self, "disable " + self, "disable " + c, "unload " + c},
		"patch_on_a_patch_later":     {"load " + self, "load " + c},
		"literal_beside_image":       {"load " + literal, "load " + c, "load " + vr},
		"literal_replaces_literal":   {"load " + literal, "load " + literalR, "load " + vr},
		"literal_replaced_by_empty":  {"load " + literal, "load " + empty},
		"state_equal_after_higher":   {"load " + s2, "load " + s1, "disable " + s2, "load " + s1},
		"state_replaced_keeps":       {"load " + s1, "load " + s12r, "load " + s2r, "load " + none, "disable " + s12r, "load " + none},
		"state_of_replaced_is_gone":  {"load " + s2r, "load " + s12r, "unload " + s2r, "disable " + s12r, "load " + s1},
		"state_missing_in_stack":     {"load " + s12r, "load " + c, "load " + s2r},
		"state_duplicate_old":        {"load " + sdup, "load " + s2, "load " + s2r},
		"state_duplicate_new":        {"load " + s2, "load " + sdup},
		"state_behind_zero_old":      {"load " + szero, "load " + s1, "load " + s2r},
		"state_behind_zero_new":      {"load " + s2, "load " + szero},
		"disable_unknown":            {"disable " + c, "unload " + c, "load klp_target", "disable klp_target", "unload klp_target"},
	} {
		s.scenario(name, steps...)
	}
	sortScenarios(s.Scenarios)
}
