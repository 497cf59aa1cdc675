# SPDX-License-Identifier: Apache-2.0
"""Foreign tools that only tests need: programs and packages from the registries of Python, Rust, Go and Maven. What was got
or compiled once is kept for this user, in SIGNET_TEST_TOOLS or signet-tests in the user's cache folder, so that another
clone has it; the name of a folder says what is in it. Where a registry does not answer, a test is skipped, and fails in CI."""
import fcntl, hashlib, os, re, shutil, subprocess, sys

PIP = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']


def give_up(why):
    print(why)
    sys.stdout.flush()
    os._exit(1 if os.environ.get('CI') == 'true' else 77)  # from any thread


def cache():
    home = os.environ.get('HOME') or '/nonexistent'
    folder = os.environ.get('SIGNET_TEST_TOOLS') or os.path.join(os.environ.get('XDG_CACHE_HOME') or os.path.join(home, '.cache'), 'signet-tests')
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError:
        folder = os.path.join(os.path.abspath(os.environ['SIGNET_BUILD']), 'tests/tools')
        os.makedirs(folder, exist_ok=True)
    return folder


def once(name, *commands, cwd=None, timeout=400, env=None):
    """(folder, None) once all commands have filled it, whoever came first, or (None, why not); {folder} in them is its path."""
    folder = os.path.join(cache(), name)
    with open(folder + '.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(folder + '/complete'):
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
            for command in commands:
                command = [word.replace('{folder}', folder) for word in command]
                try:
                    p = subprocess.run(command, capture_output=True, text=True, timeout=timeout, cwd=cwd, env=env)
                except (subprocess.TimeoutExpired, OSError) as e:
                    return None, f'cannot make {name}: {e}'
                if p.returncode:
                    return None, f'cannot make {name}: {(p.stderr.strip() or p.stdout.strip())[-400:]}'
            open(folder + '/complete', 'w').close()
    return folder, None


def with_hash(name, *texts):
    """The name of a folder whose content these texts decide."""
    h = hashlib.sha256('\0'.join(texts).encode()).hexdigest()
    return f'{name}-{h[:16]}'


def environment(*packages):
    """A virtual environment of Python with these packages (pinned, 'name==1.2')."""
    kind = f'python{sys.version_info[0]}.{sys.version_info[1]}'
    system = f'/usr/bin/{kind}' if os.path.exists(f'/usr/bin/{kind}') else sys.executable
    pip, why = once(f'{kind}-pip', [system, '-m', 'venv', '{folder}'])
    if pip:
        folder, why = once(f'{kind}-' + '-'.join(packages), [system, '-m', 'venv', '--without-pip', '{folder}'],
                           [f'{pip}/bin/python', *PIP[:2], '--python', '{folder}/bin/python', *PIP[2:], *packages])
    return folder if not why else give_up(why)


def require(*packages):
    """Returns when the packages can be imported; the test starts itself again with that Python."""
    folder = environment(*packages)
    if os.path.realpath(sys.prefix) != os.path.realpath(folder):
        python = os.path.join(folder, 'bin/python')
        os.execv(python, [python, *sys.argv])


def program(package, name):
    """The path of a program of this package."""
    return os.path.join(environment(package), 'bin', name)


def _sources(folder, files):
    texts = []
    for file in files:
        with open(os.path.join(folder, file), encoding='utf-8') as f:
            texts.append(f.read())
    return texts


def _source_folder(name):
    return os.path.join(os.environ['SIGNET_SOURCE'], 'tests/interop', name)


def go(source, name):
    """(the program, None), or (None, why there is none): of a folder below tests/interop."""
    source = _source_folder(source)
    compiler = shutil.which('go') or shutil.which('go', path='/usr/local/go/bin')
    if not compiler:
        return None, 'there is no Go'
    files = [f for f in ('go.mod', 'go.sum', 'main.go') if os.path.exists(os.path.join(source, f))]
    folder, why = once(with_hash(name, *_sources(source, files)), [compiler, 'build', '-mod=readonly', '-o', '{folder}/' + name, '.'],
                       cwd=source, env={**os.environ, 'GOTOOLCHAIN': 'local'})
    return (os.path.join(folder, name) if folder else None), why


def rust(source, name):
    """The same with cargo, which writes beside its sources: they are copied."""
    source = _source_folder(source)
    cargo = shutil.which('cargo') or shutil.which('cargo', path=os.path.expanduser('~/.cargo/bin'))
    if not cargo:
        return None, 'there is no Rust'
    files = ['Cargo.toml', 'main.rs']
    copies = [os.path.join(source, f) for f in files]
    folder, why = once(with_hash(name, *_sources(source, files)), ['cp', *copies, '{folder}'],
                       [cargo, 'build', '--quiet', '--manifest-path', '{folder}/Cargo.toml', '--target-dir', '{folder}/target'],
                       ['mv', '{folder}/target/debug/' + name, '{folder}/' + name], ['rm', '-rf', '{folder}/target'])
    return (os.path.join(folder, name) if folder else None), why


def maven(name, *args, cwd=None):
    """The folder of jars that a run of Maven's dependency plugin gives."""
    folder, why = once(re.sub('[:/]', '-', name), ['mvn', '-q', '-B', *args, '-DoutputDirectory={folder}'], cwd=cwd)
    return folder if not why else give_up(why)
