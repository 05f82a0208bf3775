package plan

import "github.com/klplint/klplint/internal/yamldoc"

// The bounds of a plan, beside those of package yamldoc. They are far above what a
// person writes, and low enough that a hostile file costs little.
const (
	MaxSize    = yamldoc.MaxSize // bytes of the file
	MaxModules = 1000
	MaxSteps   = 1000    // a trace shows what is active after each of them
	MaxFuncs   = 100_000 // over all modules
	MaxSets    = 1000    // numbers in one list
	// MaxShown bounds one trace: the active livepatches and the owners of
	// funcs, over all steps.
	MaxShown = 500_000
	maxWords = 400_000
	maxValue = 4096 // bytes: longer than any name a kernel takes
)
