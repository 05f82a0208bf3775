package bench

import (
	"fmt"
	"math"
	"slices"
)

// Spread is the middle of some measured values and how far apart they lie: half
// of them are between the quartiles.
type Spread struct {
	Low, Median, High float64 // first quartile, median, third quartile
}

// spreadOf interpolates between the values beside a quartile, so that the median
// of an even number is the mean of the two in the middle.
func spreadOf(values []float64) Spread {
	if len(values) == 0 {
		return Spread{math.NaN(), math.NaN(), math.NaN()}
	}
	sorted := slices.Sorted(slices.Values(values))
	at := func(share float64) float64 {
		place := share * float64(len(sorted)-1)
		below := int(place)
		above := min(below+1, len(sorted)-1)
		return sorted[below] + (place-float64(below))*(sorted[above]-sorted[below])
	}
	return Spread{Low: at(0.25), Median: at(0.5), High: at(0.75)}
}

// String writes the median and, in brackets, the quartiles.
func (s Spread) String() string {
	return fmt.Sprintf("%s (%s–%s)", figure(s.Median), figure(s.Low), figure(s.High))
}

// figure writes a number with two or three digits that say something.
func figure(x float64) string {
	switch {
	case x < 0.0995:
		return fmt.Sprintf("%.3f", x)
	case x < 9.95:
		return fmt.Sprintf("%.2f", x)
	case x < 99.5:
		return fmt.Sprintf("%.1f", x)
	default:
		return fmt.Sprintf("%.0f", x)
	}
}
