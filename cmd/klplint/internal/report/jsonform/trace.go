package jsonform

// Trace is what trace writes.
type Trace struct {
	Schema int `json:"schema" jsonschema:"enum=1"`
	// One for each model that was asked for.
	Traces List[ModelTrace] `json:"traces"`
}

// ModelTrace is what happens under one replace model.
type ModelTrace struct {
	Model string `json:"model"`
	// What is assumed of a value that is not known.
	Reading string `json:"reading,omitempty"`
	// Why the model cannot judge these modules.
	NotJudged string     `json:"not_judged,omitempty"`
	Steps     List[Step] `json:"steps"`
	// Steps after a crash.
	Unreached int `json:"unreached,omitempty"`
}

// Step is one step and what the kernel does at it.
type Step struct {
	Op string `json:"op" jsonschema:"enum=load,enum=disable,enum=unload,enum=finish,enum=set,enum=hold,enum=release,enum=ftrace"`
	// The label that the plan gives the module, or its name; of hold and release the func, of ftrace on or off.
	Module string `json:"module"`
	Path   string `json:"path,omitempty"`
	// The sets that the module belongs to.
	Sets []uint32 `json:"sets,omitempty"`
	// The sets that its load evicts.
	Evicts []uint32 `json:"evicts,omitempty"`
	// The module parameter override_replace_sets of this load.
	Override []uint32 `json:"override,omitempty"`
	// done: a disable or unload that works, or the load of a target; stalled: the transition has not ended.
	Outcome string `json:"outcome" jsonschema:"enum=first,enum=stacks,enum=coexists,enum=replaces,enum=refused,enum=crash,enum=done,enum=stalled"`
	// The module parameters of this load.
	Params map[string]string `json:"params,omitempty"`
	// Left out where the kernel accepts.
	Errno  string `json:"errno,omitempty"`
	Reason string `json:"reason,omitempty"`
	// The kernel's log.
	Messages []string `json:"messages"`
	// Further reasons to refuse, which a kernel that stops at the first does not name.
	Also []Refusal `json:"also"`
	// Further ones that also leaves out.
	AlsoOmitted int `json:"also_omitted,omitempty"`
	// The names of the livepatches that are replaced.
	Replaced []string `json:"replaced"`
	// The livepatches after the step, sorted by name as /sys/kernel/livepatch lists them.
	Active []ActivePatch `json:"active"`
	// Whose code runs, by OBJECT:FUNC (",N" for a sympos above 1), of each patched func whose object is there.
	Owners map[string]string `json:"owners"`
	// What the plan expects of the step, and how it differs.
	Expect string `json:"expect,omitempty"`
	Unmet  string `json:"unmet,omitempty"`
	// The callbacks that run, in order.
	Callbacks []Call `json:"callbacks"`
	// What was assumed.
	Assumed []string `json:"assumed"`
	// Questions on which the outcome depends.
	Undecided []Undecided `json:"undecided"`
	// The models do not agree on this step.
	Differs bool `json:"differs,omitempty"`
}

// Call is one callback that runs.
type Call struct {
	// The livepatch module's own name.
	Livepatch string `json:"livepatch"`
	Callback  string `json:"callback" jsonschema:"enum=pre_patch,enum=post_patch,enum=pre_unpatch,enum=post_unpatch"`
	Object    string `json:"object"`
	// What it returns; left out for success.
	Errno string `json:"errno,omitempty"`
}

// Refusal is one reason to refuse a load.
type Refusal struct {
	Errno   string `json:"errno,omitempty"`
	Message string `json:"message,omitempty"`
	Reason  string `json:"reason"`
}

// ActivePatch is one livepatch that is enabled.
type ActivePatch struct {
	Name string   `json:"name"`
	Sets []uint32 `json:"sets"`
	// From 1, the oldest.
	StackOrder int `json:"stack_order"`
}

// Undecided is a question that the model leaves open.
type Undecided struct {
	// The question's ID: klplint explain ID.
	Question string `json:"question"`
	// What happens if the answer is the other one.
	Otherwise string `json:"otherwise"`
}
