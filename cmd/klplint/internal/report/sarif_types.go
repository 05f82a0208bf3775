package report

// The parts of SARIF 2.1.0 that klplint writes. The comments give the sections
// of the standard; optional members with a default that differs from Go's zero
// are pointers.

type sarifLog struct { // 3.13
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct { // 3.14
	Tool struct {
		Driver sarifDriver `json:"driver"`
	} `json:"tool"`
	Invocations       []sarifInvocation `json:"invocations"`
	AutomationDetails struct {          // 3.17
		ID string `json:"id"`
	} `json:"automationDetails"`
	ColumnKind string          `json:"columnKind"`
	Artifacts  []sarifArtifact `json:"artifacts,omitempty"`
	Addresses  []sarifAddress  `json:"addresses,omitempty"`
	Results    []sarifResult   `json:"results"`
}

type sarifDriver struct { // 3.19
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct { // 3.49, reportingDescriptor
	ID                   string               `json:"id"`
	Name                 string               `json:"name,omitempty"`
	ShortDescription     *sarifText           `json:"shortDescription,omitempty"`
	FullDescription      *sarifText           `json:"fullDescription,omitempty"`
	Help                 *sarifText           `json:"help,omitempty"`
	HelpURI              string               `json:"helpUri,omitempty"`
	DefaultConfiguration *sarifConfiguration  `json:"defaultConfiguration,omitempty"`
	Properties           *sarifRuleProperties `json:"properties,omitempty"`
}

type sarifConfiguration struct { // 3.50
	Level string `json:"level"`
}

// sarifRuleProperties are what code scanning reads from a rule.
type sarifRuleProperties struct {
	Tags      []string `json:"tags,omitempty"`
	Precision string   `json:"precision"`
	Severity  string   `json:"problem.severity"`
}

type sarifText struct { // 3.11 and 3.12
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifArtifact struct { // 3.24
	Location    sarifURI          `json:"location"`
	ParentIndex *int              `json:"parentIndex,omitempty"`
	Length      *int64            `json:"length,omitempty"`
	MimeType    string            `json:"mimeType,omitempty"`
	Roles       []string          `json:"roles,omitempty"`
	Hashes      map[string]string `json:"hashes,omitempty"`
}

type sarifURI struct { // 3.4, artifactLocation
	URI   string `json:"uri"`
	Index *int   `json:"index,omitempty"`
}

type sarifInvocation struct { // 3.20
	ExecutionSuccessful bool                `json:"executionSuccessful"`
	ExitCode            int                 `json:"exitCode"`
	Notifications       []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct { // 3.58
	Message        sarifText       `json:"message"`
	Level          string          `json:"level"`
	Locations      []sarifLocation `json:"locations,omitempty"`
	AssociatedRule *sarifReference `json:"associatedRule,omitempty"`
}

type sarifReference struct { // 3.52
	ID    string `json:"id"`
	Index *int   `json:"index,omitempty"`
}

type sarifResult struct { // 3.27
	RuleID              string             `json:"ruleId"`
	RuleIndex           *int               `json:"ruleIndex,omitempty"`
	Kind                string             `json:"kind"`
	Level               string             `json:"level"`
	Message             sarifText          `json:"message"`
	Locations           []sarifLocation    `json:"locations,omitempty"`
	RelatedLocations    []sarifLocation    `json:"relatedLocations,omitempty"`
	PartialFingerprints map[string]string  `json:"partialFingerprints,omitempty"`
	BaselineState       string             `json:"baselineState,omitempty"`
	Suppressions        []sarifSuppression `json:"suppressions"` // [] says: looked, and there is none
	Properties          *sarifProperties   `json:"properties,omitempty"`
}

// sarifProperties are klplint's own.
type sarifProperties struct {
	Outcome   string `json:"kernelOutcome,omitempty"`
	Errno     string `json:"errno,omitempty"`
	Kernel    string `json:"kernelMessage,omitempty"`
	Note      string `json:"kernelNote,omitempty"`
	Undecided bool   `json:"undecided,omitempty"`
	// Funcs are all funcs of a finding that can be about several.
	Funcs []sarifFunc `json:"funcs,omitempty"`
}

type sarifFunc struct {
	Object string `json:"object"`
	Func   string `json:"func"`
}

type sarifSuppression struct { // 3.35
	Kind          string `json:"kind"`
	Status        string `json:"status"`
	Justification string `json:"justification,omitempty"`
}

type sarifLocation struct { // 3.28
	ID               *int           `json:"id,omitempty"`
	PhysicalLocation *sarifPhysical `json:"physicalLocation,omitempty"`
	LogicalLocations []sarifLogical `json:"logicalLocations,omitempty"`
	Message          *sarifText     `json:"message,omitempty"`
}

type sarifPhysical struct { // 3.29
	ArtifactLocation sarifURI      `json:"artifactLocation"`
	Region           *sarifRegion  `json:"region,omitempty"`
	Address          *sarifAddress `json:"address,omitempty"`
}

// sarifRegion is either bytes, or lines for readers that want those.
type sarifRegion struct { // 3.30
	ByteOffset *int64 `json:"byteOffset,omitempty"`
	ByteLength int64  `json:"byteLength,omitempty"`
	StartLine  int    `json:"startLine,omitempty"`
	EndLine    int    `json:"endLine,omitempty"`
}

type sarifAddress struct { // 3.32
	Name             string `json:"name"`
	Kind             string `json:"kind"`
	OffsetFromParent *int64 `json:"offsetFromParent,omitempty"`
	ParentIndex      *int   `json:"parentIndex,omitempty"`
}

type sarifLogical struct { // 3.33
	Name               string `json:"name"`
	FullyQualifiedName string `json:"fullyQualifiedName,omitempty"`
	DecoratedName      string `json:"decoratedName,omitempty"`
	Kind               string `json:"kind"`
}
