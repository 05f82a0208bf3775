package rules_test

import (
	"fmt"
	"log"

	"github.com/klplint/klplint/rules"
)

// Rules are chosen by ID, glob or tag.
func ExampleSelect() {
	chosen, err := rules.Select(rules.All(), nil, []string{"KLP[2-5]*", "KLP10[2-9]", "KLP11*"})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range chosen {
		fmt.Println(r.ID(), r.Severity, r.Title())
	}
	// Output:
	// KLP100 warning file is not a livepatch module
	// KLP101 error module is not marked as a livepatch
}
