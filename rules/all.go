package rules

import "slices"

// All returns every rule in the order of the IDs, NonDefault ones too (Select
// leaves those out). The list is explicit: a rule that is not in it does not
// exist. The slice is the caller's own and may be appended to.
func All() []*Rule {
	return slices.Concat(moduleRules(), relocationRules(), codeRules(), loaderRelocationRules(), kernelRules(), setRules(), hygieneRules())
}

// moduleRules judge what one module says of itself.
func moduleRules() []*Rule {
	return []*Rule{
		klp100, klp101, klp102, klp103, klp104, klp105, klp106, klp107, klp108,
		klp109, klp110, klp111, klp112, klp113, klp114, klp115, klp116, klp117, klp118,
		klp119, klp120, klp121, klp122, klp123, klp124, klp125, klp126, klp127,
	}
}

// relocationRules judge a module's livepatch relocations and special sections.
func relocationRules() []*Rule {
	return []*Rule{
		klp201, klp202, klp203, klp204, klp205, klp206, klp207, klp208, klp209,
		klp210,
	}
}

// codeRules judge a module's code, most of them by what the target kernel's
// configuration demands of it.
func codeRules() []*Rule {
	return []*Rule{klp211, klp212, klp213, klp214, klp215, klp216, klp217}
}

// loaderRelocationRules judge the relocations that the module loader itself
// applies, and what they need.
func loaderRelocationRules() []*Rule {
	return []*Rule{klp220, klp221, klp222}
}

// hygieneRules judge what the build left in the file.
func hygieneRules() []*Rule {
	return []*Rule{klp501, klp502, klp503, klp504, klp505, klp506}
}
