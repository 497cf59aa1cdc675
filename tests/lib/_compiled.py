# SPDX-License-Identifier: Apache-2.0
"""Foreign tools in Go and Rust for the tests: a folder under tests/interop, built once into the build folder. Go's modules
are taken from what is installed; Rust's crates come from its registry."""
import os, shutil, subprocess

BUILD, SOURCE = os.environ['SIGNET_BUILD'], os.environ['SIGNET_SOURCE']


def _built(folder, name, newest, command, **more):
    """(path, None), or (None, why there is none)"""
    out = os.path.join(BUILD, 'tests', name)
    if os.path.exists(out) and os.path.getmtime(out) > os.path.getmtime(os.path.join(folder, newest)):
        return out, None
    if not command[0]:
        return None, 'there is no compiler for ' + newest
    p = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, **more)
    return (out, None) if p.returncode == 0 else (None, p.stderr.strip()[-300:])


def go(folder, name):
    folder = os.path.join(SOURCE, 'tests/interop', folder)
    compiler = shutil.which('go') or shutil.which('go', path='/usr/local/go/bin')
    return _built(folder, name, 'main.go', [compiler, 'build', '-mod=readonly', '-o', os.path.join(BUILD, 'tests', name), '.'],
                  env={**os.environ, 'GOPROXY': 'off', 'GOTOOLCHAIN': 'local'})


def rust(folder, name):
    """Cargo writes beside its sources: they are copied."""
    source, work = os.path.join(SOURCE, 'tests/interop', folder), os.path.join(BUILD, 'tests', name + '.cargo')
    os.makedirs(work, exist_ok=True)
    for file in 'Cargo.toml', 'main.rs':
        shutil.copy2(os.path.join(source, file), work)
    cargo = shutil.which('cargo') or shutil.which('cargo', path=os.path.expanduser('~/.cargo/bin'))
    path, why = _built(work, name, 'main.rs', [cargo, 'build', '--quiet', '--target-dir', 'target'])
    if path and not os.path.exists(path):
        shutil.copy2(os.path.join(work, 'target/debug', name), path)
    return path, why
