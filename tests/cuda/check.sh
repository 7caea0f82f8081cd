#!/usr/bin/env bash
# Compiles and links `faceprint` with the feature `cuda` on a machine without a card or a CUDA installation: NVIDIA's
# compiler comes as Python packages, and empty libraries stand in for the driver's. What comes out does not start.
#
#     tests/cuda/check.sh          about ten minutes of one core, most of it candle's kernels
set -euo pipefail
cd "$(dirname "$0")/../.."

toolkit=$PWD/target/cuda-toolkit
[ -x "$toolkit/bin/python" ] || python3 -m venv "$toolkit"
"$toolkit/bin/pip" install --quiet nvidia-cuda-nvcc==13.0.* nvidia-cuda-crt==13.0.* nvidia-cuda-runtime==13.0.* \
  nvidia-cuda-cccl==13.0.* nvidia-nvvm==13.0.*
CUDA_HOME=$("$toolkit/bin/python" -c 'import pathlib, nvidia; print(pathlib.Path(nvidia.__path__[0]) / "cu13")')
export CUDA_HOME CUDA_PATH=$CUDA_HOME CUDA_ROOT=$CUDA_HOME CUDA_COMPUTE_CAP=${CUDA_COMPUTE_CAP:-80}
export PATH=$CUDA_HOME/bin:$PATH

stubs=$toolkit/stubs
mkdir -p "$stubs"
for library in cuda cudart cublas cublasLt curand nvrtc; do
  echo | cc -shared -x c - -o "$stubs/lib$library.so"
done

cargo rustc --bin faceprint --features cuda -- \
  -L "native=$stubs" -C link-arg=-Wl,--unresolved-symbols=ignore-all
echo "the CUDA build compiles and links"
