package bench

// Ratios are what the pairs of runs of two programs gave: in each pair the first
// one's use divided by the second one's.
type Ratios struct {
	CPU, Wall, Peak Spread
	First, Second   []Usage // run by run
}

// Pairs runs two programs over the same files in turn, A B A B, and compares each
// run with the one beside it: what slows the machine down for a while slows both.
func (l Launcher) Pairs(a, b Program, f Files, rounds int) (Ratios, error) {
	var r Ratios
	for range rounds {
		first, err := l.Run(a, f)
		if err != nil {
			return r, err
		}
		second, err := l.Run(b, f)
		if err != nil {
			return r, err
		}
		r.First, r.Second = append(r.First, first), append(r.Second, second)
	}
	r.CPU, r.Wall, r.Peak = r.ratio(Usage.cpu), r.ratio(Usage.wall), r.ratio(Usage.peak)
	return r, nil
}

func (r *Ratios) ratio(of func(Usage) float64) Spread {
	values := make([]float64, len(r.First))
	for i := range values {
		// A clock that saw nothing pass counts as one step of it.
		values[i] = max(1, of(r.First[i])) / max(1, of(r.Second[i]))
	}
	return spreadOf(values)
}

func (u Usage) cpu() float64  { return float64(u.CPU.Microseconds()) }
func (u Usage) wall() float64 { return float64(u.Wall.Microseconds()) }
func (u Usage) peak() float64 { return float64(u.Peak) }

// middle is the median of one measure over runs.
func middle(runs []Usage, of func(Usage) float64) float64 {
	values := make([]float64, len(runs))
	for i := range runs {
		values[i] = of(runs[i])
	}
	return spreadOf(values).Median
}

// largestPeak is the most memory that any of the runs took, in KiB.
func largestPeak(runs []Usage) int64 {
	var peak int64
	for i := range runs {
		peak = max(peak, runs[i].Peak)
	}
	return peak
}
