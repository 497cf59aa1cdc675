#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Someone else's program against the installed library, by pkg-config and by find_package, also
after the tree was moved; and the library exports what its headers declare."""
import os, re, shlex, shutil, subprocess, sys, tempfile

BUILD, SOURCE = os.environ['SIGNET_BUILD'], os.environ['SIGNET_SOURCE']
LISTS = '''cmake_minimum_required(VERSION 3.25)
project(examples LANGUAGES C)
find_package(Signet 0.2 REQUIRED)
foreach(example IN ITEMS packet board thousand certificate)
    add_executable(${example} ${SOURCES}/${example}.c)
    target_link_libraries(${example} PRIVATE Signet::signet)
endforeach()
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

def use(programs, examples, work, env):
    packets = []
    for name in ('urn:dev:os:1', 'urn:dev:os:2'):
        run(f'{programs}/packet', f'{examples}/configs/endpoint_cfg', name, 'packet.cbor', env=env, cwd=work)
        packets.append(run(f'{BUILD}/signet', 'packet', 'show', '--reveal', 'packet.cbor', cwd=work))
        if name not in packets[-1]:
            sys.exit(f'packet made {packets[-1]!r}')
        os.remove(os.path.join(work, 'packet.cbor'))
    if packets[0].replace('os:1', 'os:2') == packets[1]:
        sys.exit('two devices have the same key')
    use_board(programs, examples, work, env)
    use_order(programs, examples, work, env)
    run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout',
        'server.key', '-out', 'server.pem', '-subj', '/CN=server', cwd=work)
    out = run(f'{programs}/certificate', f'{examples}/configs/endpoint_cfg_cert', 'server.pem', 'urn:dev:os:7', env=env, cwd=work)
    if not re.match(r'.*CN ?= ?urn:dev:os:7.*EC secp256r1: packet of \d+ bytes\n$', out):
        sys.exit(f'certificate said {out!r}')
    if any(name in os.listdir(work) for name in ('cert', 'SenMLCBOR')):
        sys.exit('an example that works in memory left files')

def use_board(programs, examples, work, env):
    sim = subprocess.Popen([f'{BUILD}/signet', 'sim', 'board', '--link', f'{work}/board-port', '--firmware', 'initial',
                            '--until-eof'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    sim.stdout.readline()
    out = run(f'{programs}/board', f'{examples}/configs/endpoint_cfg', f'{work}/board-port', env=env, cwd=work)
    sim.stdin.close()
    sim.wait(60)
    if 'its board applied the packet' not in out or 'load ' not in out:
        sys.exit(f'board said {out!r}')

def use_order(programs, examples, work, env):
    folder = os.path.join(work, os.path.basename(programs) + '-order')
    os.mkdir(folder)
    shutil.copy(f'{examples}/line/endpoint_cfg', f'{folder}/template')
    for name, text in (('list.json', '{"kind": "export", "file": "list.csv"}'),
                       ('order.yaml', 'name: o\nquota: 1000\ntemplate: template\nledger: ledger.db\n'
                        'names: {pattern: "urn:dev:os:{serial:04}"}\noutput: {packets: out.ndjson}\n'
                        'servers: [{file: list.json}]\n')):
        with open(os.path.join(folder, name), 'w') as f:
            f.write(text)
    out = run(f'{programs}/thousand', 'order.yaml', env=env, cwd=folder)
    if not re.match(r'1000 of 1000 devices done .*\nlist: 1000 registered, 0 wait\n$', out):
        sys.exit(f'thousand said {out!r}')

def use_python(prefix, examples, work, env):
    """The binding finds the installed library by itself, wherever the tree was moved."""
    script = ('import sys; sys.path.insert(0, sys.argv[1]);'
              'from factory_prov import factory_prov as fp;'
              'print(fp.FactoryProvisioning(sys.argv[2], None, None, None, None).get_sec_mode())')
    alone = {k: v for k, v in env.items() if k != 'LD_LIBRARY_PATH'}
    if cache('SIGNET_SANITIZE'):
        return # a sanitizer's runtime must come first in the process; Python does not bring it
    out = run('/usr/bin/python3', '-c', script, os.path.join(prefix, 'share/signet/python'), f'{examples}/configs/endpoint_cfg',
              env=alone, cwd=work)
    if out != 'psk\n':
        sys.exit(f'the installed binding said {out!r}')

def main():
    print(run(os.path.join(SOURCE, 'scripts/check-exports'), os.path.join(BUILD, 'libsignet.so')), end='')
    sanitize = [f'-fsanitize={s}' for s in [cache('SIGNET_SANITIZE')] if s]
    with tempfile.TemporaryDirectory() as work:
        run('cmake', '--install', BUILD, '--prefix', f'{work}/first')
        prefix = f'{work}/moved here' # with a space, as people have them
        shutil.move(f'{work}/first', prefix)
        libdir = os.path.join(prefix, cache('CMAKE_INSTALL_LIBDIR') or 'lib')
        env = dict(os.environ, PKG_CONFIG_PATH=f'{libdir}/pkgconfig', LD_LIBRARY_PATH=libdir)
        with open(f'{work}/CMakeLists.txt', 'w') as f:
            f.write(LISTS)
        examples = os.path.join(prefix, cache('CMAKE_INSTALL_DATADIR') or 'share', 'doc/signet/examples')

        flags = shlex.split(run('pkg-config', '--cflags', '--libs', 'signet', env=env))
        os.mkdir(f'{work}/by-pkg-config')
        for name in ('packet', 'board', 'thousand', 'certificate'):
            run('gcc', '-Wall', '-Wextra', '-Werror', *sanitize, '-o', f'{work}/by-pkg-config/{name}',
                f'{examples}/{name}.c', *flags)
        run('cmake', '-S', work, '-B', f'{work}/by-cmake', f'-DCMAKE_PREFIX_PATH={prefix}', f'-DSOURCES={examples}',
            f'-DCMAKE_C_FLAGS={" ".join(sanitize)}')
        run('cmake', '--build', f'{work}/by-cmake')
        for folder in ('by-pkg-config', 'by-cmake'):
            use(f'{work}/{folder}', examples, work, env)
        use_python(prefix, examples, work, env)
        for program in ('ptool', 'signet'):
            if not os.access(os.path.join(prefix, 'bin', program), os.X_OK):
                sys.exit(f'{program} is not installed')
        if not os.path.exists(os.path.join(prefix, 'share/man/man1/ptool.1')):
            sys.exit('the manual of ptool is not installed')
        help_text = run(os.path.join(prefix, 'bin/ptool'), '-h')
        if not help_text.startswith('usage: ptool'):
            sys.exit('the installed ptool does not run')
    print('install: ok')

main()
