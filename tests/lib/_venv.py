# SPDX-License-Identifier: Apache-2.0
"""Packages from Python's registry for the tests, in virtual environments in the build folder. Without the registry a
test is skipped, and fails in CI."""
import fcntl, os, subprocess, sys

def _folder(name):
    return os.path.join(os.path.abspath(os.environ['SIGNET_BUILD']), name)

def _give_up(what, why):
    print(f'cannot install {what}: {why.strip()[-300:]}')
    sys.stdout.flush()
    os._exit(1 if os.environ.get('CI') == 'true' else 77)  # from any thread

def _install(folder, what, steps):
    """Once, whoever comes first; what is there stays."""
    done = os.path.join(folder, 'installed')
    os.makedirs(folder, exist_ok=True)
    with open(folder + '.lock', 'w') as lock:  # several tests share it
        fcntl.flock(lock, fcntl.LOCK_EX)
        have = open(done).read().split() if os.path.exists(done) else []
        if set(what) <= set(have):
            return
        for step in steps:
            p = subprocess.run(step, capture_output=True, text=True, timeout=300)
            if p.returncode:
                _give_up(' '.join(what), p.stderr)
        with open(done, 'w') as f:
            f.write('\n'.join([*have, *what]))

PIP = ['install', '--quiet', '--disable-pip-version-check']

def require(*packages):
    """Returns when the packages (pinned, 'name==1.2') can be imported; the test starts itself again with that Python."""
    folder = _folder('venv')
    python = os.path.join(folder, 'bin/python')
    if sys.prefix == folder:
        return
    _install(folder, packages, [[sys.executable, '-m', 'venv', folder], [python, '-m', 'pip', *PIP, *packages]])
    os.execv(python, [python, *sys.argv])

def program(package, name):
    """The path of a program of this package (pinned), which has an environment of its own."""
    pip, folder = _folder('venv-pip'), _folder('venv-' + package)
    _install(pip, ['pip'], [[sys.executable, '-m', 'venv', pip]])
    _install(folder, [package], [[sys.executable, '-m', 'venv', '--without-pip', folder],
                                 [os.path.join(pip, 'bin/python'), '-m', 'pip', '--python', os.path.join(folder, 'bin/python'),
                                  *PIP, '--no-compile', package]])
    return os.path.join(folder, 'bin', name)
