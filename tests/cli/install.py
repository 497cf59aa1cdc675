#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Someone else's program against the installed library, by pkg-config and by find_package, also
after the tree was moved; and the library exports what its headers declare."""
import glob, json, os, re, shlex, shutil, subprocess, sys, tempfile

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

def whole(work):
    """make install has what a package needs, and make uninstall leaves nothing of it."""
    root = f'{work}/root'
    run('cmake', '--install', BUILD, '--prefix', '/usr', env=dict(os.environ, DESTDIR=root))
    there = {os.path.relpath(os.path.join(folder, name), root) for folder, _, names in os.walk(root) for name in names}
    wanted = ('usr/lib/systemd/system/signet-station@.service usr/lib/udev/rules.d/60-signet.rules usr/lib/sysusers.d/signet.conf '
              'usr/share/doc/signet/LICENSE usr/share/doc/signet/SPEC.md usr/share/doc/signet/examples/line/order.yaml '
              'usr/share/man/man1/signet.1 usr/share/man/man5/signet-order.5 usr/share/signet/python/factory_prov/factory_prov.py '
              'usr/include/signet/signet.h usr/bin/signet usr/share/metainfo/signet.metainfo.xml '
              'usr/share/signet/schemas/events.json').split()
    missing = [path for path in wanted if path not in there]
    if missing:
        sys.exit(f'make install lacks {missing}')
    with open(f'{root}/usr/lib/systemd/system/signet-station@.service') as f:
        if 'ExecStart=/usr/bin/signet run ' not in f.read():
            sys.exit('the unit does not run the installed program')
    open(f'{root}/usr/bin/other', 'w').close()
    manifest = shutil.copy(f'{BUILD}/install_manifest.txt', f'{work}/installed.txt')
    run(f'{SOURCE}/scripts/uninstall', manifest, env=dict(os.environ, DESTDIR=root))
    left = [os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names]
    if left != [f'{root}/usr/bin/other']:
        sys.exit(f'make uninstall left {left}')

def loaded_libraries():
    """Each library that is loaded when it is needed is in packaging/loaded.txt, for the packages and the bill of materials."""
    known, used = set(), set()
    with open(f'{SOURCE}/packaging/loaded.txt') as f:
        known = {line.split('\t')[2] for line in f if not line.startswith('#')}
    for path in glob.glob(f'{SOURCE}/src/*/*.c'):
        with open(path) as f:
            used |= set(re.findall(r'"(lib[a-z0-9+-]+\.so\.\d+)"', f.read()))
    if not used <= known or 'libcurl.so.4' not in used:
        sys.exit(f'packaging/loaded.txt lacks {used - known}')

def materials():
    text = run(f'{SOURCE}/scripts/sbom', BUILD, env=dict(os.environ, SOURCE_DATE_EPOCH='1000000000'))
    bill = json.loads(text)
    linked = {r['relatedSpdxElement'] for r in bill['relationships'] if r['relationshipType'] == 'DYNAMIC_LINK'}
    versions = {p['SPDXID']: p.get('versionInfo', '') for p in bill['packages']}
    if bill['creationInfo']['created'] != '2001-09-09T01:46:40Z' or 'SPDXRef-libssl3' not in linked or not all(versions[i] for i in linked):
        sys.exit(f'the bill of materials is {text}')
    unknown = [p['name'] for p in bill['packages'] if p['licenseDeclared'] == 'NOASSERTION']
    if unknown:
        sys.exit(f'scripts/sbom does not know the licence of {unknown}')

def main():
    print(run(os.path.join(SOURCE, 'scripts/check-exports'), os.path.join(BUILD, 'libsignet.so')), end='')
    loaded_libraries()
    materials()
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
        whole(work)
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
