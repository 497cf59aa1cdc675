#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Someone else's program against the installed library, by pkg-config and by find_package, also
after the tree was moved; and the library exports what its headers declare."""
import os, shlex, shutil, subprocess, sys, tempfile

BUILD, SOURCE = os.environ['SIGNET_BUILD'], os.environ['SIGNET_SOURCE']
PROGRAM = r'''
#include <signet/signet.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    struct signet_error err = {0};
    struct signet_ledger *ledger = NULL;
    struct signet_ledger_options options = {.station = "jig-1"};
    struct signet_lease lease = {0};
    int64_t order = 0, events = 0;
    char head[65];
    if (argc < 2 || signet_ledger_open(&ledger, argv[1], &options, &err) != 0 ||
        signet_ledger_order(ledger, "order-1", "00", 1, &order, &err) != 0 ||
        signet_ledger_reserve(ledger, order, "urn:dev:os:1", "slot-1", &lease, &err) != 0 ||
        signet_ledger_verify(ledger, &events, head, &err) != 0) {
        fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    printf("%s %s %s\n", lease.endpoint, signet_device_state_name(lease.state),
           signet_code_name(signet_ledger_reserve(ledger, order, "urn:dev:os:2", "s", &lease, &err)));
    signet_ledger_close(&ledger);
    return 0;
}
'''
WANT = 'urn:dev:os:1 reserved quota\n'
LISTS = '''cmake_minimum_required(VERSION 3.25)
project(jig LANGUAGES C)
find_package(Signet 0.1 REQUIRED)
add_executable(jig jig.c)
target_link_libraries(jig PRIVATE Signet::signet)
'''

def run(*args, **more):
    p = subprocess.run(args, capture_output=True, text=True, timeout=300, **more)
    if p.returncode:
        sys.exit(f'{" ".join(args)}: exit {p.returncode}\n{p.stdout}{p.stderr}')
    return p.stdout

def cache(key):
    for line in open(os.path.join(BUILD, 'CMakeCache.txt'), encoding='utf-8'):
        if line.startswith(key + ':'):
            return line.split('=', 1)[1].strip()
    return ''

def main():
    # A declared function without a library behind it fails only once the data model's room is there.
    partial = [] if os.path.isdir(os.path.join(SOURCE, 'src/lwm2m')) else ['--no-missing']
    print(run(os.path.join(SOURCE, 'scripts/check-exports'), os.path.join(BUILD, 'libsignet.so'), *partial),
          end='')
    sanitize = [f'-fsanitize={s}' for s in [cache('SIGNET_SANITIZE')] if s]
    with tempfile.TemporaryDirectory() as work:
        run('cmake', '--install', BUILD, '--prefix', f'{work}/first')
        prefix = f'{work}/moved here' # with a space, as people have them
        shutil.move(f'{work}/first', prefix)
        libdir = os.path.join(prefix, cache('CMAKE_INSTALL_LIBDIR') or 'lib')
        env = dict(os.environ, PKG_CONFIG_PATH=f'{libdir}/pkgconfig', LD_LIBRARY_PATH=libdir)
        with open(f'{work}/jig.c', 'w') as f:
            f.write(PROGRAM)
        with open(f'{work}/CMakeLists.txt', 'w') as f:
            f.write(LISTS)

        flags = shlex.split(run('pkg-config', '--cflags', '--libs', 'signet', env=env))
        run('gcc', '-Wall', '-Werror', *sanitize, '-o', f'{work}/by-pkg-config', f'{work}/jig.c', *flags)
        run('cmake', '-S', work, '-B', f'{work}/by-cmake', f'-DCMAKE_PREFIX_PATH={prefix}',
            f'-DCMAKE_C_FLAGS={" ".join(sanitize)}')
        run('cmake', '--build', f'{work}/by-cmake')
        for number, program in enumerate(('by-pkg-config', 'by-cmake/jig')):
            out = run(f'{work}/{program}', f'{work}/ledger-{number}', env=env)
            if out != WANT:
                sys.exit(f'{program} said {out!r}, wanted {WANT!r}')
        for program in ('ptool', 'signet'):
            if not os.access(os.path.join(prefix, 'bin', program), os.X_OK):
                sys.exit(f'{program} is not installed')
        help_text = run(os.path.join(prefix, 'bin/ptool'), '-h')
        if not help_text.startswith('usage: ptool'):
            sys.exit('the installed ptool does not run')
    print('install: ok')

main()
