package jsonform

// Rules is what rules writes.
type Rules struct {
	Schema int         `json:"schema" jsonschema:"enum=1"`
	Rules  Lines[Rule] `json:"rules"`
}

// Explanations are what explain writes.
type Explanations struct {
	Schema    int             `json:"schema" jsonschema:"enum=1"`
	Rules     Lines[Rule]     `json:"rules"`
	Models    Lines[Model]    `json:"models"`
	Questions Lines[Question] `json:"questions"`
}

// Rule is one rule with its documentation.
type Rule struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Severity string `json:"severity" jsonschema:"enum=error,enum=warning,enum=info"`
	// The version of klplint that had it first.
	Since string   `json:"since"`
	Tags  []string `json:"tags"`
	// It runs unless it is disabled.
	Default bool `json:"default"`
	// The inputs: module, set, kernel.
	Needs []string `json:"needs"`
	// The title, the reason, and a paragraph "Fix: ...".
	Doc string `json:"doc"`
	// The other severities that its findings may have.
	Also []string `json:"also,omitempty" jsonschema:"enum=error,enum=warning,enum=info"`
	// The address of its page.
	Page string `json:"page,omitempty"`
}

// Model is one replace model.
type Model struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

// Question is one that the proposals for replace sets leave open.
type Question struct {
	ID       string `json:"id"`
	Question string `json:"question"`
	// What klplint assumes.
	Decision string `json:"decision"`
	Why      string `json:"why"`
	// The models that it concerns.
	Models []string `json:"models"`
}
