package btfkind_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/klplint/klplint/internal/btfkind"
)

// Types that the library writes are as long as they are said to be.
func TestBody(t *testing.T) {
	word := &btf.Int{Name: "int", Size: 4}
	variable := &btf.Var{Name: "v", Type: word}
	function := &btf.Func{Name: "f", Type: &btf.FuncProto{Return: word, Params: []btf.FuncParam{{Name: "a", Type: word}, {Name: "b", Type: word}}}, Linkage: btf.GlobalFunc}
	builder, err := btf.NewBuilder([]btf.Type{
		&btf.Pointer{Target: word}, &btf.Array{Index: word, Type: word, Nelems: 3},
		&btf.Struct{Name: "s", Size: 8, Members: []btf.Member{{Name: "a", Type: word}, {Name: "b", Type: word, Offset: 32}}},
		&btf.Union{Name: "u", Size: 4, Members: []btf.Member{{Name: "a", Type: word}}},
		&btf.Enum{Name: "e", Size: 4, Values: []btf.EnumValue{{Name: "A"}, {Name: "B", Value: 1}}},
		&btf.Enum{Name: "e64", Size: 8, Values: []btf.EnumValue{{Name: "C"}}},
		&btf.Fwd{Name: "x"}, &btf.Typedef{Name: "t", Type: word}, &btf.Volatile{Type: word}, &btf.Const{Type: word}, &btf.Restrict{Type: word},
		function, variable, &btf.Datasec{Name: ".d", Size: 4, Vars: []btf.VarSecinfo{{Type: variable, Size: 4}}},
		&btf.Float{Name: "double", Size: 8}, &btf.TypeTag{Type: word, Value: "user"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := builder.Marshal(nil, &btf.MarshalOptions{Order: binary.LittleEndian})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := btf.LoadSpecFromReader(bytes.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
	at := uint64(binary.LittleEndian.Uint32(raw[4:]) + binary.LittleEndian.Uint32(raw[8:]))
	end := at + uint64(binary.LittleEndian.Uint32(raw[12:]))
	seen := map[btfkind.Kind]bool{}
	for at < end {
		info := binary.LittleEndian.Uint32(raw[at+4:])
		kind := btfkind.Kind(info >> 24 & 0x1f)
		if !kind.Known() {
			t.Fatalf("kind %d at %d", kind, at)
		}
		seen[kind] = true
		at += btfkind.Head + kind.Body(info&0xffff)
	}
	if at != end || len(seen) != 18 { // the library writes no tags of declarations here
		t.Errorf("types end at %d, not %d; %d kinds", at, end, len(seen))
	}
	for _, kind := range []btfkind.Kind{0, btfkind.Enum64 + 1, 31} {
		if kind.Known() || kind.Body(3) != 0 || kind.Member() != 0 {
			t.Errorf("kind %d is known", kind)
		}
	}
}
