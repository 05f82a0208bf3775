package rules

// fewKeys is up to how many keys duplicates compares pairwise, which needs no
// memory; most modules stay below.
const fewKeys = 32

// duplicates calls found(first, i) for every i below n whose key occurred
// before, in rising order of i, with the index of its first occurrence. Keys
// for which skip reports true are ignored.
func duplicates[K comparable](n int, key func(int) (k K, skip bool), found func(first, i int)) {
	if n > fewKeys {
		seen := make(map[K]int, n)
		for i := range n {
			k, skip := key(i)
			if skip {
				continue
			}
			if first, ok := seen[k]; ok {
				found(first, i)
			} else {
				seen[k] = i
			}
		}
		return
	}
	var keys [fewKeys]K
	var at [fewKeys]int
	have := 0
next:
	for i := range n {
		k, skip := key(i)
		if skip {
			continue
		}
		for j := range have {
			if keys[j] == k {
				found(at[j], i)
				continue next
			}
		}
		keys[have], at[have] = k, i
		have++
	}
}
