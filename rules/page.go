package rules

// pages is where the pages of klplint's own rules are read.
const pages = "https://github.com/klplint/klplint/blob/main/docs/rules/"

// Page returns the address of a rule's page: of one that is not klplint's own
// what its analyzer says, "" for none. Its own have a Since.
func (r *Rule) Page() string {
	if r.Analyzer.URL != "" || r.Since == "" {
		return r.Analyzer.URL
	}
	return pages + r.ID() + ".md"
}
