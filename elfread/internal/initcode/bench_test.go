package initcode

import "testing"

// indexed answers Function and Object from a map, as a reader with an index would.
type indexed struct {
	*object
	functions map[Place]Function
}

func (x *indexed) Function(at Place) (Function, bool) {
	if f, ok := x.functions[at]; ok {
		return f, f.Hi != 0
	}
	f, ok := x.object.Function(at)
	x.functions[at] = f
	return f, ok
}

func BenchmarkAnalyze(b *testing.B) {
	for _, file := range []string{"x86_64-gcc-headers6.12-O2", "arm64-gcc-O2", "ppc64le-gcc-O2", "s390x-gcc-O2", "loongarch64-clang-O2"} {
		for _, fn := range []string{"st_plain", "st_param", "kb_true", "kp_true"} {
			b.Run(file+"/"+fn, func(b *testing.B) {
				o := readObject(b, "testdata/"+file+".o.gz")
				in := o.input(fn + "_init")
				in.Source = &indexed{o, map[Place]Function{}}
				in.Exec = []int{in.Init.Section}
				in.Enable = 0 // an object has forty calls, a module one
				var a Analyzer
				b.ReportAllocs()
				for b.Loop() {
					if res := a.Analyze(in); !res.Decoded {
						b.Fatal(res.Reason)
					}
				}
			})
		}
	}
}
