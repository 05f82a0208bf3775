package jsonform

// Matrix is what matrix writes. Builds name their kernel by its index in kernels; a kernel without a build is left out.
type Matrix struct {
	Schema  int               `json:"schema" jsonschema:"enum=1"`
	Kernels []MatrixKernel    `json:"kernels"`
	Patches List[MatrixPatch] `json:"patches"`
}

// MatrixKernel is one column.
type MatrixKernel struct {
	Release string `json:"release"`
	Arch    string `json:"arch"`
}

// MatrixPatch is one patch and its builds.
type MatrixPatch struct {
	// What the modules' names have in common.
	Name        string             `json:"name"`
	Builds      []MatrixBuild      `json:"builds"`
	Funcs       List[MatrixFunc]   `json:"funcs"`
	States      []MatrixState      `json:"states"`
	Differences []MatrixDifference `json:"differences"`
}

// MatrixBuild is the module of one kernel.
type MatrixBuild struct {
	// An index in kernels.
	Kernel int    `json:"kernel"`
	Path   string `json:"path"`
	Name   string `json:"name"`
	// The field of klp_patch in words.
	Replace string `json:"replace"`
	// The paths of further modules of this patch for the same kernel.
	Others []string `json:"others"`
}

// MatrixFunc is one func and the builds that patch it.
type MatrixFunc struct {
	Object string            `json:"object"`
	Name   string            `json:"name"`
	Builds []MatrixFuncBuild `json:"builds"`
}

// MatrixFuncBuild is how one build spells a func.
type MatrixFuncBuild struct {
	// An index in kernels.
	Kernel int `json:"kernel"`
	// The compiler's names, such as foo.isra.0; empty where the build does not patch it.
	Names []string `json:"names"`
}

// MatrixState is one state and its versions.
type MatrixState struct {
	ID     uint64             `json:"id"`
	Builds []MatrixStateBuild `json:"builds"`
}

// MatrixStateBuild is a state's version in one build.
type MatrixStateBuild struct {
	// An index in kernels.
	Kernel  int    `json:"kernel"`
	Version uint32 `json:"version"`
}

// MatrixDifference is one respect in which the builds differ.
type MatrixDifference struct {
	Severity string `json:"severity" jsonschema:"enum=error,enum=warning,enum=info"`
	Kind     string `json:"kind"`
	Subject  string `json:"subject,omitempty"`
	Message  string `json:"message"`
}
