# SPDX-License-Identifier: Apache-2.0
"""Packages from Python's registry for the tests, in a virtual environment in the build folder. The test starts
itself again with that environment's Python. Without the registry a test is skipped, and fails in CI."""
import fcntl, os, subprocess, sys

def require(*packages):
    """Returns when the packages (pinned, 'name==1.2') can be imported."""
    folder = os.path.join(os.path.abspath(os.environ['SIGNET_BUILD']), 'venv')
    python, done = os.path.join(folder, 'bin/python'), os.path.join(folder, 'installed')
    if sys.prefix == folder:
        return
    os.makedirs(folder, exist_ok=True)
    with open(folder + '.lock', 'w') as lock: # several tests share it
        fcntl.flock(lock, fcntl.LOCK_EX)
        have = open(done).read().split() if os.path.exists(done) else []
        if not set(packages) <= set(have):
            steps = [[sys.executable, '-m', 'venv', folder],
                     [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', *packages]]
            for step in steps:
                p = subprocess.run(step, capture_output=True, text=True, timeout=300)
                if p.returncode:
                    print(f'cannot install {" ".join(packages)}: {p.stderr.strip()[-300:]}')
                    sys.exit(1 if os.environ.get('CI') == 'true' else 77)
            with open(done, 'w') as f:
                f.write('\n'.join([*have, *packages]))
    os.execv(python, [python, *sys.argv])
