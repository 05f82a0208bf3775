package bench

import "testing"

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   Spread
		text   string
	}{
		{[]float64{2}, Spread{2, 2, 2}, "2.00 (2.00–2.00)"},
		{[]float64{3, 1}, Spread{1.5, 2, 2.5}, "2.00 (1.50–2.50)"},
		{[]float64{5, 1, 4, 2, 3}, Spread{2, 3, 4}, "3.00 (2.00–4.00)"},
		{[]float64{0.01, 100, 20, 0.5}, Spread{0.3775, 10.25, 40}, "10.2 (0.38–40.0)"},
	} {
		given := append([]float64(nil), c.values...)
		if got := spreadOf(c.values); got != c.want || got.String() != c.text {
			t.Errorf("%v: %v %+v, want %s %+v", c.values, got, got, c.text, c.want)
		}
		for i := range given {
			if given[i] != c.values[i] {
				t.Errorf("%v: the runs' order was changed to %v", given, c.values)
				break
			}
		}
	}
	if got := spreadOf(nil).String(); got != "NaN (NaN–NaN)" {
		t.Errorf("of nothing: %s", got)
	}
}

func TestFigure(t *testing.T) {
	for x, want := range map[float64]string{
		0.0123: "0.012", 0.0994: "0.099", 0.0996: "0.10", 0.5: "0.50", 9.94: "9.94", 9.96: "10.0", 99.4: "99.4", 99.6: "100", 12345: "12345",
	} {
		if got := figure(x); got != want {
			t.Errorf("%v: %s, want %s", x, got, want)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{1: "1", 999: "999", 1_000: "1,000", 100_000: "100,000", 1_234_567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
