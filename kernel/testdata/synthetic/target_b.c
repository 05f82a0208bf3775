// The other half of synth_target.ko: a second static function of one name.
static __attribute__((noinline, used)) int target_pair(int n) { return 5 * n + 1; }

int target_two(int n) { return target_pair(n); }
