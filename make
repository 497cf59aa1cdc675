#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: ./make [TARGET ...]
# make, also on a machine that has none yet: it is installed first, with all that the build needs.
set -eu
cd "$(dirname "$0")"
command -v make >/dev/null || scripts/setup build
exec make "$@"
