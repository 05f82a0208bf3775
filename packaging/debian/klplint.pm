# The dh addon: dh $@ --with klplint. Install as
# /usr/share/perl5/Debian/Debhelper/Sequence/klplint.pm.
use strict;
use warnings;
use Debian::Debhelper::Dh_Lib;

# dh_strip and dh_strip_nondeterminism are behind it, dh_md5sums not yet.
insert_before('dh_md5sums', 'dh_klplint');

1;
