package names

import "testing"

func TestStem(t *testing.T) {
	const deb, el = "6.12.111+deb12-amd64", "5.14.0-570.el9.x86_64"
	for _, tt := range []struct{ name, release, want string }{
		{"livepatch", "", "livepatch"},
		{"livepatch-1", "", "livepatch"},
		{"livepatch_10", "", "livepatch"},
		{"livepatch_v2", "", "livepatch"},
		{"livepatch_1_2", "", "livepatch"},
		{"livepatch_rev4", "", "livepatch"},
		{"test_klp_state2", "", "test_klp_state"},
		{"kpatch_5_14_0_570_el9_x86_64_3", el, "kpatch"},
		{"livepatch_6_12_111_deb12_amd64", deb, "livepatch"},
		{"livepatch_6.12.111+deb12_amd64_v3", deb, "livepatch"},
		{"klp-5.14.0-cve-2026-1234", el, "klp_cve_2026_1234"},
		{"klp-cve-2026-1234-v2", "", "klp_cve_2026_1234"},
		{"CVE-2026-123", "", "CVE_2026_123"},
		{"fix_bug_12345", "", "fix_bug_12345"},
		{"klp_1a", "", "klp_1a"},
		{"fix_dev", "", "fix_dev"},   // no number behind the v
		{"nvme4", "", "nvme"},        // a v within a word is no mark
		{"123", "", "123"},           // never empty
		{"x_16_12_0", "6.12.0", "x"}, // 16.12.0 is another release; its numbers go as versions
		{"", deb, ""},
		{"6.12.0", "6.12.0", "0"}, // a name that is a release says nothing

	} {
		if got := Stem(tt.name, tt.release); got != tt.want {
			t.Errorf("Stem(%q, %q) = %q, want %q", tt.name, tt.release, got, tt.want)
		}
	}
}

func TestWithoutRelease(t *testing.T) {
	for _, tt := range []struct{ name, release, want string }{
		{"klp-6.12.111-fix-2", "6.12.111", "klp_fix_2"},
		{"klp_6_12_111_deb12_amd64_2", "6.12.111+deb12-amd64", "klp_2"},
		{"klp_2", "", "klp_2"},
		{"static_6_1_one_func", "6.1.0-56-amd64", "static_one_func"},
		{"arch_arm64_many", "6.1.0-50-arm64", "arch_many"},
		{"klp_x86_64_2", "", "klp_2"},
		{"farm64_fix", "", "farm64_fix"},
		{"klp_26.12.1", "6.12.1", "klp_26.12.1"},
	} {
		if got := WithoutRelease(tt.name, tt.release); got != tt.want {
			t.Errorf("WithoutRelease(%q, %q) = %q, want %q", tt.name, tt.release, got, tt.want)
		}
	}
}
