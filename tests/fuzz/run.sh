#!/bin/sh
# Fuzzing guided by coverage. tests/fuzz/run.sh [target [seconds]]: one target, or each in turn; 600 seconds each.
# Needs g++ for libFuzzer, nothing else: the stable toolchain, with the flags that cargo-fuzz sets less the sanitizer.
# What it learns goes to found/, which is not kept. An input that fails goes to the corpus, where `cargo test` meets it.
set -eu
cd "$(dirname "$0")"
seconds=${2:-600}
cp -f ../../Cargo.lock Cargo.lock # the same versions; what libFuzzer needs comes on top
RUSTC_WRAPPER="$PWD/instrument" cargo build ${CARGO_FLAGS:-}
built=${CARGO_TARGET_DIR:-target}/debug
for target in ${1:-record audit backup settings roster onnx safetensors}; do
    mkdir -p "found/$target" "corpus/$target"
    longest=65536 real=
    if [ "$target" = onnx ]; then
        # Room for whole networks. Those of others come last, and stay out where they show nothing new: they are slow.
        longest=4194304
        [ ! -d ../../../shared/weights ] || real=../../../shared/weights
    fi
    "$built/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len="$longest" \
        -print_final_stats=1 -artifact_prefix="corpus/$target/" "found/$target" "corpus/$target" ${real:+"$real"}
done
