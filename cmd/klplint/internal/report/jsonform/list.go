package jsonform

import "iter"

// List is a list whose elements are made one by one while they are written: a
// report of 10,000 modules does not stand in memory a second time. A nil List
// is empty.
type List[T any] iter.Seq[T]

// Lines is a List with a line for each element.
type Lines[T any] iter.Seq[T]

// JSONSchemaAlias tells the generator of docs/schema that a List is an array.
func (List[T]) JSONSchemaAlias() any { return []T{} }

// JSONSchemaAlias tells the generator of docs/schema that Lines are an array.
func (Lines[T]) JSONSchemaAlias() any { return []T{} }

// streamed is a List or Lines. The pointer that yield gets is the same for all
// elements.
type streamed interface {
	each(yield func(element any) bool)
	separator() string // what stands before an element, beside the comma
}

func (l List[T]) each(yield func(any) bool)  { each(iter.Seq[T](l), yield) }
func (l Lines[T]) each(yield func(any) bool) { each(iter.Seq[T](l), yield) }

func (List[T]) separator() string  { return "" }
func (Lines[T]) separator() string { return "\n" }

func each[T any](seq iter.Seq[T], yield func(any) bool) {
	if seq == nil {
		return
	}
	element := new(T)
	for v := range seq {
		if *element = v; !yield(element) {
			return
		}
	}
}
