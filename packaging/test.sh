#!/usr/bin/env bash
# Builds real packages with the RPM macros and the dh addon: a good module goes
# through without a word, a bad one and an unreadable one stop the build. Then
# the packages are linted themselves.
# Needs rpmbuild (rpm), dpkg-buildpackage (dpkg-dev, debhelper), Go.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/modules"
go build -o "$work/bin/klplint" ./cmd/klplint
export PATH=$work/bin:$PATH
cp fixtures/rules/KLP208/good.ko "$work/modules/"
cp fixtures/rules/KLP208/bad.ko "$work/modules/"
echo 'no module' >"$work/modules/text.ko"
log=$work/log

fail() {
	cat "$log"
	echo "packaging: $1" >&2
	exit 1
}
has() { grep -q -e "$1" "$log" || fail "no line has: $1"; }
silent() { ! grep -i klplint "$log" || fail 'klplint was not quiet'; }

# The macros, with the script from here instead of the installed one.
mkdir "$work/rpm"
sed "s|%{_rpmconfigdir}/brp-klplint|$root/packaging/rpm/brp-klplint|" packaging/rpm/macros.klplint >"$work/rpm/macros.klplint"
rpm_build() { # MODULE [check|install]
	local check='' post=''
	[[ ${2:-check} == check ]] && check=$'%check\n%{klplint_check}'
	[[ ${2:-check} == install ]] && post=$'%global __os_install_post %{__os_install_post} \\\n%{__brp_klplint}'
	cat >"$work/klp.spec" <<END
$post
Name: klp
Version: 1
Release: 1
Summary: test package
License: Apache-2.0
BuildArch: noarch
%description
A test package.
%install
install -D -m 644 -t %{buildroot}/lib/modules/6.12.0/extra $1
$check
%files
/lib
END
	rpmbuild -bb --quiet --load "$work/rpm/macros.klplint" --define "_topdir $work/top" "$work/klp.spec" >"$log" 2>&1
}
for how in check install; do
	rpm_build "$work/modules/good.ko" $how || fail "rpmbuild ($how): a good module stopped the build"
	sed -i '/^+ /d' "$log" # the shell's trace, which rpmbuild has on
	silent
	! rpm_build "$work/modules/bad.ko" $how || fail "rpmbuild ($how): a bad module went through"
	has 'bad.ko: error: .*\[KLP208\]'
	! rpm_build "$work/modules/text.ko" $how || fail "rpmbuild ($how): a text went through"
	has 'text.ko: .*not a module'
done
! rpm_build "$root/README.md" check || fail 'rpmbuild: a package without modules went through %check'
has 'no kernel module in'
rpm_build "$root/README.md" install || fail 'rpmbuild: a package without modules stopped in %install'

# The dh addon, found where the environment says.
mkdir -p "$work/perl/Debian/Debhelper/Sequence"
cp packaging/debian/klplint.pm "$work/perl/Debian/Debhelper/Sequence/"
cp packaging/debian/dh_klplint "$work/bin/"
export PERL5LIB=$work/perl
deb_build() { # MODULE
	rm -rf "$work/deb"
	mkdir -p "$work/deb/klp/debian/source"
	cd "$work/deb/klp"
	echo '3.0 (native)' >debian/source/format
	cat >debian/control <<'END'
Source: klp
Section: kernel
Priority: optional
Maintainer: klplint <klplint@example.org>
Build-Depends: debhelper-compat (= 13)
Standards-Version: 4.6.2

Package: klp
Architecture: any
Description: test package
 A test package.
END
	cat >debian/changelog <<'END'
klp (1) unstable; urgency=low

  * Test.

 -- klplint <klplint@example.org>  Tue, 14 Nov 2023 22:13:20 +0000
END
	printf '#!/usr/bin/make -f\n%%:\n\tdh $@ --with klplint\n' >debian/rules
	chmod +x debian/rules
	echo "$1 lib/modules/6.12.0/extra" | sed "s|^$work/|../../|" >debian/install
	dpkg-buildpackage -us -uc -b >"$log" 2>&1
	local code=$?
	cd "$root"
	return $code
}
# set -e does not hold within a condition, so its steps are few and plain.
deb_build "$work/modules/good.ko" || fail 'dpkg-buildpackage: a good module stopped the build'
sed -i '/^ *dh_klplint$/d; /^ *dh .*--with klplint$/d; /klplint@example/d' "$log"
silent
cp "$work"/deb/*.deb "$work/good.deb"
! deb_build "$work/modules/bad.ko" || fail 'dpkg-buildpackage: a bad module went through'
has 'bad.ko: error: .*\[KLP208\]'
has 'dh_klplint: error: klp: klplint says no, exit code 1'
! deb_build "$work/modules/text.ko" || fail 'dpkg-buildpackage: a text went through'
has 'klplint says no, exit code 2'

# The finished packages.
rpm_build "$work/modules/good.ko" check
for package in "$work"/top/RPMS/noarch/klp-1-1.noarch.rpm "$work/good.deb"; do
	klplint --kernel none "$package" >"$log" 2>&1 || fail "$package: findings in a good package"
done
klplint dump --kernel none "$work"/top/RPMS/noarch/klp-1-1.noarch.rpm "$work/good.deb" >"$log" 2>&1
has 'klp-1-1.noarch.rpm!/lib/modules/6.12.0/extra/good.ko: livepatch '
has 'good.deb!/lib/modules/6.12.0/extra/good.ko: livepatch '
echo 'packaging: rpmbuild and dpkg-buildpackage stop at bad modules and are quiet at good ones'
