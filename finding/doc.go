// Package finding holds what a rule says of a module, as plain values: rules make
// them, and policy, reports, the gate and the registry read them. They may be
// kept, copied and compared.
package finding
