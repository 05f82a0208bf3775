package replace

// Question is a point that the discussion of replace sets left open, and what
// klplint does until it is settled.
type Question struct {
	ID       string // "Q1"
	Question string
	Decision string // what klplint takes for granted
	Why      string
	Models   []string // the models that it concerns
}

// OpenQuestions returns the open points of the set models, each decided in one
// place of this package. The text is what klplint shows of them.
func OpenQuestions() []Question {
	lists := []string{NameSetsPositional, NameSetsFlat}
	three := []string{NameSupersedes, NameSetsPositional, NameSetsFlat}
	return []Question{
		{
			ID:       "Q1",
			Question: "Is a list of sets positional (the first is the livepatch's own, the others are evicted) or flat (it belongs to all of them)?",
			Decision: "Neither is picked. Modules with a list are judged under both readings, and a verdict that differs is itself a finding (KLP407).",
			Why:      "Joe Lawrence asked on 17 June 2026 (ajL-Y3dapC1FiAwx@redhat.com); the answer of 18 June is not available.",
			Models:   lists,
		},
		{
			ID:       "Q2",
			Question: "May {1,2} and {2,3} be active together?",
			Decision: "Flat: no, the later replaces the earlier, in either order. Positional: {2,3} after {1,2} coexists, for 2 and 1 are different sets; {1,2} after {2,3} replaces it.",
			Why:      "It follows from each reading; the mail does not say it.",
			Models:   lists,
		},
		{
			ID:       "Q3",
			Question: "What must a livepatch keep of the states of one that it evicts from another set?",
			Decision: "The same as within its own set: every state id, at the same or a higher version. The func rule is not applied to what is evicted.",
			Why:      "An evicted livepatch is replaced, and its states outlive it; and a cumulative livepatch could never take over a hotfix's func otherwise.",
			Models:   three,
		},
		{
			ID:       "Q4",
			Question: "Do repetitions in a list mean anything, and does its order?",
			Decision: "Repetitions mean nothing. The order means nothing under flat, and under positional only which set is first.",
			Why:      "No mail gives either a meaning.",
			Models:   three,
		},
		{
			ID:       "Q5",
			Question: "Which set does a livepatch without a list (a NULL pointer, or only the terminator) belong to?",
			Decision: "Set 0, so that livepatches without a list replace each other.",
			Why:      "Petr Mladek leaves NULL undefined (17 June 2026); 0 is the default of the second posting, and a field that is left out is zero.",
			Models:   lists,
		},
		{
			ID:       "Q6",
			Question: "What is a zero among other sets?",
			Decision: "In a module it ends the array, and what follows is not read. In a described list it is set 0 like any other number.",
			Why:      "The array is zero-terminated, so that no module can list set 0; a description may still ask what would happen.",
			Models:   three,
		},
		{
			ID:       "Q7",
			Question: "May set 0 be replaced by livepatches of other sets that list it?",
			Decision: "Yes, unless --zero-special: then only a livepatch of set 0 replaces one of set 0, and neither a list nor an override does. Under flat it is enough that 0 is among the new one's sets, and a described list that mixes 0 with other sets may then stay beside a livepatch of one of those.",
			Why:      "Petr Mladek names both: 0 as no ordinary default, or as a set that nothing but another zero set replaces (17 June 2026).",
			Models:   three,
		},
		{
			ID:       "Q8",
			Question: "Does override_replace_sets take the place of the module's list, or add to it?",
			Decision: "It adds: further sets are evicted at this one load, and no membership changes.",
			Why:      "It is proposed for resolving a conflict with somebody else's livepatch; Joe Lawrence noted that the name sounds like the other (17 June 2026).",
			Models:   three,
		},
		{
			ID:       "Q9",
			Question: "Are the states of an active livepatch compared before its funcs?",
			Decision: "Yes, livepatch by livepatch. It shows only when a NULL func name would bring the kernel down in the second comparison.",
			Why:      "Both refusals look the same from outside, and no measurement tells.",
			Models:   []string{NameReplaceSet, NameSupersedes, NameSetsPositional, NameSetsFlat},
		},
	}
}
