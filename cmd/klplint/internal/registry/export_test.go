package registry

import "reflect"

func exportAll(reflect.Type) bool { return true }

// Raw runs a statement behind the registry's back.
func Raw(r *Registry, statement string) error {
	_, err := r.db.Exec(statement)
	return err
}
