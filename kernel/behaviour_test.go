package kernel

import (
	"strings"
	"testing"

	"github.com/klplint/klplint/klp"
)

func TestBehaviourOf(t *testing.T) {
	tests := []struct {
		release  string
		eexist   string
		null     klp.Tri
		sympos01 klp.Tri
		size     klp.Tri
		ksym     int
	}{
		{"6.1.0-56-amd64", "EEXIST", klp.Yes, klp.Unknown, klp.No, 512},
		{"6.1.192", "EEXIST", klp.Yes, klp.Yes, klp.No, 512},
		{"6.1.100", "EEXIST", klp.Yes, klp.No, klp.No, 512},
		{"6.1.170", "EEXIST", klp.Yes, klp.Unknown, klp.No, 512},
		{"6.12.63", "EEXIST", klp.Yes, klp.No, klp.Yes, 512},
		{"6.12.117+deb12-amd64", "EEXIST", klp.Yes, klp.Yes, klp.Yes, 512},
		{"6.6.47", "EEXIST EBUSY", klp.Yes, klp.Unknown, klp.Unknown, 512},
		{"6.18.15", "EEXIST", klp.Yes, klp.Yes, klp.Yes, 512},
		{"6.18.4", "EEXIST", klp.Yes, klp.Unknown, klp.Yes, 512},
		{"6.18.40", "EEXIST EBUSY", klp.Yes, klp.Yes, klp.Yes, 512},
		{"6.19.14", "EEXIST", klp.Yes, klp.Yes, klp.Yes, 512},
		{"7.0.13", "EEXIST", klp.Yes, klp.Yes, klp.Yes, 512},
		{"7.0.14", "EEXIST EBUSY", klp.Yes, klp.Yes, klp.Yes, 512},
		{"7.1.13", "EBUSY", klp.Yes, klp.Yes, klp.Yes, 512},
		{"7.2.13+deb14-s390x", "EBUSY", klp.Yes, klp.Yes, klp.Yes, 512},
		{"7.3.0-rc1", "EBUSY", klp.No, klp.Yes, klp.Yes, 512},
		{"7.3.4", "EBUSY", klp.No, klp.Yes, klp.Yes, 512},
		{"5.4.0", "EEXIST", klp.Unknown, klp.No, klp.No, 128},
		{"5.14.0-427.13.1.el9_4.x86_64", "EEXIST EBUSY", klp.Unknown, klp.Unknown, klp.Unknown, 0},
		{"", "EEXIST EBUSY", klp.Unknown, klp.Unknown, klp.Unknown, 0},
		{"next", "EEXIST EBUSY", klp.Unknown, klp.Unknown, klp.Unknown, 0},
		{"6", "EEXIST EBUSY", klp.Unknown, klp.Unknown, klp.Unknown, 0},
	}
	for _, tt := range tests {
		b := BehaviourOf(tt.release)
		if got := strings.Join(b.InitEEXIST, " "); got != tt.eexist {
			t.Errorf("%q: InitEEXIST %s, want %s", tt.release, got, tt.eexist)
		}
		if b.NullNameCrashes != tt.null || b.Sympos01 != tt.sympos01 || b.ThisModuleSizeChecked != tt.size || b.KsymNameLen != tt.ksym {
			t.Errorf("%q: got %+v", tt.release, b)
		}
	}
}

func TestBehaviourFor(t *testing.T) {
	unnamed := &Kernel{behaviour: BehaviourOf("")}
	named := &Kernel{behaviour: BehaviourOf("6.12.117")}
	for _, tt := range []struct {
		target  klp.Target
		release string
		want    string
	}{
		{nil, "7.3.4", "EBUSY"},
		{unnamed, "7.3.4", "EBUSY"},
		{unnamed, "", "EEXIST EBUSY"},
		{named, "7.3.4", "EEXIST"},
		{named, "", "EEXIST"},
	} {
		if got := strings.Join(BehaviourFor(tt.target, tt.release).InitEEXIST, " "); got != tt.want {
			t.Errorf("%v, module for %q: %s, want %s", tt.target, tt.release, got, tt.want)
		}
	}
}

func TestBannerVersion(t *testing.T) {
	const debian = "Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)\n"
	if v := bannerVersion("6.1.0-56-amd64", debian); v.Stable != 192 {
		t.Errorf("Debian: stable %d, want 192", v.Stable)
	}
	const ubuntu = "Linux version 5.15.0-91-generic (buildd@x) (gcc 11.4.0) #101-Ubuntu SMP (Ubuntu 5.15.0-91.101-generic 5.15.131)"
	if v := bannerVersion("5.15.0-91-generic", ubuntu); v.Stable != 131 {
		t.Errorf("Ubuntu: stable %d, want 131", v.Stable)
	}
	if v := bannerVersion("6.1.0-56-amd64", "Linux version 6.1.0-56-amd64 5.10.9"); v.Stable != -1 {
		t.Errorf("foreign series: stable %d, want hidden", v.Stable)
	}
}
